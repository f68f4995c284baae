/** @file What the options of `unrolled train` mean for the library. */
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import {
  charRnn,
  contiguousBatches,
  type LanguageModel,
  type LanguageModelOptions,
  type Optimizer,
  optimizers,
  type Schedule,
  splitTail,
  torchRnn,
  type TrainOptions,
} from "unrolled";
import type { DataFile, RunConfig, RunMaker } from "unrolled/node";
import { shellWord } from "./format.ts";
import type { TrainCommandOptions } from "./train-options.ts";

/** Throws DataError for a text that is too short for one step. */
export function stepsPerEpoch(ids: Int32Array, { validation, batchSize, sequenceLength }: TrainCommandOptions): number {
  return contiguousBatches(splitTail(ids, { validation }).train, { batchSize, sequenceLength }).count;
}

/** Steps: whole epochs that are 100 steps or more, but no more than 1,000 steps. */
const defaultEvaluateEvery = (perEpoch: number): number =>
  perEpoch >= 1000 ? 1000 : Math.ceil(100 / perEpoch) * perEpoch;

export function settingsOf(
  options: TrainCommandOptions,
  corpus: Int32Array,
  perEpoch: number,
  signal: AbortSignal,
): TrainOptions {
  const { sequenceLength, batchSize, clipNorm, validation, seed, steps, epochs, seconds, threads } = options;
  const schedule = scheduleOf(options, perEpoch);
  return {
    corpus,
    sequenceLength,
    batchSize,
    clipNorm,
    validation,
    seed,
    signal,
    evaluateEvery: options.evaluateEvery ?? defaultEvaluateEvery(perEpoch),
    optimizer: optimizerOf(options),
    shuffle: options.shuffle === true,
    ...(schedule && { schedule }),
    ...(steps !== undefined && { steps }),
    ...(epochs !== undefined && { epochs }),
    ...(seconds !== undefined && { seconds }),
    ...(threads !== undefined && { threads }),
  };
}

function optimizerOf({ optimizer, learningRate, rmspropDecay: decay }: TrainCommandOptions): Optimizer {
  if (optimizer === "rmsprop" && decay !== undefined) return optimizers.rmsprop({ learningRate, decay });
  return optimizers[optimizer]({ learningRate });
}

/** The learning rate by step, or undefined for a constant one. */
function scheduleOf(options: TrainCommandOptions, stepsPerEpoch: number): Schedule | undefined {
  const { learningRate: initial, learningRateDecay: decay, learningRateDecayAfter: after } = options;
  const every = options.learningRateDecayEvery;
  if (every !== undefined) return torchRnn({ initial, every, factor: decay ?? 0.5, stepsPerEpoch });
  if (decay === undefined && after === undefined) return undefined;
  return charRnn({ initial, decay: decay ?? 0.97, decayAfterEpochs: after ?? 10, stepsPerEpoch });
}

export const outputDirectory = (options: TrainCommandOptions, files: readonly string[]): string =>
  options.out ?? join("runs", basename(resolve(files[0])).replace(/\.[^.]*$/, "") || "model");

/** What `config.json` says of a run. */
export function runConfigOf(
  options: TrainCommandOptions,
  data: readonly DataFile[],
  model: LanguageModel,
  tokens: number,
  stepsPerEpoch: number,
  maker: RunMaker,
): RunConfig {
  const { cell, dialect, hiddenSize, layers, embeddingSize, dropout } = model.config;
  const { sequenceLength, batchSize, optimizer, learningRate, clipNorm, validation, checkpointEvery } = options;
  const optional = Object.fromEntries(
    (
      [
        "steps",
        "epochs",
        "seconds",
        "learningRateDecay",
        "learningRateDecayAfter",
        "learningRateDecayEvery",
        "rmspropDecay",
        "evaluateEvery",
        "shuffle",
        "initFrom",
        "threads",
      ] as const
    ).flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  ) as Partial<RunConfig["training"]>;
  return {
    command: ["unrolled", ...process.argv.slice(2)].map(shellWord).join(" "),
    seed: options.seed,
    data,
    model: { unit: model.vocabulary.unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout },
    training: {
      sequenceLength,
      batchSize,
      optimizer,
      learningRate,
      clipNorm,
      validation,
      checkpointEvery,
      ...optional,
    },
    facts: { vocabulary: model.vocabulary.size, parameters: model.parameterCount, tokens, stepsPerEpoch },
    maker,
  };
}

/** What of a saved model can't be had differently although it was asked for; undefined when all agrees. */
export function architectureConflict(
  model: LanguageModel,
  options: TrainCommandOptions,
  command: Command,
): string | undefined {
  const saved = { ...model.config, unit: model.vocabulary.unit };
  const names = ["unit", "cell", "dialect", "hiddenSize", "layers", "embeddingSize", "dropout"] as const;
  const name = names.find((n) => command.getOptionValueSource(n) === "cli" && options[n] !== saved[n]);
  if (name === undefined) return undefined;
  const flag = command.options.find((option) => option.attributeName() === name)?.long;
  return `${flag}: expected ${saved[name]}, as in the saved model, got ${options[name]}`;
}

export function modelOptions(options: TrainCommandOptions): LanguageModelOptions {
  const { unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed } = options;
  return { unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed };
}
