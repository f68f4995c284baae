import { checkInteger, checkNumber, randomStream, sentence, UnsupportedError, valueError } from "../base/index.ts";
import type { TokenBatch } from "../data/index.ts";
import { useThreads } from "../engine/index.ts";
import type { LanguageModel } from "../model/index.ts";
import { adam, type Optimizer, type Schedule } from "../optim/index.ts";
import type { Callback } from "./callbacks.ts";
import type { TrainEvent } from "./events.ts";
import { languageModelTask, type Penalties } from "./language-model-task.ts";
import { Loop, type Training } from "./loop.ts";
import { checkMemory } from "./memory-plan.ts";
import type { ParameterGroup } from "./parameter-groups.ts";
import type { Snapshot } from "./snapshot.ts";

export type TrainOptions = {
  /** Text to learn, or its token ids. Default: the corpus that the model was made with. */
  readonly corpus?: string | Uint8Array | Int32Array;
  /** Time steps per batch: how far gradients reach back. Default 50. */
  readonly sequenceLength?: number;
  /** Rows per batch. Default 32. */
  readonly batchSize?: number;
  /** Stop after this many steps. Default: `epochs` decides. */
  readonly steps?: number;
  /** Stop after this many passes over the training text. Default 50, unless `steps` or `seconds` is given. */
  readonly epochs?: number;
  /** Stop when this many seconds have passed. Default: no limit. */
  readonly seconds?: number;
  /** Default Adam with learning rate 2e-3. One of your own has to heed `gradientScale`. */
  readonly optimizer?: Optimizer;
  /** Learning rate of each step, counted from 0. Default: the optimizer's own. */
  readonly schedule?: Schedule;
  /** Gradients are scaled down to this global norm. Default 5; Infinity turns it off. */
  readonly clipNorm?: number;
  /** Part of the text, at its end, that is kept for evaluation. Default 0.05. */
  readonly validation?: number;
  /** Evaluate after this many steps, and at the end. Default: at the end of each epoch. */
  readonly evaluateEvery?: number;
  /**
   * false (default): rows run on through the text and their state is carried from batch to batch, as in char-rnn. true: windows in
   * a new random order each epoch, each from a zero state.
   */
  readonly shuffle?: boolean;
  /**
   * Probability that a row begins a batch with a zero state although its text runs on. Default 0.05: without any, a long run never sees the
   * beginning of a text again, and later samples badly from a short prime. 0 is what char-rnn does.
   */
  readonly resetState?: number;
  /** Of shuffling and dropout. Default: the model's. */
  readonly seed?: number;
  /** As `useThreads`, before the first step. Default: as it is, which at first is one for each processor. */
  readonly threads?: number;
  /** Batches per step, whose gradients are averaged: a larger batch in the memory of a smaller one. Default 1. */
  readonly accumulate?: number;
  /** Parameters with optimizers or rates of their own, or that stay as they are. Default: none. */
  readonly groups?: readonly ParameterGroup[];
  /** What is added to the loss. Default: nothing. */
  readonly penalties?: Penalties;
  /** Decay of an average of the weights, which evaluations and the finished model then use. Default: none. */
  readonly averaging?: number;
  /** What watches the run. Default: nothing. */
  readonly callbacks?: readonly Callback[];
  /** Continues the run that a snapshot was taken of, bit for bit. Everything but the limits, `evaluateEvery`, `threads` and `signal` must be as it was. */
  readonly resume?: Snapshot;
  /** Ends training after the step that is running. */
  readonly signal?: AbortSignal;
};

/**
 * Trains a language model on its corpus; an async iterator of events, one for each step, epoch and evaluation, then `end`. The model's parameters
 * change in place, so it can be used between any two events; leaving the loop early stops the training. Between events `snapshot()` gives all that
 * `resume` needs to go on.
 *
 * A step in which a number is not finite (loss, gradient, state, parameter, slot, rate) is skipped: it changes no parameter. After 10 in a row
 * training ends with NotFiniteError.
 *
 * Throws (when first advanced) DataError for a text that is too short, RangeError for options. Throws UnsupportedError before the first step when the
 * run needs more memory than the engine can have.
 */
export function train(model: LanguageModel, options: TrainOptions = {}): Training {
  let loop: Loop<TokenBatch> | undefined;
  async function* events(): AsyncGenerator<TrainEvent, void, undefined> {
    loop = loopOf(model, options);
    yield* loop.events();
  }
  return Object.assign(events(), {
    async snapshot(): Promise<Snapshot> {
      if (loop === undefined)
        throw new UnsupportedError(sentence("snapshot", "a run that has begun", "one before its first event"));
      return loop.snapshot();
    },
  });
}

function loopOf(model: LanguageModel, options: TrainOptions): Loop<TokenBatch> {
  const {
    batchSize = 32,
    sequenceLength = 50,
    shuffle = false,
    clipNorm = 5,
    resetState = 0.05,
    validation = 0.05,
    accumulate = 1,
    penalties = {},
    groups = [],
    callbacks = [],
  } = options;
  const { optimizer = adam({ learningRate: 2e-3 }), seed = model.config.seed } = options;
  const limits = checkLimits(options);
  if (clipNorm !== Infinity) checkNumber("train clipNorm", clipNorm, Number.MIN_VALUE);
  checkInteger("train accumulate", accumulate, 1);
  if (options.evaluateEvery !== undefined) checkInteger("train evaluateEvery", options.evaluateEvery, 1);
  const random = randomStream(checkInteger("train seed", seed));
  const task = languageModelTask(model, {
    ...(options.corpus !== undefined && { corpus: options.corpus }),
    sequenceLength,
    batchSize,
    validation,
    shuffle,
    resetState,
    seed,
    random,
    penalties,
  });
  if (options.threads !== undefined) useThreads(options.threads);
  const loop = new Loop(task, {
    ...limits,
    optimizer,
    groups,
    schedule: options.schedule,
    clipNorm,
    accumulate,
    averaging: options.averaging,
    random,
    evaluateEvery: options.evaluateEvery,
    callbacks,
    resume: options.resume,
    signal: options.signal,
  });
  // the optimizer's slots are there by now
  checkMemory(model, { batchSize, sequenceLength, validation: task.validationTokens });
  return loop;
}

type Limits = { steps: number | undefined; epochs: number | undefined; seconds: number | undefined };

const DEFAULT_EPOCHS = 50;

function checkLimits({ steps, epochs, seconds }: TrainOptions): Limits {
  if (steps !== undefined && epochs !== undefined) throw valueError("train", "steps or epochs", "both");
  if (steps !== undefined) checkInteger("train steps", steps, 1);
  if (epochs !== undefined) checkInteger("train epochs", epochs, 1);
  if (seconds !== undefined) checkNumber("train seconds", seconds, 0);
  return {
    steps,
    seconds,
    epochs: epochs ?? (steps === undefined && seconds === undefined ? DEFAULT_EPOCHS : undefined),
  };
}
