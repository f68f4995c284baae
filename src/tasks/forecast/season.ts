import { checkInteger } from "../../base/index.ts";
import type { Frequency } from "./frequency.ts";

/** Steps of the seasons that a frequency suggests, for one unit of it: the likeliest first. */
const SEASONS: Readonly<Record<Frequency["unit"], readonly number[]>> = {
  millisecond: [86_400_000, 3_600_000, 60_000, 1000],
  second: [86_400, 3600, 60],
  minute: [1440, 60],
  hour: [24],
  day: [7],
  week: [52],
  month: [12],
};

/** Steps of the longer cycle that a season is part of: a week of hours, a year of days. */
const CYCLES: Partial<Readonly<Record<Frequency["unit"], number>>> = { minute: 10_080, hour: 168, day: 364 };

/**
 * Lags that a frequency suggests for a series of `length` values: one season and two, and the
 * longer cycle where the series has three of it. Empty where no season fits.
 */
export function usualLags(frequency: Frequency, length: number): number[] {
  const season = seasonOf(frequency, length);
  const { unit, count, weekdays } = frequency;
  const cycle = weekdays === undefined ? (CYCLES[unit] ?? 0) / count : 52 * weekdays.length;
  return [
    ...(season > 1 ? [season, 2 * season] : []),
    ...(Number.isInteger(cycle) && cycle > season && 3 * cycle <= length ? [cycle] : []),
  ];
}

/**
 * Steps of a season: a day of seconds, minutes or hours, a week of days (of the days of the week
 * that have values), a year of weeks, months or quarters. An hour of minutes, or a minute of
 * seconds, where `length` values, if given, are fewer than two of what is longer; 1 where no season
 * fits twice into them, or whole steps don't make one.
 */
export function seasonOf({ unit, count, weekdays }: Frequency, length?: number): number {
  if (length !== undefined) checkInteger("seasonOf length", length);
  const seasons = (weekdays === undefined ? SEASONS[unit] : [weekdays.length]).map((steps) => steps / count);
  return seasons.find((steps) => Number.isInteger(steps) && 2 * steps <= (length ?? Infinity)) ?? 1;
}
