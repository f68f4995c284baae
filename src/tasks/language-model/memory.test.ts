import { beforeEach, expect, test, vi } from "vitest";
import type { LanguageModelConfig } from "./config.ts";

beforeEach(() => {
  vi.stubEnv("UNROLLED_ENGINE", "wasm");
  vi.resetModules();
});

/** Everything on an engine of its own, whose memory nobody has used yet. */
async function fresh() {
  const { currentEngine } = await import("../../engine/index.ts");
  const { languageModel } = await import("./index.ts");
  const { memory } = await import("../../tensor/index.ts");
  const { trainingBytes } = await import("./memory.ts");
  const { train } = await import("./train.ts");
  /** All that was taken of the engine's memory so far. */
  const taken = (): number => currentEngine().counting?.().bytes() ?? NaN;
  return { currentEngine, languageModel, memory, taken, train, trainingBytes };
}

const wordsOf = (count: number): string => Array.from({ length: 2000 }, (_, i) => `w${i % count}`).join(" ");

type Case = readonly [name: string, config: Partial<LanguageModelConfig>, T: number, B: number, validation: number];

const cases: readonly Case[] = [
  ["mostly the states of an LSTM", { hiddenSize: 256, embeddingSize: 32 }, 16, 96, 0],
  ["mostly the gates of two GRU layers", { cell: "gru", dialect: "torch", hiddenSize: 128, layers: 2 }, 20, 90, 0],
  ["mostly the scores of an RNN, and evaluation", { cell: "rnn", hiddenSize: 32 }, 10, 100, 0.1],
  ["mostly the parameters of a GRU", { cell: "gru", hiddenSize: 700 }, 2, 3, 0],
  ["mostly the tied scores of an RNN", { cell: "rnn", hiddenSize: 64, tieWeights: true }, 10, 100, 0],
  ["mostly the tied parameters", { cell: "rnn", hiddenSize: 600, tieWeights: true }, 2, 3, 0],
  ["a table of many words", { hiddenSize: 512, embeddingSize: 400 }, 20, 80, 0],
  ["dropout", { hiddenSize: 100, layers: 2, dropout: 0.1 }, 20, 90, 0],
];

test.each(cases)(
  "%s: what is planned is what is taken",
  async (name, config, sequenceLength, batchSize, validation) => {
    const { languageModel, memory, taken, train, trainingBytes } = await fresh();
    const words = name.includes("scores") || name.includes("tied") ? 2000 : name.includes("words") ? 390 : 0;
    const model = languageModel({
      corpus: words > 0 ? wordsOf(words) : "abcdefgh".repeat(1000),
      unit: words > 0 ? "word" : "char",
      ...config,
    });
    const before = memory().liveBytes;
    // a limit that every gradient exceeds
    const run = train(model, { sequenceLength, batchSize, validation, clipNorm: 1e-9, steps: 3, threads: 1 });
    let live = before;
    for await (const event of run) if (event.kind === "step") live = memory().liveBytes;
    expect(live).toBeGreaterThan(before * 2.9);
    expect(taken()).toBeGreaterThan(10e6);
    const planned = run.plannedBytes?.() ?? NaN;
    expect(planned / taken()).toBeGreaterThan(0.97);
    expect(planned / taken()).toBeLessThan(1.03);
    const sizes = { batchSize, sequenceLength, validation: (model.corpus as Int32Array).length * validation };
    const alone = live + trainingBytes(model, sizes);
    expect(alone / taken()).toBeGreaterThan(0.95);
    expect(alone / taken()).toBeLessThan(1.05);
  },
);

test("a run that needs more than 4 GiB is refused before its first step, with bytes and cures", async () => {
  const { languageModel, memory, taken, train } = await fresh();
  const model = languageModel({ corpus: "abcd" });
  const before = memory().liveBytes;
  const huge = { batchSize: 2000, sequenceLength: 500, validation: 0, corpus: new Int32Array(1_002_001) };
  const start = performance.now();
  await expect(train(model, huge).next()).rejects.toThrow(
    /^train: expected a step that fits in 4 GiB of memory, got one that needs \d+\.\d\d GiB \([\d,]+ bytes\): a batch of 2000 sequences of 500 tokens\. Use a smaller batchSize or sequenceLength \(--batch-size, --sequence-length\), or fewer units$/,
  );
  await expect(train(model, huge).next()).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
  expect(memory().liveBytes - before).toBeLessThan(20e6);
  expect(taken()).toBeLessThan(20e6);
  expect(performance.now() - start).toBeLessThan(4000);
});

test("an engine without that limit refuses nothing", async () => {
  vi.stubEnv("UNROLLED_ENGINE", "reference");
  const { languageModel, trainingBytes, train } = await fresh();
  const model = languageModel({ corpus: "abcd".repeat(50) });
  expect(trainingBytes(model, { batchSize: 1e6, sequenceLength: 1e6, validation: 0 })).toBe(0);
  for await (const event of train(model, { steps: 1, sequenceLength: 4, batchSize: 2, validation: 0 }))
    expect(event.kind).toBeTruthy();
});

test("counting computes nothing and changes nothing", async () => {
  const { currentEngine, languageModel, memory, trainingBytes } = await fresh();
  const model = languageModel({ corpus: "abcd", hiddenSize: 8 });
  const hash = (): string => JSON.stringify(Object.values(model.parameters()).map((x) => [...x.values()]));
  const before = [hash(), memory(), currentEngine().report().bytes];
  const bytes = trainingBytes(model, { batchSize: 64, sequenceLength: 128, validation: 1000 });
  expect(bytes).toBeGreaterThan(1e6);
  expect(trainingBytes(model, { batchSize: 64, sequenceLength: 128, validation: 1000 })).toBe(bytes);
  expect([hash(), memory(), currentEngine().report().bytes]).toEqual(before);
});
