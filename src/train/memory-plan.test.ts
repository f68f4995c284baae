import { beforeEach, expect, test, vi } from "vitest";
import type { LanguageModelConfig } from "../model/index.ts";

beforeEach(() => {
  vi.stubEnv("UNROLLED_ENGINE", "wasm");
  vi.resetModules();
});

/** Everything on an engine of its own, whose memory nobody has used yet. */
async function fresh() {
  const { currentEngine } = await import("../engine/index.ts");
  const { languageModel } = await import("../model/index.ts");
  const { memory } = await import("../tensor/index.ts");
  const { checkMemory, runBytes } = await import("./memory-plan.ts");
  const { train } = await import("./train.ts");
  /** End of the memory in use so far: small pieces until none is left that was freed. */
  const end = (): number => {
    const pieces = Array.from({ length: 500 }, () => currentEngine().allocate("float32", 1));
    return Math.max(...pieces.map((piece) => (piece as unknown as { pointer: number }).pointer));
  };
  return { checkMemory, end, languageModel, memory, runBytes, train };
}

const wordsOf = (count: number): string => Array.from({ length: 2000 }, (_, i) => `w${i % count}`).join(" ");

test.each<[name: string, config: Partial<LanguageModelConfig>, T: number, B: number, validation: number]>([
  ["mostly the states of an LSTM", { hiddenSize: 256, embeddingSize: 32 }, 16, 96, 0],
  ["mostly the gates of two GRU layers", { cell: "gru", dialect: "torch", hiddenSize: 128, layers: 2 }, 20, 90, 0],
  ["mostly the scores of an RNN, and evaluation", { cell: "rnn", hiddenSize: 32 }, 10, 100, 0.1],
  ["mostly the parameters of a GRU", { cell: "gru", hiddenSize: 700 }, 2, 3, 0],
  ["mostly the tied scores of an RNN", { cell: "rnn", hiddenSize: 64, tieWeights: true }, 10, 100, 0],
  ["mostly the tied parameters", { cell: "rnn", hiddenSize: 600, tieWeights: true }, 2, 3, 0],
  ["a table of many words", { hiddenSize: 512, embeddingSize: 400 }, 20, 80, 0],
  ["dropout", { hiddenSize: 100, layers: 2, dropout: 0.1 }, 20, 90, 0],
])("%s: what is predicted is what is taken", async (name, config, sequenceLength, batchSize, validation) => {
  const { end, languageModel, memory, runBytes, train } = await fresh();
  const words = name.includes("scores") || name.includes("tied") ? 2000 : name.includes("words") ? 390 : 0;
  const model = languageModel({
    corpus: words > 0 ? wordsOf(words) : "abcdefgh".repeat(1000),
    unit: words > 0 ? "word" : "char",
    ...config,
  });
  const before = memory().liveBytes;
  // a limit that every gradient exceeds
  const settings = { sequenceLength, batchSize, validation, clipNorm: 1e-9, steps: 2, threads: 1 };
  let live = before;
  for await (const event of train(model, settings)) if (event.kind === "step") live = memory().liveBytes;
  expect(live).toBeGreaterThan(before * 2.9);
  const sizes = { batchSize, sequenceLength, validation: (model.corpus as Int32Array).length * validation };
  const predicted = live + runBytes({ config: model.config, tokens: model.vocabulary.size }, sizes);
  const taken = end();
  expect(taken).toBeGreaterThan(10e6);
  expect(predicted / taken).toBeGreaterThan(0.95);
  expect(predicted / taken).toBeLessThan(1.05);
});

test("a run that needs more than 4 GiB is refused before its first step", async () => {
  const { languageModel, memory, train } = await fresh();
  const model = languageModel({ corpus: "abcd" });
  const before = memory().liveBytes;
  const huge = { batchSize: 2000, sequenceLength: 500, validation: 0, corpus: new Int32Array(1_002_001) };
  const start = performance.now();
  await expect(train(model, huge).next()).rejects.toThrow(
    /^train: expected a step that fits in 4 GiB, got one that needs \d\.\d GiB\. Use a smaller batch/,
  );
  await expect(train(model, huge).next()).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
  expect(memory().liveBytes - before).toBeLessThan(20e6);
  expect(performance.now() - start).toBeLessThan(2000);
});

test("an engine without that limit refuses nothing", async () => {
  vi.stubEnv("UNROLLED_ENGINE", "reference");
  const { checkMemory, languageModel } = await fresh();
  const model = languageModel({ corpus: "abcd" });
  checkMemory(model, { batchSize: 1e6, sequenceLength: 1e6, validation: 0 });
});
