import { encodeModel } from "../../../model/index.ts";
import { describe, expect, test } from "vitest";
import { leavesOf, type Tree } from "../../../base/index.ts";
import { contiguousBatches } from "../../../data/index.ts";
import { languageModel, type LanguageModel } from "../model.ts";
import { adam, globalNorm, sgd } from "../../../optim/index.ts";
import type { State } from "../../../rnn/index.ts";
import {
  assign,
  mean,
  slice,
  sparseSoftmaxCrossEntropy,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../../tensor/index.ts";
import { diagnose, type DiagnoseOptions } from "./diagnose.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Finding } from "../../../train/index.ts";
import { fit } from "../fit.ts";
import { train, type TrainOptions } from "../train.ts";

const corpus = "the quick brown fox jumps over the lazy dog. ".repeat(40);
const options = { sequenceLength: 9, batchSize: 4, validation: 0.1 } as const;
const CELLS = ["rnn", "lstm", "gru"] as const;

const make = (own: object = {}): LanguageModel => languageModel({ corpus, hiddenSize: 6, embeddingSize: 4, ...own });
const finding = ({ findings }: Diagnosis, check: Finding["check"], where = ""): Finding =>
  findings.find((one) => one.check === check && one.where === where) as Finding;
const run = (model: LanguageModel, own: DiagnoseOptions = {}): Promise<Diagnosis> =>
  diagnose(model, { ...options, ...own });

/** Every element of the arrays that match, set by a function of what it is. */
function change(model: LanguageModel, pattern: RegExp, f: (x: number) => number): void {
  for (const [path, x] of Object.entries(model.parameters()))
    if (pattern.test(path)) assign(x, Float32Array.from(x.values(), f));
}

describe.each(CELLS)("%s", (cell) => {
  test("gradients by time step are those of the sequence that is left, by the op for whole sequences", async () => {
    const model = make({ cell, layers: 2 });
    const ids = model.vocabulary.encode(corpus);
    const { gradientByStep } = await run(model, { validation: 0, batches: 1, shuffle: false });
    expect(gradientByStep.map(({ layer, norms }) => [layer, norms.length])).toEqual([
      ["rnn/0", 8],
      ["rnn/1", 8],
    ]);
    const { inputs, targets } = contiguousBatches(ids, {
      batchSize: options.batchSize,
      sequenceLength: options.sequenceLength,
    }).at(0);
    const part = (from: number, to: number): Tensor =>
      tensor(inputs.slice(from * 4, to * 4), { shape: [to - from, 4] });
    for (let t = 1; t < 9; t++) {
      const { state } = model.forward(part(0, t), model.initialState(4));
      const { gradients } = valueAndGrad(
        (leaf) =>
          mean(sparseSoftmaxCrossEntropy(lastRows(model, part(t, 9), leaf as State), tensor(targets.slice(32)))),
        state as Tree<Tensor>,
      );
      for (const { layer, norms } of gradientByStep) {
        const own = leavesOf<Tensor>(gradients).filter(([path]) => path.startsWith(layer.slice(4)));
        const expected = Math.hypot(...own.flatMap(([, x]) => Array.from(x.values())));
        expect(norms[t - 1] / expected).toBeCloseTo(1, 4);
      }
    }
  });

  test("gates that are stuck, units that are dead", async () => {
    const model = make({ cell });
    const before = await run(model);
    for (const { low, high, histogram } of before.gates) {
      expect(low + high).toBeLessThan(0.2);
      expect(histogram.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    }
    expect(before.gates.map(({ gate }) => gate).join("")).toBe({ rnn: "h", lstm: "ifgo", gru: "run" }[cell]);
    expect(finding(before, "dead units", "rnn/0")).toMatchObject({ value: 0, verdict: "ok" });
    change(model, /^rnn.*kernel/, () => 0);
    change(model, /^rnn.*bias/, () => 30);
    const after = await run(model);
    for (const { high, layer, gate } of after.gates) {
      expect(high).toBe(1);
      expect(finding(after, "saturation", `${layer}/${gate}`)).toMatchObject({ value: 1, verdict: "bad" });
    }
    if (cell !== "rnn") return;
    expect(finding(after, "dead units", "rnn/0")).toMatchObject({ value: 6, verdict: "bad", text: "6 of 6" });
    expect(finding(after, "gradient norm", "embedding")).toMatchObject({ value: 0, verdict: "bad" });
    expect(finding(after, "gradient reach", "rnn/0")).toMatchObject({ value: 0, verdict: "bad" });
    expect(after.verdict).toBe("bad");
  });
});

/** Logits after the last step, [B, V]. */
function lastRows(model: LanguageModel, ids: Tensor, state: State): Tensor {
  const { logits } = model.forward(ids, state);
  const rows = ids.shape[1];
  return slice(logits, [logits.shape[0] - rows], [rows]);
}

test("the model stays as it is, and an update is that of the optimizer", async () => {
  const model = make();
  const values = (): number[][] => Object.values(model.parameters()).map((x) => Array.from(x.values()));
  const before = values();
  const one = await run(model, { optimizer: sgd({ learningRate: 0.1 }), clipNorm: Infinity, batches: 1 });
  expect(values()).toEqual(before);
  for (const [path, ratio] of Object.entries(one.updateRatios))
    expect(ratio / ((0.1 * one.gradientNorms[path]) / globalNorm({ [path]: model.parameters()[path] }))).toBeCloseTo(
      1,
      3,
    );
  expect(Object.keys(one.updateRatios)).toEqual(["embedding", "rnn/0/kernel", "output/kernel"]);
  const large = await run(model, { optimizer: sgd({ learningRate: 1e3 }), clipNorm: Infinity });
  expect(finding(large, "update ratio", "output/kernel")).toMatchObject({ verdict: "bad" });
  expect(finding(large, "update ratio", "output/kernel").advice).toContain("lower --learning-rate");
  const small = await run(model, { optimizer: sgd({ learningRate: 1e-9 }) });
  expect(finding(small, "update ratio", "output/kernel").advice).toContain("raise --learning-rate");
});

test("losses against guessing, before and after training, and overfitting", async () => {
  const model = make({ hiddenSize: 24 });
  const fresh = await run(model);
  expect(finding(fresh, "loss")).toMatchObject({ verdict: "bad" });
  expect(finding(fresh, "loss").value).toBeCloseTo(Math.log(model.vocabulary.size), 0);
  const { steps } = await fit(model, { ...options, steps: 200, seed: 1 });
  const trained = await run(model, { history: steps });
  expect(finding(trained, "loss")).toMatchObject({ verdict: "ok" });
  expect(finding(trained, "generalization gap")).toMatchObject({ verdict: "ok" });
  expect(finding(trained, "skipped steps")).toMatchObject({ value: 0, verdict: "ok" });
  expect(finding(fresh, "skipped steps")).toBeUndefined();
  // held-out text of another kind
  const other = `${corpus}${".god yzal eht revo spmuj xof nworb kciuq eht ".repeat(10)}`;
  const gap = finding(await run(model, { corpus: other, validation: 0.2 }), "generalization gap");
  expect(gap).toMatchObject({ verdict: "bad" });
  expect(gap.advice).toContain("best.safetensors");
});

test("steps that were skipped or clipped", async () => {
  const model = make();
  const history = Array.from({ length: 10 }, (_, i) => ({ kind: "step", skipped: i < 2, gradientNorm: i < 6 ? 9 : 1 }));
  const found = await run(model, { history });
  expect(finding(found, "skipped steps")).toMatchObject({ value: 0.2, text: "20 %", verdict: "bad" });
  expect(finding(found, "clipped steps")).toMatchObject({ value: 0.6, verdict: "look" });
});

test("weights that are not finite, and gradients that explode", async () => {
  const model = make({ cell: "rnn" });
  change(model, /output\/kernel/, () => NaN);
  const spoilt = await run(model);
  expect(finding(spoilt, "loss")).toMatchObject({ value: NaN, verdict: "bad" });
  expect(finding(spoilt, "gradient norm", "embedding")).toMatchObject({ verdict: "bad" });
  const wild = make({ cell: "rnn" });
  change(wild, /embedding/, () => 0);
  change(wild, /rnn.*kernel/, (x) => 10 * x);
  const found = await run(wild);
  expect(finding(found, "gradient growth", "rnn/0")).toMatchObject({ verdict: "bad" });
  expect(finding(found, "gradient growth", "rnn/0").advice).toContain("--clip-norm");
});

test("refuses texts that are too short, and one time step", async () => {
  const model = make();
  await expect(diagnose(model, { ...options, corpus: "the quick" })).rejects.toMatchObject({ code: "ERR_DATA" });
  await expect(diagnose(model, { ...options, sequenceLength: 1 })).rejects.toThrow("diagnose sequenceLength");
  await expect(diagnose(model, { ...options, batches: 0 })).rejects.toThrow("diagnose batches");
});

test("train looks at each evaluation, changes nothing by it, and finds a rate that is too large", async () => {
  const sizes = { sequenceLength: 16, batchSize: 4, steps: 12, evaluateEvery: 6, validation: 0.2 };
  const trained = async (more: TrainOptions): Promise<{ findings: Finding[][]; bytes: Uint8Array }> => {
    const model = make({ seed: 3 });
    const findings: Finding[][] = [];
    for await (const event of train(model, { ...sizes, ...more }))
      if (event.kind === "evaluation" && event.findings !== undefined) findings.push([...event.findings]);
    return { findings, bytes: encodeModel(model) };
  };
  const optimizer = adam({ learningRate: 0.5 });
  const looked = await trained({ optimizer, diagnose: true });
  expect(looked.findings).toHaveLength(2);
  const all = looked.findings.flat();
  expect(all.some(({ check, verdict }) => check === "update ratio" && verdict === "bad")).toBe(true);
  expect(all.every(({ verdict, advice }) => verdict !== "ok" && advice.length > 0)).toBe(true);
  const plain = await trained({ optimizer });
  expect(plain.findings).toEqual([]);
  expect(looked.bytes).toEqual(plain.bytes);
});
