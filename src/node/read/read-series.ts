/** @file Time series from tables and from JSON lines. */
import { DataError, describe, sentence } from "../../base/index.ts";
import {
  checkFrequency,
  formatFrequency,
  formatTime,
  type Frequency,
  frequenciesBetween,
  parseTime,
  type Series,
  timeAfter,
} from "../../tasks/index.ts";
import { readRecords } from "./read-examples.ts";
import type { ReadRecordsOptions, RecordEntry } from "./record.ts";

export type ReadSeriesOptions = ReadRecordsOptions & {
  /** Column of the times. Default "date". */
  readonly time?: string | undefined;
  /** Column of the values. Default "value". */
  readonly value?: string | undefined;
  /** Column that tells series apart, whose rows may be mixed. Default: all rows are one series. */
  readonly series?: string | undefined;
  /** Columns of what is known in advance. Default: none. */
  readonly covariates?: readonly string[] | undefined;
  /** Take times that are left out as missing values. Default false: they are an error. */
  readonly fillGaps?: boolean | undefined;
};

export type SeriesFile = {
  readonly series: readonly (Series & { readonly id: string; readonly start: string })[];
  /** Time from each row to the next. */
  readonly frequency: Frequency;
};

type Row = {
  readonly time: number;
  readonly value: number;
  readonly covariates: readonly number[];
  readonly place: string;
};

/**
 * The series in files, "-" being standard input: a table has a row for each time, in order, and an
 * empty value (or "NaN") where it is missing; where there are covariates, rows without values at
 * the end are the future. A JSON line is a whole series: `{"id": "a", "start": "2001-01-01",
 * "values": [1, null, 3]}`, with `"frequency": {"unit": "day", "count": 1}` (default) and
 * `"covariates"`, a list of rows.
 *
 * Throws DataError, with file and line, for a column that is not there, what is no date or number,
 * a time that is left out, twice or out of order, and for series of different frequencies.
 */
export async function readSeries(paths: readonly string[], options: ReadSeriesOptions = {}): Promise<SeriesFile> {
  const rows = new Map<string, Row[]>();
  const found: SeriesFile["series"][number][] = [];
  /** Ids of the series in JSON. */
  const ids = new Set<string>();
  const frequencies: { readonly frequency: Frequency; readonly place: string }[] = [];
  for await (const entry of readRecords(paths, { ...options, format: options.format ?? "table" })) {
    if (Array.isArray(entry.record["values"])) {
      const { frequency, ...series } = wholeSeries(entry, options);
      if (ids.has(series.id)) throw new DataError(sentence(entry.place, "another id", describe(series.id)));
      ids.add(series.id);
      found.push(series);
      frequencies.push({ frequency, place: entry.place });
      continue;
    }
    const id = options.series === undefined ? "" : textOf(entry, options.series);
    const list = rows.get(id) ?? [];
    rows.set(id, list);
    list.push(rowOf(entry, options));
  }
  // one row has no frequency: it takes that of the other series
  const several = [...rows].filter(([, list]) => list.length > 1);
  const alone = [...rows].filter(([, list]) => list.length === 1);
  const isAlone = several.length === 0 && found.length === 0;
  const tables = (isAlone ? [...rows] : several).map(([id, list]) => {
    const { frequency, ...series } = seriesOf(id, list, options);
    return { list, series, frequency };
  });
  // a series that fits both keeps the day where another one must
  const keepsDay = tables.find(({ frequency }) => frequency.keepsDay)?.frequency;
  for (const { list, series, frequency } of tables) {
    const isSame = keepsDay !== undefined && formatFrequency(keepsDay) === formatFrequency(frequency);
    if (isSame) seriesWith(series.id, list, keepsDay, options);
    found.push(series);
    frequencies.push({ frequency: isSame ? keepsDay : frequency, place: list[0].place });
  }
  for (const [id, list] of isAlone ? [] : alone) {
    const { frequency: _, ...series } = seriesWith(id, list, frequencies[0].frequency, options);
    found.push(series);
  }
  if (found.length === 0) throw new DataError(sentence(paths.join(", "), "at least one row", "none"));
  const [{ frequency }] = frequencies;
  const other = frequencies.find((one) => formatFrequency(one.frequency) !== formatFrequency(frequency));
  if (other !== undefined)
    throw new DataError(
      sentence(
        other.place,
        `a value every ${formatFrequency(frequency)}, as in the first series`,
        `every ${formatFrequency(other.frequency)}`,
      ),
    );
  return { series: found, frequency };
}

function textOf({ record, place }: RecordEntry, column: string): string {
  if (!Object.hasOwn(record, column)) {
    const got = Object.keys(record).map(describe).join(", ");
    throw new DataError(sentence(place, `a column ${describe(column)}`, got));
  }
  const value = record[column];
  if (value === null || value === undefined) return "";
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new DataError(sentence(`${place} ${column}`, "text or a number", describe(value)));
}

function numberOf(entry: RecordEntry, column: string, mayBeMissing: boolean): number {
  const text = textOf(entry, column).trim();
  if (mayBeMissing && /^(|nan|na|null)$/i.test(text)) return NaN;
  const value = text === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new DataError(
    sentence(`${entry.place} ${column}`, `a number${mayBeMissing ? ", or nothing" : ""}`, describe(text)),
  );
}

function rowOf(entry: RecordEntry, { time = "date", value = "value", covariates = [] }: ReadSeriesOptions): Row {
  return {
    time: parseTime(`${entry.place} ${time}`, textOf(entry, time).trim()),
    value: numberOf(entry, value, true),
    covariates: covariates.map((name) => numberOf(entry, name, false)),
    place: entry.place,
  };
}

function seriesOf(
  id: string,
  rows: readonly Row[],
  options: ReadSeriesOptions,
): SeriesFile["series"][number] & { readonly frequency: Frequency } {
  const [first, second] = rows;
  if (second === undefined) throw new DataError(sentence(first.place, "at least two rows of a series", "one"));
  const frequencies = frequenciesBetween(second.place, first.time, second.time);
  const frequency = frequencies.find((one) => fits(rows, one, options.fillGaps === true)) ?? frequencies[0];
  return seriesWith(id, rows, frequency, options);
}

/** Whether the frequency leads from row to row, or with gaps to each of them. */
function fits(rows: readonly Row[], frequency: Frequency, withGaps: boolean): boolean {
  let steps = 0;
  const most = mostSteps(rows);
  return rows.every(({ time }) => {
    while (withGaps && steps < most && timeAfter(rows[0].time, frequency, steps) < time) steps++;
    return timeAfter(rows[0].time, frequency, steps++) === time;
  });
}

/**
 * Steps of a series with its gaps filled: two rows a minute apart and one in another century would
 * otherwise become a billion.
 */
const mostSteps = (rows: readonly Row[]): number => 1_000_000 + 10 * rows.length;

/** Throws DataError for a row that is not where this frequency leads. */
function seriesWith(
  id: string,
  rows: readonly Row[],
  frequency: Frequency,
  { covariates = [], fillGaps = false }: ReadSeriesOptions,
): SeriesFile["series"][number] & { readonly frequency: Frequency } {
  const [first] = rows;
  const most = mostSteps(rows);
  const values: number[] = [];
  for (const row of rows) {
    for (;;) {
      const expected = timeAfter(first.time, frequency, values.length);
      if (row.time === expected) break;
      if (!fillGaps || covariates.length > 0 || row.time < expected) {
        const hint = `Rows must be in order, one every ${formatFrequency(frequency)}; leave the value empty where it is missing`;
        throw new DataError(sentence(row.place, formatTime(expected), formatTime(row.time), hint));
      }
      if (values.length >= most)
        throw new DataError(
          sentence(
            row.place,
            `gaps of at most ${most} steps in all`,
            `${formatTime(row.time)}, with rows every ${formatFrequency(frequency)}`,
          ),
        );
      values.push(NaN);
    }
    values.push(row.value);
  }
  if (covariates.length > 0) while (values.length > 0 && Number.isNaN(values.at(-1))) values.pop();
  const known = covariates.length > 0 && { covariates: rows.map((row) => row.covariates) };
  return { id, start: formatTime(first.time), values, ...known, frequency };
}

function frequencyOf(place: string, value: unknown): Frequency {
  try {
    return checkFrequency(`${place} frequency`, value);
  } catch (error) {
    // what is wrong is the file, not a value that the caller gave
    throw new DataError((error as Error).message, { cause: error });
  }
}

function wholeSeries(
  { record, place }: RecordEntry,
  { covariates = [] }: ReadSeriesOptions,
): SeriesFile["series"][number] & { readonly frequency: Frequency } {
  const { id = "", start, values, frequency = { unit: "day", count: 1 }, covariates: known } = record;
  if (typeof id !== "string" && typeof id !== "number")
    throw new DataError(sentence(`${place} id`, "text or a number", describe(id)));
  if (typeof start !== "string") throw new DataError(sentence(`${place} start`, "a date", describe(start)));
  parseTime(`${place} start`, start);
  const numbers = (values as readonly unknown[]).map((value, i) => {
    if (value === null) return NaN;
    if (typeof value === "number") return value;
    throw new DataError(sentence(`${place} values[${i}]`, "a number or null", describe(value)));
  });
  const isTable = Array.isArray(known) && known.every((row) => Array.isArray(row) && row.every(Number.isFinite));
  if (covariates.length > 0 && !isTable)
    throw new DataError(sentence(`${place} covariates`, `rows of ${covariates.length} numbers`, describe(known)));
  return {
    id: String(id),
    start,
    values: numbers,
    ...(covariates.length > 0 && { covariates: known as number[][] }),
    frequency: frequencyOf(place, frequency),
  };
}
