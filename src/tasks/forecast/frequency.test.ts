import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { formatTime, parseTime } from "./calendar.ts";
import {
  checkFrequency,
  formatFrequency,
  type Frequency,
  parseFrequency,
  stepsBetween,
  timeAfter,
} from "./frequency.ts";
import { seasonOf } from "./season.ts";

const at = (text: string): number => parseTime("a", text);
const weekday: Frequency = { unit: "day", count: 1, weekdays: [1, 2, 3, 4, 5] };

test("days of the week that have values follow one another", () => {
  // Friday
  const start = at("2019-01-11");
  const dates = [-2, -1, 0, 1, 5, 6].map((n) => formatTime(timeAfter(start, weekday, n)));
  expect(dates).toEqual(["2019-01-09", "2019-01-10", "2019-01-11", "2019-01-14", "2019-01-18", "2019-01-21"]);
  expect(stepsBetween(start, weekday, at("2019-01-14"))).toBe(1);
  expect(stepsBetween(start, weekday, at("2019-01-12"))).toBeUndefined();
  const closedOnMonday: Frequency = { unit: "day", count: 1, weekdays: [0, 2, 3, 4, 5, 6] };
  expect(formatTime(timeAfter(at("1969-12-28"), closedOnMonday, 1))).toBe("1969-12-30");
  expect([weekday, closedOnMonday].map((one) => formatFrequency(one))).toEqual([
    "weekday",
    "Sun, Tue, Wed, Thu, Fri, Sat",
  ]);
  expect([weekday, closedOnMonday].map((one) => seasonOf(one))).toEqual([5, 6]);
  expect(checkFrequency("a", weekday)).toEqual(weekday);
  for (const weekdays of [[], [7], [2, 1], [0, 1, 2, 3, 4, 5, 6], "1"])
    expect(() => checkFrequency("a", { ...weekday, weekdays })).toThrow("a weekdays");
  expect(() => checkFrequency("a", { ...weekday, count: 2 })).toThrow("a weekdays: expected values of every day");
});

test("steps between times undo timeAfter, and there are none to other times", () => {
  const random = randomStream(5);
  const frequencies: Frequency[] = [
    { unit: "millisecond", count: 250 },
    { unit: "second", count: 10 },
    { unit: "minute", count: 15 },
    { unit: "hour", count: 1 },
    { unit: "day", count: 1, timeZone: "Europe/Berlin" },
    { unit: "day", count: 3 },
    weekday,
    { unit: "day", count: 1, weekdays: [0, 3], timeZone: "America/New_York" },
    { unit: "week", count: 2 },
    { unit: "month", count: 1 },
    { unit: "month", count: 3, keepsDay: true },
    { unit: "month", count: 12, timeZone: "Asia/Seoul" },
  ];
  for (let i = 0; i < 1200; i++) {
    const own = random.at(i);
    const frequency = frequencies[i % frequencies.length];
    // a day with values
    const first = timeAfter(at("1950-01-01") + own.integer(40_000) * 86_400_000, frequency, 1);
    const start = frequency.weekdays === undefined ? first : timeAfter(first, frequency, 0);
    const steps = own.integer(2000) - 1000;
    const time = timeAfter(start, frequency, steps);
    expect(stepsBetween(start, frequency, time), JSON.stringify(frequency)).toBe(steps);
    expect(stepsBetween(start, frequency, time + 1)).toBeUndefined();
  }
});

test.each([
  ["hour", { unit: "hour", count: 1 }],
  ["15 minutes", { unit: "minute", count: 15 }],
  ["15min", { unit: "minute", count: 15 }],
  ["15T", { unit: "minute", count: 15 }],
  ["10 seconds", { unit: "second", count: 10 }],
  ["H", { unit: "hour", count: 1 }],
  ["D", { unit: "day", count: 1 }],
  ["B", weekday],
  ["weekday", weekday],
  ["W-SUN", { unit: "week", count: 1 }],
  ["MS", { unit: "month", count: 1 }],
  ["ME", { unit: "month", count: 1 }],
  ["Q-DEC", { unit: "month", count: 3 }],
  ["quarter", { unit: "month", count: 3 }],
  ["2 years", { unit: "month", count: 24 }],
  ["A", { unit: "month", count: 12 }],
  ["100ms", { unit: "millisecond", count: 100 }],
])("the frequency %s", (text, frequency) => {
  expect(parseFrequency("a", text)).toEqual(frequency);
});

test.each(["", "fortnight", "0 days", "2B", "toString", "1.5 hours"])("no frequency: %j", (text) => {
  expect(() => parseFrequency("--frequency", text)).toThrow('--frequency: expected a frequency such as "hour"');
});

test("seasons of seconds are a minute, an hour or a day, whichever fits twice", () => {
  const seconds: Frequency = { unit: "second", count: 10 };
  expect([10, 300, 1000, 20_000].map((length) => seasonOf(seconds, length))).toEqual([1, 6, 360, 8640]);
});
