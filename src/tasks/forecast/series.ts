/** @file A time series as it is given, checked. */
import { DataError, kindError, sentence, shapeError } from "../../base/index.ts";
import { robustScaler, standardScaler } from "../../data/index.ts";
import { parseTime } from "./calendar.ts";

/** Equally spaced observations. */
export type Series = {
  /** Name of the series, where there are several. Default "". */
  readonly id?: string;
  /**
   * Time of the first value: ISO 8601, without a zone in that of the model's frequency (UTC where
   * it has none). Needed by calendar features, and for the dates of a forecast.
   */
  readonly start?: string;
  /** NaN where a value is missing. */
  readonly values: ArrayLike<number>;
  /**
   * Values that are known at each step, also of the future, such as holidays: rows of the model's
   * covariates, one for each value and any number after them.
   */
  readonly covariates?: readonly ArrayLike<number>[];
};

/** Scale of a series: (y - center) / scale. */
export type SeriesScale = { readonly center: number; readonly scale: number };

export type ScalerName = "standard" | "robust" | "mean" | "none";

/**
 * Scale of the values that are there. "mean" divides by the mean absolute value (as DeepAR). Throws
 * DataError for a series without values.
 */
export function scaleOf(where: string, scaler: ScalerName, values: ArrayLike<number>): SeriesScale {
  const known = Float64Array.from(values).filter((y) => !Number.isNaN(y));
  if (known.length === 0) throw new DataError(sentence(where, "at least one value", "none"));
  if (scaler === "none") return { center: 0, scale: 1 };
  if (scaler === "mean")
    return { center: 0, scale: known.reduce((sum, y) => sum + Math.abs(y), 0) / known.length || 1 };
  const { center, scale } = (scaler === "standard" ? standardScaler : robustScaler)(known, 1);
  return { center: center[0], scale: scale[0] };
}

export type SeriesNeeds = {
  readonly covariates: number;
  readonly dated: boolean;
  readonly counts: boolean;
  /** Zone of a start that names none. */
  readonly timeZone: string | undefined;
};

/** Throws TypeError for what has no values. */
export function checkIsSeries(where: string, series: Series): void {
  if (typeof series !== "object" || series === null || Array.isArray(series))
    throw kindError(where, "a series { values }", series, "Numbers are the values of one: [{ values: [1, 2, …] }]");
  if (typeof series.values !== "object" || typeof series.values?.length !== "number")
    throw kindError(`${where} values`, "numbers", series.values);
}

/**
 * Throws TypeError, RangeError or DataError for a series that a model with these needs can't read.
 */
export function checkSeries(where: string, series: Series, needs: SeriesNeeds): void {
  checkIsSeries(where, series);
  const { values, covariates = [], start } = series;
  if (needs.dated && start === undefined)
    throw kindError(`${where} start`, "the date of the first value, which calendar features need", start);
  if (start !== undefined) parseTime(`${where} start`, start, needs.timeZone);
  for (let i = 0; i < values.length; i++) checkValue(`${where} values[${i}]`, values[i], needs.counts);
  if (needs.covariates === 0) return;
  if (covariates.length < values.length)
    throw shapeError(`${where} covariates`, `at least ${values.length} rows`, [covariates.length]);
  covariates.forEach((row, i) => checkCovariates(`${where} covariates[${i}]`, row, needs.covariates));
}

/** Throws TypeError or DataError unless `value` is a number or NaN; a count where `isCount`. */
export function checkValue(where: string, value: unknown, isCount: boolean): void {
  if (typeof value !== "number") throw kindError(where, "a number, or NaN where it is missing", value);
  if (Math.abs(value) === Infinity) throw new DataError(sentence(where, "a finite number or NaN", String(value)));
  if (isCount && (value < 0 || !(Number.isNaN(value) || Number.isInteger(value))))
    throw new DataError(sentence(where, "a count for a negative binomial distribution", String(value)));
}

export function checkCovariates(where: string, row: ArrayLike<number>, count: number): void {
  if (row.length !== count) throw shapeError(where, `${count} numbers`, [row.length]);
  for (let i = 0; i < count; i++)
    if (!Number.isFinite(row[i])) throw new DataError(sentence(`${where}[${i}]`, "a finite number", String(row[i])));
}
