import { checkInteger, randomStream } from "../../base/index.ts";
import type { TokenBatch, TokenSource } from "../../data/index.ts";
import type { Evaluation } from "./evaluation.ts";
import type { LanguageModel } from "./model.ts";
import { languageModelTask, type Penalties } from "./training.ts";
import { Loop, loopSettings, type Training, trainingOf, type TrainOnOptions } from "../../train/index.ts";

export type TrainOptions = TrainOnOptions & {
  /** Text to learn, or its token ids, which may be those of files (`streamCorpus` of unrolled/node). Default: the corpus that the model was made with. */
  readonly corpus?: string | Uint8Array | Int32Array | TokenSource;
  /** Time steps per batch: how far gradients reach back. Default 50. */
  readonly sequenceLength?: number;
  /** Rows per batch. Default 32. */
  readonly batchSize?: number;
  /** Part of the text, at its end, that is kept for evaluation. Default 0.05. */
  readonly validation?: number;
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
  /**
   * Look for what hinders learning at each evaluation, as the function `diagnose` does, on two batches of the training text: saturated gates, dead units,
   * gradients that vanish or explode, updates of the wrong size. What was found is in `findings` of the evaluation's event. Default false. Not for text
   * that is read from files as it is needed.
   */
  readonly diagnose?: boolean;
  /** What is added to the loss. Default: nothing. */
  readonly penalties?: Penalties;
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
 * run needs more memory than the engine can have, LockedError while another run trains the model.
 */
export function train(model: LanguageModel, options: TrainOptions = {}): Training<Evaluation> {
  return trainingOf(() => loopOf(model, options));
}

function loopOf(model: LanguageModel, options: TrainOptions): Loop<TokenBatch, Evaluation> {
  const {
    batchSize = 32,
    sequenceLength = 50,
    shuffle = false,
    resetState = 0.05,
    validation = 0.05,
    penalties = {},
    seed = model.config.seed,
    diagnose = false,
  } = options;
  const random = randomStream(checkInteger("train seed", seed));
  const settings = loopSettings(options, random);
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
    shard: settings.communicator,
    ...(diagnose && { diagnosis: { optimizer: settings.optimizer, clipNorm: settings.clipNorm } }),
  });
  return new Loop(task, settings);
}
