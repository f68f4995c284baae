import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { calendarFeatures, forecast, forecaster } from "../index.ts";
import { formatTime, frequenciesBetween, frequencyBetween, parseTime } from "./calendar.ts";
import { checkFrequency, formatFrequency, type Frequency, timeAfter } from "./frequency.ts";

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

// The calendar by counting, without Date: a year has 12 months, the second of which has 29 days in
// leap years.
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const daysIn = (year: number, month: number): number =>
  [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month];
const two = (n: number): string => String(n).padStart(2, "0");
const dateOf = (year: number, month: number, day: number, clock: string): string =>
  `${String(year).padStart(4, "0")}-${two(month + 1)}-${two(day)}${clock}`;

test("months, quarters and years from 1600 to 2400 agree with counting them", () => {
  const random = randomStream(3);
  const clocks = ["", "T00:01:00Z", "T12:00:00Z", "T18:30:00Z", "T23:59:59Z"];
  for (let i = 0; i < 2000; i++) {
    const own = random.at(i);
    const year = 1600 + own.integer(801);
    const month = own.integer(12);
    const length = daysIn(year, month);
    // a third each: the month's last day, the days about it, any day
    const kind = own.integer(3);
    const day = kind === 0 ? length : kind === 1 ? length - own.integer(4) : 1 + own.integer(length);
    const clock = clocks[own.integer(clocks.length)];
    const count = [1, 2, 3, 6, 12][own.integer(5)];
    const keepsDay = own.integer(2) === 1;
    const steps = own.integer(400) - 200;
    let [y, m] = [year, month];
    for (let left = Math.abs(count * steps); left > 0; left--) {
      m += Math.sign(steps);
      if (m === 12) [y, m] = [y + 1, 0];
      if (m === -1) [y, m] = [y - 1, 11];
    }
    if (y < 0) continue;
    const then = !keepsDay && day === length ? daysIn(y, m) : Math.min(day, daysIn(y, m));
    const from = dateOf(year, month, day, clock);
    const found = timeAfter(parseTime("a", from), { unit: "month", count, keepsDay }, steps);
    expect(formatTime(found), `${from}, ${steps} times ${count} months`).toBe(dateOf(y, m, then, clock));
  }
});

test("days, hours and minutes from 1600 to 2400 agree with counting them", () => {
  // every day of 800 years, at noon
  const start = parseTime("a", "1600-01-01T12:00:00Z");
  let [year, month, day, weekday] = [1600, 0, 1, 6];
  for (let i = 0; i < 292_194; i++) {
    const time = timeAfter(start, { unit: "day", count: 1 }, i);
    if (i % 97 === 0) {
      expect(formatTime(time)).toBe(dateOf(year, month, day, "T12:00:00Z"));
      const [found] = [calendarFeatures(time, ["dayOfWeek", "month", "dayOfMonth"])];
      expect(found.indexOf(1)).toBe(weekday);
      expect(found.slice(7).indexOf(1)).toBe(month);
      expect(found[19]).toBeCloseTo((day - 1) / 30 - 0.5, 12);
      const [sine, cosine] = calendarFeatures(time, ["timeOfDay"]);
      expect(sine).toBeCloseTo(0, 12);
      expect(cosine).toBeCloseTo(-1, 12);
      const before = Array.from({ length: month }, (_, m) => daysIn(year, m)).reduce((a, b) => a + b, 0);
      const angle = (2 * Math.PI * (before + day - 0.5)) / (isLeap(year) ? 366 : 365);
      expect(calendarFeatures(time, ["dayOfYear"])[0]).toBeCloseTo(Math.sin(angle), 9);
    }
    weekday = (weekday + 1) % 7;
    if (++day > daysIn(year, month)) [month, day] = [month + 1, 1];
    if (month === 12) [year, month] = [year + 1, 0];
  }
  const hour = timeAfter(parseTime("a", "1970-01-01T00:30Z"), { unit: "hour", count: 1 }, -1);
  expect(formatTime(hour)).toBe("1969-12-31T23:30:00Z");
  expect(formatTime(timeAfter(0, { unit: "minute", count: 15 }, -1))).toBe("1969-12-31T23:45:00Z");
  expect(calendarFeatures("1969-12-31T18:00", ["timeOfDay"])[0]).toBeCloseTo(-1, 12);
});

test("the first hundred years are themselves", () => {
  const found = timeAfter(parseTime("a", "0050-01-31"), { unit: "month", count: 1 }, 1);
  expect(formatTime(found)).toBe("0050-02-28");
  expect(calendarFeatures("0050-07-02T12:00", ["dayOfYear"])[0]).toBeCloseTo(0, 12);
});

test("months that begin at a month's end stay at the ends of months, or at their day", () => {
  const dates = (start: string, frequency: Frequency): string[] =>
    [1, 2, 3].map((n) => formatTime(timeAfter(parseTime("a", start), frequency, n)));
  expect(dates("2003-04-30", { unit: "month", count: 1 })).toEqual(["2003-05-31", "2003-06-30", "2003-07-31"]);
  expect(dates("2003-02-28", { unit: "month", count: 12 })).toEqual(["2004-02-29", "2005-02-28", "2006-02-28"]);
  expect(dates("2003-06-30", { unit: "month", count: 3 })).toEqual(["2003-09-30", "2003-12-31", "2004-03-31"]);
  const keeps: Frequency = { unit: "month", count: 1, keepsDay: true };
  expect(dates("2003-04-30", keeps)).toEqual(["2003-05-30", "2003-06-30", "2003-07-30"]);
  expect(checkFrequency("a", keeps)).toEqual(keeps);
  expect(checkFrequency("a", { unit: "month", count: 1, keepsDay: false })).toEqual({ unit: "month", count: 1 });
  expect(() => checkFrequency("a", { unit: "month", count: 1, keepsDay: 1 })).toThrow("a keepsDay: expected");
  const between = (a: string, b: string): readonly Frequency[] =>
    frequenciesBetween("a", parseTime("a", a), parseTime("a", b));
  expect(between("2003-04-30", "2003-05-31")).toEqual([
    { unit: "month", count: 1 },
    { unit: "day", count: 31 },
  ]);
  expect(between("2003-04-30", "2003-05-30")).toEqual([keeps, { unit: "day", count: 30 }]);
  expect(between("2001-02-01", "2001-03-01")).toEqual([
    { unit: "month", count: 1 },
    { unit: "month", count: 1, keepsDay: true },
    { unit: "week", count: 4 },
  ]);
});

test("dates of a forecast before 1970, at any time of day, and at the ends of months", () => {
  const values = Array.from({ length: 30 }, (_, i) => i % 12);
  const datesFrom = (start: string): readonly string[] | undefined => {
    const series = [{ start, values }];
    const model = forecaster({ series, frequency: { unit: "month", count: 1 }, horizon: 2, hiddenSize: 2 });
    return forecast(model, series[0], { samples: 2 }).dates;
  };
  expect(datesFrom("1952-07-01T12:00Z")).toEqual(["1955-01-01T12:00:00Z", "1955-02-01T12:00:00Z"]);
  // local midnight two hours east is the evening before
  expect(datesFrom("1952-07-01T00:00+02:00")).toEqual(["1954-12-31T22:00:00Z", "1955-01-31T22:00:00Z"]);
  expect(datesFrom("2003-04-30")).toEqual(["2005-10-31", "2005-11-30"]);
});
