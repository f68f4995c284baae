/**
 * @file From metrics to points that can be drawn: few, finite, and honest about what was left out.
 */
import type { Metrics } from "../run/metrics-log.ts";
import type { Point } from "./chart.ts";

/** Stretches of equal width that a long curve is cut into: about one for each pixel and a half. */
const STRETCHES = 400;

/** The finite figures of one kind of event, by step or by time. */
export function points(
  metrics: readonly Metrics[],
  kind: "step" | "evaluation",
  figure: "loss" | "learningRate" | "gradientNorm",
  by: "step" | "seconds" = "step",
): Point[] {
  return metrics.flatMap((event) => {
    const { [by]: x, [figure]: y } = event;
    if (event.kind !== kind || x === undefined || y === undefined) return [];
    return Number.isFinite(x) && Number.isFinite(y) ? [{ x, y }] : [];
  });
}

/**
 * The mean of each point and its neighbours: a hundredth of the curve on each side, as far as it
 * goes.
 */
export function smoothed(values: readonly Point[]): Point[] {
  const sums = [0];
  for (const { y } of values) sums.push(sums[sums.length - 1] + y);
  const reach = Math.floor(values.length / 100);
  return values.map(({ x }, i) => {
    const from = Math.max(0, i - reach);
    const to = Math.min(values.length, i + reach + 1);
    return { x, y: (sums[to] - sums[from]) / (to - from) };
  });
}

/** The last point of each stretch, and the first of all. */
export const thinned = (values: readonly Point[]): Point[] =>
  pick(values, (from, to) => (from === 0 ? [0, to - 1] : [to - 1]));

/** The lowest and the highest point of each stretch, in their order, so that no peak is lost. */
export const spread = (values: readonly Point[]): Point[] =>
  pick(values, (from, to) => {
    let low = from;
    let high = from;
    for (let i = from; i < to; i++) {
      if (values[i].y < values[low].y) low = i;
      if (values[i].y > values[high].y) high = i;
    }
    return [low, high].sort((a, b) => a - b);
  });

/**
 * Points that `choose` picks by index from each stretch [from, to). A short curve is returned as it
 * is.
 */
function pick(values: readonly Point[], choose: (from: number, to: number) => readonly number[]): Point[] {
  if (values.length <= 2 * STRETCHES) return [...values];
  const chosen = Array.from({ length: STRETCHES }, (_, i) =>
    choose(Math.floor((i * values.length) / STRETCHES), Math.floor(((i + 1) * values.length) / STRETCHES)),
  );
  return [...new Set(chosen.flat())].map((i) => values[i]);
}
