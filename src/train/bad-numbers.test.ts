import { describe, expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { languageModel, type LanguageModel } from "../model/index.ts";
import type { StepEvent } from "./events.ts";
import { train, type TrainOptions } from "./train.ts";

const corpus = "the quick brown fox jumps over the lazy dog. ".repeat(8);
const options = { sequenceLength: 4, batchSize: 2, validation: 0, steps: 40 } as const;

const values = (model: LanguageModel): number[] => Object.values(model.parameters()).flatMap((x) => [...x.values()]);

/** Puts a bad number into what a snapshot holds, and goes on from there. */
async function injected(
  cell: "rnn" | "lstm" | "gru",
  group: "parameters" | "optimizer" | "carried",
  bad: number,
  seed: number,
): Promise<{ step: StepEvent; before: number[]; after: number[] }> {
  const model = languageModel({ corpus, cell, hiddenSize: 3, embeddingSize: 2 });
  const training = train(model, options);
  for (let i = 0; i < 3; i++) await training.next();
  const { state, arrays } = await training.snapshot();
  await training.return();
  const random = randomStream(seed);
  const paths = Object.keys(arrays).filter((path) => path.startsWith(`${group}/`));
  const { data } = arrays[paths[random.integer(paths.length)]];
  data[random.integer(data.length)] = bad;
  const second = languageModel({ corpus, cell, hiddenSize: 3, embeddingSize: 2 });
  const rest = train(second, { ...options, resume: { state, arrays } });
  const { value } = await rest.next();
  const after = values(second);
  await rest.return();
  const before = Object.entries(arrays)
    .filter(([path]) => path.startsWith("parameters/"))
    .flatMap(([, array]) => [...(array.data as Float32Array)]);
  return { step: value as StepEvent, before, after };
}

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const each = FULL ? 120 : 12;

describe.each(["rnn", "lstm", "gru"] as const)("%s", (cell) => {
  test.each([
    ["parameters", "parameter"],
    ["optimizer", "slot"],
    ["carried", "state"],
  ] as const)("%s that are not finite are caught in the same step and change nothing", async (group, what) => {
    for (let i = 0; i < each; i++) {
      const { step, before, after } = await injected(cell, group, [NaN, Infinity, -Infinity][i % 3], i);
      expect(step).toMatchObject({ kind: "step", skipped: true, trouble: { what } });
      expect(after).toEqual(before);
    }
  });
});

test.each([NaN, Infinity, -1])("a rate of %s changes nothing", async (rate) => {
  const model = languageModel({ corpus, hiddenSize: 3, embeddingSize: 2 });
  const before = values(model);
  const { value } = await train(model, { ...options, schedule: () => rate }).next();
  expect(value).toMatchObject({ skipped: true, trouble: { what: "rate" } });
  expect(values(model)).toEqual(before);
});

test("a loss that overflows changes nothing, and ten of them end the run", async () => {
  const model = languageModel({ corpus, hiddenSize: 3, embeddingSize: 2 });
  const before = values(model);
  const penalties: TrainOptions["penalties"] = { l2: 3e38 };
  const seen: string[] = [];
  const training = train(model, { ...options, penalties });
  const whole = async (): Promise<void> => {
    for await (const event of training) seen.push(event.kind);
  };
  await expect(whole()).rejects.toMatchObject({ code: "ERR_NOT_FINITE" });
  expect(seen.filter((kind) => kind === "step")).toHaveLength(10);
  expect(seen.filter((kind) => kind === "warning")).toHaveLength(10);
  expect(values(model)).toEqual(before);
});
