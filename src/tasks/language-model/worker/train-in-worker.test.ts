/**
 * `train` in a worker: the same events and bits, a calling thread that goes on meanwhile, and no
 * worker that stays.
 */
import { encodeModel } from "../../../model/index.ts";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DataError, NotFiniteError, UnsupportedError } from "../../../base/index.ts";
import { buildVocabulary } from "../../../data/index.ts";
import { engineReport } from "../../../engine/index.ts";
import { languageModel, type LanguageModelOptions, loadLanguageModel } from "../model.ts";
import { cosineDecay, momentum, sgd } from "../../../optim/index.ts";
import { earlyStopping, reduceOnPlateau, type TrainEvent } from "../../../train/index.ts";
import { trainInWorker, type WorkerTrainOptions } from "./train-in-worker.ts";
import { train, type TrainOptions } from "../train.ts";

// worker threads read the sources as they are
const readsTypes = Number(process.versions.node.split(".")[0]) >= 23;

const corpus = "the quick brown fox jumps over the lazy dog. ".repeat(20);
const small: LanguageModelOptions = { corpus, hiddenSize: 6, embeddingSize: 3, seed: 4 };
const options = { sequenceLength: 6, batchSize: 3, validation: 0.1, steps: 12 } as const;

/** Without what a clock says. */
const timeless = (event: TrainEvent): object =>
  event.kind === "step" ? { ...event, seconds: 0, tokensPerSecond: 0 } : { ...event, seconds: 0 };

async function eventsOf(training: AsyncIterable<TrainEvent>): Promise<object[]> {
  const events: object[] = [];
  for await (const event of training) events.push(timeless(event));
  return events;
}

/** Workers that were started and have not ended. */
let living: () => Worker[];
beforeEach(() => {
  const { mock } = vi.spyOn(Worker.prototype, "on");
  living = () => [...new Set(mock.contexts as Worker[])].filter(({ threadId }) => threadId !== -1);
});
afterEach(() => {
  expect(living()).toEqual([]);
  vi.restoreAllMocks();
});

describe.runIf(readsTypes)("in a worker", () => {
  const variants: readonly [string, WorkerTrainOptions, TrainOptions?][] = [
    ["as it is", options],
    ["with a schedule", { ...options, schedule: cosineDecay({ initial: 0.01, decaySteps: 9 }) }],
    [
      "with all kinds of options",
      {
        ...options,
        shuffle: true,
        accumulate: 2,
        averaging: 0.9,
        evaluateEvery: 3,
        optimizer: momentum({ learningRate: 0.1 }),
        groups: [{ parameters: ["output"], optimizer: sgd({ learningRate: 0.2 }), rateFactor: 2 }],
        penalties: { l2: 1e-3 },
        callbacks: [
          { name: "earlyStopping", patience: 50 },
          { name: "reduceOnPlateau", patience: 0, factor: 0.5 },
        ],
      },
      { callbacks: [earlyStopping({ patience: 50 }), reduceOnPlateau({ patience: 0, factor: 0.5 })] },
    ],
  ];
  test.each(variants)("%s: the events, the model and the snapshot of train", async (_, more, others = {}) => {
    const { callbacks: _names, ...shared } = more;
    const model = languageModel(small);
    const here = train(model, { ...shared, ...others });
    const there = trainInWorker(small, more);
    expect(await eventsOf(there)).toEqual(await eventsOf(here));
    expect(await there.modelBytes()).toEqual(encodeModel(model));
    expect((await there.snapshot()).arrays).toEqual((await here.snapshot()).arrays);
    expect(living()).toEqual([]);
  });

  test("from saved bytes, a vocabulary and a corpus of its own", async () => {
    const vocabulary = buildVocabulary(corpus);
    const ids = vocabulary.encode(corpus);
    const model = languageModel({ ...small, corpus: undefined as never, vocabulary });
    const bytes = encodeModel(model);
    const events = await eventsOf(train(model, { ...options, corpus: ids }));
    expect(await eventsOf(trainInWorker(bytes, { ...options, corpus: ids }))).toEqual(events);
    const fresh = trainInWorker({ hiddenSize: 6, embeddingSize: 3, seed: 4, vocabulary }, { ...options, corpus });
    expect(await eventsOf(fresh)).toEqual(events);
    expect(encodeModel(await fresh.model())).toEqual(encodeModel(model));
  });

  test("a run that is left goes on from its snapshot, here or there, bit for bit", async () => {
    const schedule = cosineDecay({ initial: 0.01, decaySteps: 9 });
    const model = languageModel(small);
    const whole = await eventsOf(train(model, { ...options, schedule }));
    const first = trainInWorker(small, { ...options, schedule });
    const events: object[] = [];
    for await (const event of first) {
      events.push(timeless(event));
      if (event.step === 5) break;
    }
    expect(living()).toEqual([]);
    const resume = await first.snapshot();
    const rest = trainInWorker(small, { ...options, schedule, resume });
    expect([...events, ...(await eventsOf(rest))]).toEqual(whole);
    expect(await rest.modelBytes()).toEqual(encodeModel(model));
    const here = languageModel(small);
    await eventsOf(train(here, { ...options, schedule, resume }));
    expect(encodeModel(here)).toEqual(encodeModel(model));
  });

  test("model and snapshot between any two events", async () => {
    const model = languageModel(small);
    const here = train(model, options);
    const there = trainInWorker(small, options);
    await expect(there.model()).rejects.toThrow(UnsupportedError);
    await expect(there.snapshot()).rejects.toThrow("snapshot: expected a run that has begun");
    for await (const event of there) {
      expect(timeless(event)).toEqual(timeless((await here.next()).value as TrainEvent));
      expect(await there.modelBytes()).toEqual(encodeModel(model));
      expect((await there.snapshot()).arrays).toEqual((await here.snapshot()).arrays);
    }
  });

  test("errors are those of train, of the same classes", async () => {
    const failing = (more: WorkerTrainOptions, model = small): Promise<unknown> =>
      trainInWorker(model, { ...options, ...more })
        .next()
        .catch((error: unknown) => error);
    const short = await failing({ sequenceLength: 5000 });
    expect(short).toBeInstanceOf(DataError);
    expect(short).toEqual(
      await train(languageModel(small), { ...options, sequenceLength: 5000 })
        .next()
        .catch((e) => e),
    );
    expect(await failing({ clipNorm: -1 })).toMatchObject({ name: "RangeError", code: "ERR_VALUE" });
    expect(await failing({}, { ...small, hiddenSize: 0 })).toMatchObject({ name: "RangeError", code: "ERR_VALUE" });
    expect(await failing({}, languageModel(small) as never)).toMatchObject({ code: "ERR_KIND" });
    expect(await failing({ callbacks: [earlyStopping() as never] })).toMatchObject({ code: "ERR_KIND" });
    const own = { ...sgd(), name: "my own" };
    expect(await failing({ optimizer: own })).toMatchObject({ name: "RangeError", code: "ERR_VALUE" });
    const schedule = (): number => {
      throw new DataError("of the schedule");
    };
    expect(await failing({ schedule })).toEqual(new DataError("of the schedule"));

    const training = trainInWorker(small, { ...options, steps: 40, schedule: () => NaN });
    const error = await eventsOf(training).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotFiniteError);
    expect(error).toMatchObject({ code: "ERR_NOT_FINITE", message: /10 in a row that were not/ });
    expect(await training.modelBytes()).toEqual(encodeModel(languageModel(small)));
  });

  test("a worker that dies is an error, for the event that is waited for and for all later ones", async () => {
    // steps that take long enough to die in, which with the reference engine is soon
    const large = { corpus: corpus.repeat(10), hiddenSize: engineReport().name === "wasm" ? 256 : 64 };
    const training = trainInWorker(large, { sequenceLength: 100, batchSize: 32, steps: 100 });
    await training.next();
    const [worker] = living();
    const next = training.next();
    await worker.terminate();
    await expect(next).rejects.toThrow("trainInWorker: expected a worker that runs, got one that ended with code 1");
    await expect(training.model()).rejects.toThrow(UnsupportedError);
    expect(await training.next()).toEqual({ value: undefined, done: true });
  });

  test("the signal ends it after the step that is running, or before the first", async () => {
    const controller = new AbortController();
    const training = trainInWorker(small, { ...options, steps: 1e6, signal: controller.signal });
    const kinds: string[] = [];
    for await (const event of training) {
      kinds.push(event.kind);
      if (event.step === 3) controller.abort();
      if (event.kind === "end") expect(event).toMatchObject({ reason: "aborted", step: 3 });
    }
    expect(kinds).toEqual(["step", "step", "step", "end"]);
    const second = await eventsOf(trainInWorker(small, { ...options, signal: AbortSignal.abort() }));
    expect(second).toMatchObject([{ kind: "end", reason: "aborted", step: 0 }]);
  });

  test("this thread works for no longer than 50 ms at once while steps take more than 100 ms", async () => {
    // the reference engine takes as long for fewer units
    const size = engineReport().name === "wasm" ? { hiddenSize: 640 } : { hiddenSize: 160 };
    const large: LanguageModelOptions = { corpus: corpus.repeat(20), embeddingSize: 64, ...size };
    const steps: number[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const training = trainInWorker(large, { sequenceLength: 50, batchSize: 32, steps: 100, signal });
    await training.next();
    const turns = watchTurns();
    let begin = performance.now();
    let last: TrainEvent | undefined;
    for await (const event of training) {
      last = event;
      if (event.kind !== "step") continue;
      steps.push(performance.now() - begin);
      begin = performance.now();
      // in the middle of the seventh
      if (steps.length === 6) setTimeout(() => controller.abort(), 20);
    }
    expect(turns.longest()).toBeLessThan(50);
    expect(Math.min(...steps)).toBeGreaterThan(100);
    expect(last).toMatchObject({ kind: "end", reason: "aborted", step: 8 });
    expect(loadLanguageModel(await training.modelBytes()).config.hiddenSize).toBe(size.hiddenSize);
  });
});

/** Milliseconds that this thread has computed. What a busy machine does to it is not counted. */
function computed(): number {
  // from Node 23.9 on
  const { user, system } = (process as unknown as { threadCpuUsage(): NodeJS.CpuUsage }).threadCpuUsage();
  return (user + system) / 1000;
}

/** The most that this thread computes between two timers of 5 ms. */
function watchTurns(): { longest(): number } {
  let longest = 0;
  let before = computed();
  const look = (): void => {
    const now = computed();
    longest = Math.max(longest, now - before);
    before = now;
  };
  const timer = setInterval(look, 5);
  return {
    longest() {
      look();
      clearInterval(timer);
      return longest;
    },
  };
}
