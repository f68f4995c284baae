/** @file What the commands `train --task`, `predict` and `evaluate` need to know of a task. Each task is two files here: NAME-options.ts and NAME.ts. */
import type { Option } from "commander";
import type { JsonValue, OwnTask, SavedModel } from "unrolled";
import type { OptionDefaults, SharedTrainOptions } from "../training/shared-train-options.ts";

/** Options of a command by their names, as they were parsed: those of every task, and the task's own. */
export type TaskOptions = Pick<
  SharedTrainOptions,
  "cell" | "dialect" | "hiddenSize" | "layers" | "dropout" | "batchSize" | "validation" | "seed"
> & { readonly [own: string]: unknown };

/** What a task is called, and its options. Loaded with the command, so it imports nothing but commander and values.ts. */
export type TaskDeclaration = {
  /** As it is typed after `--task`. */
  readonly name: string;
  /** Of its model's file. */
  readonly kind: string;
  /** One sentence for the help of `train`: "Train a model that …". */
  readonly summary: string;
  /** What its files hold, for the help: "CSV or JSONL files, …". */
  readonly data: string;
  /**
   * Options of `train` that it has beside those of every task. Values are text, numbers and true. They are stored in the run's config.json and given to every
   * method with the names that commander makes of them.
   */
  readonly options: readonly Option[];
  /** Where its defaults for the options of every task are not 64 units, 1 layer, no dropout, batches of 32, rate 0.002, 10 epochs. */
  readonly defaults?: OptionDefaults;
  /** Options of `predict`, such as `--beams`. */
  readonly predictOptions?: readonly Option[];
  /** Options of `evaluate` that it has beside those of every task. */
  readonly evaluateOptions?: readonly Option[];
  /** Commands to imitate, a line each. */
  readonly examples: readonly string[];
  /** Its work, loaded when it is needed. */
  readonly load: () => Promise<Task>;
};

/** How good predictions are, by name: `{ accuracy: 0.97 }`. */
export type Measures = Readonly<Record<string, number>>;

/** One answer of `predict`. */
export type Prediction = {
  /** For people: a line or several, without the last line break. */
  readonly text: string;
  /** For `--json`: one line. */
  readonly json: JsonValue;
};

/** Draws a picture. */
export type Picture = () => string | Promise<string>;

/** What `evaluate` found. */
export type Evaluated = {
  readonly measures: Measures;
  /** More for people, such as a table by label. */
  readonly text?: string;
  /** Pictures by their file names, such as `confusion.svg`, drawn into the run directory (or where the command is told to). */
  readonly pictures?: Readonly<Record<string, Picture>>;
  /** Whether `finish` has changed what is saved of the model beside its weights, so that it is saved again. */
  readonly changesModel?: boolean;
};

/** The parts of a run. `B` is a batch. */
export type TaskTraining<B = unknown> = {
  readonly task: OwnTask<B>;
  readonly stepsPerEpoch: number;
  /** What `tokens` of the task counts, for the speed that is shown. Default: "examples". */
  readonly unit?: string;
  /** Examples that are trained on, and those that are held out. */
  readonly examples: { readonly training: number; readonly validation: number };
  /** Lines to be shown before the first step, such as what of the data is not trained on. */
  readonly notes?: readonly string[];
  /** Whether the model that is saved at the end has the weights of the best evaluation, and not the last ones. Default: the last ones. */
  readonly keepsBest?: boolean;
};

/** The work of a task. `M` is its model, `D` its data in memory, `O` its options. */
export type Task<M extends SavedModel = SavedModel, D = unknown, O extends TaskOptions = TaskOptions> = {
  /** Reads files and folders; "-" is the standard input. Throws DataError that names file and line. */
  read(paths: readonly string[], options: O): Promise<D> | D;
  /** A new model for the data. Throws for options that don't fit. */
  create(data: D, options: O): M;
  /** A model from the bytes of its file. */
  decode(bytes: Uint8Array): M;
  /** Data and network in one line: "5,572 texts (2 labels); lstm, 1 layer of 64". The command adds the count of parameters. */
  describe(model: M, data: D): string;
  /** Up to three examples as the model will see them, for `--dry-run`; each one line or several. */
  preview(model: M, data: D, options: O): readonly string[];
  /** What is trained. Its `evaluate` gives `{ loss, measures: { accuracy: … } }` on the held-out examples. */
  training(model: M, data: D, options: O): TaskTraining;
  /** Answers for `inputs`: files, or "-" for the standard input, which is what is read when none is given. Options are those of `predict`. */
  predict(model: M, inputs: readonly string[], options: Readonly<Record<string, unknown>>): AsyncIterable<Prediction>;
  /** Measures on files of labelled data; `options` are those of `evaluate` and else those that the model was trained with, as far as they are known. */
  evaluate(model: M, paths: readonly string[], options: Partial<O>): Promise<Evaluated>;
  /** What is shown and saved at the end of a training run, on the held-out examples. Default: nothing. */
  finish?(model: M, data: D, options: O): Promise<Evaluated>;
};

/** A task with its own types as the commands see it. Each gives back to a task only what it was given by it. */
export const asTask = <M extends SavedModel, D, O extends TaskOptions>(task: Task<M, D, O>): Task =>
  task as unknown as Task;

/** Batches of an epoch, which long examples make more of. */
export const stepsOf = <B>(task: OwnTask<B>): number => (task.batches(0) as readonly B[]).length;
