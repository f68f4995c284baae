import { expect, test } from "vitest";
import { calendarFeatures } from "../index.ts";
import { formatFrequency, formatTime, frequencyBetween, parseTime, timeAfter } from "./calendar.ts";

test("dates are read and written in UTC", () => {
  expect(formatTime(parseTime("a", "2000-02-29"))).toBe("2000-02-29");
  expect(formatTime(parseTime("a", "2000-02-29T10:00"))).toBe("2000-02-29T10:00:00Z");
  expect(formatTime(parseTime("a", "2000-03-01T01:30:00+02:00"))).toBe("2000-02-29T23:30:00Z");
  for (const wrong of ["2001-02-29", "2001-13-01", "1/2/2001", "2001", "2001-01-01T25:00", ""])
    expect(() => parseTime("file line 3", wrong)).toThrow("file line 3: expected a date such as");
});

test("frequencies lead from one time to the next", () => {
  const between = (a: string, b: string): string =>
    formatFrequency(frequencyBetween("a", parseTime("a", a), parseTime("a", b)));
  expect(between("2001-03-24", "2001-03-25")).toBe("day");
  expect(between("2001-03-24", "2001-03-31")).toBe("week");
  expect(between("2001-01-31", "2001-02-28")).toBe("month");
  expect(between("2001-01-01", "2001-04-01")).toBe("3 months");
  expect(between("2001-01-01T00:00", "2001-01-01T00:15")).toBe("15 minutes");
  expect(() => between("2001-01-02", "2001-01-01")).toThrow("a later time");
  const from = parseTime("a", "2001-01-31");
  const months = [0, 1, 2, 3, 13].map((n) => formatTime(timeAfter(from, { unit: "month", count: 1 }, n)));
  expect(months).toEqual(["2001-01-31", "2001-02-28", "2001-03-31", "2001-04-30", "2002-02-28"]);
  // a day is a day, whatever clocks do
  expect(formatTime(timeAfter(parseTime("a", "2001-03-24"), { unit: "day", count: 1 }, 3))).toBe("2001-03-27");
});

test("the calendar of a day", () => {
  const features = calendarFeatures("2001-07-04");
  expect(features.slice(0, 7)).toEqual([0, 0, 0, 1, 0, 0, 0]);
  const angle = (2 * Math.PI * 184) / 365;
  expect(features[7]).toBeCloseTo(Math.sin(angle), 12);
  expect(features[8]).toBeCloseTo(Math.cos(angle), 12);
  expect(features[10]).toBeCloseTo(Math.cos(2 * angle), 12);
  expect(features).toHaveLength(15);
  expect(calendarFeatures("2001-12-31", ["month", "dayOfMonth"])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0.5]);
  expect(calendarFeatures("2001-12-31T06:00", ["timeOfDay"])[0]).toBeCloseTo(1, 12);
  expect(() => calendarFeatures("2001-12-31", ["moon" as never])).toThrow("calendarFeatures");
});
