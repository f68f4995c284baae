/** @file Series from the dated rows of a table: their order, their frequency and their gaps. */
import { DataError, sentence } from "../../base/index.ts";
import {
  formatFrequency,
  formatTime,
  type Frequency,
  momentsOf,
  stepsBetween,
  timeAfter,
  wallTime,
} from "../../tasks/index.ts";
import type { Wall } from "./date-forms.ts";
import { commonFrequency, findFrequencies, monthDays, stepsOver } from "./series-frequency.ts";

/** A row whose cells were read. */
export type DatedRow = Wall & {
  /** A value of each series, NaN where it is missing. */
  readonly values: readonly number[];
  /** NaN where one is missing. */
  readonly covariates: readonly number[];
  readonly place: string;
};

/** Rows of one id. */
export type RowGroup = { readonly id: string; readonly rows: readonly DatedRow[] };

type TimedRow = DatedRow & { readonly time: number };
export type TimedGroup = { readonly id: string; readonly rows: readonly TimedRow[] };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const approximate = ({ wall, offset = 0 }: Wall): number => wall - offset;

/** Whether most rows are older than the one before. */
const isReversed = (rows: readonly DatedRow[]): boolean => {
  const signs = rows.slice(1).map((row, i) => Math.sign(approximate(row) - approximate(rows[i])));
  return signs.reduce((sum, sign) => sum + sign, 0) < 0;
};

/**
 * Whether clocks of most places are changed about this time: a night to Sunday, spring or autumn.
 */
function isClockChange(wall: number): boolean {
  const date = new Date(wall);
  return date.getUTCDay() === 0 && date.getUTCHours() < 4 && [2, 3, 8, 9, 10].includes(date.getUTCMonth());
}

const CLOCKS = "--time-zone, such as Europe/Berlin, reads times of clocks that are changed in spring and autumn";

/**
 * The moments of a series' rows, oldest first. Of an hour that clocks show twice, the first rows
 * are the earlier ones. Rows that are out of order are sorted. Throws DataError for times that are
 * skipped or repeated.
 */
function timed(group: RowGroup, zone: string | undefined, { hasSeries, note }: BuildOptions): TimedGroup {
  const { id, rows: given } = group;
  const rows = isReversed(given) ? given.toReversed() : given;
  const at = rows.findIndex((row, i) => i > 0 && isEarlier(row, rows[i - 1]));
  if (at < 0) return inOrder({ id, rows }, zone, hasSeries);
  note(
    `${rows[at].place}: ${formatTime(rows[at].wall)} after ${formatTime(rows[at - 1].wall)}: the rows${hasSeries ? ` of ${JSON.stringify(id)}` : ""} are sorted by time`,
  );
  return inOrder({ id, rows: rows.toSorted((a, b) => approximate(a) - approximate(b)) }, zone, hasSeries);
}

/** Whether a row is out of order, and not in an hour that clocks show twice. */
const isEarlier = (row: DatedRow, before: DatedRow): boolean =>
  approximate(row) < approximate(before) &&
  !(row.offset === undefined && isClockChange(row.wall) && approximate(before) - approximate(row) <= HOUR);

/** The moments of rows in their order. Throws DataError for times that are skipped or repeated. */
function inOrder({ id, rows }: RowGroup, zone: string | undefined, hasSeries: boolean): TimedGroup {
  let before = -Infinity;
  let last: DatedRow | undefined;
  const found = rows.map((row) => {
    const moments = row.offset === undefined ? momentsOf(row.wall, zone) : [row.wall - row.offset];
    if (moments.length === 0)
      throw new DataError(
        sentence(row.place, `a time that the clocks of ${zone} show`, formatTime(row.wall), "--time-zone sets another"),
      );
    const time = moments.find((moment) => moment > before);
    if (time === undefined) {
      const hint =
        zone === undefined && isClockChange(row.wall) && row.wall % DAY !== 0
          ? CLOCKS
          : hasSeries
            ? "A series has one row for each time"
            : "A series has one row for each time; --series-column names the column that tells series apart";
      const where = last === undefined ? "" : `, as in ${last.place}`;
      throw new DataError(
        sentence(
          row.place,
          `a later time than ${formatTime(before, zone)}${where}`,
          formatTime(moments[0], zone),
          hint,
        ),
      );
    }
    before = time;
    last = row;
    return { ...row, time };
  });
  return { id, rows: found };
}

export type SeriesOfRows = {
  readonly id: string;
  readonly start: number;
  /** Steps from the first row to the last. */
  readonly steps: number;
  readonly values: readonly (readonly number[])[];
  readonly covariates: readonly (readonly number[])[];
};

export type BuildOptions = {
  readonly timeZone: string | undefined;
  /** Frequency that was asked for, or that of other series. */
  readonly frequency: Frequency | undefined;
  readonly fillGaps: boolean;
  readonly hasSeries: boolean;
  readonly hasCovariates: boolean;
  readonly note: (sentence: string) => void;
};

export type Built = { readonly series: readonly SeriesOfRows[]; readonly frequency: Frequency };

/** Series of groups of rows, all of one frequency. Throws DataError with the line. */
export function buildSeries(groups: readonly RowGroup[], options: BuildOptions): Built {
  const { note, frequency: asked } = options;
  if (groups.some(({ rows }) => isReversed(rows))) note("the newest rows come first; they are read from the end");
  const zone = zoneOf(groups, options);
  let found = groups.map((group) => timed(zone.ignoresOffsets ? withoutOffsets(group) : group, zone.name, options));
  const several = found.filter(({ rows }) => rows.length > 1);
  if (several.length === 0 && asked === undefined)
    throw new DataError(sentence(found[0].rows[0].place, "at least two rows of a series", "one"));
  let frequency: Frequency | undefined =
    asked === undefined ? undefined : { ...asked, ...(zone.name !== undefined && { timeZone: zone.name }) };
  if (frequency === undefined) {
    const times = several.map(({ rows }) => rows.map(({ time }) => time));
    const longest = times.reduce((most, one) => (one.length > most.length ? one : most));
    const own = findFrequencies(longest, zone.name);
    const monthly = stepsOver(longest, own[0]) === undefined ? monthDays(times, zone.name) : undefined;
    if (monthly !== undefined) {
      note("the days of the dates differ from month to month; they are taken as the months that they are in");
      found = found.map(({ id, rows }) => ({
        id,
        rows: rows.map((row) => ({ ...row, time: monthly.timeOf(row.time) })),
      }));
      ({ frequency } = monthly);
    } else frequency = frequencyOfAll(times, own, zone.name);
  }
  const chosen = frequency;
  const series = found.map((group) => filled(group, chosen, options));
  noteGaps(found, series, chosen, note);
  return { frequency: chosen, series: options.hasCovariates ? series : withoutEmptyEnd(series, note) };
}

/** Tells how many times had no row. */
function noteGaps(
  groups: readonly TimedGroup[],
  series: readonly SeriesOfRows[],
  frequency: Frequency,
  note: BuildOptions["note"],
): void {
  const missing = series.reduce((sum, { steps }, i) => sum + steps - groups[i].rows.length, 0);
  if (missing === 0) return;
  const first = series.findIndex(({ steps }, i) => steps > groups[i].rows.length);
  const { start } = series[first];
  const step = groups[first].rows.findIndex(({ time }, i) => stepsBetween(start, frequency, time) !== i);
  const when = formatTime(timeAfter(start, frequency, step), frequency.timeZone);
  note(`${missing} times without a row are taken as missing values, the first ${when}`);
}

/**
 * The series without the steps at their ends in which none has a value: those are to be forecast.
 */
function withoutEmptyEnd(series: readonly SeriesOfRows[], note: BuildOptions["note"]): readonly SeriesOfRows[] {
  const all = series.flatMap(({ values }) => values);
  const emptyEnd = (values: readonly number[]): number =>
    values.length - 1 - values.findLastIndex((value) => !Number.isNaN(value));
  const empty = all.reduce((least, values) => Math.min(least, emptyEnd(values)), Infinity);
  if (empty === 0 || all.every((values) => emptyEnd(values) === values.length)) return series;
  note(`the values of the last ${empty === 1 ? "row are" : `${empty} rows are`} missing: forecasts begin there`);
  return series.map((one) => ({ ...one, values: one.values.map((values) => values.slice(0, values.length - empty)) }));
}

const withoutOffsets = ({ id, rows }: RowGroup): RowGroup => ({
  id,
  rows: rows.map((row) => ({ ...row, offset: undefined })),
});

function* allFrequencies(
  times: readonly (readonly number[])[],
  own: readonly Frequency[],
  zone: string | undefined,
): Generator<Frequency> {
  yield* own;
  yield* findFrequencies(
    [...new Set(times.flat())].toSorted((a, b) => a - b),
    zone,
  );
  for (const one of times) yield* findFrequencies(one, zone);
}

/**
 * The frequency of the longest series, or one that all series have; the former where there is none.
 */
function frequencyOfAll(
  times: readonly (readonly number[])[],
  own: readonly Frequency[],
  zone: string | undefined,
): Frequency {
  if (times.length === 1) return own[0];
  const common = commonFrequency(times, allFrequencies(times, own, zone));
  if (common !== undefined) return common;
  // of two rules for the ends of months the one that keeps the day is told at the other's row
  for (const one of times) {
    const keeps = findFrequencies(one, zone).find(({ keepsDay }) => keepsDay);
    if (keeps !== undefined && formatFrequency(keeps) === formatFrequency(own[0])) return keeps;
  }
  return own[0];
}

/** The zone that was asked for, or the offset that all dates have. */
function zoneOf(
  groups: readonly RowGroup[],
  { timeZone, note }: BuildOptions,
): { readonly name: string | undefined; readonly ignoresOffsets: boolean } {
  if (timeZone !== undefined) return { name: timeZone, ignoresOffsets: false };
  const offsets = new Set(groups.flatMap(({ rows }) => rows.map(({ offset }) => offset)));
  const [offset] = offsets;
  if (offsets.size === 1) return { name: offset === undefined ? undefined : fixedZone(offset), ignoresOffsets: false };
  if (offsets.has(undefined)) return { name: undefined, ignoresOffsets: false };
  // days at local midnight, whose offset changes with the season
  const { rows } = groups.reduce((most, one) => (one.rows.length > most.rows.length ? one : most));
  const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);
  const [times, walls] = [sorted(rows.map(approximate)), sorted(rows.map(({ wall }) => wall))];
  const fits = (numbers: readonly number[]): boolean =>
    numbers.length > 1 &&
    new Set(numbers).size === numbers.length &&
    stepsOver(numbers, findFrequencies(numbers)[0]) !== undefined;
  if (fits(times) || !fits(walls)) return { name: undefined, ignoresOffsets: false };
  note("the offsets of the dates differ, and days are counted by their local dates; --time-zone names their zone");
  return { name: undefined, ignoresOffsets: true };
}

function fixedZone(offset: number): string | undefined {
  if (offset === 0) return undefined;
  const minutes = Math.abs(offset) / 60_000;
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/**
 * Steps of a series with its gaps filled: two rows a minute apart and one in another century would
 * otherwise become a billion.
 */
const mostSteps = (rows: number): number => 1_000_000 + 10 * rows;

/**
 * Values of a series, one for each step: NaN for times that are left out, with the covariates of
 * the row before. Throws DataError for a row that is not where this frequency leads.
 */
function filled({ id, rows }: TimedGroup, frequency: Frequency, options: BuildOptions): SeriesOfRows {
  const { fillGaps, hasCovariates } = options;
  const start = rows[0].time;
  const values: number[][] = rows[0].values.map(() => []);
  const covariates: (readonly number[])[] = [];
  let length = 0;
  for (const row of rows) {
    const steps = stepsBetween(start, frequency, row.time);
    if (steps === undefined || (steps > length && !fillGaps)) throw gapError(row, start, length, frequency, options);
    if (steps > mostSteps(rows.length)) {
      const got = `${formatTime(row.time, frequency.timeZone)}, with rows every ${formatFrequency(frequency)}`;
      throw new DataError(sentence(row.place, `gaps of at most ${mostSteps(rows.length)} steps in all`, got));
    }
    for (; length < steps; length++) {
      for (const one of values) one.push(NaN);
      covariates.push(covariates[length - 1]);
    }
    values.forEach((one, i) => one.push(row.values[i]));
    covariates.push(known(row, covariates[length - 1], fillGaps));
    length++;
  }
  const series = { id, start, steps: length, values };
  if (!hasCovariates) return { ...series, covariates: [] };
  for (const one of values) while (one.length > 0 && Number.isNaN(one[one.length - 1])) one.pop();
  return { ...series, covariates: backwards(covariates, rows[0].place) };
}

/** The covariates of a row; missing ones are those of the row before. */
function known(row: DatedRow, before: readonly number[] | undefined, fillGaps: boolean): readonly number[] {
  if (!row.covariates.some(Number.isNaN)) return row.covariates;
  if (!fillGaps)
    throw new DataError(
      sentence(row.place, "a number for each covariate", "none", "--fill-gaps takes that of the row before"),
    );
  return row.covariates.map((value, i) => (Number.isNaN(value) ? (before?.[i] ?? NaN) : value));
}

/** Covariates that are missing in the first rows are those of the first row that has them. */
function backwards(covariates: readonly (readonly number[])[], place: string): readonly (readonly number[])[] {
  if (!covariates[0].some(Number.isNaN)) return covariates;
  const firsts = covariates[0].map((_, i) => covariates.find((row) => !Number.isNaN(row[i]))?.[i]);
  if (firsts.includes(undefined))
    throw new DataError(sentence(place, "a number for each covariate in some row of its series", "none"));
  return covariates.map((row) => row.map((value, i) => (Number.isNaN(value) ? (firsts[i] as number) : value)));
}

function gapError(
  row: TimedRow,
  start: number,
  steps: number,
  frequency: Frequency,
  { timeZone }: BuildOptions,
): DataError {
  const zone = frequency.timeZone;
  const expected = timeAfter(start, frequency, steps);
  const wall = wallTime(expected, zone);
  const isSpring = timeZone === undefined && row.time - expected === HOUR && isClockChange(wall);
  const rule = `Rows must be in order, one every ${formatFrequency(frequency)}`;
  const cure =
    stepsBetween(start, frequency, row.time) === undefined
      ? "--frequency sets another time between rows"
      : isSpring
        ? CLOCKS
        : "--fill-gaps takes times that are left out as missing values";
  return new DataError(sentence(row.place, formatTime(expected, zone), formatTime(row.time, zone), `${rule}; ${cure}`));
}
