/** @file Defaults of other tools, for `unrolled train --preset`. */
import type { Command } from "commander";
import type { TrainCommandOptions } from "../commands/train-options.ts";

/** Defaults of the two train.lua. */
const presets: Readonly<Record<"char-rnn" | "torch-rnn", Partial<TrainCommandOptions>>> = {
  "char-rnn": {
    hiddenSize: 128,
    layers: 2,
    sequenceLength: 50,
    batchSize: 50,
    epochs: 50,
    optimizer: "rmsprop",
    learningRate: 0.002,
    learningRateDecay: 0.97,
    learningRateDecayAfter: 10,
    rmspropDecay: 0.95,
    clipNorm: 5,
    evaluateEvery: 1000,
    checkpointEvery: 1000,
    seed: 123,
  },
  "torch-rnn": {
    hiddenSize: 128,
    layers: 2,
    embeddingSize: 64,
    sequenceLength: 50,
    batchSize: 50,
    epochs: 50,
    learningRate: 0.002,
    learningRateDecay: 0.5,
    learningRateDecayEvery: 5,
    clipNorm: 5,
    validation: 0.1,
    checkpointEvery: 1000,
  },
};

/** The options with a preset's values wherever none was typed. */
export function withPreset(options: TrainCommandOptions, command: Command): TrainCommandOptions {
  if (options.preset === undefined) return options;
  const typed = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const limited = ["steps", "epochs", "seconds"].some(typed);
  const given = Object.entries(presets[options.preset]).filter(
    ([name]) => !typed(name) && !(limited && name === "epochs"),
  );
  return { ...options, ...Object.fromEntries(given) };
}
