/**
 * Every long call of the library can be cancelled, lets timers fire meanwhile, and leaves no block of memory behind. A row is one call with an input that
 * takes many seconds, and one with a small input that is called twice.
 */
import { describe, expect, test } from "vitest";
import {
  diagnose,
  evaluate,
  fit,
  fitOn,
  generate,
  languageModel,
  LanguageModel,
  memory,
  encodeModel,
  scope,
  train,
  trainInWorker,
} from "unrolled";
import {
  alignText,
  backtest,
  beamSearch,
  characterScore,
  classifier,
  classifierStream,
  classifierTask,
  classifyAll,
  ctcBeamSearch,
  evaluateClassifier,
  evaluateTagger,
  evaluateTranscriber,
  forecast,
  forecaster,
  forecasterTask,
  forecastTracker,
  seasonalNaive,
  tag,
  tagAll,
  tagger,
  taggerTask,
  transcribe,
  transcriber,
  transcriberStream,
  transcriberTask,
  translate,
  translator,
  translatorTask,
} from "unrolled/tasks";

/** Milliseconds after the abort: 100 on a quiet machine, which tests share with others. */
const MOST_MS = 2000;
/** When the signal aborts. */
const AFTER_MS = 50;

const text = "the quick brown fox jumps over the lazy dog ";
const words = text.trim().split(" ");
const lm = languageModel({ corpus: text.repeat(50), hiddenSize: 32 });
const ids = Int32Array.from({ length: 2_000_000 }, (_, i) => i % lm.vocabulary.size);
const examples = ["x", "y"].map((label) => ({ input: text, label }));
const sorter = classifier({ examples, hiddenSize: 16 });
const tagged = { tokens: words, tags: words.map((_, i) => (i % 2 === 0 ? "O" : "B-X")) };
const marker = tagger({ examples: [tagged], hiddenSize: 16 });
const values = Array.from({ length: 200 }, (_, i) => Math.sin(i) + i / 50);
const seer = forecaster({ series: [{ values }], horizon: 14, contextLength: 14, hiddenSize: 16 });
const pair = { source: text, target: text };
const speaker = translator({ pairs: [pair], hiddenSize: 16, maxLength: 20 });
const sound = Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i / 20) * Math.sin(i / 3000));
const utterance = { samples: sound, text: "abc" };
const writer = transcriber({ utterances: [utterance], features: { sampleRate: 8000 }, hiddenSize: 16 });
const steps = (T: number): { data: Float64Array; classes: number; blank: number } => ({
  data: new Float64Array(T * 30).fill(Math.log(1 / 30)),
  classes: 30,
  blank: 0,
});
const flat = new Float32Array(30).fill(Math.log(1 / 30));
const search = (maxLength: number): Parameters<typeof beamSearch<number>>[0] => ({
  start: 0,
  step: (beginnings) => beginnings.map(() => ({ logProbabilities: flat, state: 0 })),
  beams: 20,
  maxLength,
  end: 29,
  lengthPenalty: 1,
});
const many = <T>(one: T, count = 100_000): T[] => Array.from({ length: count }, () => one);
const held = { training: [tagged], validation: many(tagged) };

/** How a call ends that is cancelled: a promise that rejects with the signal's reason, or an end without an error. */
type Way = "rejects" | "ends";

const calls: readonly (readonly [name: string, way: Way, call: (signal: AbortSignal) => Promise<unknown>])[] = [
  [
    "generate",
    "ends",
    async (signal) => {
      let length = 0;
      for await (const token of generate(lm, "the ", { maxLength: 1e12, signal })) length += token.length;
      expect(length).toBeGreaterThan(0);
    },
  ],
  [
    "generate, with a long prime",
    "ends",
    async (signal) => {
      for await (const _ of generate(lm, text.repeat(20_000), { maxLength: 1, signal }));
    },
  ],
  ["evaluate", "rejects", (signal) => evaluate(lm, ids, { signal })],
  ["diagnose", "rejects", (signal) => diagnose(lm, { corpus: ids, batches: 10_000, signal })],
  ["classify", "rejects", (signal) => classifyAll(sorter, many(text), { signal })],
  ["evaluateClassifier", "rejects", (signal) => evaluateClassifier(sorter, many(examples[0]), { signal })],
  ["tagAll", "rejects", (signal) => tagAll(marker, many(words), { signal })],
  ["evaluateTagger", "rejects", (signal) => evaluateTagger(marker, many(tagged), { signal })],
  ["forecast", "rejects", (signal) => forecast(seer, { values }, { horizon: 100_000, samples: 20, signal })],
  [
    "forecast, with a long history",
    "rejects",
    (signal) => forecast(seer, { values: many(values, 5000).flat() }, { signal }),
  ],
  [
    "forecast of a tracker",
    "rejects",
    (signal) => forecastTracker(seer, { values }).forecast({ horizon: 100_000, samples: 20, signal }),
  ],
  ["backtest of a model", "rejects", (signal) => backtest(seer, many({ values }, 5000), { signal })],
  [
    "backtest of a function",
    "rejects",
    (signal) =>
      backtest(({ values: past }, { horizon }) => seasonalNaive(past, { horizon }), many({ values }, 20_000), {
        signal,
      }),
  ],
  ["translate", "rejects", (signal) => translate(speaker, text, { maxLength: 100_000, beams: 8, signal })],
  ["beamSearch", "rejects", (signal) => beamSearch({ ...search(1_000_000), signal })],
  [
    "transcribe",
    "rejects",
    (signal) => transcribe(writer, new Float32Array(8000 * 60), { beams: 2000, lengthBonus: 1, signal }),
  ],
  ["ctcBeamSearch", "rejects", (signal) => ctcBeamSearch(steps(10_000), { beams: 1000, signal })],
  ["evaluateTranscriber", "rejects", (signal) => evaluateTranscriber(writer, many(utterance, 5000), { signal })],
  [
    "train",
    "ends",
    async (signal) => {
      for await (const _ of train(lm, { steps: 1e9, sequenceLength: 8, batchSize: 2, signal }));
    },
  ],
  ["fit", "ends", (signal) => fit(lm, { steps: 1e9, sequenceLength: 8, batchSize: 2, signal })],
  [
    "fit, in its evaluation",
    "ends",
    (signal) => fit(lm, { corpus: ids, validation: 0.9, steps: 1, sequenceLength: 8, batchSize: 2, signal }),
  ],
  [
    "fitOn classifierTask, in its evaluation",
    "ends",
    (signal) =>
      fitOn(classifierTask(sorter, { training: examples, validation: many(examples[0], 20_000) }), {
        steps: 1,
        signal,
      }),
  ],
  [
    "fitOn taggerTask, in its evaluation",
    "ends",
    (signal) => fitOn(taggerTask(marker, { ...held, validation: many(tagged, 20_000) }), { steps: 1, signal }),
  ],
  [
    "fitOn forecasterTask, in its evaluation",
    "ends",
    (signal) =>
      fitOn(forecasterTask(seer, { series: many({ values: many(values, 20).flat() }, 50), heldOut: 3500 }), {
        steps: 1,
        signal,
      }),
  ],
  [
    "fitOn translatorTask, in its evaluation",
    "ends",
    (signal) =>
      fitOn(translatorTask(speaker, { training: [pair], validation: many(pair, 20_000) }), { steps: 1, signal }),
  ],
  [
    "fitOn transcriberTask, in its evaluation",
    "ends",
    (signal) =>
      fitOn(transcriberTask(writer, { training: [utterance], validation: many(utterance, 2500) }), {
        steps: 1,
        signal,
      }),
  ],
];

describe("a long call ends soon after its signal aborts, and timers fire meanwhile", () => {
  test.each(calls)("%s %s", async (name, way, call) => {
    const stop = new AbortController();
    let ticks = 0;
    let abortedAt = 0;
    let endedAt = 0;
    const timer = setInterval(() => {
      // counted only while the call runs
      if (++ticks < AFTER_MS / 5) return;
      if (abortedAt === 0) abortedAt = performance.now();
      stop.abort();
    }, 5);
    const outcome = await call(stop.signal).then(
      () => "ends",
      (error: unknown) => (error === stop.signal.reason ? "rejects" : error),
    );
    endedAt = performance.now();
    clearInterval(timer);
    expect(outcome).toBe(way);
    expect(stop.signal.aborted, "it ended by itself").toBe(true);
    expect(ticks).toBeGreaterThan(0);
    expect(endedAt - abortedAt).toBeLessThan(MOST_MS);
    console.log(`cancel: ${name}: ${Math.round(endedAt - abortedAt)} ms`);
  });

  test("trainInWorker ends", async () => {
    const stop = new AbortController();
    const options = { steps: 1e9, sequenceLength: 8, batchSize: 2, signal: stop.signal };
    let abortedAt = 0;
    let reason = "";
    for await (const event of trainInWorker(encodeModel(lm), { ...options, corpus: text.repeat(50) })) {
      // a worker takes its time to start
      if (abortedAt === 0) abortedAt = performance.now();
      stop.abort();
      if (event.kind === "end") ({ reason } = event);
    }
    expect(reason).toBe("aborted");
    expect(performance.now() - abortedAt).toBeLessThan(MOST_MS);
  });

  test("a signal that has aborted already: nothing is computed", async () => {
    const signal = AbortSignal.abort();
    await expect(evaluate(lm, ids, { signal })).rejects.toBe(signal.reason);
    await expect(forecast(seer, { values }, { signal })).rejects.toBe(signal.reason);
  });

  test("with a signal that never aborts, the answers are those without", async () => {
    const { signal } = new AbortController();
    const some = ids.subarray(0, 5000);
    expect(await evaluate(lm, some, { signal })).toEqual(evaluate(lm, some));
    expect(await classifyAll(sorter, [text, "dog"], { signal })).toEqual(classifyAll(sorter, [text, "dog"]));
    expect(await tagAll(marker, [words], { signal })).toEqual(tagAll(marker, [words]));
    expect((await forecast(seer, { values }, { signal })).samples).toEqual(forecast(seer, { values }).samples);
    expect(await translate(speaker, text, { signal })).toEqual(translate(speaker, text));
    expect(await transcribe(writer, sound, { beams: 4, signal })).toEqual(transcribe(writer, sound, { beams: 4 }));
  });
});

const short = ids.subarray(0, 2000);

/** Drawn by a tiny model. */
const TOKENS = process.env["UNROLLED_VERIFY"] === "full" ? 1_000_000 : 20_000;

/** Calls whose answers hold no tensors: they must leave nothing, without a turn of the event loop. */
const quiet: readonly (readonly [name: string, call: () => unknown])[] = [
  ["evaluate", () => evaluate(lm, short)],
  ["save", () => encodeModel(lm)],
  ["classify", () => classifyAll(sorter, [text])],
  ["evaluateClassifier", () => evaluateClassifier(sorter, examples)],
  ["tag", () => tag(marker, words)],
  ["tagAll", () => tagAll(marker, [words, words])],
  ["evaluateTagger", () => evaluateTagger(marker, [tagged])],
  ["forecast", () => forecast(seer, { values }, { samples: 20 })],
  ["backtest", () => backtest(seer, { values }, { folds: 2, samples: 20 })],
  ["seasonalNaive", () => seasonalNaive(values, { horizon: 7 })],
  ["translate", () => translate(speaker, text)],
  ["transcribe", () => transcribe(writer, sound, { beams: 4 })],
  ["alignText", () => alignText(writer, sound, "abc")],
  ["evaluateTranscriber", () => evaluateTranscriber(writer, [utterance])],
];

describe("a call leaves no block of memory", () => {
  test.each(quiet)("%s, in a synchronous loop", (_, call) => {
    call();
    const before = memory();
    for (let i = 0; i < 5; i++) call();
    expect(memory()).toEqual(before);
  });

  test("what goes on from call to call keeps its blocks", () => {
    const stream = classifierStream(classifier({ examples, hiddenSize: 16, pooling: "last", bidirectional: false }));
    stream.step(text);
    const tracker = forecastTracker(seer, { values });
    const features = { sampleRate: 8000 };
    const heard = transcriberStream(
      transcriber({
        utterances: [utterance],
        features,
        hiddenSize: 16,
        bidirectional: false,
        normalization: "global",
      }),
    );
    heard.push(sound);
    const score = characterScore(lm, "t");
    for (const character of text) score("", character);
    score("the", "q");
    const before = memory();
    for (let i = 0; i < 5; i++) {
      stream.step(text);
      tracker.observe(i);
      tracker.forecast({ samples: 10 });
      heard.push(sound);
      score("the", "q");
    }
    expect(memory()).toEqual(before);
    // the streams are alive until here, or the collector may free them
    expect([stream, tracker, heard]).toHaveLength(3);
  });

  test("streams that are used in scopes live on", () => {
    const stream = classifierStream(classifier({ examples, hiddenSize: 16, pooling: "last", bidirectional: false }));
    scope(() => stream.step("the"));
    scope(() => stream.step("quick"));
    const tracker = scope(() => forecastTracker(seer, { values }));
    scope(() => tracker.observe(1));
    expect(tracker.forecast({ samples: 5 }).samples).toHaveLength(5 * 14);
  });

  test("cancelled calls leave nothing either", async () => {
    const cancel = async (call: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 20);
      await call(stop.signal).catch(() => {});
    };
    const run = async (): Promise<void> => {
      await cancel((signal) => forecast(seer, { values }, { horizon: 100_000, samples: 20, signal }));
      await cancel((signal) => translate(speaker, text, { maxLength: 100_000, signal }));
      await cancel((signal) => evaluate(lm, ids, { signal }));
    };
    await run();
    const before = memory().liveBlocks;
    await run();
    // the collector may have freed what others left
    expect(memory().liveBlocks).toBeLessThanOrEqual(before);
  });

  test(`${TOKENS} tokens, which end with as many blocks and no larger process`, { timeout: 1_800_000 }, async () => {
    const model = languageModel({ corpus: "abcd", hiddenSize: 4, embeddingSize: 2, layers: 2 });
    expect(model).toBeInstanceOf(LanguageModel);
    const counts: number[] = [];
    let length = 0;
    let rss = 0;
    for await (const token of generate(model, "a", { maxLength: TOKENS })) {
      length += token.length;
      if (length % (TOKENS / 20) === 0) counts.push(memory().liveBlocks);
      if (length === TOKENS / 5) rss = process.memoryUsage().rss;
    }
    const grown = (process.memoryUsage().rss - rss) / 2 ** 20;
    console.log(`memory: ${TOKENS} tokens, ${counts.at(-1)} live blocks, ${grown.toFixed(1)} MiB more for the process`);
    // V8 sizes its heap as it likes
    expect(grown).toBeLessThan(64);
    expect(length).toBe(TOKENS);
    counts.forEach((count, i) => expect(count).toBeLessThanOrEqual(counts[Math.max(0, i - 1)]));
    // leaving early frees it too
    const before = memory().liveBlocks;
    for await (const _ of generate(model, "a", { maxLength: 20_000 })) break;
    expect(memory().liveBlocks).toBeLessThanOrEqual(before);
  });
});
