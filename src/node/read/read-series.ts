/** @file Time series from tables and from JSON lines. */
import { checkOptions, DataError, describe, sentence } from "../../base/index.ts";
import {
  checkTimeZone,
  formatFrequency,
  formatTime,
  type Frequency,
  parseFrequency,
  type Series,
} from "../../tasks/index.ts";
import { recordsOf } from "./read-examples.ts";
import type { RecordEntry } from "./record.ts";
import { isWhole, pairRows, type WholeSeries, wholeSeries } from "./series-json.ts";
import { SKIP_BAD } from "./series-dates.ts";
import { buildSeries } from "./series-rows.ts";
import type { ReadSeriesOptions, SeriesReading } from "./series-options.ts";
import { seriesTable } from "./series-table.ts";

export type SeriesFile = {
  readonly series: readonly (Series & { readonly id: string; readonly start: string })[];
  /** Time from each row to the next. */
  readonly frequency: Frequency;
  /**
   * Whether times have offsets from UTC, such as "Z" or "+02:00"; those since 1970 count as such.
   */
  readonly hasOffsets: boolean;
  /** Form of the tables; undefined for JSON lines of whole series. */
  readonly reading?: SeriesReading;
  /** Sentences on what was found and could be read otherwise. */
  readonly notes: readonly string[];
};

type Found = SeriesFile["series"][number];

/** Reasons that are told of rows that are left out. */
const MOST_REASONS = 3;

/**
 * The series in files, "-" being standard input: a table has a row for each time, in order or from
 * the newest to the oldest, and an empty value (or "NA", "?", "-" and the like) where it is
 * missing; where there are covariates, rows without values at the end are the future. A JSON line
 * is a whole series: `{"id": "a", "start": "2001-01-01", "values": [1, null, 3]}`, with
 * `"frequency"`, "hour" or `{"unit": "day", "count": 1}` (default), and `"covariates"`, a list of
 * rows; GluonTS's names (`item_id`, `target`, `freq`) are read too.
 *
 * Throws DataError, with file and line, for a column that is not there, what is no date or number,
 * a time that is left out, twice or out of order, and for series of different frequencies.
 */
export async function readSeries(paths: readonly string[], options: ReadSeriesOptions = {}): Promise<SeriesFile> {
  checkOptions(
    "readSeries",
    options,
    "separator header format textColumn keepBlank encoding input onBad time value values series covariates fillGaps dateFormat decimal timeZone frequency skipBad like",
  );
  const { skipBad = options.like?.skipBad ?? false } = options;
  const notes: string[] = [];
  const bad: string[] = [];
  const onBad = (error: DataError): void => {
    if (!skipBad) throw error;
    bad.push(error.message.replace(`. ${SKIP_BAD}`, ""));
  };
  const timeZone = options.timeZone === undefined ? undefined : checkTimeZone("--time-zone", options.timeZone);
  const asked = options.frequency === undefined ? undefined : parseFrequency("--frequency", options.frequency);
  const whole: { readonly found: WholeSeries; readonly entry: RecordEntry }[] = [];
  const table = seriesTable(options, onBad);
  const needs = { covariates: (options.covariates ?? []).length, timeZone };
  for await (const entry of recordsOf(paths, { ...options, onBad, format: options.format ?? "table" })) {
    const pairs = pairRows(entry);
    if (isWhole(entry)) whole.push({ found: wholeSeries(entry, needs), entry });
    else if (pairs === undefined) table.push(entry);
    else table.pushPairs(pairs.id, pairs.rows);
  }
  const { groups, reading, ids, notes: tableNotes } = table.end();
  notes.push(...tableNotes);
  const json = wholeOnes(whole, { asked, usual: options.like?.frequency, timeZone }, notes);
  if (bad.length > 0) {
    const reasons = [...new Set(bad)];
    const more = reasons.length > MOST_REASONS ? `; and ${reasons.length - MOST_REASONS} more` : "";
    notes.push(`left out, since they can't be read: ${reasons.slice(0, MOST_REASONS).join("; ")}${more}`);
  }
  if (groups.length === 0) {
    if (json === undefined) throw new DataError(sentence(paths.join(", "), "at least one row", "none"));
    return { ...json, hasOffsets: whole.some(({ found }) => found.hasOffset), notes };
  }
  const fillGaps = options.fillGaps ?? options.like?.fillGaps ?? false;
  const isShort = groups.every(({ rows }) => rows.length < 2);
  const built = buildSeries(groups, {
    timeZone,
    frequency: asked ?? options.like?.frequency ?? (isShort ? json?.frequency : undefined),
    fillGaps,
    hasSeries: options.series !== undefined,
    hasCovariates: (options.covariates ?? []).length > 0,
    note: (text) => notes.push(text),
  });
  const { frequency } = built;
  if (json !== undefined && formatFrequency(json.frequency) !== formatFrequency(frequency)) {
    const expected = `a value every ${formatFrequency(json.frequency)}, as in the first series`;
    throw new DataError(sentence(groups[0].rows[0].place, expected, `every ${formatFrequency(frequency)}`));
  }
  const series = built.series.flatMap(({ id, start, values, covariates }) =>
    values.map((own, i): Found => ({
      id: ids(id, i),
      start: formatTime(start, frequency.timeZone),
      values: own,
      ...(covariates.length > 0 && { covariates }),
    })),
  );
  const hasOffsets =
    whole.some(({ found }) => found.hasOffset) ||
    groups.some(({ rows }) => rows.some(({ offset }) => offset !== undefined));
  return {
    series: [...(json?.series ?? []), ...series],
    frequency,
    hasOffsets,
    reading: { ...reading, fillGaps, skipBad },
    notes,
  };
}

/** Series of JSON lines, which all have one frequency. */
function wholeOnes(
  all: readonly { readonly found: WholeSeries; readonly entry: RecordEntry }[],
  {
    asked,
    usual,
    timeZone,
  }: Readonly<Record<"asked" | "usual", Frequency | undefined>> & { readonly timeZone: string | undefined },
  notes: string[],
): Pick<SeriesFile, "series" | "frequency"> | undefined {
  if (all.length === 0) return undefined;
  const zone = timeZone === undefined ? {} : { timeZone };
  const ofOne = (found: WholeSeries): Frequency => ({
    ...(asked ?? found.frequency ?? usual ?? { unit: "day", count: 1 }),
    ...zone,
  });
  const frequency = ofOne(all[0].found);
  const ids = new Set<string>();
  const series = all.map(({ found, entry }): Found => {
    const own = ofOne(found);
    if (formatFrequency(own) !== formatFrequency(frequency))
      throw new DataError(
        sentence(
          entry.place,
          `a value every ${formatFrequency(frequency)}, as in the first series`,
          `every ${formatFrequency(own)}`,
        ),
      );
    const id = found.id ?? (all.length === 1 ? "" : String(entry.line));
    if (ids.has(id)) throw new DataError(sentence(entry.place, "another id", describe(id)));
    ids.add(id);
    return { id, ...found.series };
  });
  if (all.length > 1 && all.some(({ found }) => found.id === undefined))
    notes.push("series without an id are called by the numbers of their lines");
  if (
    (asked ?? usual) === undefined &&
    all.some(({ found, entry }) => found.frequency === undefined && hasClock(entry))
  )
    notes.push("series without a frequency have one value every day; --frequency sets another, such as hour");
  return { series, frequency };
}

/** Whether the start of a series has a time of day. */
const hasClock = ({ record }: RecordEntry): boolean => String(record["start"] as string).includes(":");
