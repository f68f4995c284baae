/** @file How far a run goes. */
import { checkInteger } from "../../base/index.ts";
import { now } from "#platform";
import type { EndReason, Progress } from "./events.ts";
import type { LoopSettings } from "./run.ts";
import type { RunState } from "./snapshot.ts";
import type { EpochBatches } from "./task.ts";

type Limits = Pick<LoopSettings, "steps" | "epochs" | "seconds" | "accumulate" | "evaluateEvery" | "signal">;

/** The steps of a run, as far as they are known, and its clock. */
export class Plan {
  readonly #limits: Limits;
  readonly #state: RunState;
  #perEpoch: number | undefined;
  /** Time when the run would have begun, had it not been interrupted. */
  #startedAt = now();
  /** Time from which the limit counts. */
  #limitFrom = now();
  /**
   * Steps of the whole run; undefined when only time limits it, or nobody knows the length of an
   * epoch.
   */
  steps: number | undefined;

  constructor(limits: Limits, state: RunState) {
    this.#limits = limits;
    this.#state = state;
  }

  /** Learns from an epoch how many batches there are. */
  learn({ count }: Pick<EpochBatches<unknown>, "count">): void {
    const { steps, epochs, accumulate } = this.#limits;
    this.#perEpoch = count === undefined ? undefined : Math.ceil(checkInteger("train batches", count, 1) / accumulate);
    const planned = epochs === undefined || this.#perEpoch === undefined ? undefined : epochs * this.#perEpoch;
    this.steps = steps ?? planned;
  }

  startClock(): void {
    this.#limitFrom = now();
    this.#startedAt = this.#limitFrom - 1000 * this.#state.seconds;
  }

  /** Why the run is over, as far as this rank knows. */
  reasonToEnd(): EndReason | undefined {
    const { signal, seconds, epochs } = this.#limits;
    const { step, epoch, stopped } = this.#state;
    if (signal?.aborted) return "aborted";
    if (stopped !== null) return stopped;
    if (this.isDone || (epochs !== undefined && epoch >= epochs)) return "done";
    return step > 0 && seconds !== undefined && now() - this.#limitFrom >= seconds * 1000 ? "time" : undefined;
  }

  /** Whether no step is left. */
  get isDone(): boolean {
    return this.steps !== undefined && this.#state.step >= this.steps;
  }

  get isEvaluationDue(): boolean {
    const { evaluateEvery } = this.#limits;
    const { step, batch, evaluatedAt } = this.#state;
    return step > 0 && step !== evaluatedAt && (evaluateEvery === undefined ? batch === 0 : step % evaluateEvery === 0);
  }

  /** Progress of the run; sets its seconds. */
  progress(): Progress {
    const { step, epoch, batch } = this.#state;
    const done = this.#perEpoch === undefined ? 0 : Math.ceil(batch / this.#limits.accumulate) / this.#perEpoch;
    this.#state.seconds = (now() - this.#startedAt) / 1000;
    return { step, steps: this.steps, epoch: epoch + done, seconds: this.#state.seconds };
  }
}
