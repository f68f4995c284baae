/**
 * @file The snapshots of a run: taken between two events, and restored where a run is resumed
 * from one.
 */
import { FormatError, sentence } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { ownRows, placeOfRows, stateArrays, wholeState } from "./carried-rows.ts";
import { runNumerics } from "./numerics.ts";
import type { Run } from "./run.ts";
import { checkSnapshot, type RunArrays, type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { EpochBatches, Measured } from "./task.ts";

/** A schedule has no name for what it does: what it gives for these steps stands for it. */
export const SCHEDULE_STEPS: readonly number[] = [0, 1, 10, 100, 1000, 10_000];

export class RunSnapshots<B, E extends Measured> {
  readonly #run: Run<B, E>;
  #fingerprint: Promise<Readonly<Record<string, JsonValue>>> | undefined;

  constructor(run: Run<B, E>) {
    this.#run = run;
  }

  /** The run as it is now, with the carried rows of all ranks. */
  async take(): Promise<Snapshot> {
    const { task, settings, state: now, optimizer, rows } = this.#run;
    const carried = await wholeState(settings.communicator, task.carried, rows);
    // the copies first: nothing may change meanwhile
    const { state, arrays } = takeSnapshot(
      { ...now, updates: optimizer.step },
      {},
      { ...this.#arrays(), carried },
      settings.callbacks,
    );
    return { state: { ...(state as object), fingerprint: await this.#identity() }, arrays };
  }

  /**
   * Finds the place of this rank's rows, and puts back what the run resumes, of which everything is
   * checked before anything is changed. Resolves with the batches of the epoch.
   */
  async begin(batchesOf: (epoch: number) => EpochBatches<B>): Promise<EpochBatches<B>> {
    const { task, settings } = this.#run;
    this.#run.rows = await placeOfRows(settings.communicator, task.carried);
    return settings.resume === undefined ? batchesOf(0) : await this.#resume(settings.resume, batchesOf);
  }

  async #resume({ state, arrays }: Snapshot, batchesOf: (epoch: number) => EpochBatches<B>): Promise<EpochBatches<B>> {
    const { settings, optimizer, control, rows } = this.#run;
    const { callbacks, accumulate, allowOtherNumerics } = settings;
    const isCarried = (path: string): boolean => path.startsWith("carried/");
    const own = Object.entries(arrays).map(([path, array]) => [path, isCarried(path) ? ownRows(array, rows) : array]);
    const { run, restore } = checkSnapshot(
      { state, arrays: Object.fromEntries(own) as Snapshot["arrays"] },
      {
        fingerprint: await this.#identity(),
        groups: this.#arrays(),
        callbacks,
        control,
        accumulate,
        allowOtherNumerics,
      },
    );
    const batches = batchesOf(run.epoch);
    if (run.batch > (batches.count ?? Infinity)) {
      const expected = `at most the ${batches.count} of the epoch`;
      throw new FormatError(sentence("train resume: run.batch", expected, String(run.batch)));
    }
    // the last step of an epoch may have fewer; of one of unknown length nothing can be said
    if (batches.count !== undefined && run.batch < batches.count && run.batch % accumulate !== 0) {
      throw new FormatError(sentence("train resume: run.batch", `a multiple of ${accumulate}`, String(run.batch)));
    }
    restore();
    Object.assign(this.#run.state, run);
    optimizer.resumeAt(run.updates);
    return batches;
  }

  #arrays(): RunArrays {
    const { task, optimizer, average } = this.#run;
    return {
      parameters: { ...task.parameters, ...average?.weights },
      optimizer: optimizer.slots,
      carried: stateArrays(task.carried),
      average: average?.average ?? {},
    };
  }

  /** All that a run must share with the one that it resumes. */
  #identity(): Promise<Readonly<Record<string, JsonValue>>> {
    const { task, settings, optimizer } = this.#run;
    const { clipNorm, accumulate, averaging, schedule } = settings;
    this.#fingerprint ??= task.fingerprint().then((data) => ({
      ...data,
      optimizers: optimizer.config as unknown as JsonValue,
      clipNorm: Number.isFinite(clipNorm) ? clipNorm : String(clipNorm),
      accumulate,
      averaging: averaging ?? null,
      schedule: schedule === undefined ? null : SCHEDULE_STEPS.map((step) => schedule(step)),
      numerics: runNumerics(),
    }));
    return this.#fingerprint;
  }
}
