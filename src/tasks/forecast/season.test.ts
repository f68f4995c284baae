import { expect, test } from "vitest";
import { type Frequency, seasonOf } from "../index.ts";

test.each<[number, Frequency["unit"], number]>([
  [1440, "minute", 1],
  [96, "minute", 15],
  [48, "minute", 30],
  [24, "hour", 1],
  [4, "hour", 6],
  [1, "hour", 5],
  [7, "day", 1],
  [1, "day", 2],
  [52, "week", 1],
  [26, "week", 2],
  [12, "month", 1],
  [4, "month", 3],
  [2, "month", 6],
  [1, "month", 12],
])("%i steps for %s by %i", (season, unit, count) => {
  expect(seasonOf({ unit, count })).toBe(season);
});

test("a season that does not fit twice is none", () => {
  expect(seasonOf({ unit: "minute", count: 1 }, 2880)).toBe(1440);
  expect(seasonOf({ unit: "minute", count: 1 }, 2879)).toBe(60);
  expect(seasonOf({ unit: "minute", count: 1 }, 119)).toBe(1);
  expect(seasonOf({ unit: "month", count: 1 }, 23)).toBe(1);
  expect(() => seasonOf({ unit: "day", count: 1 }, -1)).toThrow("seasonOf length");
});
