/** @file What `unrolled train` writes while it runs: metrics, checkpoints and models. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LanguageModel, Snapshot, TrainEvent, Training } from "unrolled";
import {
  BEST_FILE,
  type CheckpointStore,
  checkpointStore,
  METRICS_FILE,
  metricsLog,
  type MetricsLog,
  readMetrics,
  saveModel,
  writeFileDurablySync,
} from "unrolled/node";

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

export class RunRecorder {
  readonly #model: LanguageModel;
  readonly #directory: string;
  readonly #every: number;
  readonly #store: CheckpointStore;
  readonly #metrics: MetricsLog;
  #lines: number;
  #best: number;
  #savedAt = performance.now();
  /** Where the model was saved last. */
  saved: string | undefined;

  /** `every`: steps between checkpoints. `from`: where the run goes on; without it the directory's old run is removed. */
  constructor(model: LanguageModel, directory: string, every: number, from: ResumePoint | undefined) {
    this.#model = model;
    this.#directory = directory;
    this.#every = every;
    this.#store = storeOf(directory);
    const file = join(directory, METRICS_FILE);
    this.#lines = from?.lines ?? 0;
    if (from === undefined) {
      for (const old of [CHECKPOINTS, METRICS_FILE, BEST_FILE])
        rmSync(join(directory, old), { recursive: true, force: true });
      // a run that is cut before its first checkpoint begins again with this one
      this.saved = saveModel(model, directory);
    } else if (existsSync(file)) {
      const kept = readFileSync(file, "utf8").split("\n").slice(0, from.lines);
      writeFileDurablySync(file, kept.map((line) => `${line}\n`).join(""));
    }
    this.#metrics = metricsLog(file);
    const losses = readMetrics(file).flatMap(({ kind, loss = NaN }) => (kind === "evaluation" ? [loss] : []));
    this.#best = losses.filter(Number.isFinite).reduce((a, b) => Math.min(a, b), Infinity);
  }

  /** Resolves when what the event calls for is on the disk. */
  async record(event: TrainEvent, training: Training): Promise<void> {
    this.#metrics.append(event);
    this.#lines++;
    if (event.kind === "evaluation" && event.loss < this.#best) {
      this.#best = event.loss;
      saveModel(this.#model, this.#directory, BEST_FILE);
    }
    const isLate = performance.now() - this.#savedAt >= SAVE_INTERVAL * 1000;
    const isDue = event.kind === "step" ? event.step % this.#every === 0 || isLate : event.kind !== "warning";
    if (!isDue) return;
    await this.#save(event, training);
    this.saved = saveModel(this.#model, this.#directory);
    this.#savedAt = performance.now();
  }

  async #save(event: TrainEvent, training: Training): Promise<void> {
    const { state, arrays } = await training.snapshot();
    // the end is no line of a run that goes on
    const lines = this.#lines - Number(event.kind === "end");
    this.#metrics.sync();
    await this.#store.save({
      step: event.step,
      metric: event.kind === "evaluation" ? event.loss : undefined,
      snapshot: { state: { ...(state as object), lines }, arrays },
    });
  }

  close(): void {
    this.#metrics.close();
  }
}
