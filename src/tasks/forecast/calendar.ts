/** @file Times of equally spaced observations, in UTC, and what a calendar says of them. */
import { checkChoice, checkInteger, DataError, kindError, sentence } from "../../base/index.ts";

const UNITS = ["minute", "hour", "day", "week", "month"] as const;

/** Time from one observation to the next. */
export type Frequency = {
  readonly unit: (typeof UNITS)[number];
  /** Number of units. */
  readonly count: number;
  /**
   * Whether months that begin with a month's last day keep its number (30 April, 30 May), instead
   * of staying at the ends of months (30 April, 31 May). Default false.
   */
  readonly keepsDay?: boolean;
};

export const DAILY: Frequency = { unit: "day", count: 1 };

const MILLISECONDS = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const;

/** Checks a frequency, as from a file. */
export function checkFrequency(where: string, value: unknown): Frequency {
  if (typeof value !== "object" || value === null) throw kindError(where, "a frequency { unit, count }", value);
  const { unit, count, keepsDay = false } = value as Partial<Frequency>;
  if (typeof keepsDay !== "boolean") throw kindError(`${where} keepsDay`, "true or false", keepsDay);
  return {
    unit: checkChoice(`${where} unit`, unit, UNITS),
    count: checkInteger(`${where} count`, count, 1),
    ...(keepsDay && { keepsDay }),
  };
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Milliseconds since 1970 of an ISO 8601 date or time; without a zone it is UTC. Throws DataError
 * for anything else, such as 2001-02-29.
 */
export function parseTime(where: string, text: string): number {
  const match = ISO.exec(text);
  if (match !== null) {
    const [, year, month, day, hour = "00", minute = "00", second = "00", zone = "Z"] = match;
    const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
    const utc = Date.parse(`${wall}Z`);
    // a date that doesn't exist is moved on
    if (!Number.isNaN(utc) && new Date(utc).toISOString().startsWith(wall)) {
      const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
      const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
      return utc - offset * MILLISECONDS.minute;
    }
  }
  throw new DataError(sentence(where, "a date such as 2001-12-31 or 2001-12-31T18:30:00Z", JSON.stringify(text)));
}

/**
 * Text that `parseTime` reads: a date alone at midnight. Throws DataError for a time that no
 * calendar here reaches, some 275,000 years away.
 */
export function formatTime(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime()))
    throw new DataError(sentence("time", "a date in the years up to 275760", "one beyond them"));
  return date.toISOString().replace("T00:00:00.000Z", "").replace(".000Z", "Z");
}

/**
 * Milliseconds since 1970 of a day's beginning. Unlike `Date.UTC` it takes the years 0 to 99 for
 * themselves.
 */
const startOf = (year: number, month: number, day: number): number => new Date(0).setUTCFullYear(year, month, day);

/** Milliseconds since the day began, also before 1970, where a remainder is negative. */
const sinceMidnight = (time: number): number => time - Math.floor(time / MILLISECONDS.day) * MILLISECONDS.day;

/** Days of a month, which may lie outside 0 … 11. */
const daysOf = (year: number, month: number): number => new Date(startOf(year, month + 1, 0)).getUTCDate();

/**
 * The time `steps` (also negative) steps after `start`. Months keep the day of `start`, or end
 * where they are shorter; those that begin with a month's last day stay at the ends of months,
 * unless the frequency has `keepsDay`.
 */
export function timeAfter(start: number, { unit, count, keepsDay = false }: Frequency, steps: number): number {
  if (unit !== "month") return start + MILLISECONDS[unit] * count * steps;
  const from = new Date(start);
  const [year, day] = [from.getUTCFullYear(), from.getUTCDate()];
  const month = from.getUTCMonth() + count * steps;
  const last = daysOf(year, month);
  const isEnd = !keepsDay && day === daysOf(year, from.getUTCMonth());
  return startOf(year, month, isEnd ? last : Math.min(day, last)) + sinceMidnight(start);
}

/**
 * Frequencies that lead from the first time to the second, the likeliest first: a month before as
 * many days, and its end before its day's number. Throws DataError where none does, as for two
 * times that are equal.
 */
export function frequenciesBetween(where: string, first: number, second: number): readonly Frequency[] {
  const distance = second - first;
  for (const unit of ["day", "hour", "minute"] as const) {
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
  throw new DataError(
    sentence(where, "a later time by whole minutes", `${formatTime(second)} after ${formatTime(first)}`),
  );
}

/**
 * The likeliest frequency that leads from the first time to the second. Throws DataError where none
 * does, as for two times that are equal.
 */
export const frequencyBetween = (where: string, first: number, second: number): Frequency =>
  frequenciesBetween(where, first, second)[0];

/** "day", "15 minutes", … */
export const formatFrequency = ({ unit, count }: Frequency): string => (count === 1 ? unit : `${count} ${unit}s`);

/** Part of the calendar that a model sees. */
export type CalendarFeature = keyof typeof features;

const wave = (turn: number, harmonics: number): number[] =>
  Array.from({ length: 2 * harmonics }, (_, i) => {
    const angle = 2 * Math.PI * turn * ((i >> 1) + 1);
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
const choice = (n: number, at: number): number[] => Array.from({ length: n }, (_, i) => Number(i === at));

const yearOf = (time: number): number => new Date(time).getUTCFullYear();

const features = {
  /** One of 7, Sunday first. */
  dayOfWeek: (time: number): number[] => choice(7, new Date(time).getUTCDay()),
  /** Sine and cosine of 1 to 4 turns a year. */
  dayOfYear: (time: number): number[] => {
    const start = startOf(yearOf(time), 0, 1);
    return wave((time - start) / (startOf(yearOf(time) + 1, 0, 1) - start), 4);
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
 * `dayOfMonth` 1, `month` 12, `timeOfDay` 6. `date` is ISO 8601 text (UTC without a zone),
 * milliseconds since 1970, or a Date. Default: what suits daily values, `dayOfWeek` and
 * `dayOfYear`. Throws DataError for text that is no date.
 */
export function calendarFeatures(
  date: string | number | Date,
  names: readonly CalendarFeature[] = usualFeatures(DAILY),
): number[] {
  const time = typeof date === "string" ? parseTime("calendarFeatures", date) : Number(date);
  return names.flatMap((name) => features[checkChoice("calendarFeatures", name, CALENDAR_FEATURES)](time));
}
