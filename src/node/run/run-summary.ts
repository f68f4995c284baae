import type { Metrics } from "./metrics-log.ts";

/** Figures of a run, from its metrics. Those that it doesn't have are undefined. */
export type RunSummary = {
  /** Steps done. */
  readonly steps: number;
  /** Passes over the training data. */
  readonly epochs: number | undefined;
  /** Seconds of training. */
  readonly seconds: number | undefined;
  /** Loss of the last step that was finite. */
  readonly trainingLoss: number | undefined;
  /** The evaluation with the lowest loss. */
  readonly best: BestEvaluation | undefined;
  /** Median over the steps. */
  readonly tokensPerSecond: number | undefined;
  /** Why it ended, such as "done"; undefined for a run that is still training or was killed. */
  readonly ended: string | undefined;
};

export type BestEvaluation = {
  readonly step: number;
  /** Mean loss, for language models in nats per token. */
  readonly loss: number;
  /** Other measures by name, such as `{ perplexity: 4.1 }`. */
  readonly measures: Readonly<Record<string, number>>;
};

export function summarizeRun(metrics: readonly Metrics[]): RunSummary {
  const last = metrics.at(-1);
  const end = last?.kind === "end" ? (last as Metrics & { readonly reason?: unknown }).reason : undefined;
  const losses = metrics.filter(({ kind, loss }) => kind === "step" && Number.isFinite(loss));
  const evaluations = metrics.filter(({ kind, loss }) => kind === "evaluation" && Number.isFinite(loss));
  let best: Metrics | undefined;
  for (const evaluation of evaluations)
    if (best === undefined || (evaluation.loss as number) < (best.loss as number)) best = evaluation;
  return {
    steps: metrics.reduce((most, { step }) => Math.max(most, step), 0),
    epochs: last?.epoch,
    seconds: last?.seconds,
    trainingLoss: losses.at(-1)?.loss,
    best: best && {
      step: best.step,
      loss: best.loss as number,
      measures: best.measures ?? {},
    },
    tokensPerSecond: median(metrics.flatMap(({ tokensPerSecond: x }) => (Number.isFinite(x) ? [x as number] : []))),
    ended: typeof end === "string" ? end : undefined,
  };
}

/** The upper one of two in the middle. */
const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
