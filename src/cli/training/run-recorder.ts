/** @file What `unrolled train` writes while it runs: metrics, checkpoints and models. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  DataError,
  encodeNative,
  FormatError,
  type JsonValue,
  LockedError,
  type SavedModel,
  type Snapshot,
  type TrainEvent,
  type Training,
} from "unrolled";
import {
  BEST_FILE,
  CARD_FILE,
  CHECKPOINTS_FOLDER,
  type CheckpointStore,
  checkpointStore,
  clearRun,
  CONFIG_FILE,
  CURVES_FILE,
  eventWriter,
  type EventWriter,
  LOCK_FILE,
  METRICS_FILE,
  metricsLog,
  type MetricsLog,
  readMetrics,
  type RunLock,
  saveModel,
  statIfAny,
  type RunSummary,
  summarizeRun,
  writeCurves,
  writeFileDurablySync,
} from "unrolled/node";
import { UsageError } from "../terminal/failure.ts";
import { shellWord } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";
import { unlessItFails } from "../terminal/unless-it-fails.ts";

/** Seconds after which there is a checkpoint in any case. */
const SAVE_INTERVAL = 30;

/** Milliseconds between two looks whether the files of the run are still there. */
const LOOK_INTERVAL = 1000;

/** What a checkpoint holds of the model beside its arrays. */
type ModelState = { readonly kind: string; readonly configuration: JsonValue };

/** Where a run goes on. */
export type ResumePoint = {
  readonly step: number;
  readonly snapshot: Snapshot;
  /** Lines of the metrics when the checkpoint was made. */
  readonly lines: number;
  /** Lowest loss of an evaluation by then; undefined in a checkpoint of an older version. */
  readonly best: number | undefined;
  /** The bytes of its model's file; undefined in a checkpoint of an older version. */
  readonly model: Uint8Array | undefined;
};

/** Writes the model card of a run. */
export type WriteCard = (directory: string, summary: RunSummary) => void;

/** Whether a README.md is a model card, or none: a page that people wrote stays. */
function mayWriteCard(directory: string): boolean {
  const file = join(directory, CARD_FILE);
  return (
    !existsSync(file) || (statSync(file).isFile() && readFileSync(file, "utf8").includes("library_name: unrolled"))
  );
}

const storeOf = (directory: string): CheckpointStore => checkpointStore(join(directory, CHECKPOINTS_FOLDER));

/**
 * The newest checkpoint that is whole. `say` is told of those that are not. Throws UsageError where there is none, FormatError for what no run has written.
 */
export async function resumePoint(directory: string, say: (text: string) => void): Promise<ResumePoint> {
  const found = await storeOf(directory).latest({
    onDamaged: (error) => say(`${error.message} The checkpoint before it is used.`),
  });
  if (found === undefined) {
    const again = `unrolled train --config ${shellWord(join(directory, CONFIG_FILE))} --out ${shellWord(directory)} --overwrite`;
    throw new UsageError(
      `--resume: expected a run with a checkpoint, got ${JSON.stringify(directory)} without. It begins again with: ${again}`,
    );
  }
  const { step, arrays, file } = found;
  const wrong = (name: string, expected: string): FormatError =>
    new FormatError(`${file}: ${name}: expected ${expected}, got something else`);
  if (!isRecord(found.state)) throw wrong("state", "an object");
  const { lines, best, model, ...state } = found.state;
  if (!Number.isSafeInteger(lines) || (lines as number) < 0) throw wrong("lines", "an integer >= 0");
  if (best !== undefined && best !== null && typeof best !== "number") throw wrong("best", "a number or null");
  const isModel = isRecord(model) && typeof model["kind"] === "string" && model["configuration"] !== undefined;
  if (model !== undefined && !isModel) throw wrong("model", "a kind and a configuration");
  if (!isRecord(state["run"]) || state["run"]["step"] !== step) throw wrong("run.step", `${step}, as in its name`);
  return {
    step,
    snapshot: { state, arrays },
    lines: lines as number,
    best: best === undefined ? undefined : (best ?? Infinity),
    model: isModel ? modelBytes(model as ModelState, arrays) : undefined,
  };
}

/**
 * Writes a run's configuration where the file has something else, or has gone. It is made once, when it is first needed: the threads of the run are known
 * then.
 */
export function configWriter<C>(
  directory: string,
  make: () => C,
  write: (directory: string, config: C) => unknown,
): () => void {
  let config: C | undefined;
  return () => {
    config ??= make();
    write(directory, config);
  };
}

const isRecord = (value: JsonValue | undefined): value is { [name: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const PARAMETERS = "parameters/";

/** The file of the model whose parameters are among the arrays of a snapshot. */
function modelBytes({ kind, configuration }: ModelState, arrays: Snapshot["arrays"]): Uint8Array {
  const own = Object.entries(arrays).filter(([path]) => path.startsWith(PARAMETERS));
  const parameters = Object.fromEntries(own.map(([path, array]) => [path.slice(PARAMETERS.length), array]));
  return encodeNative({ kind, config: configuration, arrays: parameters });
}

export type RecorderOptions = {
  /** Steps between checkpoints. */
  readonly every: number;
  /** Where the run goes on; undefined: it begins, and the directory's old run is removed with `begin`. */
  readonly from: ResumePoint | undefined;
  /** Of the directory. */
  readonly lock: RunLock;
  /** Writes the run's configuration; called when the run begins, and wherever the file has gone. */
  readonly writeConfig: () => void;
  readonly writeCard: WriteCard;
  /** Of the losses in the curves, "" for none. */
  readonly lossUnit: string;
};

/** What events are appended to. */
type Logs = { readonly metrics: MetricsLog; readonly events: EventWriter };

export class RunRecorder {
  readonly #model: SavedModel;
  readonly #directory: string;
  readonly #options: RecorderOptions;
  readonly #store: CheckpointStore;
  /** Of the metrics. */
  #lines: number;
  #best: number;
  #logs: Logs | undefined;
  #savedAt = performance.now();
  #lookedAt = performance.now();
  /** Where the model was saved last. */
  saved: string | undefined;

  /** Writes nothing. Throws FormatError where the run goes on and its metrics can't be read. */
  constructor(model: SavedModel, directory: string, options: RecorderOptions) {
    const { from } = options;
    this.#model = model;
    this.#directory = directory;
    this.#options = options;
    this.#store = storeOf(directory);
    const file = join(directory, METRICS_FILE);
    // people may have removed the file
    const told = from === undefined || !existsSync(file) ? [] : readMetrics(file, { lines: from.lines });
    this.#lines = told.length;
    if (from !== undefined && told.length < from.lines)
      warn(
        `unrolled train: ${file} has ${told.length} of the ${from.lines} lines that it had at the checkpoint; the run goes on exactly, but its curves and figures lack the others`,
      );
    const losses = told.flatMap(({ kind, loss = NaN }) => (kind === "evaluation" ? [loss] : []));
    this.#best = from?.best ?? losses.filter(Number.isFinite).reduce((a, b) => Math.min(a, b), Infinity);
  }

  /**
   * Makes the directory that of this run. A new one removes what another run left, and writes its beginning, the state of step 0, as a checkpoint: the
   * configuration comes after it, so that a run which has one can be gone on with. A run that goes on removes what it wrote after its checkpoint, and does
   * so with its first event: before that, training may still refuse to go on, and the directory has to stay as it is.
   */
  async begin(training: Training): Promise<void> {
    await this.#begun(training);
  }

  async #begun(training: Training): Promise<Logs> {
    if (this.#logs !== undefined) return this.#logs;
    const { from, writeConfig } = this.#options;
    if (from === undefined) {
      clearRun(this.#directory);
      await this.#save({ kind: "begin", step: 0 }, training);
    } else await this.#bringBack(from);
    const metrics = metricsLog(join(this.#directory, METRICS_FILE));
    if (from !== undefined) metrics.truncate(this.#lines);
    const events = eventWriter(this.#directory, from === undefined ? {} : { resumeFrom: from.step });
    this.#logs = { metrics, events };
    // with the names of both on the disk
    writeConfig();
    if (from === undefined) this.saved = saveModel(this.#model, this.#directory);
    return this.#logs;
  }

  /** The model that did best, where its file has gone and its checkpoint is there. */
  async #bringBack({ best }: ResumePoint): Promise<void> {
    const file = join(this.#directory, BEST_FILE);
    if (best === undefined || !Number.isFinite(best) || existsSync(file)) return;
    const found = await this.#store.best({ onDamaged: () => {} });
    const model = isRecord(found?.state) ? found.state["model"] : undefined;
    if (found?.metric === best && isRecord(model))
      writeFileDurablySync(file, modelBytes(model as ModelState, found.arrays));
  }

  /** Resolves when what the event calls for is on the disk. Rejects with LockedError or DataError where what the run has written so far has gone. */
  async record(event: TrainEvent, training: Training): Promise<void> {
    const { metrics, events } = await this.#begun(training);
    const isLate = performance.now() - this.#savedAt >= SAVE_INTERVAL * 1000;
    const isDue = event.kind === "step" ? event.step % this.#options.every === 0 || isLate : event.kind !== "warning";
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
    if (event.kind === "end") await this.#tell();
  }

  /** The model again, after the end of training has changed it. */
  saveAgain(): void {
    this.saved = saveModel(this.#model, this.#directory);
  }

  /** Looks whether what others may have removed is still there: it ends the run at once, while there is something to go on with. */
  #look(step: number, metrics: MetricsLog): void {
    this.#lookedAt = performance.now();
    const { lock, writeConfig } = this.#options;
    const when = `It was removed while the run trained, by step ${step} at the latest`;
    const place = (name: string): string => JSON.stringify(join(this.#directory, name));
    if (statIfAny(this.#directory)?.isDirectory() !== true) {
      this.saved = undefined;
      throw new DataError(
        `expected the run directory ${JSON.stringify(this.#directory)}, got nothing there. ${when}, and nothing of it is left to go on with`,
      );
    }
    if (!lock.isHeld())
      throw new LockedError(`expected this run's own ${place(LOCK_FILE)}, got none or another's. ${when}`);
    if (!metrics.isThere())
      throw new DataError(`expected this run's own ${place(METRICS_FILE)}, got none or another. ${when}`);
    if (!existsSync(join(this.#directory, CONFIG_FILE))) writeConfig();
  }

  /** The card again, now that there is more to say. */
  rewriteCard(writeCard: WriteCard): void {
    if (mayWriteCard(this.#directory))
      writeCard(this.#directory, summarizeRun(readMetrics(join(this.#directory, METRICS_FILE))));
  }

  /** Curves and model card, from what has been written. */
  async #tell(): Promise<void> {
    const { lossUnit, writeCard } = this.#options;
    const metrics = readMetrics(join(this.#directory, METRICS_FILE));
    const name = basename(resolve(this.#directory));
    await unlessItFails(CURVES_FILE, async () => {
      await writeCurves(this.#directory, { name, metrics, lossUnit: lossUnit });
    });
    await unlessItFails(CARD_FILE, () => {
      if (mayWriteCard(this.#directory)) writeCard(this.#directory, summarizeRun(metrics));
    });
  }

  async #save(
    event: { readonly kind: string; readonly step: number; readonly loss?: number },
    training: Training,
  ): Promise<void> {
    const { state, arrays } = await training.snapshot();
    // the end is no line of a run that goes on
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
