/** @file Forecasts as `predict` prints them. */
import type { JsonValue } from "unrolled";
import type { Forecast } from "unrolled/tasks";
import { table } from "../terminal/format.ts";

/** Significant digits in the table for people. */
const DIGITS = 6;

/** A field of CSV, in quotes where it needs them. */
const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Numbers of each step: the mean, then the quantiles. */
const stepsOf = ({ mean, quantiles }: Forecast): number[][] =>
  mean.map((value, h) => [value, ...Object.values(quantiles).map((values) => values[h])]);

const dateOf = ({ dates }: Forecast, h: number): string => dates?.[h] ?? String(h + 1);

/** Lines of a table, with six digits, under the name of the series if there is one. */
export function tableLines(found: Forecast, id: string | undefined): string[] {
  const levels = Object.keys(found.quantiles).map((level) => `${100 * Number(level)} %`);
  const head = [found.dates === undefined ? "step" : "date", "mean", ...levels];
  const rows = stepsOf(found).map((numbers, h) => [
    dateOf(found, h),
    ...numbers.map((x) => String(Number(x.toPrecision(DIGITS)))),
  ]);
  return [...(id === undefined ? [] : [id]), table([head, ...rows], new Set(head.map((_, column) => column).slice(1)))];
}

/** Lines of CSV, with all digits; `hasHead` adds the names of the columns, such as "q0.025". */
export function csvLines(found: Forecast, id: string | undefined, hasHead: boolean): string[] {
  const names = ["mean", ...Object.keys(found.quantiles).map((level) => `q${level}`)];
  const before = id === undefined ? [] : [id];
  const head = [...before.map(() => "series"), found.dates === undefined ? "step" : "date", ...names];
  const rows = stepsOf(found).map((numbers, h) => [...before, dateOf(found, h), ...numbers.map(String)]);
  return (hasHead ? [head, ...rows] : rows).map((row) => row.map(csvField).join(","));
}

/** The forecast of a series for `--json`. */
export const forecastJson = (id: string, { dates = [], mean, quantiles }: Forecast): JsonValue => ({
  series: id,
  dates: [...dates],
  mean: [...mean],
  quantiles: Object.fromEntries(Object.entries(quantiles).map(([level, values]) => [level, [...values]])),
});
