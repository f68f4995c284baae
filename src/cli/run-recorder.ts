/** @file What `unrolled train` writes while it runs: metrics, checkpoints and models. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Measured, SavedModel, Snapshot, TrainEvent, Training } from "unrolled";
import {
  BEST_FILE,
  CARD_FILE,
  type CheckpointStore,
  checkpointStore,
  CURVES_FILE,
  eventWriter,
  type EventWriter,
  METRICS_FILE,
  metricsLog,
  type MetricsLog,
  readMetrics,
  saveModel,
  type RunSummary,
  summarizeRun,
  writeCurves,
} from "unrolled/node";
import { unlessItFails } from "./unless-it-fails.ts";

/** Seconds after which there is a checkpoint in any case. */
const SAVE_INTERVAL = 30;

export const CHECKPOINTS = "checkpoints";

/** Where a run goes on. */
export type ResumePoint = {
  readonly step: number;
  readonly snapshot: Snapshot;
  /** Lines of the metrics when the checkpoint was made. */
  readonly lines: number;
};

/** Writes the model card of a run. */
export type WriteCard = (directory: string, summary: RunSummary) => void;

/** Removes what a run that begins anew would be mistaken for, and nothing that a run did not write. */
function removeOldRun(directory: string): void {
  const checkpoints = join(directory, CHECKPOINTS);
  const within = (folder: string, isOurs: (name: string) => boolean): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter(isOurs)
          .map((name) => join(folder, name))
      : [];
  const old = [
    ...within(directory, (name) => [METRICS_FILE, BEST_FILE].includes(name) || name.startsWith("events.out.tfevents.")),
    ...within(checkpoints, (name) => /^step-.*\.safetensors$/.test(name)),
  ];
  for (const file of old) rmSync(file);
}

/** Whether a README.md is a model card, or none: a page that people wrote stays. */
function mayWriteCard(directory: string): boolean {
  const file = join(directory, CARD_FILE);
  return (
    !existsSync(file) || (statSync(file).isFile() && readFileSync(file, "utf8").includes("library_name: unrolled"))
  );
}

const storeOf = (directory: string): CheckpointStore => checkpointStore(join(directory, CHECKPOINTS));

/** The newest checkpoint that is whole, undefined when there is none. `say` is told of those that are not. */
export async function resumePoint(directory: string, say: (text: string) => void): Promise<ResumePoint | undefined> {
  const found = await storeOf(directory).latest({
    onDamaged: (error) => say(`${error.message} The checkpoint before it is used.`),
  });
  if (found === undefined) return undefined;
  const { step, arrays } = found;
  const { lines, ...state } = found.state as { readonly lines: number };
  return { step, snapshot: { state, arrays }, lines };
}

export type RecorderOptions = {
  /** Steps between checkpoints. */
  readonly every: number;
  /** Where the run goes on; undefined: it begins, and the directory's old run is removed with `begin`. */
  readonly from: ResumePoint | undefined;
  readonly writeCard: WriteCard;
  /** Of the losses in the curves, "" for none. */
  readonly lossUnit: string;
};

/** What events are appended to. */
type Logs = { readonly metrics: MetricsLog; readonly events: EventWriter };

export class RunRecorder {
  readonly #model: SavedModel;
  readonly #directory: string;
  readonly #every: number;
  readonly #writeCard: WriteCard;
  readonly #lossUnit: string;
  readonly #store: CheckpointStore;
  readonly #from: ResumePoint | undefined;
  /** Of the metrics. */
  #lines: number;
  #best: number;
  #logs: Logs | undefined;
  #savedAt = performance.now();
  /** Where the model was saved last. */
  saved: string | undefined;

  /** Writes nothing. Throws FormatError where the run goes on and its metrics can't be read. */
  constructor(model: SavedModel, directory: string, { every, from, writeCard, lossUnit }: RecorderOptions) {
    this.#model = model;
    this.#writeCard = writeCard;
    this.#lossUnit = lossUnit;
    this.#directory = directory;
    this.#every = every;
    this.#from = from;
    this.#store = storeOf(directory);
    const file = join(directory, METRICS_FILE);
    // people may have removed the file
    const told = from === undefined || !existsSync(file) ? [] : readMetrics(file, { lines: from.lines });
    this.#lines = told.length;
    const losses = told.flatMap(({ kind, loss = NaN }) => (kind === "evaluation" ? [loss] : []));
    this.#best = losses.filter(Number.isFinite).reduce((a, b) => Math.min(a, b), Infinity);
  }

  /**
   * Makes the directory that of this run: removes what another run left, or what this one wrote after its checkpoint. The first event does so unless it
   * is done by then; before that, training may still refuse to go on, and the directory has to stay as it is.
   */
  begin(): Logs {
    if (this.#logs !== undefined) return this.#logs;
    if (this.#from === undefined) {
      removeOldRun(this.#directory);
      // a run that is cut before its first checkpoint begins again with this one
      this.saved = saveModel(this.#model, this.#directory);
    }
    const metrics = metricsLog(join(this.#directory, METRICS_FILE));
    if (this.#from !== undefined) metrics.truncate(this.#lines);
    const events = eventWriter(this.#directory, this.#from === undefined ? {} : { resumeFrom: this.#from.step });
    this.#logs = { metrics, events };
    return this.#logs;
  }

  /** Resolves when what the event calls for is on the disk. */
  async record(event: TrainEvent<Measured>, training: Training<Measured>): Promise<void> {
    const { metrics, events } = this.begin();
    metrics.append(event);
    events.append(event);
    this.#lines++;
    if (event.kind === "evaluation" && event.loss < this.#best) {
      this.#best = event.loss;
      saveModel(this.#model, this.#directory, BEST_FILE);
    }
    const isLate = performance.now() - this.#savedAt >= SAVE_INTERVAL * 1000;
    const isDue = event.kind === "step" ? event.step % this.#every === 0 || isLate : event.kind !== "warning";
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

  /** The card again, now that there is more to say. */
  rewriteCard(writeCard: WriteCard): void {
    if (mayWriteCard(this.#directory))
      writeCard(this.#directory, summarizeRun(readMetrics(join(this.#directory, METRICS_FILE))));
  }

  /** Curves and model card, from what has been written. */
  async #tell(): Promise<void> {
    const metrics = readMetrics(join(this.#directory, METRICS_FILE));
    const name = basename(resolve(this.#directory));
    await unlessItFails(CURVES_FILE, async () => {
      await writeCurves(this.#directory, { name, metrics, lossUnit: this.#lossUnit });
    });
    await unlessItFails(CARD_FILE, () => {
      if (mayWriteCard(this.#directory)) this.#writeCard(this.#directory, summarizeRun(metrics));
    });
  }

  async #save(event: TrainEvent<Measured>, training: Training<Measured>): Promise<void> {
    const { state, arrays } = await training.snapshot();
    // the end is no line of a run that goes on
    const lines = this.#lines - Number(event.kind === "end");
    await this.#store.save({
      step: event.step,
      metric: event.kind === "evaluation" ? event.loss : undefined,
      snapshot: { state: { ...(state as object), lines }, arrays },
    });
  }

  close(): void {
    this.#logs?.metrics.close();
    this.#logs?.events.close();
  }
}
