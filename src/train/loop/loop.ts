/** @file The training loop: steps, evaluations and their events, for any task. */
import {
  checkInteger,
  checkNumber,
  DataError,
  FormatError,
  kindError,
  NotFiniteError,
  type RandomStream,
  sentence,
} from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { Optimizer, Parameters, Schedule } from "../../optim/index.ts";
import { carryInto } from "../../rnn/index.ts";
import { now, yieldToHost } from "#platform";
import { copyOfState, findOrigin } from "./anomaly.ts";
import { WeightAverage } from "./averaging.ts";
import { type Callback, checkCallbacks, type RunControl } from "./callbacks.ts";
import {
  describeTrouble,
  type EndReason,
  type Progress,
  type StepEvent,
  type TrainEvent,
  type Trouble,
} from "./events.ts";
import { GroupedOptimizer, type ParameterGroup } from "./parameter-groups.ts";
import { runNumerics } from "./numerics.ts";
import {
  checkSnapshot,
  MOST_RATE_FACTOR,
  type RunArrays,
  type RunState,
  type Snapshot,
  stateArrays,
  takeSnapshot,
} from "./snapshot.ts";
import { planMemory } from "../memory/memory-plan.ts";
import type { EpochBatches, Measured, Task } from "./task.ts";
import {
  firstNonFinite,
  resetRows,
  type StepResult,
  type StepSettings,
  type Suspect,
  suspects,
  trainStep,
} from "./train-step.ts";

/** What `train` has checked and filled in. */
export type LoopSettings = {
  readonly optimizer: Optimizer;
  readonly groups: readonly ParameterGroup[];
  readonly schedule: Schedule | undefined;
  readonly clipNorm: number;
  /** Batches per step. */
  readonly accumulate: number;
  /** Decay of the average of the weights; undefined: none. */
  readonly averaging: number | undefined;
  readonly random: RandomStream;
  readonly steps: number | undefined;
  readonly epochs: number | undefined;
  readonly seconds: number | undefined;
  /** Steps between evaluations; undefined: at the end of each epoch. */
  readonly evaluateEvery: number | undefined;
  readonly callbacks: readonly Callback[];
  /** Whether a step that is skipped runs again to find out why. */
  readonly anomaly: boolean;
  readonly resume: Snapshot | undefined;
  readonly allowOtherNumerics: boolean;
  readonly signal: AbortSignal | undefined;
};

/** A run: its events, one for each step, epoch and evaluation, then `end`; leaving the loop early stops it. */
export type Training<E extends Measured = Measured> = AsyncGenerator<TrainEvent<E>, void, undefined> & {
  /**
   * A copy of all that a run consists of, between two events: `train` with `resume` continues it bit for bit. Before the first event it is the beginning of
   * the run, which is a state like any other; with `resume` that is where it goes on. Rejects as the run's first event would.
   */
  snapshot(): Promise<Snapshot>;
  /**
   * Bytes of the engine's memory that the run takes at its peak, parameters and optimizer included, as planned before the first step. Undefined before the
   * first event, in a worker, and where the task does not tell its largest batch.
   */
  plannedBytes?(): number | undefined;
};

/** A schedule has no name for what it does: what it gives for these steps stands for it. */
export const SCHEDULE_STEPS: readonly number[] = [0, 1, 10, 100, 1000, 10_000];

/** After so many steps in a row that had to be skipped, training stops. */
const MAX_SKIPPED = 10;

export class Loop<B, E extends Measured = Measured> {
  readonly #task: Task<B, E>;
  readonly #settings: LoopSettings;
  readonly #optimizer: GroupedOptimizer;
  readonly #average: WeightAverage | undefined;
  /** What goes into every step and is kept between them: always the same tensors. */
  readonly #kept: readonly Suspect[];
  readonly #control: RunControl;
  readonly #run: RunState = {
    step: 0,
    epoch: 0,
    batch: 0,
    skipped: 0,
    skippedTotal: 0,
    seconds: 0,
    loss: NaN,
    epochLoss: 0,
    epochWeight: 0,
    rateFactor: 1,
    updates: 0,
    evaluatedAt: 0,
    stopped: null,
  };
  #steps: number | undefined;
  #perEpoch: number | undefined;
  #fingerprint: Promise<Readonly<Record<string, JsonValue>>> | undefined;
  /** The batches of the epoch in which the run begins or goes on. */
  #begun: Promise<EpochBatches<B>> | undefined;
  #startedAt = now();
  #planned: number | undefined;
  /** Of the last step that was skipped. */
  #trouble: Trouble | undefined;
  /** When training has ended: the state before the model was finished. */
  #last: Snapshot | undefined;

  constructor(task: Task<B, E>, settings: LoopSettings) {
    this.#task = task;
    this.#settings = settings;
    checkCallbacks(settings.callbacks);
    this.#optimizer = new GroupedOptimizer(task.parameters, settings.optimizer, settings.groups);
    if (settings.averaging !== undefined)
      this.#average = new WeightAverage(this.#optimizer.trained, settings.averaging);
    this.#kept = [
      ...suspects("parameter", task.parameters),
      ...suspects("slot", this.#optimizer.slots),
      ...suspects("state", stateArrays(task.carried)),
    ];
    const run = this.#run;
    this.#control = {
      parameters: task.parameters,
      get rateFactor() {
        return run.rateFactor;
      },
      set rateFactor(factor) {
        run.rateFactor = checkNumber("callback rateFactor", factor, 0, MOST_RATE_FACTOR);
      },
      stop: (reason) => {
        run.stopped ??= reason;
      },
    };
  }

  get trained(): Parameters {
    return this.#optimizer.trained;
  }

  /** Whether no step is left, and nothing that could put other weights into the model. */
  get isTrained(): boolean {
    const { averaging, callbacks } = this.#settings;
    const isOver = this.#steps !== undefined && this.#run.step >= this.#steps;
    return isOver && averaging === undefined && callbacks.length === 0;
  }

  get resumes(): boolean {
    return this.#settings.resume !== undefined;
  }

  get signal(): AbortSignal | undefined {
    return this.#settings.signal;
  }

  async *events(): AsyncGenerator<TrainEvent<E>, void, undefined> {
    const { accumulate } = this.#settings;
    let batches = await this.#begin();
    const run = this.#run;
    this.#planned = planMemory(this.#task, { trained: this.#optimizer.trained, accumulate });
    const start = now();
    this.#startedAt = start - 1000 * run.seconds;
    let iterator = batches.from(run.batch);
    let reason: EndReason | undefined;
    // what comes next depends on `run` alone, so that a resumed run does the same
    for (;;) {
      if (run.batch >= (batches.count ?? Infinity)) {
        yield* this.#endEpoch();
        batches = this.#task.epoch(run.epoch);
        iterator = batches.from(0);
      }
      reason = this.#reasonToEnd(start);
      if (reason === undefined && this.#isEvaluationDue()) {
        yield* this.#evaluate();
        reason = this.#reasonToEnd(start);
      }
      if (reason !== undefined) break;
      if (run.batch === 0 && this.#task.carried !== undefined) carryInto(this.#task.carried, undefined);
      const group = await take(iterator, accumulate);
      if (group.length > 0) {
        yield* this.#told(this.#step(group));
        if (run.skipped > 0) yield* this.#told(this.#warning());
        if (run.skipped >= MAX_SKIPPED) throw this.#giveUp();
        await yieldToHost();
      } else if (run.batch === 0) {
        throw new DataError(sentence("train", "at least one batch in an epoch", "none"));
      } else {
        // an epoch whose length nobody knew
        yield* this.#endEpoch();
        batches = this.#task.epoch(run.epoch);
        iterator = batches.from(0);
      }
    }
    if (reason !== "aborted" && run.evaluatedAt !== run.step) {
      yield* this.#evaluate();
      if (run.evaluatedAt !== run.step) reason = "aborted";
    }
    // callbacks may put other weights into the model
    this.#last = await this.snapshot();
    this.#average?.apply();
    yield* this.#told({ kind: "end", ...this.#progress(), loss: run.loss, reason });
  }

  /** See `Training`. */
  get plannedBytes(): number | undefined {
    return this.#planned;
  }

  #reasonToEnd(start: number): EndReason | undefined {
    const { signal, seconds, epochs } = this.#settings;
    const { step, epoch, stopped } = this.#run;
    if (signal?.aborted) return "aborted";
    if (stopped !== null) return stopped;
    if (this.#steps !== undefined && step >= this.#steps) return "done";
    if (epochs !== undefined && epoch >= epochs) return "done";
    return step > 0 && seconds !== undefined && now() - start >= seconds * 1000 ? "time" : undefined;
  }

  #isEvaluationDue(): boolean {
    const { evaluateEvery } = this.#settings;
    const { step, batch, evaluatedAt } = this.#run;
    return step > 0 && step !== evaluatedAt && (evaluateEvery === undefined ? batch === 0 : step % evaluateEvery === 0);
  }

  async snapshot(): Promise<Snapshot> {
    if (this.#last !== undefined) return this.#last;
    await this.#begin();
    // the copies first: nothing may change meanwhile
    const { state, arrays } = takeSnapshot(
      { ...this.#run, updates: this.#optimizer.step },
      {},
      this.#arrays(),
      this.#settings.callbacks,
    );
    return { state: { ...(state as object), fingerprint: await this.#identity() }, arrays };
  }

  #arrays(): RunArrays {
    const { parameters, carried } = this.#task;
    return {
      parameters: { ...parameters, ...this.#average?.weights },
      optimizer: this.#optimizer.slots,
      carried: stateArrays(carried),
      average: this.#average?.average ?? {},
    };
  }

  /** What a run must share with the one that it resumes. */
  #identity(): Promise<Readonly<Record<string, JsonValue>>> {
    const { clipNorm, accumulate, averaging, schedule } = this.#settings;
    this.#fingerprint ??= this.#task.fingerprint().then((data) => ({
      ...data,
      optimizers: this.#optimizer.config as unknown as JsonValue,
      clipNorm: Number.isFinite(clipNorm) ? clipNorm : String(clipNorm),
      accumulate,
      averaging: averaging ?? null,
      schedule: schedule === undefined ? null : SCHEDULE_STEPS.map((step) => schedule(step)),
      numerics: runNumerics(),
    }));
    return this.#fingerprint;
  }

  /** Where the run begins, or goes on; the first call puts everything there. Resolves with the batches of the epoch. */
  #begin(): Promise<EpochBatches<B>> {
    const { resume } = this.#settings;
    this.#begun ??= resume === undefined ? Promise.resolve(this.#batchesOf(0)) : this.#resume(resume);
    return this.#begun;
  }

  /** Everything is checked before anything is changed. */
  async #resume(snapshot: Snapshot): Promise<EpochBatches<B>> {
    const { callbacks, accumulate, allowOtherNumerics } = this.#settings;
    const { run, restore } = checkSnapshot(snapshot, {
      fingerprint: await this.#identity(),
      groups: this.#arrays(),
      callbacks,
      control: this.#control,
      accumulate,
      allowOtherNumerics,
    });
    const batches = this.#batchesOf(run.epoch);
    if (run.batch > (batches.count ?? Infinity)) {
      const expected = `at most the ${batches.count} of the epoch`;
      throw new FormatError(sentence("train resume: run.batch", expected, String(run.batch)));
    }
    // the last step of an epoch may have fewer; of one whose length nobody knows, none can be told
    if (batches.count !== undefined && run.batch < batches.count && run.batch % accumulate !== 0) {
      throw new FormatError(sentence("train resume: run.batch", `a multiple of ${accumulate}`, String(run.batch)));
    }
    restore();
    Object.assign(this.#run, run);
    this.#optimizer.resumeAt(run.updates);
    return batches;
  }

  /** The batches of an epoch, from whose number the steps of the run are known. */
  #batchesOf(epoch: number): EpochBatches<B> {
    const batches = this.#task.epoch(epoch);
    this.#plan(batches);
    return batches;
  }

  #plan({ count }: EpochBatches<B>): void {
    const { steps, epochs, accumulate } = this.#settings;
    this.#perEpoch = count === undefined ? undefined : Math.ceil(checkInteger("train batches", count, 1) / accumulate);
    const planned = epochs === undefined || this.#perEpoch === undefined ? undefined : epochs * this.#perEpoch;
    this.#steps = steps ?? planned;
  }

  #progress(): Progress {
    const { step, epoch, batch } = this.#run;
    const done = this.#perEpoch === undefined ? 0 : Math.ceil(batch / this.#settings.accumulate) / this.#perEpoch;
    this.#run.seconds = (now() - this.#startedAt) / 1000;
    return { step, steps: this.#steps, epoch: epoch + done, seconds: this.#run.seconds };
  }

  /** The event, after the callbacks have seen it. */
  *#told(event: TrainEvent<E>): Generator<TrainEvent<E>, void, undefined> {
    for (const callback of this.#settings.callbacks) callback.onEvent(event, this.#control);
    yield event;
  }

  #step(group: readonly B[]): StepEvent {
    const run = this.#run;
    const task = this.#task;
    const { schedule, clipNorm, random } = this.#settings;
    const { step } = run;
    if (task.carried !== undefined && task.resetState)
      resetRows(task.carried, task.resetState, random.named("reset").at(step));
    const begin = now();
    const scheduled: unknown = schedule?.(step);
    if (scheduled !== undefined && typeof scheduled !== "number")
      throw kindError("train schedule", `a learning rate for step ${step}`, scheduled);
    const own = this.#optimizer.learningRate;
    const base = scheduled ?? (run.rateFactor === 1 ? undefined : own);
    const rate = base === undefined ? undefined : base * run.rateFactor;
    const result = this.#guarded(group, rate, {
      trained: this.#optimizer.trained,
      clipNorm,
      random: random.named("dropout").at(step),
    });
    const { trouble, loss, weight, gradientNorm } = result;
    this.#trouble = trouble;
    if (trouble !== undefined && task.carried !== undefined) carryInto(task.carried, undefined);
    run.step++;
    run.batch += group.length;
    run.loss = loss;
    run.skipped = trouble === undefined ? 0 : run.skipped + 1;
    if (trouble === undefined) {
      run.epochLoss += weight * loss;
      run.epochWeight += weight;
      this.#average?.update();
    } else run.skippedTotal++;
    const tokens = group.reduce((total, batch) => total + task.tokens(batch), 0);
    return {
      kind: "step",
      ...this.#progress(),
      loss,
      gradientNorm,
      learningRate: rate ?? own,
      tokensPerSecond: (tokens * 1000) / (now() - begin),
      skipped: trouble !== undefined,
      ...(trouble && { trouble }),
    };
  }

  /** A step, unless something that goes into it is not finite already. */
  #guarded(group: readonly B[], rate: number | undefined, settings: StepSettings): StepResult {
    const before = this.#troubleBefore(group, rate);
    if (before !== undefined) return { loss: NaN, weight: 0, gradientNorm: NaN, trouble: before };
    const start = this.#settings.anomaly ? copyOfState(this.#task.carried) : undefined;
    const result = trainStep(this.#task, group, settings, (gradients, scale) =>
      this.#optimizer.update(gradients, rate, scale),
    );
    if (start === undefined || result.trouble === undefined) return result;
    const origin = findOrigin(this.#task, group, settings, start);
    return origin === undefined ? result : { ...result, trouble: { ...result.trouble, origin } };
  }

  /**
   * With the look at the new state after the loss it takes 0.6 % of a step of 128 units, 64 time steps and 32 rows, and 0.7 % of the smallest (4 tokens, 2
   * units, 5 time steps, 1 row), on one thread. There it took 2.8 % while the tensors were listed anew at each step.
   */
  #troubleBefore(group: readonly B[], rate: number | undefined): Trouble | undefined {
    if (rate !== undefined && !(Number.isFinite(rate) && rate >= 0)) return { what: "rate", name: String(rate) };
    for (const batch of group) {
      const name = this.#task.badInput?.(batch);
      if (name !== undefined) return { what: "input", name };
    }
    return firstNonFinite(this.#kept);
  }

  #warning(): TrainEvent<E> {
    const { step, loss, skipped, skippedTotal } = this.#run;
    const trouble = this.#trouble;
    const why = trouble === undefined ? "" : `: ${describeTrouble(trouble)}`;
    const message = `step ${step} was skipped, ${skipped} in a row and ${skippedTotal} altogether${why}`;
    return { kind: "warning", ...this.#progress(), loss, message, ...(trouble && { trouble }) };
  }

  #giveUp(): NotFiniteError {
    const { step, skipped } = this.#run;
    const why = this.#trouble === undefined ? "" : `, in which ${describeTrouble(this.#trouble)}`;
    const got = `${skipped} in a row that were not, up to step ${step}${why}`;
    return new NotFiniteError(
      sentence("train", "steps with a finite loss and gradient", got, "Lower the learning rate or clipNorm"),
    );
  }

  *#endEpoch(): Generator<TrainEvent<E>, void, undefined> {
    const run = this.#run;
    const { epochLoss, epochWeight } = run;
    run.epoch++;
    run.batch = 0;
    run.epochLoss = 0;
    run.epochWeight = 0;
    yield* this.#told({ kind: "epoch", ...this.#progress(), loss: epochWeight === 0 ? NaN : epochLoss / epochWeight });
  }

  /** An evaluation that the signal cuts short counts as none: the run that goes on makes it. */
  async *#evaluate(): AsyncGenerator<TrainEvent<E>, void, undefined> {
    const run = this.#run;
    if (this.#task.evaluate === undefined) {
      run.evaluatedAt = run.step;
      return;
    }
    this.#average?.apply();
    try {
      const evaluation = await this.#task.evaluate(this.#settings.signal);
      if (evaluation === undefined) return;
      run.evaluatedAt = run.step;
      // callbacks see the weights that were evaluated
      yield* this.#told({ kind: "evaluation", ...this.#progress(), ...evaluation });
    } finally {
      this.#average?.restore();
    }
  }
}

/** The next `n` batches, fewer at the end. */
async function take<B>(iterator: Iterator<B> | AsyncIterator<B>, n: number): Promise<B[]> {
  const batches: B[] = [];
  while (batches.length < n) {
    const next = await iterator.next();
    if (next.done === true) break;
    batches.push(next.value);
  }
  return batches;
}
