import { expect, test } from "vitest";
import { DataError } from "../base/index.ts";
import { type JsonValue, parseStrictJson } from "../formats/index.ts";
import { languageModel, type LanguageModel } from "../model/index.ts";
import type { Snapshot } from "./snapshot.ts";
import { train } from "./train.ts";

const make = (): LanguageModel => languageModel({ corpus: "hello world", hiddenSize: 2, embeddingSize: 2 });
const options = { sequenceLength: 2, batchSize: 2, validation: 0, steps: 3 } as const;
const values = (model: LanguageModel): number[] => Object.values(model.parameters()).flatMap((x) => [...x.values()]);

async function taken(): Promise<Snapshot> {
  const training = train(make(), options);
  await training.next();
  const snapshot = await training.snapshot();
  await training.return();
  return snapshot;
}

type State = { [name: string]: JsonValue } & { run: { [name: string]: JsonValue } };

test.each<[string, (state: State) => void]>([
  ["train resume", (state) => delete state["fingerprint"]],
  ["train resume", (state) => (state["fingerprint"] = null)],
  ["train resume", (state) => (state["callbacks"] = null)],
  ["train resume", (state) => (state["run"] = [] as unknown as State["run"])],
  ["a snapshot of version 1", (state) => (state["version"] = { toString: 1 })],
  ["run.epoch", (state) => (state.run["epoch"] = "x")],
  ["run.step", (state) => (state.run["step"] = 1e300)],
  ["run.step", (state) => (state.run["step"] = { valueOf: 1 })],
  ["run.batch", (state) => (state.run["batch"] = 1.5)],
  ["run.updates", (state) => (state.run["updates"] = -7)],
  ["run.updates", (state) => delete state.run["updates"]],
  ["run.loss", (state) => (state.run["loss"] = { valueOf: 1 })],
  ["run.rateFactor", (state) => (state.run["rateFactor"] = 1e9)],
  ["run.rateFactor", (state) => (state.run["rateFactor"] = "NaN")],
  ["run.stopped", (state) => (state.run["stopped"] = {})],
])("%s is refused before anything is changed: %s", async (name, change) => {
  const { state, arrays } = await taken();
  const copy = parseStrictJson(JSON.stringify(state)) as State;
  change(copy);
  const model = make();
  const before = values(model);
  const training = train(model, { ...options, resume: { state: copy, arrays } });
  const error: unknown = await training.next().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toContain(name);
  expect(values(model)).toEqual(before);
});
