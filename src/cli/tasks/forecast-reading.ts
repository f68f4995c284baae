/** @file Files of a forecast, read as options say, or as those that a model was trained on. */
import { DataError } from "unrolled";
import { readSeries, type ReadSeriesOptions, type SeriesFile } from "unrolled/node";
import { type Forecaster, type ForecasterOptions, formatFrequency } from "unrolled/tasks";
import type { OptionsOf } from "../options/table.ts";
import type { FORECAST_EVALUATE_OPTIONS, FORECAST_OPTIONS } from "./forecast-options.ts";

/** Options of the reader, all of which may be missing. */
export type ReadingOptions = Partial<OptionsOf<typeof FORECAST_EVALUATE_OPTIONS>>;

export const listOf = (text: string | undefined): string[] => (text === undefined ? [] : text.split(","));

const options = (typed: ReadingOptions): ReadSeriesOptions => ({
  time: typed.timeColumn,
  value: typed.valueColumn,
  values: typed.valueColumns,
  series: typed.seriesColumn,
  dateFormat: typed.dateFormat,
  timeZone: typed.timeZone,
  decimal: typed.decimal,
  frequency: typed.frequency,
  fillGaps: typed.fillGaps,
  skipBad: typed.skipBad,
  separator: typed.separator,
  header: typed.header,
  encoding: typed.encoding,
});

/** Files to train on. */
export const readData = (
  paths: readonly string[],
  typed: ReadingOptions & Pick<OptionsOf<typeof FORECAST_OPTIONS>, "covariates">,
): Promise<SeriesFile> => readSeries(paths, { ...options(typed), covariates: listOf(typed.covariates) });

/** Columns and forms of the files that a model is trained on, which it keeps. */
export function keptReading(
  { reading }: SeriesFile,
  typed: ReadingOptions,
): Pick<ForecasterOptions, "columns" | "reading"> {
  const series = typed.seriesColumn ?? "";
  if (reading === undefined) return { columns: { series } };
  const { time, value, ...form } = reading;
  return { columns: { time, value, series }, reading: form };
}

/** The name of a column; undefined for "", where there was none. */
const given = (name: string): string | undefined => (name === "" ? undefined : name);

/**
 * Files with the columns, the dates and the numbers that the model was trained on, where nothing
 * else was typed. Throws DataError for another frequency.
 */
export async function readLike(
  { config: { columns, covariates, reading, frequency } }: Forecaster,
  paths: readonly string[],
  typed: ReadingOptions,
): Promise<SeriesFile> {
  const asked = options(typed);
  const isWide = typed.valueColumns !== undefined || (reading?.isWide === true && typed.valueColumn === undefined);
  const data = await readSeries(paths, {
    ...asked,
    time: asked.time ?? given(columns.time),
    value: isWide ? undefined : (asked.value ?? given(columns.value)),
    values: isWide ? (asked.values ?? columns.value) : undefined,
    series: asked.series ?? given(columns.series),
    covariates: covariates.map(({ name }) => name),
    timeZone: asked.timeZone ?? frequency.timeZone,
    like: { ...reading, frequency },
  });
  const [own, expected] = [formatFrequency(data.frequency), formatFrequency(frequency)];
  if (own === expected) return data;
  throw new DataError(
    `${paths.join(", ")}: expected a value every ${expected}, as the model was trained, got every ${own}`,
  );
}
