/** @file A run, for tests of what is made of its configuration. */
import type { RunConfig, RunModel, RunTraining } from "../../src/node/run/run-config.ts";

type Changes = Partial<Omit<RunConfig, "model" | "training">> & {
  readonly model?: Partial<RunModel>;
  readonly training?: Partial<RunTraining>;
};

/** Some run, with these changes. */
export function aRunConfig({ model, training, ...rest }: Changes = {}): RunConfig {
  return {
    command: "unrolled train book.txt --out runs/book",
    seed: 7,
    data: [{ path: "book.txt", bytes: 1_257_260, sha256: "0123456789abcdef".repeat(4) }],
    model: {
      unit: "char",
      cell: "lstm",
      dialect: "tf1",
      hiddenSize: 128,
      layers: 1,
      embeddingSize: 64,
      dropout: 0,
      ...model,
    },
    training: {
      sequenceLength: 50,
      batchSize: 32,
      optimizer: "adam",
      learningRate: 0.002,
      clipNorm: 5,
      validation: 0.05,
      checkpointEvery: 500,
      ...training,
    },
    facts: { vocabulary: 93, parameters: 116_829, tokens: 1_200_000, stepsPerEpoch: 712 },
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
