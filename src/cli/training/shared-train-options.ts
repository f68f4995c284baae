/** @file Options that `unrolled train` has whatever it trains. What a language model or a task has differently is said there. */
import { type Command, Option } from "commander";
import type { CellName } from "unrolled";
import { CELL_NAMES } from "./cell-names.ts";
import { type OptimizerName, OPTIMIZERS } from "./optimizer-names.ts";
import { threadsOption } from "./threads.ts";
import { integer, norm, number } from "../terminal/values.ts";

/** As they were parsed. */
export type SharedTrainOptions = {
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly cell: CellName;
  readonly dialect: "tf1" | "keras" | "torch";
  readonly hiddenSize: number;
  readonly layers: number;
  readonly dropout: number;
  readonly batchSize: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly learningRateDecay?: number;
  readonly learningRateDecayAfter?: number;
  readonly clipNorm: number;
  /** Share of the data that is held out. */
  readonly validation: number;
  readonly evaluateEvery?: number;
  readonly checkpointEvery: number;
  readonly anomaly?: boolean;
  readonly seed: number;
  readonly initFrom?: string;
  readonly resume?: string;
  readonly allowOtherNumerics?: boolean;
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
};

type SharedTrainOption = keyof SharedTrainOptions;

/** Values of options that nobody types. */
export type OptionDefaults = Partial<SharedTrainOptions>;

/** Where nothing else is said. */
const DEFAULTS: OptionDefaults = {
  cell: "lstm",
  dialect: "tf1",
  layers: 1,
  dropout: 0,
  batchSize: 32,
  optimizer: "adam",
  learningRate: 0.002,
  clipNorm: 5,
  checkpointEvery: 500,
  seed: 0,
};

/** What is not the same for all that is trained. */
export type OptionDifferences = {
  /** For the help. */
  readonly texts: Readonly<Record<"batchSize" | "epochs" | "validation" | "evaluateEvery" | "dryRun", string>>;
  /** Beside the general ones, or instead of them. */
  readonly defaults: OptionDefaults & { readonly hiddenSize: number; readonly validation: number };
  /** Options that others have not, each list by the shared option that it follows in the help. */
  readonly own: Readonly<Partial<Record<SharedTrainOption, readonly Option[]>>>;
};

/** An option with one of a few words. */
export const choice = (flags: string, text: string, words: readonly string[]): Option =>
  new Option(flags, text).choices(words);

const flag = (flags: string, text: string): Option => new Option(flags, text);

const value = (flags: string, text: string, parse: (text: string) => unknown): Option =>
  flag(flags, text).argParser(parse);

/** In the order of the help. */
const sharedOptions = (texts: OptionDifferences["texts"]): Readonly<Record<SharedTrainOption, Option>> => ({
  out: flag("--out <dir>", "where to save (default: runs/NAME)"),
  overwrite: flag("--overwrite", "replace a model that is already there"),
  cell: choice("--cell <cell>", "kind of recurrent cell", CELL_NAMES),
  dialect: choice("--dialect <dialect>", "whose initial values and layout", ["tf1", "keras", "torch"]),
  hiddenSize: value("--hidden-size <n>", "units per layer", integer(1, 65_536)),
  layers: value("--layers <n>", "recurrent layers", integer(1, 256)),
  dropout: value("--dropout <p>", "dropped after each layer while training", number(0, 0.999)),
  batchSize: value("--batch-size <n>", texts.batchSize, integer(1)),
  steps: value("--steps <n>", "stop after so many steps", integer(1)),
  epochs: value("--epochs <n>", texts.epochs, integer(1)),
  seconds: value("--seconds <n>", "stop after so much time", number(0)),
  optimizer: choice("--optimizer <name>", "update rule", Object.keys(OPTIMIZERS)),
  learningRate: value("--learning-rate <x>", "size of the updates", number(0)),
  learningRateDecay: value("--learning-rate-decay <x>", "multiply the rate by this each epoch", number(0)),
  learningRateDecayAfter: value("--learning-rate-decay-after <n>", "… from this epoch on (default: 10)", integer(0)),
  clipNorm: value("--clip-norm <x>", "largest gradient norm; 0 or off: none", norm),
  validation: value("--validation <p>", texts.validation, number(0, 0.9)),
  evaluateEvery: value("--evaluate-every <n>", texts.evaluateEvery, integer(1)),
  checkpointEvery: value("--checkpoint-every <n>", "steps between saves; also twice a minute", integer(1)),
  anomaly: flag("--anomaly", "name the operation in which a number stops being finite"),
  seed: value("--seed <n>", "same seed, same model", integer(0)),
  initFrom: flag("--init-from <dir>", "start from the weights of a saved model"),
  resume: flag("--resume <dir>", "go on with a run exactly where its last checkpoint is"),
  allowOtherNumerics: flag("--allow-other-numerics", "with --resume: also where this engine gives other bits"),
  config: flag("--config <file>", "options and data of another run's config.json; what is typed comes first"),
  dryRun: flag("--dry-run", texts.dryRun),
  threads: threadsOption(),
  quiet: flag("--quiet", "no progress"),
  json: flag("--json", "one JSON event per line on stdout; the rest on stderr"),
});

/** Declares the shared options with those that only this command has between them. */
export function declareTrainOptions(command: Command, { texts, defaults, own }: OptionDifferences): Command {
  const values: OptionDefaults = { ...DEFAULTS, ...defaults };
  for (const [name, option] of Object.entries(sharedOptions(texts)) as [SharedTrainOption, Option][]) {
    command.addOption(option.default(values[name]));
    for (const one of own[name] ?? []) command.addOption(one);
  }
  return command;
}
