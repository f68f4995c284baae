/**
 * @file Several ranks are one: their rows of every batch, their losses and gradients, the weights,
 * and when they stop.
 */
import { describe, expect, test } from "vitest";
import type { TokenBatch } from "../src/data/index.ts";
import { sgd } from "../src/optim/index.ts";
import { languageModel, type LanguageModel, train, type TrainOptions } from "../src/tasks/language-model/index.ts";
import { languageModelTask } from "../src/tasks/language-model/training.ts";
import { assign, full, mean, mul, square, sub, type Tensor, tensor, zeros } from "../src/tensor/index.ts";
import {
  type Callback,
  type Loss,
  type OwnTask,
  type Snapshot,
  type StepEvent,
  type TrainEvent,
  type Training,
  trainOn,
  type TrainOnOptions,
} from "../src/train/index.ts";
import { localRanks } from "./helpers/local-ranks.ts";
import { smallTasks, transcribe, translate } from "./helpers/small-tasks.ts";

const corpus = "abcab".repeat(30);
const makeModel = (): LanguageModel => languageModel({ corpus, hiddenSize: 4, embeddingSize: 3, seed: 1 });

/** A language model as a task of one's own. */
const languageTask =
  (shuffle: boolean) =>
  (batchSize: number): OwnTask<unknown> => {
    const sizes = { batchSize, sequenceLength: 5, validation: 0, resetState: 0, seed: 1, penalties: { l2: 0.01 } };
    // without a carried state and a fingerprint
    const task = languageModelTask(makeModel(), { ...sizes, shuffle });
    return {
      parameters: task.parameters,
      batches: (index, shard) => task.batches(index, shard),
      loss: (batch, context) => task.loss(batch as TokenBatch, context),
    };
  };

const tasks: Readonly<Record<string, (batchSize: number) => OwnTask<unknown>>> = {
  ...smallTasks,
  "transcribe, with noise": transcribe({ noise: 0.5, timeMasks: 1, bandMasks: 1 }),
  "translate, sampled": translate({ kind: "linear", slope: 0.2, floor: 0.2 }),
  "language model": languageTask(false),
  "language model, shuffled": languageTask(true),
};

type Grid = { readonly [name: string]: ArrayLike<number> };

/** Row `row` of time-major arrays [T, B, width]. */
const column = (values: ArrayLike<number>, rows: number, row: number, width = 1): number[] =>
  Array.from({ length: values.length / rows }, (_, i) => {
    const step = Math.floor(i / width);
    return values[step * rows * width + row * width + (i % width)];
  });

/** The rows of a batch of any task, without the padding that only its neighbours ask for. */
function rowsOf(batch: unknown): unknown[] {
  if (Array.isArray(batch)) return batch;
  const grid = batch as Grid;
  if ("features" in grid) {
    const [, rows, width] = grid["shape"] as unknown as number[];
    return Array.from({ length: rows }, (_, row) => ({
      features: column(grid["features"], rows, row, width),
      ...Object.fromEntries(["targets", "weights", "scales"].map((name) => [name, column(grid[name], rows, row)])),
      index: grid["indices"][row],
    }));
  }
  if ("sourceLengths" in grid) {
    const { sourceLengths, targetLengths } = grid;
    return Array.from(sourceLengths, (length, row) => ({
      source: column(grid["source"], sourceLengths.length, row).slice(0, length),
      targets: column(grid["targets"], sourceLengths.length, row).slice(0, targetLengths[row]),
      inputs: column(grid["inputs"], sourceLengths.length, row).slice(0, targetLengths[row]),
      index: grid["index"],
      row: (grid["firstRow"] as unknown as number) + row,
    }));
  }
  const rows = grid["inputs"].length / 5;
  return Array.from({ length: rows }, (_, row) => [
    column(grid["inputs"], rows, row),
    column(grid["targets"], rows, row),
  ]);
}

const listed = (task: OwnTask<unknown>, epoch: number, rank: number, size: number): unknown[] => [
  ...(task.batches(epoch, { rank, size }) as Iterable<unknown>),
];

describe.each(Object.entries(tasks))("%s", (_, make) => {
  test.each([2, 3])("the batches of %i shards together are those of one", (size) => {
    for (const batchSize of [2, 3, 5]) {
      const task = make(batchSize);
      for (const epoch of [0, 1]) {
        const whole = [...(task.batches(epoch) as Iterable<unknown>)];
        expect(whole.length).toBeGreaterThan(0);
        const shards = Array.from({ length: size }, (_, rank) => listed(task, epoch, rank, size));
        whole.forEach((batch, at) => {
          const parts = shards.map((batches) => (batches[at] === undefined ? [] : rowsOf(batches[at])));
          expect(parts.flat()).toEqual(rowsOf(batch));
          // none has two rows more than another
          const counts = parts.map((rows) => rows.length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        });
        for (const batches of shards) expect(batches).toHaveLength(whole.length);
      }
    }
  });

  test.each([2, 3])("%i ranks: the weights of one rank, and the same bits on each", async (size) => {
    const options: TrainOnOptions = { epochs: 2, optimizer: sgd({ learningRate: 0.1 }), clipNorm: 0.5, accumulate: 2 };
    const one = make(5);
    const alone = await follow(trainOn(one, options));
    const several = Array.from({ length: size }, () => make(5));
    const { ranks } = localRanks(size);
    const all = await Promise.all(
      several.map((task, rank) => follow(trainOn(task, { ...options, communicator: ranks[rank] }))),
    );
    for (const [rank, events] of all.entries()) {
      expect(weightsOf(several[rank])).toEqual(weightsOf(several[0]));
      expect(events).toEqual(all[0]);
      expect(events.map(({ kind }) => kind)).toEqual(alone.map(({ kind }) => kind));
      events.forEach((event, at) => expect(event.loss).toBeCloseTo(alone[at].loss, 4));
    }
    expect(difference(weightsOf(several[0]), weightsOf(one))).toBeLessThan(1e-5);
  });
});

type Plain = { readonly kind: string; readonly loss: number };

/** All events, without what a clock has a say in. */
async function follow(training: Training): Promise<Plain[]> {
  const events: Plain[] = [];
  for await (const event of training) events.push(timeless(event));
  return events;
}

const timeless = (event: TrainEvent): Plain => {
  const { seconds: _, ...rest } = event;
  return rest.kind === "step" ? ({ ...rest, tokensPerSecond: 0 } as Plain) : rest;
};

const weightsOf = ({ parameters }: Pick<OwnTask<unknown>, "parameters">): number[] =>
  Object.values(parameters).flatMap((x) => [...x.values()]);

const difference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i])));

describe("a language model whose state is carried, on several ranks", () => {
  const options: TrainOptions = {
    sequenceLength: 5,
    batchSize: 5,
    validation: 0.2,
    resetState: 0.3,
    epochs: 3,
    optimizer: sgd({ learningRate: 0.1 }),
    evaluateEvery: 4,
  };
  /** Runs every rank until event `cut`, where they take a snapshot. */
  async function runs(size: number, more: TrainOptions = {}, cut = Infinity) {
    const ranks = size === 1 ? [undefined] : localRanks(size).ranks;
    return await Promise.all(
      ranks.map(async (communicator) => {
        const model = makeModel();
        const training = train(model, { ...options, ...more, ...(communicator && { communicator }) });
        const events: TrainEvent[] = [];
        let snapshot: Snapshot | undefined;
        for await (const event of training) {
          if (events.push(event) < cut) continue;
          snapshot = await training.snapshot();
          break;
        }
        return { events: events.map(timeless), weights: weightsOf({ parameters: model.parameters() }), snapshot };
      }),
    );
  }

  test.each([2, 3])("%i ranks: resets by row, evaluations by the first, the weights of one", async (size) => {
    const [alone] = await runs(1);
    const several = await runs(size);
    for (const { weights, events } of several) {
      expect(weights).toEqual(several[0].weights);
      expect(events).toEqual(several[0].events);
    }
    expect(several[0].events.map(({ kind }) => kind)).toEqual(alone.events.map(({ kind }) => kind));
    expect(difference(several[0].weights, alone.weights)).toBeLessThan(1e-5);
  });

  test("a snapshot has the rows of all ranks, and goes on with any number of them", async () => {
    const [whole] = await runs(1);
    for (const cut of [3, 9]) {
      const first = await runs(2, {}, cut);
      const [{ snapshot }, other] = first;
      const arrays = snapshot?.arrays ?? {};
      expect(arrays["carried/h"]?.shape ?? arrays["carried/0/h"]?.shape).toEqual([5, 4]);
      expect(other.snapshot?.arrays).toEqual(arrays);
      for (const size of [1, 2, 3]) {
        const rest = await runs(size, { resume: snapshot as Snapshot });
        for (const { weights } of rest) expect(weights).toEqual(rest[0].weights);
        expect(difference(rest[0].weights, whole.weights), `${cut} ${size}`).toBeLessThan(1e-5);
      }
    }
  });

  test("a batch has a row for each rank", async () => {
    await expect(runs(3, { batchSize: 2 })).rejects.toThrow("train batchSize");
  });
});

/** w follows the batches; each rank has its own part of each, given by the test. */
function ownTask(
  parts: readonly (number[] | undefined)[][],
): (rank: number) => OwnTask<number[]> & { readonly w: Tensor } {
  return (rank) => {
    const w = zeros([2]);
    return {
      w,
      parameters: { w },
      batches: () => parts.map((batch) => batch[rank]),
      loss: (batch): Loss => ({ value: mean(square(sub(tensor(batch), mul(w, 1)))), weight: batch.length }),
      tokens: (batch) => batch.length,
    };
  };
}

const steady: TrainOnOptions = { optimizer: sgd({ learningRate: 0.1 }), epochs: 1 };

/** Runs all ranks of a task, each with options of its own; what each has said, or failed with. */
async function together<B>(
  size: number,
  make: (rank: number) => OwnTask<B>,
  optionsOf: (rank: number) => TrainOnOptions = () => ({}),
): Promise<{ events: Plain[]; weights: number[]; error: unknown }[]> {
  const { ranks } = localRanks(size);
  return await Promise.all(
    ranks.map(async (communicator, rank) => {
      const task = make(rank);
      const events: Plain[] = [];
      let error: unknown;
      try {
        for await (const event of trainOn(task, { ...steady, communicator, ...optionsOf(rank) }))
          events.push(timeless(event));
      } catch (caught) {
        error = caught;
      }
      return { events, weights: weightsOf(task), error };
    }),
  );
}

const constant = Array.from({ length: 8 }, (_, at) => [
  [at, 1],
  [2, at],
]);

test("a rank without rows, and a step in which none has a row that counts", async () => {
  const rows = [
    [[1, 2], undefined],
    [undefined, [3, 4]],
    [[], undefined],
  ];
  const make = ownTask(rows as number[][][]);
  const withWeights = (rank: number): OwnTask<number[]> => {
    const task = make(rank);
    return {
      ...task,
      loss: (batch) =>
        batch.length === 0 ? { value: mean(mul(task.w, 5)), weight: 0 } : (task.loss as (b: number[]) => Loss)(batch),
    };
  };
  const [first, second] = await together(2, withWeights);
  expect(first.error).toBeUndefined();
  expect(first.weights).toEqual(second.weights);
  const events = first.events.filter(({ kind }) => kind === "step");
  expect(events.map(({ loss }) => loss)).toEqual([2.5, expect.any(Number), 0]);
  // the mean of squares of two numbers, 0.1 downhill, twice; the last step counts nothing
  const [a, b] = [0.1, 0.2];
  expect(first.weights[0]).toBeCloseTo(a + 0.1 * (3 - a), 6);
  expect(first.weights[1]).toBeCloseTo(b + 0.1 * (4 - b), 6);
});

describe("what one rank knows, all do", () => {
  const kindsOf = (events: readonly Plain[]): string[] => events.map(({ kind }) => kind);

  test.each([0, 1])("rank %i aborts, and both end after the same step", async (aborts) => {
    const controller = new AbortController();
    const stop: Callback = {
      name: "abort",
      onEvent: (event) => void (event.kind === "step" && event.step === 3 && controller.abort()),
    };
    const both = await together(2, ownTask(constant), (rank) =>
      rank === aborts ? { signal: controller.signal, callbacks: [stop] } : {},
    );
    for (const { events } of both) expect(events.at(-1)).toMatchObject({ kind: "end", step: 3, reason: "aborted" });
  });

  test("the time of one is over", async () => {
    const both = await together(2, ownTask(constant), (rank) => (rank === 1 ? { seconds: 0 } : {}));
    for (const { events } of both) expect(events.at(-1)).toMatchObject({ kind: "end", step: 1, reason: "time" });
  });

  test("a callback of one stops the run", async () => {
    const stop: Callback = {
      name: "stop",
      onEvent: (event, control) => event.kind === "step" && control.stop("enough"),
    };
    const both = await together(2, ownTask(constant), (rank) => (rank === 1 ? { callbacks: [stop] } : {}));
    expect(both.map(({ events }) => events.at(-1))).toMatchObject([
      { kind: "end", step: 1, reason: "stopped by another rank" },
      { kind: "end", step: 1, reason: "enough" },
    ]);
  });

  test("only the first evaluates, and both hear of it", async () => {
    const calls = [0, 0];
    const make = ownTask(constant);
    const evaluating = (rank: number): OwnTask<number[]> => ({
      ...make(rank),
      evaluate: () => {
        calls[rank]++;
        return { loss: rank === 0 ? 1 / 3 : 7, measures: { odd: NaN, far: -Infinity, 'é"': 1 } };
      },
    });
    const both = await together(2, evaluating, () => ({ evaluateEvery: 3 }));
    expect(calls).toEqual([3, 0]);
    for (const { events } of both) {
      const evaluations = events.filter(({ kind }) => kind === "evaluation");
      expect(evaluations).toHaveLength(3);
      expect(evaluations[0]).toMatchObject({ loss: 1 / 3, measures: { odd: NaN, far: -Infinity, 'é"': 1 } });
    }
    expect(both[0].events).toEqual(both[1].events);
  });

  test("an evaluation that is cut short on the first", async () => {
    const controller = new AbortController();
    const make = ownTask(constant);
    const evaluating = (rank: number): OwnTask<number[]> => ({
      ...make(rank),
      evaluate: () => {
        controller.abort();
        throw controller.signal.reason;
      },
    });
    const both = await together(2, evaluating, (rank) =>
      rank === 0 ? { evaluateEvery: 2, signal: controller.signal } : { evaluateEvery: 2 },
    );
    for (const { events, error } of both) {
      expect(error).toBeUndefined();
      expect(kindsOf(events)).toEqual(["step", "step", "end"]);
      expect(events.at(-1)).toMatchObject({ reason: "aborted", step: 2 });
    }
  });

  test.each(["loss", "gradient", "state"])("a %s that is not finite on one is a step that all skip", async (what) => {
    const make = ownTask(constant);
    const spoiled = (rank: number): OwnTask<number[]> => {
      const task = make(rank);
      const count = zeros([1, 1]);
      let calls = 0;
      return {
        ...task,
        ...(what === "state" && { carried: { h: count } as never }),
        loss: (batch, context) => {
          calls++;
          const loss = task.loss(batch, context) as Loss;
          // between the first two steps
          if (what === "state")
            return { ...loss, state: { h: calls === 1 && rank === 1 ? full([1, 1], NaN) : count } as never };
          if (rank === 0 || calls !== 2) return loss;
          if (what === "loss") return { ...loss, value: mul(loss.value, NaN) };
          return { ...loss, penalty: mean(mul(mul(sub(task.w, task.w), 3e38), 3e38)) };
        },
      };
    };
    const [first, second] = await together(2, spoiled);
    const at = what === "state" ? 0 : 1;
    expect(first.error).toBeUndefined();
    expect(first.weights).toEqual(second.weights);
    expect(kindsOf(first.events).slice(at, at + 3)).toEqual(["step", "warning", "step"]);
    const troubles = [first, second]
      .map(({ events }) => events[at] as unknown as StepEvent)
      .map(({ trouble }) => trouble);
    const shared = { what: "gradient", name: "w" };
    const own = { what, name: what === "loss" ? "loss" : "h" };
    expect(troubles).toEqual(what === "gradient" ? [shared, shared] : [{ what: "rank", name: "1" }, own]);
  });

  test("a state that one rank finds broken before the step", async () => {
    const make = ownTask(constant);
    const carried = [zeros([1, 1]), zeros([1, 1])];
    const states = (rank: number): OwnTask<number[]> => {
      const task = make(rank);
      const state = { h: carried[rank] } as never;
      return { ...task, carried: state, loss: (batch, context) => ({ ...(task.loss(batch, context) as Loss), state }) };
    };
    const spoil: Callback = {
      name: "spoil",
      onEvent: (event) => event.kind === "step" && event.step === 2 && assign(carried[1], Float32Array.of(NaN)),
    };
    const [first, second] = await together(2, states, () => ({ callbacks: [spoil] }));
    expect(first.weights).toEqual(second.weights);
    expect(first.events[2]).toMatchObject({ skipped: true, trouble: { what: "rank", name: "1" } });
    expect(second.events[2]).toMatchObject({ skipped: true, trouble: { what: "state", name: "h" } });
    expect(first.events[4]).toMatchObject({ kind: "step", skipped: false });
  });

  test("ranks that have heard the end train again", async () => {
    const { ranks } = localRanks(2);
    const make = ownTask(constant);
    for (let run = 0; run < 2; run++) {
      const steps = await Promise.all(
        ranks.map(async (communicator, rank) => {
          for await (const event of trainOn(make(rank), { ...steady, communicator }))
            if (event.kind === "end") return event.step;
          return 0;
        }),
      );
      expect(steps).toEqual([8, 8]);
    }
  });

  test("a rank that is left takes the others with it", async () => {
    const { ranks } = localRanks(2);
    const make = ownTask(constant);
    const trainings = ranks.map((communicator, rank) => trainOn(make(rank), { ...steady, communicator }));
    await Promise.all(trainings.map((training) => training.next()));
    await trainings[1].return();
    await expect(trainings[0].next()).rejects.toThrow("rank 1 has ended");
  });

  test("a rank that fails takes the others with it", async () => {
    const make = ownTask(constant);
    const failing = (rank: number): OwnTask<number[]> => {
      const task = make(rank);
      let calls = 0;
      return {
        ...task,
        loss: (batch, context) => {
          if (rank === 1 && ++calls === 3) throw new Error("no such batch");
          return task.loss(batch, context);
        },
      };
    };
    const [first, second] = await together(2, failing);
    expect(second.error).toMatchObject({ message: "no such batch" });
    expect(first.error).toMatchObject({ message: "rank 1 has ended", cause: second.error });
    expect(first.events).toHaveLength(2);
  });
});
