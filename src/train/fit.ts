import type { LanguageModel } from "../model/index.ts";
import type { EndReason, EpochEvent, EvaluationEvent, StepEvent, TrainEvent } from "./events.ts";
import { train, type TrainOptions } from "./train.ts";

/** What happened, in lists of events. */
export type History = {
  readonly steps: readonly StepEvent[];
  readonly epochs: readonly EpochEvent[];
  readonly evaluations: readonly EvaluationEvent[];
  /** Steps done. */
  readonly step: number;
  readonly reason: EndReason;
};

export type FitOptions = TrainOptions & {
  /** Sees every event as it comes. */
  readonly onEvent?: (event: TrainEvent) => void;
};

/** `train` to its end, as one promise. Rejects as `train` throws. */
export async function fit(model: LanguageModel, { onEvent, ...options }: FitOptions = {}): Promise<History> {
  const steps: StepEvent[] = [];
  const epochs: EpochEvent[] = [];
  const evaluations: EvaluationEvent[] = [];
  let end = { step: 0, reason: "done" as EndReason };
  for await (const event of train(model, options)) {
    onEvent?.(event);
    if (event.kind === "step") steps.push(event);
    else if (event.kind === "epoch") epochs.push(event);
    else if (event.kind === "evaluation") evaluations.push(event);
    else if (event.kind === "end") end = event;
  }
  return { steps, epochs, evaluations, step: end.step, reason: end.reason };
}
