import { checkOptions } from "../../base/index.ts";
import {
  TRAIN_ON_HINTS,
  TRAIN_ON_OPTIONS,
  type Training,
  trainOnLater,
  type TrainOnOptions,
} from "../../train/index.ts";
import type { Evaluation } from "./evaluation.ts";
import { checkLanguageModel, type LanguageModel } from "./model.ts";
import { type LanguageModelTaskOptions, taskOf } from "./training.ts";

export type TrainOptions = TrainOnOptions &
  Omit<LanguageModelTaskOptions, "diagnosis" | "shard"> & {
    /**
     * Look for what hinders learning at each evaluation, as the function `diagnose` does, on two
     * batches of the training text: saturated gates, dead units, gradients that vanish or explode,
     * updates of the wrong size. What was found is in `findings` of the evaluation's event. Default
     * false. Not for text that is read from files as it is needed.
     */
    readonly diagnose?: boolean | undefined;
  };

/** Names of `TrainOptions`. */
export const TRAIN_OPTIONS: string = `${TRAIN_ON_OPTIONS} corpus sequenceLength batchSize validation shuffle resetState penalties diagnose`;

/**
 * Trains a language model on its corpus; an async iterator of events, one for each step, epoch and
 * evaluation, then `end`. The model's parameters change in place, so it can be used between any two
 * events; leaving the loop early stops the training. Between events `snapshot()` gives all that
 * `resume` needs to go on.
 *
 * A step in which a number is not finite (loss, gradient, state, parameter, slot, rate) is skipped:
 * it changes no parameter. After 10 in a row training ends with NotFiniteError.
 *
 * Throws (when first advanced) DataError for a text that is too short, RangeError for options.
 * Throws UnsupportedError before the first step when the run needs more memory than the engine can
 * have, LockedError while another run trains the model.
 */
export function train(model: LanguageModel, options: TrainOptions = {}): Training<Evaluation> {
  checkOptions("train", options, TRAIN_OPTIONS, TRAIN_ON_HINTS);
  checkLanguageModel("train", model);
  const { diagnose = false, optimizer, clipNorm, seed = model.config.seed } = options;
  const step = { ...(optimizer && { optimizer }), ...(clipNorm !== undefined && { clipNorm }) };
  const makeTask = () =>
    taskOf(model, { ...options, shard: options.communicator, ...(diagnose && { diagnosis: step }) });
  return trainOnLater(makeTask, { ...options, seed });
}
