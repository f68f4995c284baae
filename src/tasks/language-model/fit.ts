import { type History, historyOf, type TrainEvent } from "../../train/index.ts";
import type { Evaluation } from "./evaluation.ts";
import type { LanguageModel } from "./model.ts";
import { train, type TrainOptions } from "./train.ts";

export type FitOptions = TrainOptions & {
  /** Sees every event as it comes. */
  readonly onEvent?: ((event: TrainEvent<Evaluation>) => void) | undefined;
};

/** `train` to its end, as one promise. Rejects as `train` throws. */
export function fit(model: LanguageModel, { onEvent, ...options }: FitOptions = {}): Promise<History<Evaluation>> {
  return historyOf(train(model, options), onEvent);
}
