import { expect, test, vi } from "vitest";

test("threads are set before the first step, and stay as they are without the option", async () => {
  vi.stubEnv("UNROLLED_ENGINE", "wasm");
  vi.stubEnv("UNROLLED_THREADS", "4");
  const { engineReport } = await import("../../engine/index.ts");
  const { languageModel } = await import("./index.ts");
  const { train } = await import("./train.ts");
  const model = languageModel({ corpus: "abcdef".repeat(20), hiddenSize: 4, embeddingSize: 2 });
  const settings = { steps: 1, batchSize: 2, sequenceLength: 5, validation: 0 };
  await train(model, settings).next();
  expect(engineReport().threads).toBe(4);
  await train(model, { ...settings, threads: 2 }).next();
  expect(engineReport().threads).toBe(2);
  await expect(train(model, { ...settings, threads: 0 }).next()).rejects.toThrow(RangeError);
});

test.each([
  [1e-3, 1e-3],
  [Infinity, undefined],
])("a step of gradient descent with clipNorm %d is so long", async (clipNorm, expected) => {
  const { languageModel } = await import("./index.ts");
  const { sgd } = await import("../../optim/index.ts");
  const { train } = await import("./train.ts");
  const model = languageModel({ corpus: "abcdef".repeat(20), hiddenSize: 4, embeddingSize: 2 });
  const all = (): number[] => Object.values(model.parameters()).flatMap((parameter) => [...parameter.values()]);
  const before = all();
  const settings = { steps: 1, batchSize: 2, sequenceLength: 5, validation: 0, optimizer: sgd({ learningRate: 1 }) };
  const { value } = await train(model, { ...settings, clipNorm }).next();
  const norm = value?.kind === "step" ? value.gradientNorm : NaN;
  expect(norm).toBeGreaterThan(0.01);
  expect(Math.hypot(...all().map((x, i) => x - before[i])) / (expected ?? norm)).toBeCloseTo(1, 3);
});
