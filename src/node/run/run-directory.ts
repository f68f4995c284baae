/**
 * @file The run directory: configuration, lock, metrics, checkpoints, models, curves and card of
 * one training run.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { DataError, FormatError, LockedError } from "../../base/index.ts";
import { encodeNative, type JsonValue } from "../../formats/index.ts";
import type { SavedModel } from "../../model/index.ts";
import type { Snapshot, TrainEvent, Training } from "../../train/index.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { statIfAny } from "../files/stat-if-any.ts";
import { CURVES_FILE, writeCurves } from "../pictures/curves.ts";
import { type CheckpointStore, checkpointStore } from "./checkpoint-store.ts";
import { CHECKPOINTS_FOLDER, clearRun } from "./clear-run.ts";
import { type Metrics, METRICS_FILE, metricsLog, type MetricsLog, readMetrics } from "./metrics-log.ts";
import { CARD_FILE, type ModelCardOptions, writeModelCard } from "./model-card.ts";
import { BEST_FILE, MODEL_FILE, saveModel } from "./model-file.ts";
import { CONFIG_FILE, readRunConfig, type RunConfig, writeRunConfig } from "./run-config.ts";
import { LOCK_FILE, lockRun, type RunLock } from "./run-lock.ts";
import { continuedBy, runMaker } from "./run-maker.ts";
import { type RunSummary, summarizeRun } from "./run-summary.ts";
import { eventWriter, type EventWriter } from "./tensorboard.ts";

/** Seconds after which there is a checkpoint in any case. */
const SAVE_INTERVAL = 30;

/** Milliseconds between two looks whether the files of the run are still there. */
const LOOK_INTERVAL = 1000;

/** Default of `checkpointEvery`. */
const CHECKPOINT_EVERY = 500;

/** A model in a checkpoint, whose arrays are among the parameters of the snapshot. */
type ModelState = { readonly kind: string; readonly configuration: JsonValue };

/** Point from which a run is resumed. */
export type ResumePoint = {
  readonly step: number;
  /** Seconds of training by then. */
  readonly seconds: number;
  readonly snapshot: Snapshot;
  /** Lines of the metrics when the checkpoint was made. */
  readonly lines: number;
  /** Lowest loss of an evaluation by then; undefined in a checkpoint of an older version. */
  readonly best: number | undefined;
  /** The bytes of its model's file; undefined in a checkpoint of an older version. */
  readonly model: Uint8Array | undefined;
};

export type RecordOptions = {
  /** The configuration without its maker, which is this process. Called when the run begins. */
  readonly config: () => Omit<RunConfig, "maker" | "continued">;
  /**
   * Point from which the run is resumed. Default: it begins, and replaces what another run left in
   * the directory.
   */
  readonly from?: ResumePoint | undefined;
  /** The lock of the directory, which a run needs to notice that it was taken away. */
  readonly lock: RunLock;
  /**
   * Steps between checkpoints; there is one twice a minute and at each evaluation besides. Default
   * 500.
   */
  readonly checkpointEvery?: number | undefined;
  /** Unit of the losses in the curves, such as "nats per token". Default: none. */
  readonly lossUnit?: string | undefined;
  readonly card?: ModelCardOptions | undefined;
  /**
   * Told of what is wrong and ends nothing: lost metrics, a picture that can't be written. Default:
   * nobody is.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
};

/** A run directory, which need not exist yet. */
export type RunDirectory = {
  readonly path: string;
  /** Whether a run can be resumed there, or a model is. */
  readonly holds: "run" | "model" | "nothing";
  /**
   * Makes the directory this process's own until `release`; creates it. Throws LockedError while
   * another has it.
   */
  lock(): RunLock;
  /** Errors are those of `readRunConfig`. */
  config(): RunConfig;
  /** Lines of the metrics so far; none without a file. Throws FormatError for a damaged one. */
  metrics(): readonly Metrics[];
  summary(): RunSummary;
  /**
   * The newest undamaged checkpoint, or undefined where there is none. `onDamaged` is called for
   * damaged ones. Throws FormatError for a checkpoint that no run has written.
   */
  resumePoint(options?: { readonly onDamaged?: (error: Error) => void }): Promise<ResumePoint | undefined>;
  /**
   * Writes what a training run needs to be resumed, measured and used. Throws FormatError for
   * unreadable metrics.
   */
  record(model: SavedModel, options: RecordOptions): RunRecorder;
};

/** The run directory at `path`; touches nothing. */
export function runDirectory(path: string): RunDirectory {
  const at = (name: string): string => join(path, name);
  const metrics = (): readonly Metrics[] => (existsSync(at(METRICS_FILE)) ? readMetrics(at(METRICS_FILE)) : []);
  return {
    path,
    get holds() {
      if ([CONFIG_FILE, CHECKPOINTS_FOLDER].every((name) => existsSync(at(name)))) return "run";
      return existsSync(at(MODEL_FILE)) ? "model" : "nothing";
    },
    lock: () => lockRun(path),
    config: () => readRunConfig(path),
    metrics,
    summary: () => summarizeRun(metrics()),
    resumePoint: ({ onDamaged = () => {} } = {}) => resumePointOf(path, onDamaged),
    record: (model, options) => new RunRecorder(model, path, options),
  };
}

/** Whether a README.md is a model card, or none: a page that people wrote stays. */
function mayWriteCard(directory: string): boolean {
  const file = join(directory, CARD_FILE);
  return (
    !existsSync(file) || (statSync(file).isFile() && readFileSync(file, "utf8").includes("library_name: unrolled"))
  );
}

const storeOf = (directory: string): CheckpointStore => checkpointStore(join(directory, CHECKPOINTS_FOLDER));

async function resumePointOf(directory: string, onDamaged: (error: Error) => void): Promise<ResumePoint | undefined> {
  const checkpoint = await storeOf(directory).latest({ onDamaged });
  if (checkpoint === undefined) return undefined;
  const { step, arrays, file } = checkpoint;
  const wrong = (name: string, expected: string): FormatError =>
    new FormatError(`${file}: ${name}: expected ${expected}, got something else`);
  if (!isRecord(checkpoint.state)) throw wrong("state", "an object");
  const { lines, best, model, ...state } = checkpoint.state;
  if (!Number.isSafeInteger(lines) || (lines as number) < 0) throw wrong("lines", "an integer >= 0");
  if (best !== undefined && best !== null && typeof best !== "number") throw wrong("best", "a number or null");
  const isModel = isRecord(model) && typeof model["kind"] === "string" && model["configuration"] !== undefined;
  if (model !== undefined && !isModel) throw wrong("model", "a kind and a configuration");
  if (!isRecord(state["run"]) || state["run"]["step"] !== step) throw wrong("run.step", `${step}, as in its name`);
  return {
    step,
    seconds: Number(state["run"]["seconds"]) || 0,
    snapshot: { state, arrays },
    lines: lines as number,
    best: best === undefined ? undefined : (best ?? Infinity),
    model: isModel ? modelBytes(model as ModelState, arrays) : undefined,
  };
}

const isRecord = (value: JsonValue | undefined): value is { [name: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const PARAMETERS = "parameters/";

/** The file of the model whose parameters are among the arrays of a snapshot. */
function modelBytes({ kind, configuration }: ModelState, arrays: Snapshot["arrays"]): Uint8Array {
  const paths = Object.keys(arrays).filter((path) => path.startsWith(PARAMETERS));
  const parameters = Object.fromEntries(paths.map((path) => [path.slice(PARAMETERS.length), arrays[path]]));
  return encodeNative({ kind, config: configuration, arrays: parameters });
}

/** Files that events are appended to. */
type Logs = { readonly metrics: MetricsLog; readonly events: EventWriter };

class RunRecorder {
  readonly #model: SavedModel;
  readonly #directory: string;
  readonly #options: RecordOptions;
  readonly #store: CheckpointStore;
  /** Lines of the metrics. */
  #lines: number;
  #best: number;
  #logs: Logs | undefined;
  #config: RunConfig | undefined;
  #card: ModelCardOptions;
  #savedAt = performance.now();
  #lookedAt = performance.now();
  /** Path of the model that was saved last. */
  saved: string | undefined;

  /** Writes nothing. Throws FormatError where the run is resumed and its metrics can't be read. */
  constructor(model: SavedModel, directory: string, options: RecordOptions) {
    const { from, card = {} } = options;
    this.#model = model;
    this.#directory = directory;
    this.#options = options;
    this.#card = card;
    this.#store = storeOf(directory);
    const file = join(directory, METRICS_FILE);
    // people may have removed the file
    const metrics = from === undefined || !existsSync(file) ? [] : readMetrics(file, { lines: from.lines });
    this.#lines = metrics.length;
    if (from !== undefined && metrics.length < from.lines)
      this.#warn(
        `${file} has ${metrics.length} of the ${from.lines} lines that it had at the checkpoint; the run is resumed exactly, but its curves and figures lack the others`,
      );
    const losses = metrics.flatMap(({ kind, loss = NaN }) => (kind === "evaluation" ? [loss] : []));
    this.#best = from?.best ?? losses.filter(Number.isFinite).reduce((a, b) => Math.min(a, b), Infinity);
  }

  #warn(message: string): void {
    this.#options.onWarning?.(message);
  }

  /**
   * Makes the directory that of this run. A new one removes what another run left, and writes its
   * beginning, the state of step 0, as a checkpoint: the configuration comes after it, so that a
   * run which has one can be resumed. A resumed run removes what it wrote after its checkpoint, and
   * does so with its first event: before that, training may still refuse to resume, and the
   * directory has to stay as it is.
   */
  async begin(training: Training): Promise<void> {
    await this.#begun(training);
  }

  async #begun(training: Training): Promise<Logs> {
    if (this.#logs !== undefined) return this.#logs;
    const { from } = this.#options;
    if (from === undefined) {
      clearRun(this.#directory);
      await this.#save({ kind: "begin", step: 0 }, training);
    } else await this.#bringBack(from);
    const metrics = metricsLog(join(this.#directory, METRICS_FILE));
    if (from !== undefined) metrics.truncate(this.#lines);
    const events = eventWriter(this.#directory, from === undefined ? {} : { resumeFrom: from.step });
    this.#logs = { metrics, events };
    // with the names of both on the disk
    this.#writeConfig();
    if (from === undefined) this.saved = saveModel(this.#model, this.#directory);
    return this.#logs;
  }

  /**
   * Made once, when it is first needed: the threads of the run are known then. Written again where
   * the file has gone.
   */
  #writeConfig(): void {
    const { from, config } = this.#options;
    this.#config ??=
      from === undefined
        ? { ...config(), maker: runMaker() }
        : continuedBy(readRunConfig(this.#directory), from.step, runMaker());
    writeRunConfig(this.#directory, this.#config);
  }

  /** Restores the best model from its checkpoint, where its file has gone. */
  async #bringBack({ best }: ResumePoint): Promise<void> {
    const file = join(this.#directory, BEST_FILE);
    if (best === undefined || !Number.isFinite(best) || existsSync(file)) return;
    const checkpoint = await this.#store.best({ onDamaged: () => {} });
    const model = isRecord(checkpoint?.state) ? checkpoint.state["model"] : undefined;
    if (checkpoint?.metric === best && isRecord(model))
      writeFileDurablySync(file, modelBytes(model as ModelState, checkpoint.arrays));
  }

  /**
   * Resolves when what the event calls for is on the disk. Rejects with LockedError or DataError
   * where what the run has written so far has gone.
   */
  async record(event: TrainEvent, training: Training): Promise<void> {
    const { metrics, events } = await this.#begun(training);
    const { checkpointEvery = CHECKPOINT_EVERY } = this.#options;
    const isLate = performance.now() - this.#savedAt >= SAVE_INTERVAL * 1000;
    const isDue = event.kind === "step" ? event.step % checkpointEvery === 0 || isLate : event.kind !== "warning";
    if (isDue || performance.now() - this.#lookedAt >= LOOK_INTERVAL) this.#look(event.step, metrics);
    metrics.append(event);
    events.append(event);
    this.#lines++;
    if (event.kind === "evaluation" && event.loss < this.#best) {
      this.#best = event.loss;
      saveModel(this.#model, this.#directory, BEST_FILE);
    }
    if (!isDue) return;
    metrics.sync();
    await this.#save(event, training);
    this.saved = saveModel(this.#model, this.#directory);
    this.#savedAt = performance.now();
    if (event.kind === "end") await this.#summarize();
  }

  /** Saves the model again, after the end of training has changed it. */
  saveAgain(): void {
    this.saved = saveModel(this.#model, this.#directory);
  }

  /**
   * Ends the run at once where what others may have removed has gone, while there is something to
   * resume.
   */
  #look(step: number, metrics: MetricsLog): void {
    this.#lookedAt = performance.now();
    const when = `It was removed while the run trained, by step ${step} at the latest`;
    const place = (name: string): string => JSON.stringify(join(this.#directory, name));
    // before the directory is looked for: it may go while one looks
    const [isLocked, hasMetrics] = [this.#options.lock.isHeld(), metrics.isThere()];
    if (statIfAny(this.#directory)?.isDirectory() !== true) {
      this.saved = undefined;
      throw new DataError(
        `expected the run directory ${JSON.stringify(this.#directory)}, got nothing there. ${when}, and nothing of it is left to resume`,
      );
    }
    if (!isLocked) throw new LockedError(`expected this run's own ${place(LOCK_FILE)}, got none or another's. ${when}`);
    if (!hasMetrics)
      throw new DataError(`expected this run's own ${place(METRICS_FILE)}, got none or another. ${when}`);
    if (!existsSync(join(this.#directory, CONFIG_FILE))) this.#writeConfig();
  }

  /** Writes the card again, with what is known at the end of a run, such as measures. */
  rewriteCard(more: ModelCardOptions): void {
    this.#card = { ...this.#card, ...more };
    if (mayWriteCard(this.#directory))
      writeModelCard(
        this.#directory,
        readRunConfig(this.#directory),
        summarizeRun(readMetrics(join(this.#directory, METRICS_FILE))),
        this.#card,
      );
  }

  /**
   * Writes curves and card, from what has been recorded. The run stays finished where that fails.
   */
  async #summarize(): Promise<void> {
    const { lossUnit = "" } = this.#options;
    const directory = this.#directory;
    const attempt = async (what: string, work: () => unknown): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.#warn(`${what} could not be written: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    await attempt(CURVES_FILE, () =>
      writeCurves(directory, {
        name: basename(resolve(directory)),
        metrics: readMetrics(join(directory, METRICS_FILE)),
        lossUnit,
      }),
    );
    await attempt(CARD_FILE, () => this.rewriteCard({}));
  }

  async #save(
    event: { readonly kind: string; readonly step: number; readonly loss?: number },
    training: Training,
  ): Promise<void> {
    const { state, arrays } = await training.snapshot();
    // the end is no line of a run that is resumed
    const lines = this.#lines - Number(event.kind === "end");
    const model: ModelState = { kind: this.#model.kind, configuration: this.#model.configuration() };
    const best = Number.isFinite(this.#best) ? this.#best : null;
    await this.#store.save({
      step: event.step,
      metric: event.kind === "evaluation" ? event.loss : undefined,
      snapshot: { state: { ...(state as object), lines, best, model }, arrays },
    });
  }

  close(): void {
    this.#logs?.metrics.close();
    this.#logs?.events.close();
  }
}

export type { RunRecorder };
