import { expect, test, vi } from "vitest";

test("threads are set before the first step, and stay as they are without the option", async () => {
  vi.stubEnv("UNROLLED_ENGINE", "wasm");
  vi.stubEnv("UNROLLED_THREADS", "4");
  const { engineReport } = await import("../engine/index.ts");
  const { languageModel } = await import("../model/index.ts");
  const { train } = await import("./train.ts");
  const model = languageModel({ corpus: "abcdef".repeat(20), hiddenSize: 4, embeddingSize: 2 });
  const settings = { steps: 1, batchSize: 2, sequenceLength: 5, validation: 0 };
  await train(model, settings).next();
  expect(engineReport().threads).toBe(4);
  await train(model, { ...settings, threads: 2 }).next();
  expect(engineReport().threads).toBe(2);
  await expect(train(model, { ...settings, threads: 0 }).next()).rejects.toThrow(RangeError);
});
