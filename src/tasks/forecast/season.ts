import { checkInteger } from "../../base/index.ts";
import type { Frequency } from "./calendar.ts";

/** Steps of the seasons that a frequency suggests, for one unit of it: the likeliest first. */
const SEASONS: Readonly<Record<Frequency["unit"], readonly number[]>> = {
  minute: [1440, 60],
  hour: [24],
  day: [7],
  week: [52],
  month: [12],
};

/**
 * Steps of a season: a day of minutes or hours, a week of days, a year of weeks, months or
 * quarters. An hour of minutes where `length` values, if given, are fewer than two days; 1 where no
 * season fits twice into them, or whole steps don't make one.
 */
export function seasonOf({ unit, count }: Frequency, length?: number): number {
  if (length !== undefined) checkInteger("seasonOf length", length);
  const seasons = SEASONS[unit].map((steps) => steps / count);
  return seasons.find((steps) => Number.isInteger(steps) && 2 * steps <= (length ?? Infinity)) ?? 1;
}
