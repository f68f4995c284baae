/** @file Options of `unrolled train`: their declaration, and what they mean for the library. */
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import {
  charRnn,
  type LanguageModelOptions,
  type Optimizer,
  optimizers,
  type Schedule,
  stepDecay,
  type Unit,
} from "unrolled";
import { UsageError } from "./failure.ts";
import { integer, norm, number } from "./values.ts";

export type TrainCommandOptions = {
  out?: string;
  overwrite?: boolean;
  unit: Unit;
  cell: "lstm" | "gru" | "rnn";
  dialect: "tf1" | "keras" | "torch";
  hiddenSize: number;
  layers: number;
  embeddingSize: number;
  dropout: number;
  sequenceLength: number;
  batchSize: number;
  steps?: number;
  epochs?: number;
  seconds?: number;
  optimizer: keyof typeof optimizers;
  learningRate: number;
  learningRateDecay?: number;
  learningRateDecayAfter: number;
  learningRateDecayEvery?: number;
  clipNorm: number;
  validation: number;
  evaluateEvery?: number;
  checkpointEvery: number;
  shuffle?: boolean;
  seed: number;
  initFrom?: string;
  preset?: "char-rnn" | "torch-rnn";
  quiet?: boolean;
  json?: boolean;
};

const EXAMPLES = `
Examples:
  unrolled train book.txt --out runs/book
  unrolled train chapters/ --cell gru --hidden-size 256 --layers 2 --seconds 600
  unrolled train book.txt --unit word --epochs 10
  unrolled train book.txt --init-from runs/book --out runs/book2 --learning-rate 0.0005
  unrolled train --data_dir book.txt --rnn_size 128 --num_layers 2 --seq_length 50   (as in char-rnn)

Ctrl-C ends the running step, saves and exits with 130; a second one exits at once.`;

export function declareTrainOptions(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[], fallback?: string): Option =>
    new Option(flags, text).choices(choices).default(fallback);
  return command
    .argument("<files...>", "text files, or folders of .txt files")
    .option("--out <dir>", "where to save (default: runs/NAME)")
    .option("--overwrite", "replace a model that is already there")
    .addOption(choice("--unit <unit>", "what a token is", ["char", "byte", "word"], "char"))
    .addOption(choice("--cell <cell>", "kind of recurrent cell", ["lstm", "gru", "rnn"], "lstm"))
    .addOption(choice("--dialect <dialect>", "whose initial values and layout", ["tf1", "keras", "torch"], "tf1"))
    .option("--hidden-size <n>", "units per layer", integer(1, 65_536), 128)
    .option("--layers <n>", "recurrent layers", integer(1, 256), 1)
    .option("--embedding-size <n>", "numbers per token", integer(1, 65_536), 64)
    .option("--dropout <p>", "dropped after each layer while training", number(0, 0.999), 0)
    .option("--sequence-length <n>", "time steps per batch", integer(1), 50)
    .option("--batch-size <n>", "rows per batch", integer(1), 32)
    .option("--steps <n>", "stop after so many steps", integer(1))
    .option("--epochs <n>", "stop after so many passes (default: 50, without --steps and --seconds)", integer(1))
    .option("--seconds <n>", "stop after so much time", number(0))
    .addOption(choice("--optimizer <name>", "update rule", Object.keys(optimizers), "adam"))
    .option("--learning-rate <x>", "size of the updates", number(0), 0.002)
    .option("--learning-rate-decay <x>", "multiply the rate by this each epoch", number(0))
    .option("--learning-rate-decay-after <n>", "… from this epoch on", integer(0), 10)
    .option("--learning-rate-decay-every <n>", "… or every so many epochs", integer(1))
    .option("--clip-norm <x>", "largest gradient norm; 0 or off: none", norm, 5)
    .option("--validation <p>", "part of the text kept for evaluation", number(0, 0.9), 0.05)
    .option("--evaluate-every <n>", "steps between evaluations (default: an epoch)", integer(1))
    .option("--checkpoint-every <n>", "steps between saves", integer(1), 500)
    .option("--shuffle", "windows in random order instead of carried state")
    .option("--seed <n>", "same seed, same model", integer(0), 0)
    .option("--init-from <dir>", "start from a saved model")
    .addOption(choice("--preset <name>", "defaults of another tool", ["char-rnn", "torch-rnn"]))
    .option("--quiet", "no progress")
    .option("--json", "one JSON event per line on stdout; the rest on stderr")
    .addHelpText("after", EXAMPLES);
}

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
    clipNorm: 5,
    evaluateEvery: 1000,
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

export const outputDirectory = (options: TrainCommandOptions, files: readonly string[]): string =>
  options.out ?? join("runs", basename(files[0]).replace(/\.[^.]*$/, "") || "model");

export function optimizerOf({ optimizer, learningRate }: TrainCommandOptions): Optimizer {
  return optimizers[optimizer]({ learningRate });
}

/** The learning rate by step, or undefined for a constant one. */
export function scheduleOf(options: TrainCommandOptions, stepsPerEpoch: number): Schedule | undefined {
  const {
    learningRate: initial,
    learningRateDecay: decay,
    learningRateDecayAfter,
    learningRateDecayEvery: every,
  } = options;
  if (decay === undefined) {
    if (every !== undefined)
      throw new UsageError("--learning-rate-decay-every: expected --learning-rate-decay beside it");
    return undefined;
  }
  if (every !== undefined) return stepDecay({ initial, every: every * stepsPerEpoch, factor: decay });
  return charRnn({ initial, decay, decayAfterEpochs: learningRateDecayAfter, stepsPerEpoch });
}

export function modelOptions(options: TrainCommandOptions): LanguageModelOptions {
  const { unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed } = options;
  return { unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed };
}
