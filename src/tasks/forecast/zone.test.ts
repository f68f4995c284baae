import { expect, test } from "vitest";
import { calendarFeatures, formatTime, formatTimes, parseTime } from "./calendar.ts";
import { checkFrequency, type Frequency, timeAfter } from "./frequency.ts";
import { checkTimeZone, momentOf, momentsOf, offsetAt, wallTime } from "./zone.ts";

const at = (text: string): number => parseTime("a", text);
const HOUR = 3_600_000;

test("clocks are ahead of UTC by the rules of the zone, before 1970 and with half hours too", () => {
  expect(offsetAt(at("2021-03-28T00:59:59Z"), "Europe/Berlin")).toBe(HOUR);
  expect(offsetAt(at("2021-03-28T01:00:00Z"), "Europe/Berlin")).toBe(2 * HOUR);
  expect(offsetAt(at("2021-10-31T00:59:59Z"), "Europe/Berlin")).toBe(2 * HOUR);
  expect(offsetAt(at("2021-10-31T01:00:00Z"), "Europe/Berlin")).toBe(HOUR);
  expect(offsetAt(at("1968-07-01"), "Europe/London")).toBe(HOUR);
  expect(offsetAt(at("2021-01-01"), "Asia/Kolkata")).toBe(5.5 * HOUR);
  expect(offsetAt(at("2021-01-01"), "Asia/Seoul")).toBe(9 * HOUR);
  expect(offsetAt(at("2021-01-01"), "-03:30")).toBe(-3.5 * HOUR);
  expect(offsetAt(at("2021-01-01"), "UTC")).toBe(0);
  for (const zone of ["Europe/Berlin", "UTC", "+09:00", "America/New_York"])
    expect(checkTimeZone("a", zone)).toBe(zone);
  expect(() => checkTimeZone("--time-zone", "Europe/Berln")).toThrow('--time-zone: expected a time zone such as "Euro');
});

test("a local time is one moment, none in spring's hour and two in autumn's", () => {
  const moments = (wall: string): string[] => momentsOf(at(wall), "Europe/Berlin").map((time) => formatTime(time));
  expect(moments("2021-07-01T12:00")).toEqual(["2021-07-01T10:00:00Z"]);
  expect(moments("2021-03-28T02:30")).toEqual([]);
  expect(moments("2021-10-31T02:30")).toEqual(["2021-10-31T00:30:00Z", "2021-10-31T01:30:00Z"]);
  expect(formatTime(momentOf(at("2021-03-28T02:30"), "Europe/Berlin"))).toBe("2021-03-28T01:30:00Z");
  // every hour of a year in zones of both hemispheres: what is shown is shown then
  for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Seoul"])
    for (let time = at("2018-01-01"); time < at("2019-01-01"); time += HOUR)
      expect(momentsOf(wallTime(time, zone), zone)).toContain(time);
});

test("days of a zone have 23 or 25 hours, and months begin at local midnight", () => {
  const daily: Frequency = { unit: "day", count: 1, timeZone: "Europe/Berlin" };
  const start = parseTime("a", "2021-03-27", "Europe/Berlin");
  expect(formatTime(start)).toBe("2021-03-26T23:00:00Z");
  const days = [0, 1, 2].map((n) => timeAfter(start, daily, n));
  expect([days[1] - days[0], days[2] - days[1]]).toEqual([24 * HOUR, 23 * HOUR]);
  expect(formatTimes(days, daily)).toEqual(["2021-03-27", "2021-03-28", "2021-03-29"]);
  const monthly: Frequency = { unit: "month", count: 1, timeZone: "Asia/Seoul" };
  const first = parseTime("a", "2021-01-01", "Asia/Seoul");
  expect(formatTimes([first, timeAfter(first, monthly, 1)], monthly)).toEqual(["2021-01-01", "2021-02-01"]);
  const hourly: Frequency = { unit: "hour", count: 1, timeZone: "Europe/Berlin" };
  const evening = parseTime("a", "2021-10-31T01:00", "Europe/Berlin");
  expect(
    formatTimes(
      [0, 1, 2, 3].map((n) => timeAfter(evening, hourly, n)),
      hourly,
    ),
  ).toEqual([
    "2021-10-31T01:00:00+02:00",
    "2021-10-31T02:00:00+02:00",
    "2021-10-31T02:00:00+01:00",
    "2021-10-31T03:00:00+01:00",
  ]);
  // a midnight that is skipped: the day begins an hour later
  expect(formatTime(parseTime("a", "2018-11-04", "America/Sao_Paulo"))).toBe("2018-11-04T03:00:00Z");
  expect(() => parseTime("a", "2021-03-28T02:30", "Europe/Berlin")).toThrow("a time that the clocks of Europe/Berlin");
});

test("the calendar is that of the zone", () => {
  // Monday evening in New York, Tuesday in UTC
  const time = "2021-06-08T02:00:00Z";
  expect(calendarFeatures(time, ["dayOfWeek"], "America/New_York").indexOf(1)).toBe(1);
  expect(calendarFeatures(time, ["dayOfWeek"]).indexOf(1)).toBe(2);
  const [sine] = calendarFeatures("2021-07-01T06:00", ["timeOfDay"], "Europe/Berlin");
  expect(sine).toBeCloseTo(1, 12);
  expect(checkFrequency("a", { unit: "day", count: 1, timeZone: "UTC" })).toEqual({ unit: "day", count: 1 });
  expect(() => checkFrequency("a", { unit: "day", count: 1, timeZone: "Mars" })).toThrow("a timeZone: expected a time");
});

test("times of a day have one form, also where one of them is midnight", () => {
  const hourly: Frequency = { unit: "hour", count: 1 };
  expect(formatTimes([at("2021-01-01T23:00"), at("2021-01-02")], hourly)).toEqual([
    "2021-01-01T23:00:00Z",
    "2021-01-02T00:00:00Z",
  ]);
  expect(formatTimes([at("2021-01-01T12:00:00.5")], hourly)).toEqual(["2021-01-01T12:00:00.500Z"]);
});
