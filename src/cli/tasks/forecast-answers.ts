/** @file Forecasts as `predict` prints them. */
import type { JsonValue } from "unrolled";
import type { Forecast } from "unrolled/tasks";
import type { AnswerRow } from "../terminal/csv.ts";
import { table } from "../terminal/format.ts";

/** Significant digits in the table for people, more where numbers differ in later ones only. */
const DIGITS = 6;
/** Digits of the differences between its numbers. */
const OWN_DIGITS = 4;

function digitsOf(numbers: readonly number[]): number {
  const largest = largestOf(numbers.map(Math.abs));
  const range = largestOf(numbers) + largestOf(numbers.map((x) => -x));
  const before = range > 0 ? Math.ceil(Math.log10(largest / range)) : 0;
  return Math.min(15, Math.max(DIGITS, before + OWN_DIGITS));
}

const largestOf = (numbers: readonly number[]): number =>
  numbers.reduce((largest, x) => Math.max(largest, x), -Infinity);

/** Numbers of each step: the mean, then the quantiles. */
const stepsOf = ({ mean, quantiles }: Forecast): number[][] =>
  mean.map((value, h) => [value, ...Object.values(quantiles).map((values) => values[h])]);

const dateOf = ({ dates }: Forecast, h: number): string => dates?.[h] ?? String(h + 1);

/** The forecast with times as those of files that know no zone: "2012-01-21T20:00:00". */
export const withoutOffsets = (found: Forecast): Forecast => ({
  ...found,
  dates: found.dates?.map((date) => date.replace(/Z$/, "")),
});

/** Lines of a table, with six digits or more, under the name of the series if there is one. */
export function tableLines(found: Forecast, id: string | undefined): string[] {
  const levels = Object.keys(found.quantiles).map((level) => `${100 * Number(level)} %`);
  const head = [found.dates === undefined ? "step" : "date", "mean", ...levels];
  const digits = digitsOf(stepsOf(found).flat());
  const rows = stepsOf(found).map((numbers, h) => [
    dateOf(found, h),
    ...numbers.map((x) => String(Number(x.toPrecision(digits)))),
  ]);
  return [...(id === undefined ? [] : [id]), table([head, ...rows], new Set(head.map((_, column) => column).slice(1)))];
}

/** Rows for `--csv`, a step each. Quantiles are columns such as "q0.025". */
export const forecastRows = (found: Forecast, id: string | undefined): AnswerRow[] =>
  found.mean.map((mean, h) => ({
    ...(id !== undefined && { series: id }),
    [found.dates === undefined ? "step" : "date"]: dateOf(found, h),
    mean,
    ...Object.fromEntries(Object.entries(found.quantiles).map(([level, values]) => [`q${level}`, values[h]])),
  }));

/** The forecast of a series for `--json`. */
export const forecastJson = (id: string, { dates = [], mean, quantiles }: Forecast): JsonValue => ({
  series: id,
  dates: [...dates],
  mean: [...mean],
  quantiles: Object.fromEntries(Object.entries(quantiles).map(([level, values]) => [level, [...values]])),
});
