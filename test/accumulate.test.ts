/** @file Accumulated batches are the one large batch, for every task: gradient, loss of the step, loss of the epoch. */
import { describe, expect, test } from "vitest";
import { languageModel, train } from "../src/tasks/language-model/index.ts";
import { sgd } from "../src/optim/index.ts";
import { add, mean, mul, square, sub, tensor, zeros } from "../src/tensor/index.ts";
import { smallTasks } from "./helpers/small-tasks.ts";
import { type OwnTask, type TrainEvent, trainOn, type TrainOnOptions } from "../src/train/index.ts";

type Found = {
  /** Losses of the steps, and of the first epoch. */
  readonly steps: readonly number[];
  readonly epoch: number | undefined;
  /** How far each parameter has gone. */
  readonly moved: Readonly<Record<string, readonly number[]>>;
};

type Parameters = OwnTask<unknown>["parameters"];

/** Runs until the first epoch ends. */
async function follow(parameters: Parameters, events: AsyncIterable<TrainEvent | { kind: string }>): Promise<Found> {
  const before = Object.entries(parameters).map(([path, x]) => [path, [...x.values()]] as const);
  const steps: number[] = [];
  let epoch: number | undefined;
  for await (const event of events as AsyncIterable<TrainEvent>) {
    if (event.kind === "step") steps.push(event.loss);
    if (event.kind === "epoch") epoch ??= event.loss;
  }
  const moved = before.map(([path, old]) => [path, [...parameters[path].values()].map((x, i) => x - old[i])]);
  return { steps, epoch, moved: Object.fromEntries(moved) as Found["moved"] };
}

const settings: TrainOnOptions = { epochs: 1, optimizer: sgd({ learningRate: 1 }), clipNorm: Infinity };

const step = <B>(own: OwnTask<B>, options: TrainOnOptions = {}): Promise<Found> =>
  follow(own.parameters, trainOn(own, { ...settings, ...options }));

/** Largest difference of the two steps by the largest number of the first. */
function difference(a: Found, b: Found): number {
  const sizes = Object.values(a.moved).flatMap((values) => values.map(Math.abs));
  const differences = Object.entries(a.moved).flatMap(([path, values]) =>
    values.map((x, i) => Math.abs(x - b.moved[path][i])),
  );
  return Math.max(...differences) / Math.max(...sizes);
}

/** Batches of an epoch. */
const countOf = async (own: OwnTask<unknown>): Promise<number> => {
  let count = 0;
  for await (const _ of own.batches(0)) count++;
  return count;
};

describe.each(Object.entries(smallTasks))("%s", (_, make) => {
  test("batches of one, accumulated, are one large batch", async () => {
    const n = await countOf(make(1));
    expect(n).toBeGreaterThan(2);
    expect(await countOf(make(n))).toBe(1);
    const [large, small] = [await step(make(n)), await step(make(1), { accumulate: n })];
    expect(large.steps).toHaveLength(1);
    expect(difference(large, small)).toBeLessThan(2e-5);
    expect(small.steps[0]).toBeCloseTo(large.steps[0], 5);
    // and so are batches of different sizes
    const uneven = await step(make(2), { accumulate: Math.ceil(n / 2) });
    expect(difference(large, uneven)).toBeLessThan(2e-5);
    expect(uneven.steps).toHaveLength(1);
  });

  test("the loss of an epoch is that of its examples, however they are cut", async () => {
    const still: TrainOnOptions = { optimizer: sgd({ learningRate: 0 }) };
    const n = await countOf(make(1));
    const [large, small] = [await step(make(n), still), await step(make(1), still)];
    expect(small.steps).toHaveLength(n);
    expect(small.epoch).toBeCloseTo(large.epoch as number, 5);
  });
});

test("a language model: contiguous rows, penalties counted once", async () => {
  const make = () => languageModel({ corpus: "abcab".repeat(30), hiddenSize: 4, embeddingSize: 3, seed: 1 });
  const options = { ...settings, validation: 0, sequenceLength: 5, penalties: { l2: 0.1, activation: 0.5 } };
  const [a, b] = [make(), make()];
  // one step of a large batch; windows in random order begin with a zero state, and an epoch has all of them
  const rows = Math.floor((150 - 1) / 5);
  const shuffled = { ...options, shuffle: true };
  const large = await follow(a.parameters(), train(a, { ...shuffled, batchSize: rows }));
  const small = await follow(b.parameters(), train(b, { ...shuffled, batchSize: 1, accumulate: rows }));
  expect(large.steps).toHaveLength(1);
  expect(small.steps[0]).toBeCloseTo(large.steps[0], 5);
  expect(difference(large, small)).toBeLessThan(2e-5);
});

/** w should become the values of a batch. */
const own = (weight: (batch: readonly number[]) => number | undefined, batches: number[][]): OwnTask<number[]> => {
  const w = zeros([]);
  return {
    parameters: { w },
    batches: () => batches,
    loss: (batch) => ({
      value: mean(square(sub(tensor(batch), w))),
      penalty: mul(square(add(w, 1)), 0.25),
      weight: weight(batch),
    }),
  };
};

test("a task of one's own says how much a batch counts; penalties count once", async () => {
  const size = (batch: readonly number[]): number => batch.length;
  const large = await step(own(size, [[1, 2, 3, 10]]));
  const small = await step(own(size, [[1, 2, 3], [10]]), { accumulate: 2 });
  // -2 · mean(x - 0) + 0.5 · (0 + 1), downhill
  expect(large.moved["w"][0]).toBeCloseTo(7.5, 6);
  expect(small.moved["w"][0]).toBeCloseTo(7.5, 6);
  expect(small.steps[0]).toBeCloseTo(28.5, 5);
  // batches that say nothing count alike
  const alike = await step(
    own(() => undefined, [[1, 2, 3], [10]]),
    { accumulate: 2 },
  );
  expect(alike.moved["w"][0]).toBeCloseTo(11.5, 5);
});

test("a batch that counts nothing changes nothing", async () => {
  const size = (batch: readonly number[]): number => (batch[0] === 99 ? 0 : batch.length);
  const without = await step(own(size, [[1, 2, 3], [10]]), { accumulate: 2 });
  for (const batches of [
    [[99], [1, 2, 3], [10]],
    [[1, 2, 3], [99], [10]],
  ]) {
    const found = await step(own(size, batches), { accumulate: 3 });
    expect(found.moved["w"][0]).toBeCloseTo(without.moved["w"][0], 6);
    expect(found.steps[0]).toBeCloseTo(without.steps[0], 5);
  }
  expect((await step(own(size, [[99]]))).moved["w"]).toEqual([0]);
  await expect(step(own(() => -1, [[1]]))).rejects.toThrow("trainOn loss weight: expected");
  await expect(step(own(() => NaN, [[1]]))).rejects.toThrow("trainOn loss weight: expected");
});

test("the last batches of an epoch are trained on when they are fewer than `accumulate`", async () => {
  const size = (batch: readonly number[]): number => batch.length;
  const batches = [[1], [2], [3], [4], [5]];
  const found = await step(own(size, batches), { accumulate: 2, optimizer: sgd({ learningRate: 0 }) });
  expect(found.steps).toEqual([2.5, 12.5, 25]);
  expect(found.epoch).toBeCloseTo(11, 6);
  const stream = { ...own(size, batches), batches: () => batches.values() };
  expect((await step(stream, { accumulate: 2, optimizer: sgd({ learningRate: 0 }) })).steps).toEqual([2.5, 12.5, 25]);
  // fewer than one group: the one batch that they are
  expect((await step(own(size, batches), { accumulate: 9 })).steps).toEqual([11]);
});
