/**
 * @file Measures of forecasts. NaN means a missing value, which is ignored; if all are missing, a
 * measure is NaN.
 */
import { checkOptions, checkInteger, checkNumber, shapeError, valueError } from "../base/index.ts";

type Numbers = ArrayLike<number>;

function checkLengths(where: string, actual: Numbers, ...others: readonly Numbers[]): void {
  for (const { length } of others)
    if (length !== actual.length) throw shapeError(where, `${actual.length} values`, [length]);
}

/** Mean of `f` over the values of `actual` that are not missing. */
function meanOver(actual: Numbers, f: (value: number, at: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i])) continue;
    sum += f(actual[i], i);
    count++;
  }
  return sum / count;
}

/** Mean absolute error. Throws RangeError if the lengths differ. */
export function meanAbsoluteError(actual: Numbers, forecast: Numbers): number {
  checkLengths("meanAbsoluteError", actual, forecast);
  return meanOver(actual, (y, i) => Math.abs(y - forecast[i]));
}

/** Options of `mase`. */
export type MaseOptions = {
  /** Values that the forecast was made from. */
  readonly training: Numbers;
  /** Number of steps of a season. Default 1. */
  readonly period?: number | undefined;
};

/**
 * Mean absolute scaled error (Hyndman and Koehler 2006): the mean absolute error, divided by that
 * of the seasonal-naive forecast of the training values one season ahead. Below 1 is better than
 * seasonal-naive. NaN if the training values repeat exactly, as in a constant series, so that there
 * is no error to divide by. Throws RangeError if the lengths differ or `training` is not longer
 * than a season.
 */
export function mase(actual: Numbers, forecast: Numbers, { training, period = 1 }: MaseOptions): number {
  checkOptions("mase", arguments[2], "training period");
  checkInteger("mase period", period, 1);
  if (training.length <= period) throw valueError("mase training", `more than ${period} values`, training.length);
  const later = Array.from({ length: training.length - period }, (_, i) => training[i + period] - training[i]);
  const scale = meanOver(later, Math.abs);
  return scale === 0 ? NaN : meanAbsoluteError(actual, forecast) / scale;
}

/**
 * Symmetric mean absolute percentage error as a fraction, 2 |y-f| / (|y|+|f|), in [0, 2]; 0 where
 * both are 0 (Makridakis 1993). Throws RangeError if the lengths differ.
 */
export function smape(actual: Numbers, forecast: Numbers): number {
  checkLengths("smape", actual, forecast);
  return meanOver(actual, (y, i) => {
    const size = Math.abs(y) + Math.abs(forecast[i]);
    return size === 0 ? 0 : (2 * Math.abs(y - forecast[i])) / size;
  });
}

/**
 * Mean pinball (quantile) loss of predictions of the quantile `level`, in (0, 1) (Koenker and
 * Bassett 1978). At 0.5 it is half the absolute error. Throws RangeError if the lengths differ or
 * `level` is out of range.
 */
export function pinball(actual: Numbers, predicted: Numbers, level: number): number {
  checkLengths("pinball", actual, predicted);
  checkNumber("pinball level", level, Number.MIN_VALUE, 1 - 2 ** -53);
  return meanOver(actual, (y, i) => Math.max(level * (y - predicted[i]), (level - 1) * (y - predicted[i])));
}

/** Fraction of the values in [lower, upper]. Throws RangeError if the lengths differ. */
export function coverage(actual: Numbers, lower: Numbers, upper: Numbers): number {
  checkLengths("coverage", actual, lower, upper);
  return meanOver(actual, (y, i) => Number(lower[i] <= y && y <= upper[i]));
}

/** Options of `crps`. */
export type CrpsOptions = {
  /**
   * Whether to divide by S(S-1) pairs instead of S², which is unbiased for few samples (Ferro
   * 2014). Default true.
   */
  readonly fair?: boolean | undefined;
};

/**
 * Continuous ranked probability score of S samples X of a forecast against the observed value y, in
 * its unit: E|X-y| - ½ E|X-X'| (Gneiting and Raftery 2007). With one sample it is the absolute
 * error. NaN for a missing value. Throws RangeError for no samples.
 */
export function crps(samples: Numbers, actual: number, { fair = true }: CrpsOptions = {}): number {
  checkOptions("crps", arguments[2], "fair");
  const count = samples.length;
  if (count === 0) throw valueError("crps", "at least one sample", 0);
  const sorted = Float64Array.from(samples).toSorted();
  let error = 0;
  let spread = 0;
  // Σ over pairs i < j of x_j - x_i
  for (let i = 0; i < count; i++) {
    error += Math.abs(sorted[i] - actual);
    spread += (2 * i + 1 - count) * sorted[i];
  }
  return error / count - (count === 1 ? 0 : spread / (count * (fair ? count - 1 : count)));
}

/**
 * Continuous ranked probability score from quantiles at `levels`: twice the mean pinball loss, an
 * approximation that improves with the number of evenly spaced levels.
 */
export function crpsFromQuantiles(levels: Numbers, quantiles: Numbers, actual: number): number {
  checkLengths("crpsFromQuantiles", levels, quantiles);
  return 2 * meanOver(levels, (level, i) => pinball([actual], [quantiles[i]], level));
}
