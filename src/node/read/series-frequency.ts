/** @file The frequency of times: the coarsest unit of the calendar that leads to all of them. */
import { type Frequency, stepsBetween, timeAfter, wallTime } from "../../tasks/index.ts";

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** Units of times that are not all at the same time of day, the longest first. */
const SHORT = [
  ["hour", 3600 * SECOND],
  ["minute", 60 * SECOND],
  ["second", SECOND],
  ["millisecond", 1],
] as const;

/** Steps for each row at most, for a frequency to be taken although it leaves gaps. */
const MOST_GAPS = 3;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The most frequent number; of equally frequent ones the smallest. */
function mode(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const one of numbers) counts.set(one, (counts.get(one) ?? 0) + 1);
  let [best, most] = [0, 0];
  for (const [one, count] of counts) if (count > most || (count === most && one < best)) [best, most] = [one, count];
  return best;
}

const differences = (numbers: readonly number[]): number[] => numbers.slice(1).map((one, i) => one - numbers[i]);

/**
 * The number that all distances are multiples of: the most frequent distance if that is one, else
 * their common divisor where it leaves few gaps; else the most frequent one, which doesn't fit all.
 */
function stepOf(distances: readonly number[]): number {
  const usual = mode(distances);
  if (distances.every((distance) => distance % usual === 0)) return usual;
  const common = distances.reduce(gcd);
  const steps = distances.reduce((sum, distance) => sum + distance, 0) / common;
  return steps <= MOST_GAPS * distances.length ? common : usual;
}

/** The days of the week with values, where the others never have any. */
function weekdaysOf(days: readonly number[]): readonly number[] | undefined {
  // day 0, 1 January 1970, was a Thursday
  const counts = Array.from({ length: 7 }, () => 0);
  for (const day of days) counts[(((day + 4) % 7) + 7) % 7]++;
  const weekdays = counts.flatMap((count, weekday) => (count > 0 ? [weekday] : []));
  const span = days[days.length - 1] - days[0];
  const least = Math.min(...counts.filter((count) => count > 0));
  if (weekdays.length < 2 || weekdays.length === 7 || least < 2) return undefined;
  const frequency: Frequency = { unit: "day", count: 1, weekdays };
  const steps = stepsBetween(days[0] * DAY, frequency, days[days.length - 1] * DAY) ?? Infinity;
  const isWhole = steps === days.length - 1;
  return isWhole || (span >= 21 && least >= span / 14) ? weekdays : undefined;
}

function longFrequencies(
  times: readonly number[],
  walls: readonly number[],
  timeZone: string | undefined,
): Frequency[] {
  const zone = timeZone === undefined ? {} : { timeZone };
  const found: Frequency[] = [];
  const months = differences(
    walls.map((wall) => {
      const date = new Date(wall);
      return 12 * date.getUTCFullYear() + date.getUTCMonth();
    }),
  );
  if (months.every((distance) => distance > 0)) {
    const count = months.reduce(gcd);
    for (const keepsDay of [false, true]) {
      const frequency: Frequency = { unit: "month", count, ...(keepsDay && { keepsDay }), ...zone };
      if (times.every((time) => stepsBetween(times[0], frequency, time) !== undefined)) found.push(frequency);
    }
  }
  const days = walls.map((wall) => Math.floor(wall / DAY));
  const distances = differences(days);
  const weekdays = distances.reduce(gcd) === 1 ? weekdaysOf(days) : undefined;
  if (weekdays !== undefined) return [...found, { unit: "day", count: 1, weekdays, ...zone }];
  const step = stepOf(distances);
  found.push(step % 7 === 0 ? { unit: "week", count: step / 7, ...zone } : { unit: "day", count: step, ...zone });
  return found;
}

/**
 * Frequencies of ascending times, the likeliest first: months before as many days, days of the week
 * that have values before gaps. Where none leads to all times, the one that leads to most.
 */
export function findFrequencies(times: readonly number[], timeZone?: string): readonly Frequency[] {
  const walls = times.map((time) => wallTime(time, timeZone));
  const [first] = times;
  const daily: Frequency = { unit: "day", count: 1, ...(timeZone !== undefined && { timeZone }) };
  const areDays = times.every((time, i) => {
    const steps = Math.floor(walls[i] / DAY) - Math.floor(walls[0] / DAY);
    return timeAfter(first, daily, steps) === time;
  });
  if (areDays) return longFrequencies(times, walls, timeZone);
  const step = stepOf(differences(times));
  const [unit, length] = SHORT.find(([, milliseconds]) => step % milliseconds === 0) ?? ["millisecond", 1];
  return [{ unit, count: step / length, ...(timeZone !== undefined && { timeZone }) }];
}

/** Steps from the first time to the last; undefined unless the frequency leads to all of them. */
export function stepsOver(times: readonly number[], frequency: Frequency): number | undefined {
  let steps: number | undefined = 0;
  for (const time of times) {
    steps = stepsBetween(times[0], frequency, time);
    if (steps === undefined) return undefined;
  }
  return steps;
}

/**
 * The first of the frequencies that leads to all times of all series without more gaps than rows
 * allow; else undefined.
 */
export function commonFrequency(
  series: readonly (readonly number[])[],
  candidates: Iterable<Frequency>,
): Frequency | undefined {
  const tried = new Set<string>();
  for (const frequency of candidates) {
    const key = JSON.stringify(frequency);
    if (tried.has(key)) continue;
    tried.add(key);
    let [steps, rows] = [0, 0];
    const fits = series.every((times) => {
      const own = stepsOver(times, frequency);
      steps += own ?? 0;
      rows += times.length;
      return own !== undefined;
    });
    if (fits && (steps <= MOST_GAPS * rows || tried.size === 1)) return frequency;
  }
  return undefined;
}

/** Days at the beginning or the end of a month in which dates of months fall. */
const NEAR = 7;

/**
 * The frequency of dates that fall in one month after the other, on days that differ, such as each
 * month's last day of trade; undefined for other dates. `timeOf` moves a date to its month's first
 * or last day.
 */
export function monthDays(
  series: readonly (readonly number[])[],
  timeZone?: string,
): { readonly frequency: Frequency; readonly timeOf: (time: number) => number } | undefined {
  if (timeZone !== undefined) return undefined;
  const dates = series.map((times) => times.map((time) => new Date(time)));
  const distances = dates.flatMap((one) =>
    differences(one.map((date) => 12 * date.getUTCFullYear() + date.getUTCMonth())),
  );
  const lastDay = (date: Date): number =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const all = dates.flat();
  const areFirst = all.every((date) => date.getUTCDate() <= NEAR);
  const areLast = all.every((date) => date.getUTCDate() > lastDay(date) - NEAR);
  if (all.length < 4 || (!areFirst && !areLast) || distances.some((distance) => distance < 1)) return undefined;
  const count = distances.reduce(gcd);
  return {
    frequency: { unit: "month", count },
    timeOf(time) {
      const date = new Date(time);
      date.setUTCDate(areFirst ? 1 : lastDay(date));
      return Math.floor(date.getTime() / DAY) * DAY;
    },
  };
}
