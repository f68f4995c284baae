import { describe, expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../formats/index.ts";
import { languageModel, type LanguageModel, type LanguageModelConfig } from "../model/index.ts";
import { adam, momentum, stepDecay } from "../optim/index.ts";
import { useThreads } from "../engine/index.ts";
import { earlyStopping, reduceOnPlateau } from "./callbacks.ts";
import type { TrainEvent } from "./events.ts";
import type { Snapshot } from "./snapshot.ts";
import { train, type TrainOptions } from "./train.ts";

const corpus = Array.from({ length: 260 }, (_, i) => "abcdefgh"[(i * i + 3 * i) % 8]).join("");

const make = (config: Partial<LanguageModelConfig>): LanguageModel =>
  languageModel({ corpus, hiddenSize: 6, embeddingSize: 4, seed: 3, ...config });

/** Without what a clock has a say in. */
const timeless = ({ seconds: _, ...event }: TrainEvent): object =>
  event.kind === "step" ? { ...event, tokensPerSecond: 0 } : event;

/** All events from where the options begin, and a snapshot after event `cut`, if it comes to it. */
async function run(
  model: LanguageModel,
  options: TrainOptions,
  cut = Infinity,
): Promise<{ events: object[]; snapshot: Snapshot | undefined }> {
  const events: object[] = [];
  const training = train(model, options);
  for await (const event of training) {
    events.push(timeless(event));
    if (events.length === cut) return { events, snapshot: await training.snapshot() };
  }
  return { events, snapshot: undefined };
}

const weights = (model: LanguageModel): Record<string, unknown> =>
  Object.fromEntries(Object.entries(model.parameters()).map(([path, x]) => [path, x.values()]));

const variants: Record<string, { config?: Partial<LanguageModelConfig>; options: () => TrainOptions }> = {
  "carried state": { options: () => ({}) },
  shuffled: { options: () => ({ shuffle: true }) },
  dropout: { config: { dropout: 0.3, layers: 2 }, options: () => ({}) },
  "accumulated, averaged, with a schedule": {
    options: () => ({
      accumulate: 2,
      averaging: 0.9,
      schedule: stepDecay({ initial: 0.01, every: 3, factor: 0.5 }),
      optimizer: momentum({ learningRate: 0.01 }),
    }),
  },
  "groups, penalties, callbacks": {
    options: () => ({
      groups: [
        { parameters: ["embedding"], frozen: true },
        { parameters: ["output/bias"], rateFactor: 2, optimizer: adam({ learningRate: 1e-3 }) },
      ],
      penalties: { l2: 1e-3, activation: 0.1, temporalActivation: 0.1 },
      callbacks: [earlyStopping({ patience: 1 }), reduceOnPlateau({ patience: 0, factor: 0.5 })],
    }),
  },
};

const base = { sequenceLength: 5, batchSize: 3, validation: 0.1, evaluateEvery: 4, epochs: 2 } as const;

describe.each(["rnn", "lstm", "gru"] as const)("%s", (cell) => {
  test.each(Object.entries(variants))(
    "%s: a run that is cut goes on bit for bit",
    async (_name, { config, options }) => {
      const settings = { cell, ...config };
      const whole = make(settings);
      const { events } = await run(whole, { ...base, ...options() });
      expect(events.length).toBeGreaterThan(15);
      for (let cut = 1; cut < events.length; cut += 3) {
        const first = await run(make(settings), { ...base, ...options() }, cut);
        const { state, arrays } = await decodeCheckpoint(await encodeCheckpoint(first.snapshot as Snapshot));
        const second = make({ ...settings });
        useThreads(1 + (cut % 2));
        const rest = await run(second, { ...base, ...options(), resume: { state, arrays } });
        expect([...first.events, ...rest.events], `cut after event ${cut}`).toEqual(events);
        expect(weights(second), `cut after event ${cut}`).toEqual(weights(whole));
      }
    },
  );
});

test("a finished run goes on with more steps", async () => {
  const whole = make({});
  await run(whole, { ...base, averaging: 0.9, epochs: 3 });
  const first = make({});
  const training = train(first, { ...base, averaging: 0.9 });
  for await (const _ of training);
  const resume = await training.snapshot();
  const second = make({});
  await run(second, { ...base, averaging: 0.9, epochs: 3, resume });
  expect(weights(second)).toEqual(weights(whole));
});

test.each<[string, TrainOptions, RegExp]>([
  ["batchSize", { batchSize: 4 }, /train resume batchSize: expected 3, as in the checkpoint, got 4/],
  ["seed", { seed: 9 }, /train resume seed/],
  ["corpus", { corpus: corpus + corpus[0] }, /train resume data/],
  ["clipNorm", { clipNorm: 1 }, /train resume clipNorm: expected 5, as in the checkpoint, got 1/],
  ["optimizer", { optimizer: adam({ learningRate: 0.5 }) }, /train resume optimizers/],
])("another %s is refused", async (_name, other, message) => {
  const training = train(make({}), base);
  await training.next();
  const resume = await training.snapshot();
  await training.return();
  const before = make({});
  await expect(train(before, { ...base, ...other, resume }).next()).rejects.toThrow(message);
  expect(weights(before)).toEqual(weights(make({})));
});

test("a snapshot of nothing, and of another model", async () => {
  await expect(train(make({}), base).snapshot()).rejects.toThrow("snapshot: expected a run that has begun");
  const resume = { state: 7, arrays: {} };
  await expect(train(make({}), { ...base, resume }).next()).rejects.toThrow("the snapshot of a run");
});
