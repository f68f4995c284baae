import { describe, expect, test } from "vitest";
import { DataError, randomStream } from "../base/index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../formats/index.ts";
import { sgd } from "../optim/index.ts";
import { dropoutWrapper, dynamicRnn, gruCell, type State, zeroState } from "../rnn/index.ts";
import { mean, memory, mul, square, sub, sum, tensor, zeros } from "../tensor/index.ts";
import type { TrainEvent } from "./loop/events.ts";
import type { Snapshot } from "./loop/snapshot.ts";
import { type OwnTask, type SeekableBatches, trainOn } from "./train-on.ts";
import type { TrainOnOptions } from "./train-options.ts";

type Batch = { readonly inputs: Float32Array; readonly targets: Float32Array };
const ROWS = 2;
const STEPS = 4;

/**
 * Numbers whose running sum, that of earlier batches included, is to be told; 7 batches, others in
 * each epoch.
 */
function* sums(epoch: number): Generator<Batch> {
  const random = randomStream(9).named("data").at(epoch);
  const totals = new Float32Array(ROWS);
  for (let batch = 0; batch < 7; batch++) {
    const inputs = Float32Array.from({ length: STEPS * ROWS }, () => random.normal() / 4);
    const targets = inputs.map((x, i) => (totals[i % ROWS] += x));
    yield { inputs, targets };
  }
}

async function* slowly(epoch: number): AsyncGenerator<Batch> {
  for (const batch of sums(epoch)) {
    await new Promise((resolve) => setImmediate(resolve));
    yield batch;
  }
}

/** Batches that can be begun anywhere, and cannot be passed over. */
function seekable(epoch: number): SeekableBatches<Batch> {
  const all = [...sums(epoch)];
  const from = (start: number): Iterator<Batch> => all.slice(start).values();
  return {
    count: all.length,
    from,
    [Symbol.iterator]() {
      throw new Error("begun at the beginning");
    },
  };
}

const kinds: Readonly<Record<string, OwnTask<Batch>["batches"]>> = {
  "a list": (epoch) => [...sums(epoch)],
  "a generator": sums,
  "an async generator": slowly,
  "seekable batches": seekable,
};

/** A GRU with dropout and a carried state. */
function task(batches: OwnTask<Batch>["batches"]): OwnTask<Batch> {
  const cell = dropoutWrapper(gruCell({ units: 3, seed: 1 }), { kind: "torch", dropout: 0.2 });
  cell.build(1);
  return {
    parameters: cell.parameters(),
    batches,
    carried: zeroState(cell, ROWS) as State,
    resetState: 0.1,
    loss({ inputs, targets }, { state, random }) {
      const x = tensor(inputs, { shape: [STEPS, ROWS, 1] });
      const result = dynamicRnn(cell, x, {
        initialState: state as { h: ReturnType<typeof zeros> },
        timeMajor: true,
        random,
      });
      const value = mean(square(sub(sum(result.outputs, 2), tensor(targets, { shape: [STEPS, ROWS] }))));
      return { value, penalty: mul(value, 0.1), state: result.state as State };
    },
    tokens: () => ROWS * STEPS,
    fingerprint: { data: "sums" },
  };
}

const timeless = ({ seconds: _seconds, steps: _steps, epoch: _epoch, ...event }: TrainEvent): object =>
  event.kind === "step" ? { ...event, tokensPerSecond: 0 } : event;

async function run(own: OwnTask<Batch>, options: TrainOnOptions, cut = Infinity) {
  const events: object[] = [];
  const training = trainOn(own, options);
  for await (const event of training) if (events.push(timeless(event)) === cut) break;
  const weights = Object.entries(own.parameters).map(([path, x]) => [path, x.values()]);
  return { events, weights, snapshot: await training.snapshot() };
}

const variants: readonly TrainOnOptions[] = [
  { epochs: 3 },
  { epochs: 3, accumulate: 2, averaging: 0.9 },
  { steps: 17, evaluateEvery: 5 },
];

describe.each(Object.entries(kinds))("batches of %s", (_, batches) => {
  test.each(variants)("a run that is cut anywhere goes on bit for bit: %j", async (options) => {
    const whole = await run(task(kinds["a list"]), options);
    expect(whole.events.length).toBeGreaterThan(9);
    for (let cut = 1; cut < whole.events.length; cut++) {
      const first = await run(task(batches), options, cut);
      const { state, arrays } = await decodeCheckpoint(await encodeCheckpoint(first.snapshot));
      const rest = await run(task(batches), { ...options, resume: { state, arrays } });
      expect([...first.events, ...rest.events], `cut after event ${cut}`).toEqual(whole.events);
      expect(rest.weights, `cut after event ${cut}`).toEqual(whole.weights);
    }
  });
});

test("another model, seed or fingerprint is refused", async () => {
  const { snapshot: resume } = await run(task(sums), { steps: 2 });
  const other = (change: Partial<OwnTask<Batch>>, options: TrainOnOptions = {}): Promise<unknown> =>
    trainOn({ ...task(sums), ...change }, { steps: 4, resume, ...options }).next();
  await expect(other({ fingerprint: { data: "others" } })).rejects.toThrow(
    'train resume data: expected "sums", as in the checkpoint, got "others"',
  );
  await expect(other({ parameters: { w: zeros([2]) } })).rejects.toThrow(/train resume parameters/);
  await expect(other({}, { seed: 3 })).rejects.toThrow(/train resume seed: expected 0/);
  await expect(other({}, { clipNorm: 1 })).rejects.toThrow(/train resume clipNorm/);
  await expect(other({})).resolves.toMatchObject({ value: { step: 3 } });
});

test("a fingerprint that is a function is all that is compared", async () => {
  const own = (data: string): OwnTask<Batch> => ({ ...task(sums), fingerprint: () => Promise.resolve({ data }) });
  const { snapshot: resume } = await run(own("a"), { steps: 2 });
  expect((resume.state as { fingerprint: object }).fingerprint).not.toHaveProperty("parameters");
  await expect(trainOn(own("a"), { steps: 4, resume }).next()).resolves.toMatchObject({ value: { step: 3 } });
  await expect(trainOn(own("b"), { steps: 4, resume }).next()).rejects.toThrow('train resume data: expected "a"');
});

/** One number that should become 3. */
const number = (batches: OwnTask<number>["batches"], more: Partial<OwnTask<number>> = {}): OwnTask<number> => {
  const w = zeros([]);
  return { parameters: { w }, batches, loss: (x) => square(sub(w, x)), ...more };
};

test("a tensor as loss, and evaluations of a number or of more", async () => {
  const events: TrainEvent[] = [];
  const own = number(() => [3, 3, 3]);
  const evaluate = (): number => Math.abs(own.parameters["w"].item() - 3);
  for await (const event of trainOn({ ...own, evaluate }, { epochs: 20, optimizer: sgd({ learningRate: 0.1 }) }))
    events.push(event);
  expect(own.parameters["w"].item()).toBeCloseTo(3, 4);
  const evaluations = events.filter((event) => event.kind === "evaluation");
  expect(evaluations).toHaveLength(20);
  expect(evaluations[19].loss).toBeLessThan(evaluations[0].loss / 100);
  expect(evaluations[0]).not.toHaveProperty("perplexity");
  expect(events[0]).toMatchObject({ kind: "step", steps: 60, epoch: 1 / 3 });
  const more = { ...number(() => [1]), evaluate: () => Promise.resolve({ loss: 2, tokens: 5 }) };
  for await (const event of trainOn(more, { steps: 1 }))
    if (event.kind === "evaluation") expect(event).toMatchObject({ loss: 2, tokens: 5 });
});

test("batches are taken when they are needed, and what gives them is closed", async () => {
  for (const leave of ["break", "abort", "throw", "end"]) {
    let made = 0;
    let closed = 0;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield made++;
      } finally {
        await Promise.resolve();
        closed++;
      }
    }
    const controller = new AbortController();
    const fails = number(endless, {
      loss: (x) => {
        if (x === 3 && leave === "throw") throw new Error("of the loss");
        return square(sub(zeros([]), x));
      },
    });
    const go = async (): Promise<void> => {
      for await (const event of trainOn(fails, { steps: 5, signal: controller.signal })) {
        expect(made).toBe(event.step);
        if (event.step === 4 && leave === "break") break;
        if (event.step === 4 && leave === "abort") controller.abort();
      }
    };
    if (leave === "throw") await expect(go()).rejects.toThrow("of the loss");
    else await go();
    expect([leave, closed]).toEqual([leave, 1]);
  }
});

test("10,000 batches leave no block behind", async () => {
  const own = number(function* () {
    for (let i = 0; i < 10_000; i++) yield i % 7;
  });
  let before = NaN;
  let after = NaN;
  for await (const event of trainOn(own, { epochs: 1 })) {
    if (event.step === 10) before = memory().liveBlocks;
    after = memory().liveBlocks;
  }
  expect(after).toBeLessThanOrEqual(before);
});

test.each<[string, OwnTask<number>, TrainOnOptions, new () => Error, RegExp]>([
  ["an empty list", number(() => []), {}, DataError, /trainOn batches: expected at least one batch, got none/],
  ["an empty generator", number(function* () {}), {}, DataError, /at least one batch in an epoch, got none/],
  [
    "no batches",
    number(() => 5 as unknown as number[]),
    {},
    TypeError,
    /trainOn batches: expected something to loop over/,
  ],
  ["a probability", number(() => [1], { resetState: 2 }), {}, RangeError, /trainOn resetState/],
  ["an evaluation", number(() => [1], { evaluate: () => "x" as unknown as number }), {}, TypeError, /trainOn evaluate/],
  ["both limits", number(() => [1]), { steps: 1, epochs: 1 }, RangeError, /steps or epochs, got "both"/],
  ["a norm", number(() => [1]), { clipNorm: 0 }, RangeError, /clipNorm/],
  ["a seed", number(() => [1]), { seed: -1 }, RangeError, /seed/],
])("wrong: %s", async (_, own, options, kind, message) => {
  const all = async (): Promise<void> => {
    for await (const _event of trainOn(own, { ...(options.epochs === undefined && { steps: 2 }), ...options }));
  };
  const found = await all().catch((error: unknown) => error);
  expect(found).toBeInstanceOf(kind);
  expect((found as Error).message).toMatch(message);
});

test("a snapshot of something else", async () => {
  const resume = { state: 7, arrays: {} } as Snapshot;
  await expect(
    trainOn(
      number(() => [1]),
      { resume },
    ).next(),
  ).rejects.toThrow("the snapshot of a run");
});
