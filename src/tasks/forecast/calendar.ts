/** @file Times of equally spaced observations as text, and what a calendar says of them. */
import { checkChoice, cos, DataError, sentence, sin } from "../../base/index.ts";
import { DAILY, type Frequency, isShort, MILLISECONDS, sinceMidnight, startOfDay, timeAfter } from "./frequency.ts";
import { formatOffset, momentOf, momentsOf, offsetAt, wallTime } from "./zone.ts";

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Milliseconds since 1970 of an ISO 8601 date or time; without a zone in the text it is a local
 * time of `timeZone`, by default UTC. Throws DataError for anything else, such as 2001-02-29, and
 * for times that the clocks of the zone skip.
 */
export function parseTime(where: string, text: string, timeZone?: string): number {
  const match = ISO.exec(text);
  if (match !== null) {
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone] = match;
    const shown = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
    const whole = Date.parse(`${shown}Z`);
    // a date that doesn't exist is moved on
    if (!Number.isNaN(whole) && new Date(whole).toISOString().startsWith(shown)) {
      const wall = whole + Math.floor(Number(`0.${fraction}0`) * 1000);
      if (zone !== undefined) return wall - (zone === "Z" ? 0 : offsetAt(0, zone));
      const [time] = momentsOf(wall, timeZone);
      if (time !== undefined) return time;
      // days whose first hour is skipped begin later
      if (match[4] === undefined) return momentOf(wall, timeZone);
      throw new DataError(sentence(where, `a time that the clocks of ${timeZone} show`, JSON.stringify(text)));
    }
  }
  throw new DataError(sentence(where, "a date such as 2001-12-31 or 2001-12-31T18:30:00Z", JSON.stringify(text)));
}

/**
 * Text that `parseTime` reads with the same zone: a date alone where it is midnight there. Throws
 * DataError for a time that no calendar here reaches, some 275,000 years away.
 */
export function formatTime(time: number, timeZone?: string): string {
  return iso(time, timeZone).replace(/T00:00:00(?:Z|[+-]\d\d:\d\d)$/, "");
}

/** ISO 8601 with seconds and the offset from UTC. */
function iso(time: number, timeZone?: string): string {
  const shown = new Date(Number.isNaN(new Date(time).getTime()) ? NaN : wallTime(time, timeZone));
  if (Number.isNaN(shown.getTime()))
    throw new DataError(sentence("time", "a date in the years up to 275760", "one beyond them"));
  return shown.toISOString().replace(/(?:\.000)?Z$/, formatOffset(shown.getTime() - time));
}

/**
 * Texts of times of one frequency, all in one form: dates alone where all of them are midnights.
 */
export function formatTimes(times: readonly number[], frequency: Frequency): string[] {
  const { timeZone } = frequency;
  const isDate = !isShort(frequency) && times.every((time) => sinceMidnight(wallTime(time, timeZone)) === 0);
  return times.map((time) => (isDate ? formatTime(time, timeZone) : iso(time, timeZone)));
}

/**
 * Frequencies that lead from the first time to the second, the likeliest first: a month before as
 * many days, and its end before its day's number. Throws DataError where none does, as for two
 * times that are equal.
 */
export function frequenciesBetween(where: string, first: number, second: number): readonly Frequency[] {
  const distance = second - first;
  for (const unit of ["day", "hour", "minute", "second", "millisecond"] as const) {
    const count = distance / MILLISECONDS[unit];
    if (!Number.isInteger(count) || count < 1) continue;
    if (unit !== "day") return [{ unit, count }];
    const [a, b] = [new Date(first), new Date(second)];
    const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
    const monthly: readonly Frequency[] = [
      { unit: "month", count: months },
      { unit: "month", count: months, keepsDay: true },
    ];
    return [
      ...monthly.filter((frequency) => months > 0 && timeAfter(first, frequency, 1) === second),
      count % 7 === 0 ? { unit: "week", count: count / 7 } : { unit, count },
    ];
  }
  throw new DataError(sentence(where, "a later time", `${formatTime(second)} after ${formatTime(first)}`));
}

/**
 * The likeliest frequency that leads from the first time to the second. Throws DataError where none
 * does, as for two times that are equal.
 */
export const frequencyBetween = (where: string, first: number, second: number): Frequency =>
  frequenciesBetween(where, first, second)[0];

/** Part of the calendar that a model sees. */
export type CalendarFeature = keyof typeof features;

const wave = (turn: number, harmonics: number): number[] =>
  Array.from({ length: 2 * harmonics }, (_, i) => {
    const angle = 2 * Math.PI * turn * ((i >> 1) + 1);
    return i % 2 === 0 ? sin(angle) : cos(angle);
  });
const choice = (n: number, at: number): number[] => Array.from({ length: n }, (_, i) => Number(i === at));

const yearOf = (time: number): number => new Date(time).getUTCFullYear();

const features = {
  /** One of 7, Sunday first. */
  dayOfWeek: (time: number): number[] => choice(7, new Date(time).getUTCDay()),
  /** Sine and cosine of 1 to 4 turns a year. */
  dayOfYear: (time: number): number[] => {
    const start = startOfDay(yearOf(time), 0, 1);
    return wave((time - start) / (startOfDay(yearOf(time) + 1, 0, 1) - start), 4);
  },
  /** Day of the month, from -½ on the first to ½ on the 31st. */
  dayOfMonth: (time: number): number[] => [(new Date(time).getUTCDate() - 1) / 30 - 0.5],
  /** One of 12. */
  month: (time: number): number[] => choice(12, new Date(time).getUTCMonth()),
  /** Sine and cosine of 1 to 3 turns a day. */
  timeOfDay: (time: number): number[] => wave(sinceMidnight(time) / MILLISECONDS.day, 3),
};

/** Every feature that there is. */
export const CALENDAR_FEATURES: readonly CalendarFeature[] = Object.keys(features) as CalendarFeature[];

/** Features that change from step to step of this frequency. */
export function usualFeatures({ unit }: Frequency): readonly CalendarFeature[] {
  if (unit === "month") return ["month"];
  if (unit === "week") return ["dayOfYear"];
  return unit === "day" ? ["dayOfWeek", "dayOfYear"] : ["timeOfDay", "dayOfWeek", "dayOfYear"];
}

/**
 * Numbers that say where a date stands in its week, month, year or day, one feature after the
 * other: `dayOfWeek` gives 7 (1 for its day, Sunday first), `dayOfYear` 8 (sines and cosines),
 * `dayOfMonth` 1, `month` 12, `timeOfDay` 6. `date` is ISO 8601 text (a local time of `timeZone`
 * without a zone), milliseconds since 1970, or a Date; the calendar and the clocks are those of
 * `timeZone`, by default UTC. Default: what suits daily values, `dayOfWeek` and `dayOfYear`. Throws
 * DataError for text that is no date.
 */
export function calendarFeatures(
  date: string | number | Date,
  names: readonly CalendarFeature[] = usualFeatures(DAILY),
  timeZone?: string,
): number[] {
  const time = typeof date === "string" ? parseTime("calendarFeatures", date, timeZone) : Number(date);
  const wall = wallTime(time, timeZone);
  return names.flatMap((name) => features[checkChoice("calendarFeatures", name, CALENDAR_FEATURES)](wall));
}
