/** @file The options of `unrolled train`, and what they say to the library. */
import { type Command, Option } from "commander";
import {
  adagrad,
  adam,
  adamw,
  charRnn,
  contiguousBatches,
  momentum,
  type Optimizer,
  rmsprop,
  type Schedule,
  sgd,
  splitTail,
  torchRnn,
  warmUp,
} from "unrolled";
import { integer, norm, number } from "./values.ts";

export type TrainFlags = {
  readonly out?: string;
  readonly overwrite?: true;
  readonly unit: "char" | "byte" | "word";
  readonly cell: "lstm" | "gru" | "rnn";
  readonly hiddenSize: number;
  readonly layers: number;
  readonly embeddingSize: number;
  readonly dropout: number;
  readonly dialect: "tf1" | "keras" | "torch";
  readonly initFrom?: string;
  readonly sequenceLength: number;
  readonly batchSize: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly shuffle?: true;
  readonly seed: number;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly learningRate: number;
  readonly learningRateDecay?: number;
  readonly learningRateDecayAfter?: number;
  readonly learningRateDecayEvery?: number;
  readonly rmspropDecay: number;
  readonly warmUp: number;
  readonly clipNorm: number;
  readonly validation: number;
  readonly evaluateEvery?: number;
  readonly checkpointEvery: number;
  readonly printEvery?: number;
  readonly json?: true;
  readonly quiet?: true;
};

type Rates = { readonly learningRate: number; readonly rmspropDecay: number };

const OPTIMIZERS = {
  adam: ({ learningRate }: Rates) => adam({ learningRate }),
  adamw: ({ learningRate }: Rates) => adamw({ learningRate }),
  rmsprop: ({ learningRate, rmspropDecay }: Rates) => rmsprop({ learningRate, decay: rmspropDecay }),
  sgd: ({ learningRate }: Rates) => sgd({ learningRate }),
  momentum: ({ learningRate }: Rates) => momentum({ learningRate }),
  adagrad: ({ learningRate }: Rates) => adagrad({ learningRate }),
} as const satisfies Record<string, (rates: Rates) => Optimizer>;

/** Options that are fixed in a saved model. */
export const ARCHITECTURE = ["unit", "cell", "hiddenSize", "layers", "embeddingSize", "dropout", "dialect"] as const;

export function addTrainOptions(command: Command): Command {
  const choice = (flag: string, text: string, choices: readonly string[], value?: string): Option =>
    new Option(flag, text).choices(choices).default(value);
  return command
    .option("--out <dir>", "where to save (default: runs/NAME of the first file)")
    .option("--overwrite", "replace the model in --out")
    .option("--preset <tool>", "defaults of char-rnn or torch-rnn")
    .optionsGroup("Model:")
    .addOption(choice("--unit <unit>", "what a token is", ["char", "byte", "word"], "char"))
    .addOption(choice("--cell <cell>", "kind of cell", ["lstm", "gru", "rnn"], "lstm"))
    .option("--hidden-size <n>", "units per layer", integer(1, 65_536), 128)
    .option("--layers <n>", "stacked layers", integer(1, 256), 1)
    .option("--embedding-size <n>", "features per token", integer(1, 65_536), 64)
    .option("--dropout <p>", "part of each layer's outputs to drop", number(0, 0.999_999), 0)
    .addOption(choice("--dialect <name>", "whose parameter layout and initial values", ["tf1", "keras", "torch"], "tf1"))
    .option("--init-from <dir>", "start with the weights of a saved model")
    .optionsGroup("Training:")
    .option("--steps <n>", "stop after so many steps", integer(1))
    .option("--epochs <n>", "stop after so many passes over the text (default: 50, without another limit)", integer(1))
    .option("--seconds <n>", "stop after so much time", number(0))
    .option("--sequence-length <n>", "time steps per batch: how far gradients reach back", integer(1), 50)
    .option("--batch-size <n>", "rows per batch", integer(1), 32)
    .option("--shuffle", "windows in random order, each from a zero state")
    .option("--seed <n>", "same seed, same result", integer(0), 0)
    .option("--validation <part>", "part of the text, at its end, to evaluate on", number(0, 0.999_999), 0.05)
    .option("--evaluate-every <steps>", "default: about every epoch, 100 to 500 steps", integer(1))
    .optionsGroup("Optimizer:")
    .addOption(choice("--optimizer <name>", "how weights change", Object.keys(OPTIMIZERS), "adam"))
    .option("--learning-rate <rate>", "size of the changes", number(0), 0.002)
    .option("--learning-rate-decay <factor>", "multiply the rate at the end of epochs", number(0))
    .option("--learning-rate-decay-after <epochs>", "each epoch from this one on (default: 10)", integer(0))
    .option("--learning-rate-decay-every <epochs>", "instead: every so many epochs", integer(1))
    .option("--rmsprop-decay <part>", "memory of rmsprop", number(0, 0.999_999), 0.95)
    .option("--warm-up <steps>", "let the rate rise over the first steps", integer(0), 0)
    .option("--clip-norm <norm>", `largest global norm of a gradient, or "off"`, norm, 5)
    .optionsGroup("Saving and output:")
    .option("--checkpoint-every <steps>", "save this often, and twice a minute", integer(1), 500)
    .option("--print-every <steps>", "print a line this often", integer(1))
    .option("--json", "one event per line on stdout, text on stderr")
    .option("--quiet", "print nothing but errors")
    .optionsGroup("Options:");
}

/** Steps in one pass over the training part of `ids`. Throws DataError when it is too short for one. */
export function stepsPerEpoch(ids: Int32Array, { validation, batchSize, sequenceLength }: TrainFlags): number {
  return contiguousBatches(splitTail(ids, { validation }).train, { batchSize, sequenceLength }).count;
}

export const makeOptimizer = (flags: TrainFlags): Optimizer => OPTIMIZERS[flags.optimizer](flags);

export function makeSchedule(flags: TrainFlags, perEpoch: number): Schedule {
  const { learningRate: initial, learningRateDecay: decay, learningRateDecayAfter: after, learningRateDecayEvery: every } = flags;
  const shared = { initial, stepsPerEpoch: perEpoch };
  const schedule =
    every === undefined
      ? charRnn({ ...shared, decay: decay ?? (after === undefined ? 1 : 0.97), decayAfterEpochs: after ?? 10 })
      : torchRnn({ ...shared, every, factor: decay ?? 0.5 });
  return flags.warmUp > 0 ? warmUp(schedule, { steps: flags.warmUp }) : schedule;
}

/** A whole number of epochs that is at least 100 steps, or 500 steps when an epoch is longer. */
export const defaultEvaluateEvery = (perEpoch: number): number =>
  perEpoch >= 500 ? 500 : Math.ceil(100 / perEpoch) * perEpoch;
