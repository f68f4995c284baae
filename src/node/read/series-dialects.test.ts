/** @file Tables of time series as programs and offices write them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formatFrequency } from "../../tasks/index.ts";
import { readSeries, type SeriesFile } from "./read-series.ts";
import type { ReadSeriesOptions } from "./series-options.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-dialects-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function read(text: string | Uint8Array, options: ReadSeriesOptions = {}, extension = "csv"): Promise<SeriesFile> {
  const path = join(folder, `${files++}.${extension}`);
  writeFileSync(path, text);
  return readSeries([path], options);
}

const day = (i: number): string => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
const value = (i: number): number => 1000 + ((i * 7919) % 997) + 0.25;
const rows = (n: number, row: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => `${row(i)}\n`).join("");
const part = (i: number, from: number, to: number): string => day(i).slice(from, to);
const german = (x: number): string => String(x).replace(".", ",");
const grouped = (x: number, group: string, decimal: string): string =>
  `${Math.floor(x / 1000)}${group}${String(Math.floor(x) % 1000).padStart(3, "0")}${decimal}${String(x).split(".")[1]}`;
const iso = (i: number, step: number, start = Date.UTC(2020, 0, 1)): string => new Date(start + i * step).toISOString();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const monthly = (i: number): [year: number, month: number] => [2001 + Math.floor(i / 12), i % 12];
const two = (n: number): string => String(n).padStart(2, "0");

type Case = readonly [
  name: string,
  text: string,
  options: ReadSeriesOptions,
  expected: { readonly start: string; readonly every: string; readonly n: number; readonly values?: readonly number[] },
];

const daily = { start: "2020-01-01", every: "day", n: 40, values: [value(0), value(1)] };

const CASES: readonly Case[] = [
  [
    "Excel in German",
    `Datum;Menge\n${rows(40, (i) => `${part(i, 8, 10)}.${part(i, 5, 7)}.2020;${grouped(value(i), ".", ",")}`)}`,
    {},
    daily,
  ],
  [
    "Excel in English",
    `Date,Amount\n${rows(40, (i) => `${Number(part(i, 5, 7))}/${Number(part(i, 8, 10))}/2020,"${grouped(value(i), ",", ".")}"`)}`,
    {},
    daily,
  ],
  [
    "Excel in French",
    `Date;Montant\n${rows(40, (i) => `${part(i, 8, 10)}/${part(i, 5, 7)}/2020;${grouped(value(i), "\u202f", ",")} €`)}`,
    {},
    daily,
  ],
  [
    "Excel in Switzerland",
    `Datum;Betrag\n${rows(40, (i) => `${part(i, 8, 10)}.${part(i, 5, 7)}.20;${grouped(value(i), "'", ".")}`)}`,
    {},
    daily,
  ],
  [
    "Excel in Japan",
    `日付,売上\n${rows(40, (i) => `${day(i).replaceAll("-", "/")},"${grouped(value(i), ",", ".")}"`)}`,
    {},
    daily,
  ],
  [
    "Japanese words",
    `日付,売上\n${rows(40, (i) => `2020年${Number(part(i, 5, 7))}月${Number(part(i, 8, 10))}日,${value(i)}`)}`,
    {},
    daily,
  ],
  [
    "Korean dates",
    `날짜,값\n${rows(40, (i) => `2020. ${Number(part(i, 5, 7))}. ${Number(part(i, 8, 10))}.,${value(i)}`)}`,
    {},
    daily,
  ],
  [
    "spreadsheet's day numbers",
    `date,value\n${rows(40, (i) => `${43831 + i},${value(i)}`)}`,
    { dateFormat: "excel" },
    daily,
  ],
  ["pandas with an index", `,ds,y\n${rows(40, (i) => `${i},${day(i)} 00:00:00,${value(i)}`)}`, {}, daily],
  ["pandas with dates as the index", `,y\n${rows(40, (i) => `${day(i)},${value(i)}`)}`, {}, daily],
  ["pandas with a zone", `date,value\n${rows(40, (i) => `${day(i)} 00:00:00+00:00,${value(i)}`)}`, {}, daily],
  [
    "R's write.csv",
    `"","date","value"\n${rows(40, (i) => `"${i + 1}","${day(i)}",${i === 2 ? "NA" : value(i)}`)}`,
    {},
    daily,
  ],
  ["R's write.table", `"date" "value"\n${rows(40, (i) => `"${i + 1}" "${day(i)}" ${value(i)}`)}`, {}, daily],
  [
    "R's time of a ts",
    `time,passengers\n${rows(36, (i) => `${Number((1949 + i / 12).toFixed(6))},${value(i)}`)}`,
    {},
    { start: "1949-01-01", every: "month", n: 36 },
  ],
  [
    "Yahoo, weekdays",
    `Date,Open,Close,Volume\n${rows(60, (i) => `${day(i + 7 * Math.floor(i / 5) - 5 * Math.floor(i / 5))},1,${value(i)},7`)}`,
    { value: "Close" },
    { start: "2020-01-01", every: "Sun, Wed, Thu, Fri, Sat", n: 60 },
  ],
  [
    "Investing.com, newest first",
    `\uFEFF"Date","Price","Change %"\n${rows(40, (i) => `"${MONTHS[Number(part(39 - i, 5, 7)) - 1]} ${part(39 - i, 8, 10)}, 2020","${grouped(value(39 - i), ",", ".")}","-0.5%"`)}`,
    { value: "Price" },
    daily,
  ],
  [
    "FRED, months with points for what is missing",
    `observation_date,UNRATE\n${rows(30, (i) => `${monthly(i)[0]}-${two(monthly(i)[1] + 1)}-01,${i === 3 ? "." : value(i)}`)}`,
    {},
    { start: "2001-01-01", every: "month", n: 30 },
  ],
  [
    "ECB, months and flags",
    `DATE,TIME PERIOD,Rate\n${rows(30, (i) => `${monthly(i)[0]}-${two(monthly(i)[1] + 1)}-28,${monthly(i)[0]}${MONTHS[monthly(i)[1]]},${value(i)} `)}`,
    { time: "DATE" },
    { start: "2001-01-28", every: "month", n: 30 },
  ],
  [
    "Eurostat, quarters with flags",
    `TIME_PERIOD,OBS_VALUE\n${rows(24, (i) => `${2001 + Math.floor(i / 4)}-Q${1 + (i % 4)},${i === 2 ? ":" : `${value(i)} p`}`)}`,
    {},
    { start: "2001-01-01", every: "3 months", n: 24 },
  ],
  [
    "OECD, months with M",
    `TIME,Value\n${rows(24, (i) => `${monthly(i)[0]}M${two(monthly(i)[1] + 1)},${value(i)}`)}`,
    {},
    { start: "2001-01-01", every: "month", n: 24 },
  ],
  [
    "months by name",
    `Month,Riders\n${rows(24, (i) => `${MONTHS[monthly(i)[1]]}-${two(monthly(i)[0] - 2000)},${value(i)}`)}`,
    {},
    { start: "2001-01-01", every: "month", n: 24 },
  ],
  [
    "months by number, of which only the first is sure",
    `Month,Riders\n${rows(24, (i) => `01/${two(monthly(i)[1] + 1)}/${monthly(i)[0]},${value(i)}`)}`,
    {},
    { start: "2001-01-01", every: "month", n: 24 },
  ],
  [
    "ISO weeks",
    `week,visits\n${rows(30, (i) => `2020-W${two(i + 1)},${i}`)}`,
    {},
    { start: "2019-12-30", every: "week", n: 30 },
  ],
  [
    "years",
    `Year,Sunspots\n${rows(50, (i) => `${1700 + i},${value(i)}`)}`,
    {},
    { start: "1700-01-01", every: "12 months", n: 50 },
  ],
  [
    "half years",
    `period,value\n${rows(10, (i) => `${2001 + (i >> 1)}-S${1 + (i & 1)},${i}`)}`,
    {},
    { start: "2001-01-01", every: "6 months", n: 10 },
  ],
  [
    "last days of trade of months",
    `date,value\n${["2012-01-31", "2012-02-29", "2012-03-30", "2012-04-30", "2012-05-31", "2012-06-29"].map((date, i) => `${date},${i}\n`).join("")}`,
    {},
    { start: "2012-01-31", every: "month", n: 6 },
  ],
  [
    "quarters in a year's column",
    `year,quarter,value\n${rows(12, (i) => `${2001 + (i >> 2)},${1 + (i % 4)},${i}`)}`,
    {},
    { start: "2001-01-01", every: "3 months", n: 12 },
  ],
  [
    "year and month in columns",
    `year,month,value\n${rows(24, (i) => `${monthly(i)[0]},${monthly(i)[1] + 1},${i}`)}`,
    {},
    { start: "2001-01-01", every: "month", n: 24 },
  ],
  [
    "date and time in columns",
    `Date;Time;Power\n${rows(90, (i) => `16/12/2006;${two(Math.floor(i / 60))}:${two(i % 60)}:00;${i === 5 ? "?" : value(i)}`)}`,
    {},
    { start: "2006-12-16", every: "minute", n: 90 },
  ],
  [
    "InfluxDB, nanoseconds",
    `name,time,value\n${rows(40, (i) => `cpu,${1_577_836_800 + 10 * i}000000000,${value(i)}`)}`,
    {},
    { start: "2020-01-01", every: "10 seconds", n: 40 },
  ],
  [
    "Prometheus, seconds with a fraction",
    `timestamp,value\n${rows(40, (i) => `${1_577_836_800 + 15 * i}.781,${value(i)}`)}`,
    {},
    { start: "2020-01-01T00:00:00.781Z", every: "15 seconds", n: 40 },
  ],
  [
    "Grafana, milliseconds",
    `"Time","requests"\n${rows(40, (i) => `${1_577_836_800_000 + MINUTE * i},${value(i)}`)}`,
    {},
    { start: "2020-01-01", every: "minute", n: 40 },
  ],
  [
    "American times with AM and PM",
    `time,load\n${rows(40, (i) => `1/${1 + Math.floor(i / 24)}/2020 ${i % 12 === 0 ? 12 : i % 12}:00 ${i % 24 < 12 ? "AM" : "PM"},${value(i)}`)}`,
    { dateFormat: "MM/dd/yyyy" },
    { start: "2020-01-01", every: "hour", n: 40 },
  ],
  [
    "the German weather service",
    `STATIONS_ID;MESS_DATUM;TT_TU;eor\n${rows(40, (i) => `44;202001${two(1 + Math.floor(i / 24))}${two(i % 24)};   ${value(i)};eor`)}`,
    { time: "MESS_DATUM", value: "TT_TU" },
    { start: "2020-01-01", every: "hour", n: 40 },
  ],
  [
    "tabs, and dates of e-mails",
    `date\tvalue\n${rows(10, (i) => `Wed, ${1 + i} Jan 2020 00:00:00 GMT\t${value(i)}`)}`,
    {},
    { start: "2020-01-01", every: "day", n: 10 },
  ],
  [
    "every Monday, Wednesday and Friday",
    `date,value\n${rows(30, (i) => `${day(5 + 7 * Math.floor(i / 3) + 2 * (i % 3))},${i}`)}`,
    {},
    { start: "2020-01-06", every: "Mon, Wed, Fri", n: 30 },
  ],
];

test.each(CASES)("%s", async (_, text, options, { start, every, n, values }) => {
  const { series, frequency } = await read(text, options);
  const [one] = series;
  expect(series).toHaveLength(1);
  expect({ start: one.start, every: formatFrequency(frequency), n: one.values.length }).toEqual({ start, every, n });
  expect(Array.from(one.values).filter(Number.isNaN).length).toBeLessThanOrEqual(1);
  if (values !== undefined) expect(Array.from(one.values).slice(0, values.length)).toEqual(values);
});

test("UTF-16 with tabs, as spreadsheets save Unicode text", async () => {
  const text = `\uFEFFDatum\tWert\r\n${rows(20, (i) => `${part(i, 8, 10)}.01.2020\t${german(value(i))}`)}`;
  const { series } = await read(Buffer.from(text, "utf16le"), {}, "txt");
  expect(series[0].start).toBe("2020-01-01");
  expect(Array.from(series[0].values)).toEqual(Array.from({ length: 20 }, (_, i) => value(i)));
});

test("dates that two forms fit are refused, unless their order decides", async () => {
  const column = (dates: readonly string[]): string =>
    `date,value\n${dates.map((date, i) => `${date},${i}\n`).join("")}`;
  const unsure = column(["01/02/2020", "01/03/2020", "01/04/2020"]);
  await expect(read(unsure)).rejects.toThrow(
    /line 2: expected dates of one form, got "01\/02\/2020", which may be MM\/dd\/yyyy or dd\/MM\/yyyy. --date-format/,
  );
  expect((await read(unsure, { dateFormat: "dd/MM/yyyy" })).frequency).toEqual({ unit: "month", count: 1 });
  expect((await read(unsure, { dateFormat: "%m/%d/%Y" })).series[0].start).toBe("2020-01-02");
  expect((await read(unsure, { like: { dateFormat: "dd/MM/yyyy" } })).series[0].start).toBe("2020-02-01");
  const months = await read(
    column(Array.from({ length: 14 }, (_, i) => `01/${two(1 + (i % 12))}/${2020 + (i > 11 ? 1 : 0)}`)),
  );
  expect(months.frequency).toEqual({ unit: "month", count: 1 });
  expect(months.notes.join()).toContain('dates such as "01/01/2020" are read as dd/MM/yyyy');
});

test("which decimal sign was taken is said where numbers don't tell", async () => {
  const column = (numbers: readonly string[], more = ""): string =>
    `date,value,other\n${numbers.map((x, i) => `${day(i)},"${x}","${more}"\n`).join("")}`;
  const thousands = await read(column(["3,115", "2,780"]));
  expect(Array.from(thousands.series[0].values)).toEqual([3115, 2780]);
  expect(thousands.notes).toEqual(['numbers such as "3,115" are read as 3115; --decimal , reads them otherwise']);
  expect(
    Array.from(
      (await read(column(["3,115"], "").replace("\n", `\n${day(-1)},"1",\n`), { decimal: "," })).series[0].values,
    ),
  ).toEqual([1, 3.115]);
  const points = await read(column(["3.115", "2.780"]));
  expect(points.notes).toEqual(['numbers such as "3.115" are read as 3.115; --decimal , reads them otherwise']);
  // another column, or dates with points, tell
  const told = await read(column(["3,115", "2,780"], "0,5"));
  expect([Array.from(told.series[0].values), told.notes]).toEqual([[3.115, 2.78], []]);
  const dotted = await read(`date;value\n01.01.2020;1.115\n02.01.2020;2.780\n`);
  expect([Array.from(dotted.series[0].values), dotted.notes]).toEqual([
    [1115, 2780],
    ['numbers such as "1.115" are read as 1115; --decimal . reads them otherwise'],
  ]);
  await expect(read(column(["3,5", "2.5", "4,5"]))).rejects.toThrow(
    /line 3 value: expected a number.*--decimal \. reads/,
  );
  await expect(read(column(["3.5", "kaputt", "4.5"]))).rejects.toThrow(/line 3 value: expected a number.*--skip-bad/);
});

test("footers are refused with their line, or left out and told", async () => {
  const text = `date,value\n${rows(20, (i) => `${day(i)},${i}`)}\nSource: city office,\nTotal,190\n`;
  await expect(read(text)).rejects.toThrow(/line 23 date: expected a date such as 2020-01-01.*--skip-bad leaves/);
  const { series, notes } = await read(text, { skipBad: true });
  expect(series[0].values).toHaveLength(20);
  expect(notes.join()).toMatch(/left out.*line 23 date: .*line 24 date: .*got "Total"$/);
});

test("columns that nobody names are found, or their options are named", async () => {
  const table = (head: string): string => `${head}\n${rows(10, (i) => `${day(i)},${i},${2 * i}`)}`;
  await expect(read(table("date,a,b"))).rejects.toThrow(
    /line 1: expected one column of values, got "date", "a", "b"\. --value-column/,
  );
  expect(Array.from((await read(table("date,a,value"))).series[0].values).at(-1)).toBe(18);
  expect((await read(table("a,b,Value"))).notes).toEqual(['dates are in "a"', 'values are in "Value"']);
  await expect(read("a,b\nx,1\ny,2\n")).rejects.toThrow(
    /expected a column of dates, got "a", "b"\. --time-column names it/,
  );
  await expect(read(table("date,a,b"), { value: "c" })).rejects.toThrow("--value-column names the column");
  await expect(read(table("date,a,b"), { value: "a", series: "c" })).rejects.toThrow(
    "--series-column names the column",
  );
  await expect(read(table("date,a,b"), { value: "a", covariates: ["c"] })).rejects.toThrow(
    "--covariates names the column",
  );
  // capitals and spaces don't matter
  expect((await read(table("Date, A ,B"), { time: "date", value: "a" })).series[0].values).toHaveLength(10);
});

test("wide tables have a series in each column", async () => {
  const text = `;"MT_1";"a,b";note\n${rows(20, (i) => `"${day(i)}";${german(value(i))};${i};x`)}`;
  const all = await read(text, { values: "*" });
  expect(all.series.map(({ id, values }) => [id, values.length, values[1]])).toEqual([
    ["MT_1", 20, value(1)],
    ["a,b", 20, 1],
  ]);
  expect(all.reading).toMatchObject({ value: 'MT_1,"a,b"', isWide: true, decimal: "," });
  expect((await read(text, { values: "*", time: "" })).series).toEqual(all.series);
  const one = await read(text, { values: '"a,b"' });
  expect(one.series.map(({ id }) => id)).toEqual(["a,b"]);
  await expect(read(text, { values: "MT_2" })).rejects.toThrow("--value-columns names the column");
});

test("years in columns: a row is a series", async () => {
  const years = Array.from({ length: 12 }, (_, i) => 1960 + i);
  const head = `Country Name,Country Code,Indicator,${years.map((year) => `${year} [YR${year}]`).join(",")}`;
  const line = (country: string, from: number): string =>
    `"${country}",${country.slice(0, 3)},GDP,${years.map((_, i) => (i === 11 ? ".." : from + i)).join(",")}`;
  const { series, frequency, notes } = await read(`${head}\n${line("Korea, Rep.", 10)}\n${line("Norway", 50)}\n`);
  expect(formatFrequency(frequency)).toBe("12 months");
  expect(series.map(({ id, start, values }) => [id, start, values.length, values[1]])).toEqual([
    ["Korea, Rep.", "1960-01-01", 11, 11],
    ["Norway", "1960-01-01", 11, 51],
  ]);
  expect(notes).toEqual([
    'each row is a series, called by "Country Name"; the names of columns are its dates',
    "the values of the last row are missing: forecasts begin there",
  ]);
  const quarters = `freq;geo;${[1, 2, 3, 4].map((q) => `2001-Q${q} `).join(";")}\nQ;DE;1,5;2,5;:;3,5 p\nQ;NO;1;2;3;4\n`;
  const eurostat = await read(quarters, { series: "geo" });
  expect(eurostat.series.map(({ id, values }) => [id, ...Array.from(values)])).toEqual([
    ["DE", 1.5, 2.5, NaN, 3.5],
    ["NO", 1, 2, 3, 4],
  ]);
});

test("months in columns: a row is a year", async () => {
  const head = `Year,${MONTHS.join(",")},J-D`;
  const line = (year: number): string =>
    `${year},${MONTHS.map((_, i) => (year === 1881 && i > 9 ? "kaputt" : (year - 1880) * 12 + i)).join(",")},0`;
  const text = `${head}\n${line(1880)}\n${line(1881)}\n`;
  await expect(read(text)).rejects.toThrow(/line 3 Nov: expected a number.*"kaputt"/);
  const { series, frequency, notes } = await read(text.replaceAll("kaputt", "***"));
  expect([series[0].start, frequency, Array.from(series[0].values)]).toEqual([
    "1880-01-01",
    { unit: "month", count: 1 },
    Array.from({ length: 22 }, (_, i) => i),
  ]);
  expect(notes).toEqual([
    "each row is a year, with its months in columns",
    "the values of the last 2 rows are missing: forecasts begin there",
  ]);
});

test("rows out of order are sorted, and said; a time that stands twice is refused with both lines", async () => {
  const days = Array.from({ length: 20 }, (_, i) => `${iso(i, 24 * HOUR).slice(0, 10)},${i}`);
  const text = (lines: readonly string[]): string => `date,value\n${lines.join("\n")}\n`;
  const swapped = days.with(5, days[9]).with(9, days[5]);
  const { series, notes } = await read(text(swapped));
  expect(Array.from(series[0].values)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(notes).toEqual([expect.stringMatching(/ line 8: 2020-01-07 after 2020-01-10: the rows are sorted by time$/)]);
  await expect(read(text(swapped.toSpliced(3, 0, days[9])))).rejects.toThrow(
    / line 8: expected a later time than 2020-01-10, as in \S+ line 5, got 2020-01-10\. A series has one row for each time; --series-column names/,
  );
});

test("gaps that are filled are counted, such as holidays of weekdays", async () => {
  const days = Array.from({ length: 60 }, (_, i) => iso(i, 24 * HOUR).slice(0, 10)).filter(
    (day) => ![0, 6].includes(new Date(day).getUTCDay()) && !["2020-01-20", "2020-02-17"].includes(day),
  );
  const { series, frequency, notes } = await read(`Date,Close\n${days.map((day, i) => `${day},${i}\n`).join("")}`, {
    fillGaps: true,
  });
  expect(formatFrequency(frequency)).toBe("weekday");
  expect(series[0].values.length).toBe(days.length + 2);
  expect(notes).toContain("2 times without a row are taken as missing values, the first 2020-01-20");
});

test("empty values at the end are what is to be forecast", async () => {
  const days = Array.from({ length: 20 }, (_, i) => `${iso(i, 24 * HOUR).slice(0, 10)},${i < 17 ? i : ""}\n`);
  const { series, notes } = await read(`date,value\n${days.join("")}`);
  expect(Array.from(series[0].values)).toEqual(Array.from({ length: 17 }, (_, i) => i));
  expect(notes).toContain("the values of the last 3 rows are missing: forecasts begin there");
});

test("a time from … to … is its beginning", async () => {
  const rowsOf = (write: (from: string, to: string) => string): string =>
    `MTU,load\n${rows(30, (i) => `${write(iso(i, HOUR), iso(i + 1, HOUR))},${i}`)}`;
  const dotted = (time: string): string =>
    `${time.slice(8, 10)}.${time.slice(5, 7)}.${time.slice(0, 4)} ${time.slice(11, 16)}`;
  for (const text of [rowsOf((a, b) => `${dotted(a)} - ${dotted(b)}`), rowsOf((a, b) => `${a}/${b}`)]) {
    const { series, frequency } = await read(text);
    expect([series[0].start, series[0].values.length, formatFrequency(frequency)]).toEqual(["2020-01-01", 30, "hour"]);
  }
});

test("GluonTS's lines, and Prometheus's pairs", async () => {
  const gluon = await read(
    '{"start":"2012-01-01 00:00:00","target":[1,"NaN",null,4],"item_id":"a","freq":"H","feat_dynamic_real":[[1,2,3,4],[5,6,7,8]]}\n',
    { covariates: ["x", "y"] },
    "jsonl",
  );
  expect(gluon.frequency).toEqual({ unit: "hour", count: 1 });
  expect(gluon.series).toEqual([
    {
      id: "a",
      start: "2012-01-01",
      values: [1, NaN, NaN, 4],
      covariates: [
        [1, 5],
        [2, 6],
        [3, 7],
        [4, 8],
      ],
    },
  ]);
  const unnamed = await read(
    '{"start":"2012-01-01 00:00","target":[1,2]}\n{"start":"2012-01-01 00:00","target":[3]}\n',
    {},
    "json",
  );
  expect(unnamed.series.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(unnamed.notes).toEqual([
    "series without an id are called by the numbers of their lines",
    "series without a frequency have one value every day; --frequency sets another, such as hour",
  ]);
  const hourly = await read('{"start":"2012-01-01","target":[1,2]}\n', { frequency: "H" }, "jsonl");
  expect([hourly.frequency, hourly.notes]).toEqual([{ unit: "hour", count: 1 }, []]);
  const pairs = await read(
    '{"metric":{"job":"a"},"values":[[1435781430.781,"1"],[1435781445.781,"2"],[1435781460.781,"NaN"]]}\n',
    {},
    "jsonl",
  );
  expect([pairs.series[0].id, Array.from(pairs.series[0].values), formatFrequency(pairs.frequency)]).toEqual([
    "job=a",
    [1, 2],
    "15 seconds",
  ]);
  const records = JSON.stringify(Array.from({ length: 5 }, (_, i) => ({ date: Date.UTC(2020, 0, 1 + i), value: i })));
  expect((await read(records, {}, "json")).series[0]).toEqual({ id: "", start: "2020-01-01", values: [0, 1, 2, 3, 4] });
});

test("clocks that are changed: an hour that is skipped, one that is there twice, days of 23 and 25 hours", async () => {
  const zone = "Europe/Berlin";
  const local = (time: number): string =>
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(time);
  const year = (n: number, start: number, step: number): string =>
    `date,value\n${rows(n, (i) => `${local(start + i * step)},${i}`)}`;
  for (const [start, step] of [
    [Date.UTC(2021, 2, 20), HOUR],
    [Date.UTC(2021, 9, 25), HOUR],
    [Date.UTC(2021, 9, 30), 30 * MINUTE],
  ] as const) {
    const text = year(250, start, step);
    const { series, frequency } = await read(text, { timeZone: zone });
    expect(Array.from(series[0].values)).toEqual(Array.from({ length: 250 }, (_, i) => i));
    expect(frequency.timeZone).toBe(zone);
    await expect(read(text)).rejects.toThrow("--time-zone, such as Europe/Berlin, reads times of clocks");
    // newest first
    const [head, ...lines] = text.trimEnd().split("\n");
    const reversed = await read([head, ...lines.toReversed()].join("\n"), { timeZone: zone });
    expect(reversed.series).toEqual(series);
  }
  await expect(read("date,value\n2021-03-28 01:30,1\n2021-03-28 02:30,1\n", { timeZone: zone })).rejects.toThrow(
    "line 3: expected a time that the clocks of Europe/Berlin show",
  );
  await expect(read("date,value\n2021-03-28,1\n2021-03-29,1\n", { timeZone: "Europe/Berln" })).rejects.toThrow(
    "--time-zone: expected a time zone",
  );
  const midnights = `date,value\n${rows(90, (i) => {
    const offset = i < 61 ? "+02:00" : "+01:00";
    return `${day(i + 244).replace("2020", "2021")}T00:00:00${offset},${i}`;
  })}`;
  const plain = await read(midnights);
  expect([plain.frequency, plain.series[0].start]).toEqual([{ unit: "day", count: 1 }, "2021-09-01"]);
  expect(plain.notes.join()).toContain("--time-zone names their zone");
});

test("gaps have the covariates of the row before, and covariates that are missing too", async () => {
  const text = "date,value,promo\n2020-01-01,1,\n2020-01-02,2,1\n2020-01-05,3,0\n2020-01-06,4,\n2020-01-09,,1\n";
  const { series } = await read(text, { covariates: ["promo"], fillGaps: true });
  expect(series).toEqual([
    {
      id: "",
      start: "2020-01-01",
      values: [1, 2, NaN, NaN, 3, 4],
      covariates: [[1], [1], [1], [1], [0], [0], [0], [0], [1]],
    },
  ]);
  await expect(read(text, { covariates: ["promo"] })).rejects.toThrow(
    /line 2: expected a number for each covariate.*--fill-gaps/,
  );
  const whole = text.replace("01,1,\n", "01,1,0\n");
  await expect(read(whole, { covariates: ["promo"] })).rejects.toThrow(
    /line 4: expected 2020-01-03, got 2020-01-05.*--fill-gaps/,
  );
  // the gap between the first two rows, and before a weekend
  const first = await read("date,value\n2020-01-01,1\n2020-01-04,2\n2020-01-05,3\n2020-01-06,4\n", { fillGaps: true });
  expect(Array.from(first.series[0].values)).toEqual([1, NaN, NaN, 2, 3, 4]);
  const weekdays = await read(
    `date,value\n${rows(60, (i) => `${day(2 + 7 * Math.floor(i / 5) + (i % 5 > 0 ? 2 : 0) + (i % 5))},${i}`)}`,
  );
  expect([weekdays.series[0].start, weekdays.series[0].values.length]).toEqual(["2020-01-03", 60]);
  expect(formatFrequency(weekdays.frequency)).toBe("weekday");
});

test("a week with a holiday is refused with its line, not taken for days with gaps", async () => {
  const text = `date,value\n${rows(20, (i) => `${day(7 * i + (i === 9 ? 1 : 0))},${i}`)}`;
  await expect(read(text)).rejects.toThrow(/line 11: expected 2020-03-04, got 2020-03-05.*one every week; --frequency/);
  await expect(read(text, { fillGaps: true })).rejects.toThrow("line 11");
  const days = await read(text, { fillGaps: true, frequency: "day" });
  expect(days.series[0].values).toHaveLength(134);
});

test("series of one table have one frequency, whichever begins with a gap", async () => {
  const head = "shop,date,value\n";
  const north = rows(40, (i) => `north,${day(i)},${i}`);
  const text = `${head}new,2020-02-01,1\nnew,2020-02-03,2\n${north}`;
  await expect(read(text, { series: "shop" })).rejects.toThrow(/line 3: expected 2020-02-02, got 2020-02-03/);
  const { series, frequency } = await read(text, { series: "shop", fillGaps: true });
  expect(frequency).toEqual({ unit: "day", count: 1 });
  expect(series.map(({ id, values }) => [id, values.length])).toEqual([
    ["new", 3],
    ["north", 40],
  ]);
  await expect(read(text)).rejects.toThrow("--series-column names the column that tells series apart");
});

test("what is written is read, in every form and frequency", async () => {
  const forms: [format: string, write: (date: string) => string][] = [
    ["yyyy-MM-dd", (date) => date],
    ["dd.MM.yyyy", (date) => date.split("-").toReversed().join(".")],
    ["MM/dd/yyyy", (date) => `${date.slice(5, 7)}/${date.slice(8)}/${date.slice(0, 4)}`],
    ["yyyyMMdd", (date) => date.replaceAll("-", "")],
    ["milliseconds", (date) => String(Date.parse(date))],
  ];
  for (const [, write] of forms)
    for (const [separator, decimal] of [
      [",", "."],
      [";", ","],
    ] as const)
      for (const step of [1, 7]) {
        const numbers = Array.from({ length: 30 }, (_, i) => (i === 4 ? NaN : value(i) - 900));
        const cells = numbers.map((x) => (Number.isNaN(x) ? "" : String(x).replace(".", decimal)));
        const lines = cells.map((cell, i) => `${write(day(step * i + 100))}${separator}${cell}`);
        const { series, frequency } = await read(`date${separator}value\n${lines.join("\n")}\n`);
        expect(series).toEqual([{ id: "", start: day(100), values: numbers }]);
        expect(frequency).toEqual(step === 1 ? { unit: "day", count: 1 } : { unit: "week", count: 1 });
      }
});

test("times in milliseconds and of ten seconds", async () => {
  const { frequency, series } = await read(`date,value\n${rows(30, (i) => `${iso(i, 250)},${i}`)}`);
  expect([frequency, series[0].start]).toEqual([{ unit: "millisecond", count: 250 }, "2020-01-01"]);
});
