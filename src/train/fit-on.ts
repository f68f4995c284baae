import type { EndReason, EpochEvent, EvaluationEvent, StepEvent, TrainEvent } from "./loop/events.ts";
import type { Measured } from "./loop/task.ts";
import { type OwnTask, trainOn } from "./train-on.ts";
import type { TrainOnOptions } from "./train-options.ts";

/** Events of a run, in lists by kind. */
export type History<E extends Measured = Measured> = {
  readonly steps: readonly StepEvent[];
  readonly epochs: readonly EpochEvent[];
  readonly evaluations: readonly EvaluationEvent<E>[];
  /** Steps done. */
  readonly step: number;
  readonly reason: EndReason;
};

export type FitOnOptions = TrainOnOptions & {
  /** Sees every event as it comes. */
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
};

/** `trainOn` to its end, as one promise. Rejects as `trainOn` throws. */
export function fitOn<B>(task: OwnTask<B>, { onEvent, ...options }: FitOnOptions = {}): Promise<History> {
  return historyOf(trainOn(task, options), onEvent);
}

/** The events of a run in lists. Hands each to `onEvent` as it comes. */
export async function historyOf<E extends Measured>(
  events: AsyncIterable<TrainEvent<E>>,
  onEvent: ((event: TrainEvent<E>) => void) | undefined,
): Promise<History<E>> {
  const steps: StepEvent[] = [];
  const epochs: EpochEvent[] = [];
  const evaluations: EvaluationEvent<E>[] = [];
  let end = { step: 0, reason: "done" as EndReason };
  for await (const event of events) {
    onEvent?.(event);
    if (event.kind === "step") steps.push(event);
    else if (event.kind === "epoch") epochs.push(event);
    else if (event.kind === "evaluation") evaluations.push(event);
    else if (event.kind === "end") end = event;
  }
  return { steps, epochs, evaluations, step: end.step, reason: end.reason };
}
