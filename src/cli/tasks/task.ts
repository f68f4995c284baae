/**
 * @file What the commands need to know of a task. Each task is two files here: NAME-options.ts and
 * NAME.ts.
 */
import type { JsonValue, SavedModel, Training, TrainOnOptions } from "unrolled";
import { RUN_OPTIONS, type RunOptions } from "../options/run-options.ts";
import type { OptionsOf, OptionTable } from "../options/table.ts";
import type { AnswerRow } from "../terminal/csv.ts";

/**
 * Options of `train` by their names, as they were parsed: those of every run, and the task's own.
 */
export type TaskOptions = RunOptions & { readonly [name: string]: unknown };

/** Options of `train` with a task's table. */
export type OptionsWith<Table extends OptionTable> = RunOptions & OptionsOf<Table>;

/**
 * A task's name, texts and options. Loaded with every command, so it imports no more than the
 * builders of options.
 */
export type TaskDeclaration = {
  /** Name that is typed after `--task`. */
  readonly name: string;
  /** Kind of its model's file. */
  readonly kind: string;
  /** One sentence for the help of `train`: "Train a model that ...". */
  readonly summary: string;
  /** Content of its files, for the help: "CSV or JSONL files, ...". */
  readonly data: string;
  /** Whether training reads the standard input. Default true. */
  readonly readsInput?: false;
  /** Options of `train` beside those of every run. */
  readonly options: OptionTable;
  /** Defaults of the options of every run that differ from those in `RUN_OPTIONS`. */
  readonly defaults: Partial<RunOptions>;
  /** Values of runs that were configured before there were these options, as in `RUN_OPTIONS`. */
  readonly before?: Partial<RunOptions>;
  /** Options whose defaults depend on others, filled in. Default: there are none. */
  readonly complete?: (options: TaskOptions, isTyped: (name: string) => boolean) => Readonly<Record<string, unknown>>;
  /** Values of `--preset`, which are defaults of other tools. Default: there is no such option. */
  readonly presets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Options of `predict`, such as `--beams`. */
  readonly predictOptions: OptionTable;
  /** Options of `evaluate` beside those of every task. */
  readonly evaluateOptions?: OptionTable;
  /** Commands to imitate, a line each. */
  readonly examples: readonly string[];
  /** Name of the task on the Hugging Face Hub, for model cards. */
  readonly pipeline: string;
  /** A command that uses the model at `place`. */
  readonly usage: (place: string) => string;
};

/** Options of `train` for a task: what is stored of a run, and what is not. */
export const optionsOfTask = ({ options }: Pick<TaskDeclaration, "options">): OptionTable => {
  const { out, overwrite, ...rest } = RUN_OPTIONS;
  return { out, overwrite, ...options, ...rest };
};

/** Results by name: `{ accuracy: 0.97 }`. */
export type Measures = Readonly<Record<string, number>>;

/** One answer of `predict`. */
export type Prediction = {
  /** For people: a line or several, without the last line break. */
  readonly text: string;
  /** For `--json`: one line. */
  readonly json: JsonValue;
  /** For `--csv`: rows, of which all answers have the columns of the first. */
  readonly rows?: readonly AnswerRow[];
};

/** Draws a picture. */
export type Picture = () => string | Promise<string>;

/** The result of `evaluate`. */
export type Evaluated = {
  readonly measures: Measures;
  /** Sizes of what was measured by name, for `--json`: `{ examples: 500 }`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** More for people, such as a table by label. Default: the measures in a line. */
  readonly text?: string;
  /**
   * Pictures by their file names, such as `confusion.svg`, drawn into the run directory (or where
   * the command is told to).
   */
  readonly pictures?: Readonly<Record<string, Picture>>;
  /**
   * Whether `finish` has changed what is saved of the model beside its weights, so that it is saved
   * again.
   */
  readonly changesModel?: boolean;
};

/** The parts of a run. */
export type TaskTraining = {
  /** Begins to train. */
  readonly start: (settings: TrainOnOptions) => Training;
  readonly stepsPerEpoch: number;
  /** Steps between evaluations by default. Default: those of one epoch or several. */
  readonly evaluateEvery?: number;
  /** Unit of the speed that is shown. Default: "examples". */
  readonly unit?: string;
  /** Unit of the losses, such as "nats per token". Default: none. */
  readonly lossUnit?: string;
  /** The amount of data for people: "5,000 examples (500 held out)". */
  readonly amount: string;
  /** Counts of the data by name, for config.json and `--json`. */
  readonly facts: Readonly<Record<string, number>>;
  /** Lines to be shown before the first step, such as what of the data is not trained on. */
  readonly notes?: readonly string[];
};

/** The work of a task. `M` is its model, `D` its data in memory, `O` its options. */
export type Task<M extends SavedModel = SavedModel, D = unknown, O = TaskOptions> = {
  /**
   * Reads files and folders; "-" is the standard input. `options.out` is the run directory. Throws
   * DataError that names file and line.
   */
  read(paths: readonly string[], options: O): Promise<D> | D;
  /**
   * Files that are read of what was typed, where that is less than all that is there. Default: all.
   */
  files?(paths: readonly string[]): readonly string[];
  /** A new model for the data. Throws for options that don't fit. */
  create(data: D, options: O): M;
  /**
   * Options that were not given and that the data of a new model have decided, to be stored with
   * the others. Default: none.
   */
  decided?(model: M): Readonly<Record<string, unknown>>;
  /** A model from the bytes of its file. */
  decode(bytes: Uint8Array): M;
  /** Values of options of `train` that a model implies. Default: its configuration. */
  optionsOf?(model: M): Readonly<Record<string, unknown>>;
  /**
   * Data and network in one line: "5,572 texts (2 labels); lstm, 1 layer of 64". The command adds
   * the count of parameters.
   */
  describe(model: M, data: D): string;
  /**
   * Up to three examples as the model will see them, for `--dry-run`; each one line or several.
   * Default: none are shown.
   */
  preview?(model: M, data: D, options: O): readonly string[];
  /** The training of the model, on the data without the held-out part. */
  training(model: M, data: D, options: O): TaskTraining;
  /** Removes files that preparing a resumed run has written, where it is refused or fails. */
  undo?(data: D): void;
  /**
   * Answers for `inputs`: files, or "-" for the standard input, which is what is read when none is
   * given. Options are those of `predict`.
   */
  predict(model: M, inputs: readonly string[], options: Readonly<Record<string, unknown>>): AsyncIterable<Prediction>;
  /**
   * Measures on files of labelled data; `options` are those of `evaluate` and else those that the
   * model was trained with, as far as they are known.
   */
  evaluate(model: M, paths: readonly string[], options: Partial<O>): Promise<Evaluated>;
  /**
   * Measures on what a training on these files held out, whose options these are. Undefined where
   * it held out nothing.
   */
  evaluateHeldOut(model: M, paths: readonly string[], options: O): Promise<Evaluated | undefined>;
  /**
   * Evaluation at the end of a training run, on the held-out examples, which is shown and saved.
   * Default: none.
   */
  finish?(model: M, data: D, options: O): Promise<Evaluated>;
  /** The part of a model's configuration that `inspect` shows. Default: all of it. */
  summary?(configuration: JsonValue): JsonValue;
};

/**
 * A task with its own types as the commands see it. Each gives back to a task only what was given
 * by it.
 */
export const asTask = <M extends SavedModel, D, O>(task: Task<M, D, O>): Task => task as unknown as Task;
