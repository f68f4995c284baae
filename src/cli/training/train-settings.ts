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
  type TokenSource,
  torchRnn,
  type TrainOnOptions,
  type TrainOptions,
} from "unrolled";
import { type DataFile, OPTIONAL_TRAINING, type RunConfig, type RunMaker } from "unrolled/node";
import { shellWord } from "../terminal/format.ts";
import type { TrainCommandOptions } from "../commands/train-options.ts";

/** Throws DataError for a text that is too short for one step. */
export function stepsPerEpoch(
  ids: Int32Array | TokenSource,
  { validation, batchSize, sequenceLength }: TrainCommandOptions,
): number {
  return contiguousBatches(splitTail(ids, { validation }).train, { batchSize, sequenceLength }).count;
}

/** Steps: whole epochs that are 100 steps or more, but no more than 1,000 steps. */
const defaultEvaluateEvery = (perEpoch: number): number =>
  perEpoch >= 1000 ? 1000 : Math.ceil(100 / perEpoch) * perEpoch;

export function settingsOf(
  options: TrainCommandOptions,
  corpus: Int32Array | TokenSource,
  perEpoch: number,
  signal: AbortSignal,
): TrainOptions {
  const { sequenceLength, batchSize, validation } = options;
  return {
    ...loopOptions(options, perEpoch),
    corpus,
    sequenceLength,
    batchSize,
    validation,
    signal,
    evaluateEvery: options.evaluateEvery ?? defaultEvaluateEvery(perEpoch),
    shuffle: options.shuffle === true,
    diagnose: options.diagnose === true,
  };
}

type LoopCommandOptions = OptimizerOptions &
  ScheduleOptions &
  Pick<
    TrainCommandOptions,
    | "seed"
    | "clipNorm"
    | "steps"
    | "epochs"
    | "seconds"
    | "evaluateEvery"
    | "threads"
    | "anomaly"
    | "allowOtherNumerics"
  >;

/** What the loop is told, whatever it trains. */
export function loopOptions(options: LoopCommandOptions, perEpoch: number): TrainOnOptions {
  const {
    seed,
    clipNorm,
    steps,
    epochs,
    seconds,
    evaluateEvery,
    threads,
    anomaly = false,
    allowOtherNumerics = false,
  } = options;
  const schedule = scheduleOf(options, perEpoch);
  return {
    seed,
    clipNorm,
    anomaly,
    allowOtherNumerics,
    optimizer: optimizerOf(options),
    ...(schedule && { schedule }),
    ...(steps !== undefined && { steps }),
    ...(epochs !== undefined && { epochs }),
    ...(seconds !== undefined && { seconds }),
    ...(evaluateEvery !== undefined && { evaluateEvery }),
    ...(threads !== undefined && { threads }),
  };
}

type OptimizerOptions = Pick<TrainCommandOptions, "optimizer" | "learningRate" | "rmspropDecay">;

function optimizerOf({ optimizer, learningRate, rmspropDecay: decay }: OptimizerOptions): Optimizer {
  if (optimizer === "rmsprop" && decay !== undefined) return optimizers.rmsprop({ learningRate, decay });
  return optimizers[optimizer]({ learningRate });
}

type ScheduleOptions = Pick<
  TrainCommandOptions,
  "learningRate" | "learningRateDecay" | "learningRateDecayAfter" | "learningRateDecayEvery"
>;

/** The learning rate by step, or undefined for a constant one. */
function scheduleOf(options: ScheduleOptions, stepsPerEpoch: number): Schedule | undefined {
  const { learningRate: initial, learningRateDecay: decay, learningRateDecayAfter: after } = options;
  const every = options.learningRateDecayEvery;
  if (every !== undefined) return torchRnn({ initial, every, factor: decay ?? 0.5, stepsPerEpoch });
  if (decay === undefined && after === undefined) return undefined;
  return charRnn({ initial, decay: decay ?? 0.97, decayAfterEpochs: after ?? 10, stepsPerEpoch });
}

export const outputDirectory = (options: { readonly out?: string }, files: readonly string[]): string =>
  options.out ?? join("runs", (files[0] !== "-" && basename(resolve(files[0])).replace(/\.[^.]*$/, "")) || "model");

/** The present command as one would type it. */
export const typedCommand = (): string => ["unrolled", ...process.argv.slice(2)].map(shellWord).join(" ");

/** What `config.json` says of a run. */
export function runConfigOf(
  options: TrainCommandOptions,
  data: readonly DataFile[],
  model: LanguageModel,
  tokens: number,
  stepsPerEpoch: number,
  maker: RunMaker,
): RunConfig {
  const { cell, dialect, hiddenSize, layers, embeddingSize, dropout, tieWeights } = model.config;
  const { sequenceLength, batchSize, optimizer, learningRate, clipNorm, validation, checkpointEvery } = options;
  const optional = Object.fromEntries(
    OPTIONAL_TRAINING.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  ) as Partial<RunConfig["training"]>;
  return {
    command: typedCommand(),
    seed: options.seed,
    data,
    model: {
      unit: model.vocabulary.unit,
      cell,
      dialect,
      hiddenSize,
      layers,
      embeddingSize,
      dropout,
      ...(tieWeights && { tieWeights }),
    },
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

const isTyped = (name: keyof TrainCommandOptions, command: Command): boolean =>
  command.getOptionValueSource(name) === "cli";

/** The option as it is typed, such as `--batch-size`. */
export const flagOf = (name: string, command: Command): string =>
  command.options.find((option) => option.attributeName() === name)?.long ?? name;

/** Which option of a run that goes on can't be had differently although it was asked for; undefined when all agree. */
export function runConflict(
  { seed, training }: RunConfig,
  options: TrainCommandOptions,
  command: Command,
): string | undefined {
  const run: Partial<TrainCommandOptions> = { ...training, seed };
  const names = [
    "seed",
    "sequenceLength",
    "batchSize",
    "optimizer",
    "learningRate",
    "learningRateDecay",
    "learningRateDecayAfter",
    "learningRateDecayEvery",
    "rmspropDecay",
    "clipNorm",
    "validation",
    "shuffle",
  ] as const;
  const name = names.find((n) => isTyped(n, command) && options[n] !== run[n]);
  if (name === undefined) return undefined;
  const shown = (value: TrainCommandOptions[typeof name]): string =>
    value === Infinity ? "off" : String(value ?? "none");
  return `${flagOf(name, command)}: expected ${shown(run[name])}, as in the run that goes on, got ${shown(options[name])}`;
}

/** What of a saved model can't be had differently although it was asked for; undefined when all agrees. */
export function architectureConflict(
  model: LanguageModel,
  options: TrainCommandOptions,
  command: Command,
): string | undefined {
  const saved = { tieWeights: false, ...model.config, unit: model.vocabulary.unit };
  const names = ["unit", "cell", "dialect", "hiddenSize", "layers", "embeddingSize", "dropout", "tieWeights"] as const;
  const name = names.find((n) => isTyped(n, command) && options[n] !== saved[n]);
  if (name === undefined) return undefined;
  return `${flagOf(name, command)}: expected ${saved[name]}, as in the saved model, got ${options[name]}`;
}

export function modelOptions(options: TrainCommandOptions): LanguageModelOptions {
  const { unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed, tieWeights = false } = options;
  return {
    unit,
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    seed,
    tieWeights,
    ...(embeddingSize !== undefined && { embeddingSize }),
  };
}
