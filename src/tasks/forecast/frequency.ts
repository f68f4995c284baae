/** @file Frequencies: the time from one observation to the next, counted by a calendar. */
import { checkChoice, checkInteger, kindError, misuseError } from "../../base/index.ts";
import { checkTimeZone, momentOf, wallTime } from "./zone.ts";

const UNITS = ["millisecond", "second", "minute", "hour", "day", "week", "month"] as const;

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
  /**
   * Days of the week that have values, Sunday being 0, of values of every day: [1, 2, 3, 4, 5] are
   * those of a stock market. Default: all.
   */
  readonly weekdays?: readonly number[];
  /**
   * Zone whose days, weeks and months these are, and whose clocks calendar features and dates tell:
   * "Europe/Berlin", or an offset such as "+09:00". Default UTC.
   */
  readonly timeZone?: string;
};

export const DAILY: Frequency = { unit: "day", count: 1 };

/** Monday to Friday. */
export const WORKDAYS: readonly number[] = [1, 2, 3, 4, 5];

/** Milliseconds of the units whose length never changes. */
export const MILLISECONDS = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
} as const;

/** Whether a unit is shorter than a day, so that clocks don't change it. */
export const isShort = ({ unit }: Pick<Frequency, "unit">): boolean =>
  unit !== "day" && unit !== "week" && unit !== "month";

function checkWeekdays(where: string, value: unknown, frequency: Pick<Frequency, "unit" | "count">): readonly number[] {
  const isList = Array.isArray(value) && value.length > 0 && value.length < 7;
  const days = isList ? value.map((day, i) => checkInteger(`${where}[${i}]`, day, 0, 6)) : [];
  if (days.length === 0 || days.some((day, i) => i > 0 && day <= days[i - 1]))
    throw kindError(where, "1 to 6 days of the week, ascending from 0 (Sunday)", value);
  if (frequency.unit !== "day" || frequency.count !== 1)
    throw misuseError(where, "values of every day", `every ${formatFrequency(frequency)}`);
  return days;
}

/** Checks a frequency, as from a file. */
export function checkFrequency(where: string, value: unknown): Frequency {
  if (typeof value !== "object" || value === null) throw kindError(where, "a frequency { unit, count }", value);
  const { unit, count, keepsDay = false, weekdays, timeZone = "UTC" } = value as Partial<Frequency>;
  if (typeof keepsDay !== "boolean") throw kindError(`${where} keepsDay`, "true or false", keepsDay);
  const checked = {
    unit: checkChoice(`${where} unit`, unit, UNITS),
    count: checkInteger(`${where} count`, count, 1),
  };
  const zone = checkTimeZone(`${where} timeZone`, timeZone);
  return {
    ...checked,
    ...(keepsDay && { keepsDay }),
    ...(weekdays !== undefined && { weekdays: checkWeekdays(`${where} weekdays`, weekdays, checked) }),
    ...(zone !== "UTC" && { timeZone: zone }),
  };
}

/**
 * Milliseconds since 1970 of a day's beginning. Unlike `Date.UTC` it takes the years 0 to 99 for
 * themselves.
 */
export const startOfDay = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month, day);

/** Milliseconds since the day began, also before 1970, where a remainder is negative. */
export const sinceMidnight = (time: number): number => time - Math.floor(time / MILLISECONDS.day) * MILLISECONDS.day;

/** Days of a month, which may lie outside 0 … 11. */
const daysOf = (year: number, month: number): number => new Date(startOfDay(year, month + 1, 0)).getUTCDate();

/** Sunday, 4 January 1970. */
const SUNDAY = 3;

/** Number of days with values before a day, counted from 4 January 1970, a Sunday. */
function ordinalOf(time: number, weekdays: readonly number[]): number {
  const day = Math.floor(time / MILLISECONDS.day) - SUNDAY;
  const week = Math.floor(day / 7);
  const before = weekdays.filter((weekday) => weekday < day - 7 * week).length;
  return week * weekdays.length + before;
}

function weekdayAfter(wall: number, weekdays: readonly number[], steps: number): number {
  const ordinal = ordinalOf(wall, weekdays) + steps;
  const week = Math.floor(ordinal / weekdays.length);
  const day = 7 * week + weekdays[ordinal - week * weekdays.length] + SUNDAY;
  return day * MILLISECONDS.day + sinceMidnight(wall);
}

function monthsAfter(wall: number, { count, keepsDay = false }: Frequency, steps: number): number {
  const from = new Date(wall);
  const [year, day] = [from.getUTCFullYear(), from.getUTCDate()];
  const month = from.getUTCMonth() + count * steps;
  const last = daysOf(year, month);
  const isEnd = !keepsDay && day === daysOf(year, from.getUTCMonth());
  return startOfDay(year, month, isEnd ? last : Math.min(day, last)) + sinceMidnight(wall);
}

/**
 * The time `steps` (also negative) steps after `start`. Months keep the day of `start`, or end
 * where they are shorter; those that begin with a month's last day stay at the ends of months,
 * unless the frequency has `keepsDay`. Days, weeks and months are those of the frequency's zone:
 * where clocks change they have 23 or 25 hours.
 */
export function timeAfter(start: number, frequency: Frequency, steps: number): number {
  const { unit, count, weekdays, timeZone } = frequency;
  if (unit !== "day" && unit !== "week" && unit !== "month") return start + MILLISECONDS[unit] * count * steps;
  if (steps === 0) return start;
  const wall = wallTime(start, timeZone);
  return momentOf(wallAfter(), timeZone);

  function wallAfter(): number {
    if (unit === "month") return monthsAfter(wall, frequency, steps);
    if (weekdays !== undefined) return weekdayAfter(wall, weekdays, steps);
    return wall + MILLISECONDS[unit as "day" | "week"] * count * steps;
  }
}

/** Number of steps from `start` to `time`; undefined where no number of them leads there. */
export function stepsBetween(start: number, frequency: Frequency, time: number): number | undefined {
  const { unit, count, weekdays, timeZone } = frequency;
  if (unit !== "day" && unit !== "week" && unit !== "month") {
    const steps = (time - start) / (MILLISECONDS[unit] * count);
    return Number.isInteger(steps) ? steps : undefined;
  }
  const [from, to] = [wallTime(start, timeZone), wallTime(time, timeZone)];
  const monthOf = (wall: number): number => new Date(wall).getUTCFullYear() * 12 + new Date(wall).getUTCMonth();
  const steps =
    unit === "month"
      ? (monthOf(to) - monthOf(from)) / count
      : weekdays === undefined
        ? Math.round((to - from) / (MILLISECONDS[unit] * count))
        : ordinalOf(to, weekdays) - ordinalOf(from, weekdays);
  return Number.isInteger(steps) && timeAfter(start, frequency, steps) === time ? steps : undefined;
}

/** "day", "15 minutes", "weekday" (Monday to Friday), … */
export function formatFrequency({ unit, count, weekdays }: Frequency): string {
  if (weekdays !== undefined)
    return String(weekdays) === String(WORKDAYS)
      ? "weekday"
      : weekdays.map((day) => ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][day]).join(", ");
  return count === 1 ? unit : `${count} ${unit}s`;
}

/** Names of frequencies in pandas and GluonTS, without what follows a hyphen ("W-SUN"). */
const ALIASES: Readonly<Record<string, Omit<Frequency, "timeZone">>> = {
  ms: { unit: "millisecond", count: 1 },
  L: { unit: "millisecond", count: 1 },
  s: { unit: "second", count: 1 },
  S: { unit: "second", count: 1 },
  min: { unit: "minute", count: 1 },
  T: { unit: "minute", count: 1 },
  h: { unit: "hour", count: 1 },
  H: { unit: "hour", count: 1 },
  D: { unit: "day", count: 1 },
  d: { unit: "day", count: 1 },
  W: { unit: "week", count: 1 },
  ...Object.fromEntries(["B", "C"].map((name) => [name, { unit: "day", count: 1, weekdays: WORKDAYS } as const])),
  ...Object.fromEntries(
    ["M", "ME", "MS", "BM", "BME", "BMS"].map((name) => [name, { unit: "month", count: 1 } as const]),
  ),
  ...Object.fromEntries(
    ["Q", "QE", "QS", "BQ", "BQE", "BQS"].map((name) => [name, { unit: "month", count: 3 } as const]),
  ),
  ...Object.fromEntries(
    ["A", "AS", "Y", "YE", "YS", "BA", "BYE"].map((name) => [name, { unit: "month", count: 12 } as const]),
  ),
  weekday: { unit: "day", count: 1, weekdays: WORKDAYS },
  quarter: { unit: "month", count: 3 },
  year: { unit: "month", count: 12 },
};

/**
 * A frequency in words, "hour", "15 minutes", "weekday", "quarter", or by its name in pandas: "H",
 * "15min", "B", "W-SUN", "MS". Throws RangeError for anything else.
 */
export function parseFrequency(where: string, text: string): Frequency {
  const [, digits = "", name = ""] = /^\s*(\d{0,9})\s*([A-Za-z]+)(?:-[A-Za-z]{3})?\s*$/.exec(text) ?? [];
  const factor = digits === "" ? 1 : Number(digits);
  const word = name.toLowerCase().replace(/s$/, "");
  const unit = UNITS.find((one) => one === word);
  const own = Object.hasOwn(ALIASES, name) ? name : word;
  const found = unit !== undefined ? { unit, count: 1 } : Object.hasOwn(ALIASES, own) ? ALIASES[own] : undefined;
  if (found === undefined || factor === 0 || (found.weekdays !== undefined && factor !== 1))
    throw misuseError(where, 'a frequency such as "hour", "15 minutes", "weekday" or "month"', JSON.stringify(text));
  return { ...found, count: found.count * factor };
}
