/**
 * @file Options that `unrolled train` has whatever it trains: the trainer's, and those of the
 * command.
 */
import { CELL_NAMES, DIALECT_NAMES, OPTIMIZER_NAMES } from "./names.ts";
import { choice, flag, integer, norm, number, onUnless, type OptionsOf, text } from "./table.ts";

/** `--threads`, for commands that compute much. */
export const THREADS = {
  threads: integer("threads for large kernels (default: one for each processor)", { max: 1024, stored: "free" }),
};

/** Table of the options, in the order of the help. */
export const RUN_OPTIONS = {
  out: text("dir", "where to save (default: runs/NAME)", { stored: "no" }),
  overwrite: flag("replace a model that is already there", { stored: "no" }),
  cell: choice(CELL_NAMES, "kind of recurrent cell", { default: "lstm" }),
  dialect: choice(DIALECT_NAMES, "framework whose weight layout and initialisation to use", { default: "tf1" }),
  hiddenSize: integer("units per layer", { max: 65_536, default: 64 }),
  layers: integer("recurrent layers", { max: 256, default: 1 }),
  dropout: number("share dropped after each layer while training", { max: 0.999, default: 0 }),
  batchSize: integer("rows or examples per batch", { default: 32 }),
  accumulate: integer("batches per step, which together are one larger batch", {}),
  steps: integer("stop after this many steps", { stored: "free" }),
  epochs: integer("stop after this many passes over the data, unless --steps or --seconds is given", {
    stored: "free",
  }),
  seconds: number("stop after this many seconds", { stored: "free" }),
  patience: integer("stop after more than this many evaluations without improvement", {}),
  keepBest: onUnless("save the last weights, not those of the evaluation with the lowest loss", { before: false }),
  optimizer: choice(OPTIMIZER_NAMES, "update rule", { default: "adam" }),
  learningRate: number("size of the updates", { default: 0.002 }),
  momentum: number("momentum of the update rules that have one (default: 0.9)", { max: 0.999999 }),
  rmspropDecay: number("decay of rmsprop's average of squares (default: 0.99)", { max: 0.999999 }),
  weightDecay: number("weight decay of the optimizer", {}),
  schedule: choice(
    ["cosine", "linear", "plateau", "constant"],
    "how the learning rate falls: to 0 at the end of the run, or where evaluations stop improving (default: cosine; constant for forecasts, and with --learning-rate-decay and its kin)",
    { before: "constant" },
  ),
  warmUp: integer("steps in which the learning rate rises to its full size", { min: 0, default: 0, before: 0 }),
  plateauFactor: number("... of --schedule plateau: multiply by this (default: 0.5)", { max: 0.999 }),
  plateauPatience: integer("... after more than this many evaluations without improvement (default: 2)", { min: 0 }),
  learningRateDecay: number("multiply the learning rate by this each epoch", {}),
  learningRateDecayAfter: integer("... from this epoch on (default: 10)", { min: 0 }),
  learningRateDecayEvery: integer("... or every so many epochs (by 0.5 if no factor is given)", {}),
  clipNorm: norm("largest gradient norm; 0 or off: none", { default: 5 }),
  averaging: number("decay of an average of the weights, which evaluations and the saved model use", { max: 0.999999 }),
  freeze: text("names", "parameters that stay as they are, with commas: embedding,rnn/0", {}),
  rateFactors: text("list", "factors of the learning rate for some parameters: embedding=0.1,output=2", {}),
  validation: number("share of the data held out for validation", { max: 0.9, default: 0.1 }),
  evaluateEvery: integer(
    "steps between evaluations (default: one or more epochs, some 20 times in all; at least 100 steps of a text)",
    { stored: "free" },
  ),
  checkpointEvery: integer("steps between checkpoints; there is one twice a minute besides", {
    default: 500,
    stored: "free",
  }),
  anomaly: flag("name the operation in which a number stops being finite", { stored: "free" }),
  seed: integer("same seed, same model", { min: 0, default: 0 }),
  initFrom: text("dir", "start from the weights of a saved model", {}),
  resume: text("dir", "resume a run from its last checkpoint", { stored: "no" }),
  allowOtherNumerics: flag("with --resume: also where this engine gives other bits", { stored: "no" }),
  config: text("file", "options and data of another run's config.json; command-line options override it", {
    stored: "no",
  }),
  dryRun: flag("show examples and what the run would take (parameters, memory, time per epoch), and stop", {
    stored: "no",
  }),
  ...THREADS,
  quiet: flag("no progress", { stored: "no", short: "q" }),
  json: flag("one JSON event per line on stdout; the rest on stderr", { stored: "no" }),
} as const;

/** Values as they were parsed. */
export type RunOptions = OptionsOf<typeof RUN_OPTIONS>;

/** Limits of a run: one that is typed overrides all others, also the default. */
export const LIMITS = ["steps", "epochs", "seconds"] as const;
