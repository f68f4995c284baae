import { beforeEach, expect, test, vi } from "vitest";
import { randomStream } from "../src/base/index.ts";
import type { OwnTask } from "../src/train/index.ts";

beforeEach(() => {
  vi.stubEnv("UNROLLED_ENGINE", "wasm");
  vi.stubEnv("UNROLLED_THREADS", "1");
  vi.resetModules();
});

/** Everything on an engine of its own, whose memory nobody has used yet. */
async function fresh() {
  const tasks = await import("../src/tasks/index.ts");
  const { currentEngine } = await import("../src/engine/index.ts");
  const { trainOn } = await import("../src/train/index.ts");
  return { tasks, trainOn, taken: (): number => currentEngine().counting?.().bytes() ?? NaN };
}

type Tasks = Awaited<ReturnType<typeof fresh>>["tasks"];

/** Sizes of one configuration, drawn at random. */
type Sizes = {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly cell: "lstm" | "gru" | "rnn";
  readonly dropout: number;
  readonly batchSize: number;
  /** Of the longest example. */
  readonly longest: number;
};

const range = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));

/** Lengths of all kinds, few of them long. */
const lengths = (n: number, longest: number): number[] =>
  range(n, (i) => Math.max(2, Math.round((longest * ((i * 7) % n) ** 2) / (n - 1) ** 2)));

const words = (length: number, i: number): string[] => range(length, (t) => `w${(t * 31 + i * 17) % 300}`);

const kinds: Readonly<Record<string, (tasks: Tasks, sizes: Sizes) => OwnTask<never>>> = {
  "classify texts"(tasks, { batchSize, longest, ...sizes }) {
    const examples = lengths(60, longest).map((n, i) => ({ input: words(n, i).join(" "), label: "ab"[i % 2] }));
    const model = tasks.classifier({ ...sizes, examples, unit: "word", bidirectional: true });
    return tasks.classifierTask(model, { training: examples, validation: examples.slice(0, 20), batchSize }) as never;
  },
  "classify numbers"(tasks, { batchSize, longest, ...sizes }) {
    const examples = lengths(40, longest).map((n, i) => ({
      input: range(n, (t) => [Math.sin(t + i), Math.cos(t)]),
      label: "ab"[i % 2],
    }));
    const model = tasks.classifier({ ...sizes, examples, pooling: "attention" });
    return tasks.classifierTask(model, { training: examples, batchSize }) as never;
  },
  image(tasks, { batchSize, longest: _longest, ...sizes }) {
    const examples = range(50, (i) => ({
      input: { width: 40, height: 60, channels: 1, data: new Uint8Array(2400).fill(i) },
      label: "ab"[i % 2],
    }));
    const model = tasks.classifier({ ...sizes, examples });
    return tasks.classifierTask(model, { training: examples, validation: examples, batchSize }) as never;
  },
  tag(tasks, { batchSize, longest, ...sizes }) {
    const examples = lengths(40, longest / 2).map((n, i) => {
      const tokens = words(n, i);
      return { tokens, tags: tokens.map((__, t) => (t % 3 === 0 ? "B-A" : "O")) };
    });
    const model = tasks.tagger({ ...sizes, examples });
    return tasks.taggerTask(model, { training: examples, validation: examples.slice(0, 9), batchSize }) as never;
  },
  translate(tasks, { batchSize, longest, ...sizes }) {
    const pairs = lengths(30, longest / 6).map((n, i) => ({
      source: words(n, i).join(" "),
      target: words(n, i + 1).join(" "),
    }));
    const model = tasks.translator({ ...sizes, pairs, merges: 50 });
    return tasks.translatorTask(model, { training: pairs, validation: pairs.slice(0, 9), batchSize }) as never;
  },
  transcribe(tasks, { batchSize, longest, ...sizes }) {
    const training = lengths(20, longest).map((n, i) => ({
      samples: Float32Array.from({ length: 160 * (n + 20) }, (__, t) => Math.sin(t * (0.1 + i / 100))),
      text: "ab".repeat(1 + (i % 4)),
      name: `${i}.wav`,
    }));
    const model = tasks.transcriber({ ...sizes, utterances: training, features: { sampleRate: 16_000 } });
    return tasks.transcriberTask(model, { training, validation: training.slice(0, 5), batchSize }) as never;
  },
  forecast(tasks, { batchSize, longest, ...sizes }) {
    const values = range(3 * longest, (t) => 10 + Math.sin(t / 5));
    const series = [{ values, start: "2001-01-01" }];
    const model = tasks.forecaster({ ...sizes, series, contextLength: longest, horizon: 20 });
    return tasks.forecasterTask(model, { series, heldOut: 40, batchSize, stride: 20 }) as never;
  },
};

const full = process.env["UNROLLED_VERIFY"] === "full";
const each = full ? 8 : 2;
const cases = Object.keys(kinds).flatMap((kind) => range(each, (i) => [kind, i] as const));

test.each(cases)("%s, configuration %i: the plan is within 10 % of what is taken", async (kind, i) => {
  const random = randomStream(11).named(kind).at(i);
  const sizes: Sizes = {
    // even, for two directions
    hiddenSize: 24 + 2 * random.integer(full ? 100 : 30),
    layers: 1 + random.integer(2),
    cell: (["lstm", "gru", "rnn"] as const)[random.integer(3)],
    dropout: random.integer(2) * 0.2,
    batchSize: 4 + random.integer(24),
    longest: 100 + random.integer(full ? 800 : 150),
  };
  const { tasks, trainOn, taken } = await fresh();
  const task = kinds[kind](tasks, sizes);
  const run = trainOn(task, { epochs: 1 });
  for await (const event of run) expect(event.kind).not.toBe("warning");
  const planned = run.plannedBytes?.() ?? NaN;
  expect(taken()).toBeGreaterThan(1e6);
  expect(planned / taken()).toBeGreaterThan(0.9);
  expect(planned / taken()).toBeLessThan(1.1);
});
