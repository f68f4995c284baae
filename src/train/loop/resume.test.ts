import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { bucketByLength, padSequences } from "../../data/index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../formats/index.ts";
import {
  languageModel,
  type LanguageModel,
  type LanguageModelConfig,
  train,
  type TrainOptions,
} from "../../tasks/language-model/index.ts";
import { adam, momentum, stepDecay } from "../../optim/index.ts";
import { CELL_NAMES, cellByName, type CellName, dynamicRnn } from "../../rnn/index.ts";
import { assign, cumulativeSum, mean, square, sub, sum, type Tensor, tensor } from "../../tensor/index.ts";
import { useThreads } from "../../engine/index.ts";
import { oneProcess } from "./communicator.ts";
import { Loop } from "./loop.ts";
import { earlyStopping, reduceOnPlateau } from "./callbacks.ts";
import type { TrainEvent } from "./events.ts";
import type { Snapshot } from "./snapshot.ts";

const corpus = Array.from({ length: 260 }, (_, i) => "abcdefgh"[(i * i + 3 * i) % 8]).join("");

const make = (config: Partial<LanguageModelConfig>): LanguageModel =>
  languageModel({ corpus, hiddenSize: 6, embeddingSize: 4, seed: 3, ...config });

/** Without what a clock has a say in. */
const timeless = ({ seconds: _seconds, ...event }: TrainEvent): object =>
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

/** Events after which runs are cut: 50 with UNROLLED_VERIFY=full, some of them twice. */
function cuts(events: number): number[] {
  const random = randomStream(11).named(String(events));
  return Array.from(
    { length: process.env["UNROLLED_VERIFY"] === "full" ? 50 : 8 },
    () => 1 + random.integer(events - 1),
  );
}

const base = { sequenceLength: 5, batchSize: 3, validation: 0.1, evaluateEvery: 4, epochs: 2 } as const;

describe.each(CELL_NAMES)("%s", (cell) => {
  test.each(Object.entries(variants))(
    "%s: a run that is cut goes on bit for bit",
    async (_name, { config, options }) => {
      const settings = { cell, ...config };
      const whole = make(settings);
      const { events } = await run(whole, { ...base, ...options() });
      expect(events.length).toBeGreaterThan(15);
      for (const cut of cuts(events.length)) {
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

test.each(Object.entries(variants))(
  "%s: the beginning is a state like any other",
  async (_name, { config, options }) => {
    const whole = make({ ...config });
    const { events } = await run(whole, { ...base, ...options() });
    const unborn = train(make({ ...config }), { ...base, ...options() });
    const { state, arrays } = await decodeCheckpoint(await encodeCheckpoint(await unborn.snapshot()));
    // weights that are none of this run's
    const other = make({ ...config });
    for (const x of Object.values(other.parameters())) assign(x, x.values().fill(0.125));
    const rest = train(other, { ...base, ...options(), resume: { state, arrays } });
    // also where a run goes on
    const again = await rest.snapshot();
    expect(again.arrays).toEqual({ ...arrays });
    const told: object[] = [];
    for await (const event of rest) told.push(timeless(event));
    expect(told).toEqual(events);
    expect(weights(other)).toEqual(weights(whole));
    // and the run whose beginning was saved is the same
    const own: object[] = [];
    for await (const event of unborn) own.push(timeless(event));
    expect(own).toEqual(events);
  },
);

/** Sequences of different lengths, in buckets; the running sum of the numbers is to be told. */
function raggedLoop(cell: CellName, resume: Snapshot | undefined): { loop: Loop<number[]>; weights: () => unknown } {
  const random = randomStream(5);
  const sequences = Array.from({ length: 17 }, (_, i) => Float32Array.from({ length: i % 6 }, () => random.normal()));
  const network = cellByName(cell, 3, "tf1");
  network.build(1, { random: random.named("init"), initialize: true });
  const parameters = network.parameters();
  const loss = (batch: readonly number[]): Tensor => {
    const { data, lengths, shape } = padSequences(
      batch.map((i) => ({ data: sequences[i], features: 1 })),
      { length: 6 },
    );
    const { outputs } = dynamicRnn(network, tensor(data, { shape: [...shape] }), { lengths });
    return mean(square(sub(sum(outputs, 2), cumulativeSum(tensor(data, { shape: [shape[0], shape[1]] }), 1))));
  };
  const order = (epoch: number): Int32Array[] =>
    bucketByLength(
      sequences.map(({ length }) => length),
      { batchSize: 3, boundaries: [2, 4], random: random.named("buckets").at(epoch) },
    ).batches;
  const loop = new Loop<number[]>(
    {
      parameters,
      fingerprint: () => Promise.resolve({ cell }),
      epoch: (index) => ({
        count: undefined,
        from: (start) =>
          order(index)
            .slice(start)
            .map((batch) => [...batch])
            .values(),
      }),
      loss: (batch) => ({ value: loss(batch) }),
      tokens: (batch) => batch.length,
    },
    {
      optimizer: adam(),
      groups: [],
      schedule: undefined,
      clipNorm: 5,
      accumulate: 1,
      averaging: undefined,
      random,
      steps: undefined,
      epochs: 3,
      seconds: undefined,
      evaluateEvery: undefined,
      callbacks: [],
      anomaly: false,
      resume,
      allowOtherNumerics: false,
      communicator: oneProcess,
      signal: undefined,
    },
  );
  return { loop, weights: () => Object.entries(parameters).map(([path, x]) => [path, x.values()]) };
}

test.each(CELL_NAMES)("%s, ragged batches of epochs whose length is not known", async (cell) => {
  const whole = raggedLoop(cell, undefined);
  const events: object[] = [];
  for await (const event of whole.loop.events()) events.push(timeless(event));
  expect(events.length).toBeGreaterThan(20);
  for (const cut of cuts(events.length)) {
    const first = raggedLoop(cell, undefined);
    const seen: object[] = [];
    for await (const event of first.loop.events()) if (seen.push(timeless(event)) === cut) break;
    const second = raggedLoop(cell, await first.loop.snapshot());
    for await (const event of second.loop.events()) seen.push(timeless(event));
    expect(seen, `cut after event ${cut}`).toEqual(events);
    expect(second.weights()).toEqual(whole.weights());
  }
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
  const resume = { state: 7, arrays: {} };
  await expect(train(make({}), { ...base, resume }).next()).rejects.toThrow("the snapshot of a run");
});

test("tied weights learn, and go on bit for bit", async () => {
  const tied = { tieWeights: true, embeddingSize: 6 } as const;
  const whole = make(tied);
  const options = { ...base, epochs: 12, optimizer: adam({ learningRate: 0.02 }) };
  const { events } = await run(whole, options);
  const losses = events.flatMap((event) =>
    "kind" in event && event.kind === "evaluation" && "loss" in event ? [event.loss as number] : [],
  );
  expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
  const first = await run(make(tied), options, 40);
  const second = make(tied);
  const rest = await run(second, { ...options, resume: first.snapshot as Snapshot });
  expect([...first.events, ...rest.events]).toEqual(events);
  expect(weights(second)).toEqual(weights(whole));
  await expect(
    train(make({ embeddingSize: 6 }), { ...options, resume: first.snapshot as Snapshot }).next(),
  ).rejects.toThrow(/train resume model: expected .*"tieWeights":true/);
});
