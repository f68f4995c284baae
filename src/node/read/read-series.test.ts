import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DataError } from "../../base/index.ts";
import { forecast, forecaster } from "../../tasks/index.ts";
import { forecastPicture } from "../pictures/forecast-picture.ts";
import { readSeries, type SeriesFile } from "./read-series.ts";
import type { ReadSeriesOptions } from "./series-options.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-series-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function read(text: string, options: ReadSeriesOptions = {}, extension = "csv"): Promise<SeriesFile> {
  const path = join(folder, `${files++}.${extension}`);
  writeFileSync(path, text);
  return readSeries([path], options);
}

test("a table is a series, or several", async () => {
  const one = await read("date,value\n2001-01-30,5\n2001-01-31,\n2001-02-01,7\n");
  expect(one.frequency).toEqual({ unit: "day", count: 1 });
  expect(one.series).toEqual([{ id: "", start: "2001-01-30", values: [5, NaN, 7] }]);
  const options = { time: "t", value: "y", series: "shop", covariates: ["sale"] };
  const text =
    "shop,t,y,sale\na,2001-01-01,1,0\nb,2001-02-01,4,1\na,2001-02-01,2,1\nb,2001-03-01,,0\na,2001-03-01,,1\n";
  const several = await read(text, options);
  expect(several.frequency).toEqual({ unit: "month", count: 1 });
  // what has no value at the end is the future
  expect(several.series).toEqual([
    { id: "a", start: "2001-01-01", values: [1, 2], covariates: [[0], [1], [1]] },
    { id: "b", start: "2001-02-01", values: [4], covariates: [[1], [0]] },
  ]);
});

test("a JSON line is a whole series", async () => {
  const { series } = await read('{"id":"a","start":"2001-01-01","values":[1,null,3]}\n', {}, "jsonl");
  expect(series).toEqual([{ id: "a", start: "2001-01-01", values: [1, NaN, 3] }]);
  await expect(read('{"start":"2001-01-01","values":["1"]}\n', {}, "jsonl")).rejects.toThrow("line 1 values[0]");
});

test("gaps and whatever else is wrong are told by line", async () => {
  const gap = "date,value\n2001-01-01,1\n2001-01-02,2\n2001-01-05,3\n";
  await expect(read(gap)).rejects.toThrow(/\.csv line 4: expected 2001-01-03, got 2001-01-05\. Rows must be/);
  expect((await read(gap, { fillGaps: true })).series[0].values).toEqual([1, 2, NaN, NaN, 3]);
  await expect(read("date,value\n2001-01-01,1\n2001-01-02,x\n")).rejects.toThrow(/line 3 value: expected a number/);
  await expect(read("date,value\n2001-01-01,1\n2001-02-30,1\n")).rejects.toThrow(/line 3 date: expected a date/);
  const twice = "date,value\n2001-01-01,1\n2001-01-02,1\n2001-01-02,2\n";
  await expect(read(twice)).rejects.toThrow(/line 4: expected a later time .*--series-column/);
  await expect(read("date,value\n2001-01-02,1\n", { time: "day" })).rejects.toThrow(
    'line 1: expected a column "day", got "date", "value". --time-column names the column',
  );
  await expect(read("date,value\n2001-01-02,1\n")).rejects.toThrow("at least two rows");
});

const table = (dates: readonly string[]): string =>
  `date,value\n${dates.map((date, i) => `${date},${i}`).join("\n")}\n`;

test.each<[string, readonly string[], SeriesFile["frequency"]]>([
  ["from February", ["2003-02-28", "2003-03-31", "2003-04-30", "2003-05-31"], { unit: "month", count: 1 }],
  ["from a leap February", ["2004-02-29", "2004-03-31", "2004-04-30"], { unit: "month", count: 1 }],
  ["from April", ["2003-04-30", "2003-05-31", "2003-06-30"], { unit: "month", count: 1 }],
  ["quarters from June", ["2003-06-30", "2003-09-30", "2003-12-31", "2004-03-31"], { unit: "month", count: 3 }],
  ["years from February", ["2003-02-28", "2004-02-29", "2005-02-28"], { unit: "month", count: 12 }],
  ["noon before 1970", ["1950-01-01T12:00", "1950-02-01T12:00", "1950-03-01T12:00"], { unit: "month", count: 1 }],
  [
    "a zone",
    ["1950-01-01T00:00+02:00", "1950-02-01T00:00+02:00", "1950-03-01T00:00+02:00"],
    { unit: "month", count: 1, timeZone: "+02:00" },
  ],
  ["the 30th", ["2003-04-30", "2003-05-30", "2003-06-30"], { unit: "month", count: 1, keepsDay: true }],
  [
    "the 30th, every other month",
    ["2003-04-30", "2003-06-30", "2003-08-30"],
    { unit: "month", count: 2, keepsDay: true },
  ],
  ["the 28th", ["2003-02-28", "2003-03-28", "2003-04-28"], { unit: "month", count: 1, keepsDay: true }],
  ["four weeks", ["2001-02-01", "2001-03-01", "2001-03-29"], { unit: "week", count: 4 }],
  ["30 days", ["2001-06-01", "2001-07-01", "2001-07-31"], { unit: "day", count: 30 }],
])("the frequency of all rows: %s", async (_, dates, frequency) => {
  const { series, frequency: found } = await read(table(dates));
  expect(found).toEqual(frequency);
  expect(series[0].values).toEqual(dates.map((_date, i) => i));
  // and with a gap
  const filled = await read(table([...dates.slice(0, 2), ...dates.slice(-1)]), { fillGaps: true });
  expect(filled.series[0].values).toEqual([0, 1, ...dates.slice(3).map(() => NaN), 2]);
});

test("series of one frequency agree on what becomes of the end of a month", async () => {
  const rows = (id: string, dates: readonly string[]): string =>
    dates.map((date, i) => `${id},${date},${i}`).join("\n");
  const [keeps, ends] = [
    ["2003-04-30", "2003-05-30"],
    ["2003-04-30", "2003-05-31"],
  ];
  const either = ["2003-01-15", "2003-02-15"];
  const head = "id,date,value\n";
  const both = await read(`${head}${rows("a", either)}\n${rows("b", keeps)}\n`, { series: "id" });
  expect(both.frequency).toEqual({ unit: "month", count: 1, keepsDay: true });
  await expect(read(`${head}${rows("a", ends)}\n${rows("b", keeps)}\n`, { series: "id" })).rejects.toThrow(
    /line 3: expected 2003-05-30, got 2003-05-31/,
  );
});

test("a picture shows history, median and bands", async () => {
  const series = { start: "2001-01-01", values: Array.from({ length: 40 }, (_, i) => 10 + (i % 7)) };
  const model = forecaster({ series: [series], horizon: 7, hiddenSize: 4 });
  const found = forecast(model, series, { samples: 30 });
  const options = { frequency: model.config.frequency, title: "a <week>", actual: [1, 2, 3] };
  const svg = await forecastPicture(series, found, options);
  for (const text of ["history", "forecast (median)", "middle 80 %", "middle 95 %", "what came", "a &lt;week&gt;"])
    expect(svg).toContain(text);
  expect(await forecastPicture(series, found, options)).toBe(svg);
});

test.each([
  ['{"start":"2001-01-01","values":[1,2],"frequency":{"unit":{"toString":1}}}', "line 1 frequency unit: expected"],
  ['{"start":"2001-01-01","values":[1,2],"frequency":{"unit":"day"}}', "line 1 frequency count: expected"],
  [
    '{"start":"2001-01-01","values":[1,2],"frequency":{"unit":"day","count":{"valueOf":1}}}',
    "frequency count: expected",
  ],
  ['{"start":"2001-01-01","values":[1,2],"frequency":"daily"}', "line 1 frequency: expected a frequency"],
  ['{"start":"2001-01-01","values":[1,2],"frequency":null}', "line 1 frequency: expected a frequency"],
  ['{"start":{"toString":1},"values":[1,2]}', "line 1 start: expected a date"],
  ['{"id":{"toString":1},"start":"2001-01-01","values":[1,2]}', "line 1 id: expected text or a number"],
  ['{"id":["a"],"start":"2001-01-01","values":[1,2]}', "line 1 id: expected text or a number"],
  ['{"start":"2001-01-01","values":[1,{"valueOf":1}]}', "line 1 values[1]: expected a number or null"],
  ['{"date":{"toString":1},"value":1}', "line 1 date: expected text or a number"],
  ['{"date":"2001-01-01","value":{"toString":1}}', "line 1 value: expected text or a number"],
])("an object where text or a number belongs: %s", async (line, message) => {
  const file = join(folder, "objects.jsonl");
  writeFileSync(file, line);
  await expect(readSeries([file])).rejects.toThrow(DataError);
  await expect(readSeries([file])).rejects.toThrow(message);
});

test("a few rows with centuries between them do not become a billion", async () => {
  const file = join(folder, "centuries.csv");
  writeFileSync(file, "date,value\n0001-01-01T00:00:00Z,1\n0001-01-01T00:01:00Z,2\n9999-12-31T00:00:00Z,3\n");
  const start = process.cpuUsage();
  await expect(readSeries([file], { fillGaps: true })).rejects.toThrow(
    "line 4: expected gaps of at most 1000030 steps",
  );
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
});
