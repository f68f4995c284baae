/** @file The training loop: the order of steps, evaluations and their events, for any task. */
import { DataError, sentence } from "../../base/index.ts";
import type { Parameters } from "../../optim/index.ts";
import { carryInto } from "../../rnn/index.ts";
import { pacer } from "#platform";
import { planMemory } from "../memory/memory-plan.ts";
import { agreeOnEnd } from "./agreement.ts";
import { isAlone } from "./communicator.ts";
import { evaluated } from "./evaluation.ts";
import type { EndReason, TrainEvent } from "./events.ts";
import { Plan } from "./plan.ts";
import { RunSnapshots } from "./run-snapshots.ts";
import { type LoopSettings, Run } from "./run.ts";
import type { Snapshot } from "./snapshot.ts";
import { Stepper } from "./stepper.ts";
import type { EpochBatches, Measured, Task } from "./task.ts";

export class Loop<B, E extends Measured = Measured> {
  readonly #run: Run<B, E>;
  readonly #plan: Plan;
  readonly #stepper: Stepper<B, E>;
  readonly #snapshots: RunSnapshots<B, E>;
  /** The batches of the epoch in which the run begins or is resumed. */
  #begun: Promise<EpochBatches<B>> | undefined;
  #planned: number | undefined;
  /** State before the model was finished, when training has ended. */
  #last: Snapshot | undefined;

  constructor(task: Task<B, E>, settings: LoopSettings) {
    this.#run = new Run(task, settings);
    this.#plan = new Plan(settings, this.#run.state);
    this.#stepper = new Stepper(this.#run, this.#plan);
    this.#snapshots = new RunSnapshots(this.#run);
  }

  get trained(): Parameters {
    return this.#run.optimizer.trained;
  }

  /** Whether no step is left, and nothing that could put other weights into the model. */
  get isTrained(): boolean {
    const { averaging, callbacks } = this.#run.settings;
    return this.#plan.isDone && averaging === undefined && callbacks.length === 0;
  }

  get resumes(): boolean {
    return this.#run.settings.resume !== undefined;
  }

  get signal(): AbortSignal | undefined {
    return this.#run.settings.signal;
  }

  /** See `Training`. */
  get plannedBytes(): number | undefined {
    return this.#planned;
  }

  async *events(): AsyncGenerator<TrainEvent<E>, void, undefined> {
    const { task, state, optimizer, average, settings } = this.#run;
    const { accumulate } = settings;
    let batches = await this.#begin();
    this.#planned = planMemory(task, { trained: optimizer.trained, accumulate });
    this.#plan.startClock();
    const pace = pacer();
    let iterator = batches.from(state.batch);
    let reason: EndReason | undefined;
    // what comes next depends on the state alone, so that a resumed run does the same
    for (;;) {
      if (state.batch >= (batches.count ?? Infinity)) {
        yield this.#announced(this.#endEpoch());
        batches = this.#batchesOf(state.epoch);
        iterator = batches.from(0);
      }
      const ends = this.#reasonToEnd();
      reason = ends instanceof Promise ? await ends : ends;
      if (reason === undefined && this.#plan.isEvaluationDue) {
        yield* this.#evaluate();
        reason = await this.#reasonToEnd();
      }
      if (reason !== undefined) break;
      if (state.batch === 0 && task.carried !== undefined) carryInto(task.carried, undefined);
      const taken = take(iterator, accumulate);
      const group = taken instanceof Promise ? await taken : taken;
      if (group.length > 0) {
        yield this.#announced(await this.#stepper.step(group));
        const warning = this.#stepper.warning();
        if (warning !== undefined) yield this.#announced(warning);
        this.#stepper.checkSkipped();
        if (pace.isDue) await pace.rest();
      } else if (state.batch === 0) {
        throw new DataError(sentence("train", "at least one batch in an epoch", "none"));
      } else {
        // an epoch whose length nobody knew
        yield this.#announced(this.#endEpoch());
        batches = this.#batchesOf(state.epoch);
        iterator = batches.from(0);
      }
    }
    if (reason !== "aborted" && state.evaluatedAt !== state.step) {
      yield* this.#evaluate();
      if (state.evaluatedAt !== state.step) reason = "aborted";
    }
    // callbacks may put other weights into the model
    this.#last = await this.snapshot();
    average?.apply();
    yield this.#announced({ kind: "end", ...this.#plan.progress(), loss: state.loss, reason });
  }

  async snapshot(): Promise<Snapshot> {
    if (this.#last !== undefined) return this.#last;
    await this.#begin();
    return await this.#snapshots.take();
  }

  /** Tells the other ranks that this one takes no part any more. */
  leave(why: unknown): Promise<void> {
    return this.#run.settings.communicator.close(why);
  }

  /**
   * Point where the run begins or is resumed; the first call puts everything there. Resolves with
   * the batches of the epoch.
   */
  #begin(): Promise<EpochBatches<B>> {
    this.#begun ??= this.#snapshots.begin((epoch) => {
      const batches = this.#batchesOf(epoch);
      this.#plan.learn(batches);
      return batches;
    });
    return this.#begun;
  }

  #batchesOf(epoch: number): EpochBatches<B> {
    const { task, settings } = this.#run;
    const { rank, size } = settings.communicator;
    return task.epoch(epoch, { rank, size });
  }

  /** Why the run is over, agreed on by all ranks; not a promise where nobody is to be asked. */
  #reasonToEnd(): EndReason | undefined | Promise<EndReason | undefined> {
    const { communicator } = this.#run.settings;
    const reason = this.#plan.reasonToEnd();
    return isAlone(communicator) ? reason : agreeOnEnd(communicator, reason);
  }

  /** The event, after the callbacks have seen it. */
  #announced(event: TrainEvent<E>): TrainEvent<E> {
    const { settings, control } = this.#run;
    for (const callback of settings.callbacks) callback.onEvent(event, control);
    return event;
  }

  #endEpoch(): TrainEvent<E> {
    const { state } = this.#run;
    const { epochLoss, epochWeight } = state;
    state.epoch++;
    state.batch = 0;
    state.epochLoss = 0;
    state.epochWeight = 0;
    return { kind: "epoch", ...this.#plan.progress(), loss: epochWeight === 0 ? NaN : epochLoss / epochWeight };
  }

  /** An evaluation that the signal cuts short counts as none: the resumed run makes it. */
  async *#evaluate(): AsyncGenerator<TrainEvent<E>, void, undefined> {
    const { task, settings, state, average } = this.#run;
    if (task.evaluate === undefined && isAlone(settings.communicator)) {
      state.evaluatedAt = state.step;
      return;
    }
    average?.apply();
    try {
      const evaluation = await evaluated(this.#run);
      if (evaluation === undefined) return;
      state.evaluatedAt = state.step;
      if (evaluation === null) return;
      // callbacks see the weights that were evaluated
      yield this.#announced({ kind: "evaluation", ...this.#plan.progress(), ...evaluation });
    } finally {
      average?.restore();
    }
  }
}

type Batches<B> = Iterator<B | undefined> | AsyncIterator<B | undefined>;

/** The next `n` batches, fewer at the end; not a promise where they are there at once. */
function take<B>(from: Batches<B>, n: number): (B | undefined)[] | Promise<(B | undefined)[]> {
  const batches: (B | undefined)[] = [];
  while (batches.length < n) {
    const next = from.next();
    if ("then" in next) return takeLater(from, n, batches, next);
    if (next.done === true) break;
    batches.push(next.value);
  }
  return batches;
}

async function takeLater<B>(
  from: Batches<B>,
  n: number,
  batches: (B | undefined)[],
  first: Promise<IteratorResult<B | undefined>>,
): Promise<(B | undefined)[]> {
  let next = await first;
  while (next.done !== true) {
    batches.push(next.value);
    if (batches.length === n) break;
    next = await from.next();
  }
  return batches;
}
