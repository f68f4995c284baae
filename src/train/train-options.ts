/** @file Options of every training run, whatever it trains. */
import { checkInteger, checkNumber, kindError, type RandomStream, valueError } from "../base/index.ts";
import { useThreads } from "../engine/index.ts";
import { adam, type Optimizer, type Schedule } from "../optim/index.ts";
import type { Callback } from "./loop/callbacks.ts";
import { type Communicator, oneProcess } from "./loop/communicator.ts";
import type { LoopSettings } from "./loop/run.ts";
import type { ParameterGroup } from "./loop/parameter-groups.ts";
import type { Snapshot } from "./loop/snapshot.ts";

export type TrainOnOptions = {
  /** Stop after this many steps. Default: `epochs` decides. */
  readonly steps?: number | undefined;
  /**
   * Stop after this many passes over the training data. Default 50, unless `steps` or `seconds` is
   * given.
   */
  readonly epochs?: number | undefined;
  /** Stop when this many seconds have passed. Default: no limit. */
  readonly seconds?: number | undefined;
  /** Default Adam with learning rate 2e-3. One of your own has to heed `gradientScale`. */
  readonly optimizer?: Optimizer | undefined;
  /** Learning rate of each step, counted from 0. Default: the optimizer's own. */
  readonly schedule?: Schedule | undefined;
  /** Gradients are scaled down to this global norm. Default 5; Infinity turns it off. */
  readonly clipNorm?: number | undefined;
  /** Evaluate after this many steps, and at the end. Default: at the end of each epoch. */
  readonly evaluateEvery?: number | undefined;
  /** Seed of all that is random. Default 0; that of a language model is its own. */
  readonly seed?: number | undefined;
  /**
   * Threads for large kernels; see `useThreads`. Default: as it is, which at first is one for each
   * processor.
   */
  readonly threads?: number | undefined;
  /**
   * Batches per step, which together are one: a larger batch in the memory of a smaller one, with
   * the gradient and loss that it would have (by tokens or examples, see `weight` of a loss). The
   * last step of an epoch has those that are left. Default 1.
   */
  readonly accumulate?: number | undefined;
  /** Parameters with optimizers or rates of their own, or that stay as they are. Default: none. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  /**
   * Decay of an average of the weights, which evaluations and the finished model then use. Default:
   * none.
   */
  readonly averaging?: number | undefined;
  /**
   * Whether to run a skipped step again, looking at what each operation reads and writes, and name
   * the first that makes a number that is not finite: in the `trouble` of the events and in the
   * error at the end. Default false.
   */
  readonly anomaly?: boolean | undefined;
  /** Callbacks that watch the run. Default: none. */
  readonly callbacks?: readonly Callback[] | undefined;
  /**
   * Continues the run that a snapshot was taken of, bit for bit. Everything but the limits,
   * `evaluateEvery`, `threads` and `signal` must be as it was.
   */
  readonly resume?: Snapshot | undefined;
  /**
   * Goes on also where engine, numerics or their version give other bits than those of the
   * snapshot, and says so in one line. Default false: such a run is refused.
   */
  readonly allowOtherNumerics?: boolean | undefined;
  /** Ends training after the step that is running. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Connection of this process with others that train the same model, each on its rows of every
   * batch. Default: it trains alone. Each makes the same calls, those of `snapshot` too. The first
   * evaluates, and is the one that should write files.
   */
  readonly communicator?: Communicator | undefined;
};

/** Names of `TrainOnOptions`. */
export const TRAIN_ON_OPTIONS: string =
  "steps epochs seconds optimizer schedule clipNorm evaluateEvery seed threads accumulate groups averaging anomaly callbacks resume allowOtherNumerics signal communicator";

/** Hints for options that belong elsewhere. */
export const TRAIN_ON_HINTS: Readonly<Record<string, string>> = {
  learningRate: "Give it to the optimizer: optimizer: adam({ learningRate })",
};

const DEFAULT_EPOCHS = 50;

/** Throws TypeError for options that are no numbers and of the wrong kind. */
function checkKinds({
  optimizer,
  schedule,
  anomaly,
  groups,
  callbacks,
  signal,
  resume,
  communicator,
}: TrainOnOptions): void {
  if (optimizer !== undefined && typeof (optimizer as Partial<Optimizer> | null)?.update !== "function")
    throw kindError("train optimizer", "an optimizer, such as adam()", optimizer);
  if (schedule !== undefined && typeof schedule !== "function")
    throw kindError("train schedule", "a function of the step", schedule);
  if (anomaly !== undefined && typeof anomaly !== "boolean") throw kindError("train anomaly", "true or false", anomaly);
  if (groups !== undefined && !Array.isArray(groups)) throw kindError("train groups", "a list", groups);
  if (callbacks !== undefined && !Array.isArray(callbacks)) throw kindError("train callbacks", "a list", callbacks);
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.aborted !== "boolean")
    throw kindError("train signal", "an AbortSignal", signal);
  if (resume !== undefined && (typeof resume !== "object" || (resume as object | null) === null))
    throw kindError("train resume", "a snapshot", resume);
  if (communicator !== undefined) checkCommunicator(communicator);
}

/** Throws TypeError unless it is a communicator, RangeError unless its rank is one of its ranks. */
function checkCommunicator(communicator: Communicator): void {
  const { rank, size, reduce, agree, close } = (communicator ?? {}) as Partial<Communicator>;
  if (![reduce, agree, close].every((method) => typeof method === "function"))
    throw kindError("train communicator", "a communicator", communicator);
  checkInteger("train communicator size", size, 1);
  checkInteger("train communicator rank", rank, 0, (size as number) - 1);
}

/** Settings of the loop. Throws RangeError and TypeError for wrong options. Sets the threads. */
export function loopSettings(options: TrainOnOptions, random: RandomStream): LoopSettings {
  const { optimizer = adam({ learningRate: 2e-3 }), groups = [], callbacks = [] } = options;
  const { clipNorm = 5, accumulate = 1, anomaly = false } = options;
  const { steps, epochs, seconds, evaluateEvery, threads } = options;
  if (steps !== undefined && epochs !== undefined) throw valueError("train", "steps or epochs", "both");
  if (steps !== undefined) checkInteger("train steps", steps, 1);
  if (epochs !== undefined) checkInteger("train epochs", epochs, 1);
  if (seconds !== undefined) checkNumber("train seconds", seconds, 0);
  if (clipNorm !== Infinity) checkNumber("train clipNorm", clipNorm, Number.MIN_VALUE);
  checkInteger("train accumulate", accumulate, 1);
  if (evaluateEvery !== undefined) checkInteger("train evaluateEvery", evaluateEvery, 1);
  checkKinds(options);
  if (threads !== undefined) useThreads(checkInteger("train threads", threads, 1, 1024));
  return {
    steps,
    seconds,
    epochs: epochs ?? (steps === undefined && seconds === undefined ? DEFAULT_EPOCHS : undefined),
    optimizer,
    groups,
    schedule: options.schedule,
    clipNorm,
    accumulate,
    averaging: options.averaging,
    random,
    evaluateEvery,
    callbacks,
    anomaly,
    resume: options.resume,
    allowOtherNumerics: options.allowOtherNumerics === true,
    signal: options.signal,
    communicator: options.communicator ?? oneProcess,
  };
}
