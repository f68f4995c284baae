import { expect, test } from "vitest";
import { formsOf } from "./date-column.ts";
import { DATE_FORMS, dateForm } from "./date-forms.ts";

const iso = (wall: number | undefined): string | undefined =>
  wall === undefined ? undefined : new Date(wall).toISOString().replace("T00:00:00.000Z", "").replace(".000Z", "");

test.each([
  ["2012-01-01", "yyyy-MM-dd", "2012-01-01"],
  ["2012-1-5 7:05:09", "yyyy-MM-dd", "2012-01-05T07:05:09"],
  ["2012-01-01T07:05:09.250", "yyyy-MM-dd", "2012-01-01T07:05:09.250Z"],
  ["2012/10/27", "yyyy/MM/dd", "2012-10-27"],
  ["2012. 10. 27.", "yyyy.MM.dd", "2012-10-27"],
  ["2012年10月27日", "yyyy年M月d日", "2012-10-27"],
  ["2012년 10월", "yyyy年M月d日", "2012-10-01"],
  ["20121027", "yyyyMMdd", "2012-10-27"],
  ["27.10.2012 00:10", "dd.MM.yyyy", "2012-10-27T00:10:00"],
  ["10/27/2012 3:45 PM", "MM/dd/yyyy", "2012-10-27T15:45:00"],
  ["10/27/2012 12:00 am", "MM/dd/yyyy", "2012-10-27"],
  ["27/10/2012", "dd/MM/yyyy", "2012-10-27"],
  ["27-10-12", "dd-MM-yy", "2012-10-27"],
  ["Oct 27, 2012", "MMM d, yyyy", "2012-10-27"],
  ["October 27 2012", "MMM d, yyyy", "2012-10-27"],
  ["Sat Oct 27 2012 05:00:00 GMT+0200", "MMM d, yyyy", "2012-10-27T05:00:00"],
  ["27 Oct 2012", "d MMM yyyy", "2012-10-27"],
  ["27th October 2012", "d MMM yyyy", "2012-10-27"],
  ["Oct 1st, 2012", "MMM d, yyyy", "2012-10-01"],
  ["27. Oktober 2012", "d MMM yyyy", "2012-10-27"],
  ["Sat, 27 Oct 2012 10:00:00 GMT", "d MMM yyyy", "2012-10-27T10:00:00"],
  ["27-Oct-2012", "d-MMM-yyyy", "2012-10-27"],
  ["27-Oct-58", "d-MMM-yy", "1958-10-27"],
  ["2012102705", "yyyyMMddHH", "2012-10-27T05:00:00"],
  ["24.12.2012 24:00", "dd.MM.yyyy", "2012-12-25"],
  ["1949-01", "yyyy-MM", "1949-01-01"],
  ["194901", "yyyyMM", "1949-01-01"],
  ["1949M01", "yyyy'M'MM", "1949-01-01"],
  ["01/1949", "MM/yyyy", "1949-01-01"],
  ["Jan-49", "MMM-yy", "1949-01-01"],
  ["janv. 1949", "MMM yyyy", "1949-01-01"],
  ["1-01", "y-MM", "0001-01-01"],
  ["2001Q2", "yyyy'Q'Q", "2001-04-01"],
  ["2001-Q4", "yyyy'Q'Q", "2001-10-01"],
  ["Q1 2001", "'Q'Q yyyy", "2001-01-01"],
  ["2001-S2", "yyyy'S'S", "2001-07-01"],
  // the first Thursday of 2001 was on the 4th, that of 2005 on the 6th
  ["2001-W01", "yyyy-'W'ww", "2001-01-01"],
  ["2004-W53", "yyyy-'W'ww", "2004-12-27"],
  ["2005W01-4", "yyyy-'W'ww", "2005-01-06"],
  ["1949", "yyyy", "1949-01-01"],
  ["1949.083333", "decimal year", "1949-02-01"],
  ["1600000000", "seconds", "2020-09-13T12:26:40"],
  ["1600000000.25", "seconds", "2020-09-13T12:26:40.250Z"],
  ["1600000000000", "milliseconds", "2020-09-13T12:26:40"],
  ["1600000000000000", "microseconds", "2020-09-13T12:26:40"],
  ["1600000000000000000", "nanoseconds", "2020-09-13T12:26:40"],
])("%s is %s", (text, name, date) => {
  const form = DATE_FORMS.find((one) => one.name === name);
  expect(iso(form?.read(text)?.wall)).toBe(date);
  expect(formsOf([text]).forms.map((one) => one.name)).toContain(name);
});

test.each(["2012-02-30", "2012-13-01", "31.04.2012", "2001-W53", "2001Q5", "2012-01-01 25:00", "13:00 PM", "x", ""])(
  "no date: %j",
  (text) => {
    expect(DATE_FORMS.flatMap((form) => (form.read(text) === undefined ? [] : [form.name]))).toEqual([]);
  },
);

test("offsets are read with the time", () => {
  const [form] = DATE_FORMS;
  const offsets = [
    "2012-01-01T00:00:00+02:00",
    "2012-01-01 00:00:00-0330",
    "2012-01-01T00:00Z",
    "2012-01-01 00:00 UTC",
  ];
  expect(offsets.map((text) => form.read(text)?.offset)).toEqual([7_200_000, -12_600_000, 0, 0]);
  expect(form.read("2012-01-01")).toEqual({ wall: Date.UTC(2012, 0, 1) });
});

test.each([
  ["dd.MM.yyyy", "1.2.2012", "2012-02-01"],
  ["dd/mm/yyyy", "01/02/2012", "2012-02-01"],
  ["dd/mm/yyyy hh:mm", "01/02/2012 10:11", "2012-02-01T10:11:00"],
  ["YYYY-MM-DD HH:mm:ss", "2012-02-01 03:04:05", "2012-02-01T03:04:05"],
  ["yyyy-MM-ddTHH:mm", "2012-02-01T03:04", "2012-02-01T03:04:00"],
  ["%d.%m.%Y %H:%M", "1.2.2012 3:04", "2012-02-01T03:04:00"],
  ["%Y%m%d", "20120201", "2012-02-01"],
  ["%b %d, %Y", "Feb 1, 2012", "2012-02-01"],
  ["%m/%d/%y", "2/1/12", "2012-02-01"],
  ["yyyy'年'M'月'", "2012年2月", "2012-02-01"],
  ["d. MMMM yyyy", "1. März 2012", "2012-03-01"],
  ["hh:mm a, MM/dd/yyyy", "03:04 PM, 02/01/2012", "2012-02-01T15:04:00"],
  ["excel", "40940", "2012-02-01"],
  ["excel", "40940.5", "2012-02-01T12:00:00"],
  ["seconds", "0", "1970-01-01"],
  ["milliseconds", "86400000", "1970-01-02"],
])("the format %s reads %s", (format, text, date) => {
  expect(iso(dateForm("--date-format", format).read(text)?.wall)).toBe(date);
});

test.each(["dd/MM", "qq", "dd dd yyyy", "", "MMMMM"])("no format: %j", (format) => {
  expect(() => dateForm("--date-format", format)).toThrow("--date-format: expected a format of yyyy, MM, dd");
});

test("all dates of a column decide their form", () => {
  const names = (texts: string[]): string[] => formsOf(texts).forms.map(({ name }) => name);
  expect(names(["01/02/2012", "13/02/2012"])).toEqual(["dd/MM/yyyy"]);
  expect(names(["01/02/2012", "01/13/2012"])).toEqual(["MM/dd/yyyy"]);
  expect(names(["01/02/2012", "02/02/2012"])).toEqual(["MM/dd/yyyy", "dd/MM/yyyy"]);
  expect(names(["01.02.2012", "02.02.2012"])).toEqual(["dd.MM.yyyy"]);
  expect(names(["1949", "1950"])).toEqual(["yyyy"]);
  const most = formsOf(["2012-01-01", "2012-01-02", "Source: city office"]);
  expect(most.forms[0].name).toBe("yyyy-MM-dd");
  expect(most.share).toBeCloseTo(2 / 3, 12);
});
