/** @file A forecast: paths that a series may take, and what they say of each step. */
import { checkNumber, valueError } from "../../base/index.ts";

export type Interval = { readonly lower: readonly number[]; readonly upper: readonly number[] };

/** H steps, S samples. */
export type Forecast = {
  /** Dates of the steps, where the series has dates: ISO 8601. */
  readonly dates: readonly string[] | undefined;
  /** Mean of the samples, [H]. */
  readonly mean: readonly number[];
  /** Quantiles by level: [H] for each that was asked for. */
  readonly quantiles: Readonly<Record<string, readonly number[]>>;
  /** Paths [S, H], row-major. */
  readonly samples: Float64Array;
  readonly sampleCount: number;
  /** Quantile of the samples for any level in [0, 1], linear in between: [H]. */
  quantile(level: number): number[];
  /** The middle `level` of the samples, such as 0.8: from its lower to its upper end. */
  interval(level: number): Interval;
};

/**
 * Levels in `quantiles` where nothing else is asked for: the median, and the ends of the middle 80
 * % and 95 %.
 */
export const USUAL_LEVELS: readonly number[] = [0.025, 0.1, 0.5, 0.9, 0.975];

export function forecastOf(
  samples: Float64Array,
  sampleCount: number,
  {
    dates,
    levels = USUAL_LEVELS,
  }: { readonly dates?: readonly string[] | undefined; readonly levels?: readonly number[] | undefined },
): Forecast {
  const horizon = samples.length / sampleCount;
  const sorted = Array.from({ length: horizon }, (_, h) =>
    Float64Array.from({ length: sampleCount }, (_value, s) => samples[s * horizon + h]).toSorted(),
  );
  const quantile = (level: number): number[] => {
    checkNumber("forecast quantile", level, 0, 1);
    return sorted.map((values) => {
      const at = level * (sampleCount - 1);
      const below = Math.floor(at);
      const above = Math.min(below + 1, sampleCount - 1);
      return values[below] + (values[above] - values[below]) * (at - below);
    });
  };
  return {
    dates,
    mean: sorted.map((values) => values.reduce((sum, x) => sum + x, 0) / sampleCount),
    quantiles: Object.fromEntries(levels.map((level) => [String(level), quantile(level)])),
    samples,
    sampleCount,
    quantile,
    interval(level) {
      if (sampleCount === 1) throw valueError("forecast interval", "a forecast of several samples", 1);
      return { lower: quantile((1 - level) / 2), upper: quantile((1 + level) / 2) };
    },
  };
}
