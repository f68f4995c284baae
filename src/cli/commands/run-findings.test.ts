import { describe, expect, test } from "vitest";
import { type Finding, languageModel } from "unrolled";
import type { Metrics } from "unrolled/node";
import { runFindings } from "./run-findings.ts";

const corpus = "the whale saw a big ship. ".repeat(10);
const small = { corpus, hiddenSize: 4, embeddingSize: 32 } as const;
const model = languageModel(small);

const steps = (lossAt: (t: number) => number, rateAt: (t: number) => number = () => 0.002): Metrics[] =>
  Array.from({ length: 400 }, (_, i) => ({
    kind: "step",
    step: i + 1,
    loss: lossAt(i / 400),
    learningRate: rateAt(i / 400),
  }));

const evaluations = (...losses: readonly number[]): Metrics[] =>
  losses.map((loss, i) => ({ kind: "evaluation", step: 100 * (i + 1), loss }));

type Given = { readonly history?: readonly Metrics[]; readonly loss?: number; readonly of?: typeof model };

function finding(check: Finding["check"], { history = [], loss, of = model }: Given): Finding | undefined {
  return runFindings(of, history, { gates: [], loss }).find((one) => one.check === check);
}

describe("learning rate", () => {
  test.each<[name: string, history: readonly Metrics[], verdict: string | undefined]>([
    ["constant, while the loss falls", steps((t) => 3 - t), "ok"],
    ["constant, while the loss stays", steps(() => 2), "look"],
    ["constant, while the loss goes up", steps((t) => 2 + 2 * Math.max(0, t - 0.4)), "bad"],
    [
      "falling, while the loss stays",
      steps(
        () => 2,
        (t) => 0.002 * (1 - t),
      ),
      "ok",
    ],
    ["too few steps", steps(() => 2).slice(0, 100), undefined],
  ])("%s", (_, history, verdict) => {
    expect(finding("learning rate", { history })?.verdict).toBe(verdict);
  });
});

describe("best weights", () => {
  test.each<[name: string, losses: readonly number[], own: number | undefined, verdict: string | undefined]>([
    ["the last ones are the best", [3, 2, 1.5], 1.5, "ok"],
    ["the run went on, the model has the best", [3, 1.5, 2], 1.5, "ok"],
    ["the last ones, a little worse", [3, 1.5, 1.6], 1.6, "look"],
    ["the last ones, overfitted", [3, 1.5, 2], 2, "bad"],
    ["no evaluations", [], 2, undefined],
    ["nothing held out", [3, 2], undefined, undefined],
  ])("%s", (_, losses, own, verdict) => {
    const given = { history: evaluations(...losses), ...(own !== undefined && { loss: own }) };
    expect(finding("best weights", given)?.verdict).toBe(verdict);
  });

  test("names the step", () => {
    const found = finding("best weights", { history: evaluations(3, 1.5, 2), loss: 2 });
    expect(found?.advice).toMatch(/^step 200 was better \(1\.5000\): take best\.safetensors/);
    expect(found?.text).toBe("+33.3 %");
  });
});

test("an initial embedding from N(0, 1) is as it should be, one that is far smaller is not", () => {
  expect(finding("embedding", {})?.verdict).toBe("ok");
  const uniform = finding("embedding", { of: languageModel({ ...small, embeddingInitializer: "uniform" }) });
  expect(uniform?.value).toBeCloseTo(Math.sqrt(1 / 32), 1);
  expect(uniform?.verdict).toBe("look");
  expect(uniform?.advice).toContain("--embedding-initializer normal");
  const tied = languageModel({ corpus, hiddenSize: 32, tieWeights: true });
  expect(finding("embedding", { of: tied })?.verdict).toBe("ok");
});

test.each([
  [0.9, "ok"],
  [0.125, "look"],
  [0.025, "bad"],
])("a forget gate of %d on average: %s", (mean, verdict) => {
  const histogram = Array.from({ length: 20 }, (_, i) => Number(i === Math.floor(mean * 20)));
  const gate = { layer: "rnn/0", gate: "f", range: [0, 1], low: 0, high: 0, histogram } as const;
  const found = runFindings(model, [], { gates: [gate, { ...gate, gate: "i" }], loss: undefined });
  const [one, ...others] = found.filter(({ check }) => check === "forget gate");
  expect(others).toEqual([]);
  expect(one).toMatchObject({ verdict, where: "rnn/0/f" });
  expect(one.value).toBeCloseTo(mean, 1);
});
