/** @file A run, for tests of what is made of its configuration. */
import type { RunConfig } from "../../src/node/run/run-config.ts";

/** Some run of a language model, with these changes. */
export function aRunConfig({ options, ...rest }: Partial<RunConfig> = {}): RunConfig {
  return {
    task: "language-model",
    command: "unrolled train book.txt --out runs/book",
    data: [{ path: "book.txt", bytes: 1_257_260, sha256: "0123456789abcdef".repeat(4) }],
    options: {
      unit: "char",
      sequenceLength: 50,
      cell: "lstm",
      dialect: "tf1",
      hiddenSize: 128,
      layers: 1,
      dropout: 0,
      batchSize: 32,
      optimizer: "adam",
      learningRate: 0.002,
      clipNorm: 5,
      validation: 0.05,
      checkpointEvery: 500,
      seed: 7,
      ...options,
    },
    facts: { parameters: 116_829, vocabulary: 93, tokens: 1_200_000, stepsPerEpoch: 712 },
    maker: {
      unrolled: "0.1.0",
      node: "26.9.0",
      platform: "linux x64",
      engine: "wasm",
      numerics: "fma",
      threads: 2,
      started: "2026-01-31T12:00:00.000Z",
    },
    ...rest,
  };
}
