/** @file Training of anything with a loss, on batches of any kind. */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkSynchronous,
  DataError,
  kindError,
  randomStream,
  runNow,
  sentence,
} from "../base/index.ts";
import { type Shard, WHOLE } from "../data/index.ts";
import type { JsonValue } from "../formats/index.ts";
import type { Parameters } from "../optim/index.ts";
import type { State } from "../rnn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { unlessAborted } from "./loop/abort.ts";
import { Loop } from "./loop/loop.ts";
import type { EpochBatches, Loss, LossContext, Measured, Rehearsal, Task } from "./loop/task.ts";
import { loopSettings, TRAIN_ON_HINTS, TRAIN_ON_OPTIONS, type TrainOnOptions } from "./train-options.ts";
import { type Training, trainingOf } from "./loop/training.ts";

export type Fingerprint = Readonly<Record<string, JsonValue>>;

/** Batches that can be begun anywhere: those that a resumed run has seen are not made again. */
export type SeekableBatches<B> = Iterable<B> & { readonly count: number; from(start: number): Iterator<B> };

/**
 * A model with its data. `B` is a batch, whatever you take for one; `E` is what an evaluation
 * gives, `S` the state that is carried.
 */
export type OwnTask<B, E extends Measured = Measured, S extends State = State> = {
  /**
   * Trained parameters by path, such as `cell.parameters()` of a cell that is built. Changed in
   * place.
   */
  readonly parameters: Parameters;
  /**
   * Batches of epoch `index`, counted from 0: a list, a generator, a stream. The same each time
   * that it is called with the same arguments, also in the process that resumes, which passes over
   * those that were seen, unless they are `SeekableBatches`. With several ranks, of each batch the
   * rows of `shard` (see `shardRows`), or undefined where it has none.
   */
  batches(index: number, shard?: Shard): Iterable<B | undefined> | AsyncIterable<B | undefined>;
  /**
   * Mean over the batch, a scalar; in an object with `weight`, what it is a mean over (tokens,
   * examples, weights), where batches differ in that, and with the state after it where one is
   * carried. Tensors that it makes are freed after the step.
   */
  loss(batch: B, context: LossContext<S>): Tensor | Loss;
  /**
   * State that is carried from batch to batch, such as `zeroState(cell, rows)`; overwritten in
   * place, zero at the start of an epoch. Default: none.
   */
  readonly carried?: S;
  /** Probability that a row of the carried state is set to zero before a step. Default 0. */
  readonly resetState?: number;
  /** Tokens or examples of a batch, for `tokensPerSecond`. Default 1. */
  tokens?(batch: B): number;
  /**
   * Mean loss on held-out data, alone or with other measures. Default: there are no evaluations.
   * One that takes long should give the event loop a turn now and then, and throw the reason of the
   * run's signal when that has aborted.
   */
  evaluate?(signal?: AbortSignal): number | E | Promise<number | E>;
  /**
   * The batch that takes most memory: a run that does not fit is refused before its first step.
   * Default: it is not known before.
   */
  rehearsal?(): Rehearsal<B>;
  /**
   * Facts that a run must share with the one that it resumes, such as sizes and the hash of the
   * data, beside the seed, `resetState` and the shapes of the parameters. A function, for what
   * takes long to find out, gives all of it. Default: nothing.
   */
  readonly fingerprint?: Fingerprint | (() => Promise<Fingerprint>);
};

/**
 * Trains any cell on any loss and data, as `train` does: an async iterator of the same events, with
 * the same options, snapshots and `resume`. Whatever is random in the loss should come from the
 * stream in its context, and the order of the batches from the index of the epoch; a run that is
 * resumed then continues bit for bit.
 *
 * Throws (when first advanced) RangeError and TypeError for options, DataError for an epoch without
 * batches, LockedError while another run trains one of the parameters.
 */
export function trainOn<B, E extends Measured = Measured, S extends State = State>(
  task: OwnTask<B, E, S>,
  options: TrainOnOptions = {},
): Training<E> {
  checkOptions("trainOn", options, TRAIN_ON_OPTIONS, TRAIN_ON_HINTS);
  for (const name of ["batches", "loss"] as const)
    if (typeof task?.[name] !== "function") throw kindError(`trainOn task ${name}`, "a function", task?.[name]);
  return trainOnLater<B, E>(() => task as unknown as OwnTask<B, E>, options);
}

/**
 * `trainOn` with a task that is made when the run is first advanced, after its options are checked.
 */
export function trainOnLater<B, E extends Measured>(
  makeTask: () => OwnTask<B, E>,
  options: TrainOnOptions,
): Training<E> {
  let open: AsyncIterator<B | undefined> | undefined;
  const makeLoop = (): Loop<B, E> => {
    const random = randomStream(checkInteger("train seed", options.seed ?? 0));
    const settings = loopSettings(options, random);
    return new Loop(
      taskOf(makeTask(), options.seed ?? 0, (iterator) => (open = iterator)),
      settings,
    );
  };
  // a generator that has a file open closes it
  return trainingOf(makeLoop, async () => void (await open?.return?.()));
}

function taskOf<B, E extends Measured>(
  own: OwnTask<B, E>,
  seed: number,
  opened: (iterator: AsyncIterator<B | undefined>) => void,
): Task<B, E> {
  const { parameters, carried, resetState = 0, fingerprint = {} } = own;
  checkNumber("trainOn resetState", resetState, 0, 1);
  checkSynchronous("trainOn loss", (own as { readonly loss?: unknown }).loss);
  const lossOf = (batch: B, context: LossContext): Tensor | Loss => own.loss(batch, context);
  const shapes = Object.entries(parameters).map(([path, { dtype, shape }]) => [path, dtype, ...shape]);
  return {
    parameters,
    carried,
    resetState,
    epoch: (index, shard = WHOLE) => epochOf(own.batches(index, shard), opened),
    loss(batch, context) {
      const found = runNow("trainOn loss", lossOf, batch, context);
      if (found instanceof Tensor) return { value: found };
      if (found.weight !== undefined) checkNumber("trainOn loss weight", found.weight, 0);
      return found;
    },
    tokens: (batch) => own.tokens?.(batch) ?? 1,
    ...(own.evaluate && {
      evaluate: (signal) => unlessAborted(signal, async () => measured(await own.evaluate?.(signal))),
    }),
    ...(own.rehearsal && { rehearsal: () => (own.rehearsal as () => Rehearsal<B>)() }),
    fingerprint: async () =>
      typeof fingerprint === "function" ? fingerprint() : { parameters: shapes, resetState, seed, ...fingerprint },
  };
}

function epochOf<B>(
  batches: Iterable<B | undefined> | AsyncIterable<B | undefined>,
  opened: (iterator: AsyncIterator<B | undefined>) => void,
): EpochBatches<B> {
  if (!isIterable(batches)) throw kindError("trainOn batches", "something to loop over", batches);
  if (isSeekable(batches)) return batches;
  const isList = Array.isArray(batches);
  if (isList && batches.length === 0) throw new DataError(sentence("trainOn batches", "at least one batch", "none"));
  return {
    count: isList ? batches.length : undefined,
    from(start) {
      const iterator = after(batches, start);
      opened(iterator);
      return iterator;
    },
  };
}

const isSeekable = <B>(batches: Iterable<B> | AsyncIterable<B>): batches is SeekableBatches<B> =>
  "count" in batches && "from" in batches;

const isIterable = (value: unknown): boolean =>
  typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

/** All but the first `count`. */
async function* after<B>(
  batches: Iterable<B | undefined> | AsyncIterable<B | undefined>,
  count: number,
): AsyncGenerator<B | undefined, void, undefined> {
  let at = 0;
  for await (const batch of batches) if (at++ >= count) yield batch;
}

function measured<E extends Measured>(found: number | E | undefined): E {
  // a task whose evaluation has more than a loss does not answer with a number
  const result = typeof found === "number" ? ({ loss: found } as E) : found;
  if (typeof result?.loss !== "number")
    throw kindError("trainOn evaluate", "a number, or an object with a loss", found);
  return result;
}
