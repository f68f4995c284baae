import { expect, test } from "vitest";
import { type Frequency, seasonOf } from "../index.ts";
import { usualLags } from "./season.ts";

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

test.each<[readonly number[], Frequency, number]>([
  [[7, 14], { unit: "day", count: 1 }, 1091],
  [[7, 14, 364], { unit: "day", count: 1 }, 1092],
  [[5, 10, 260], { unit: "day", count: 1, weekdays: [1, 2, 3, 4, 5] }, 1000],
  [[24, 48, 168], { unit: "hour", count: 1 }, 504],
  [[4, 8, 28], { unit: "hour", count: 6 }, 100],
  [[96, 192], { unit: "minute", count: 15 }, 2000],
  [[12, 24], { unit: "month", count: 1 }, 48],
  [[4, 8], { unit: "month", count: 3 }, 48],
  [[], { unit: "month", count: 12 }, 300],
  [[], { unit: "day", count: 1 }, 10],
])("lags %j", (lags, frequency, length) => {
  expect(usualLags(frequency, length)).toEqual(lags);
});
