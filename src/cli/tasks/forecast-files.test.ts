/**
 * @file Files as they are known from tutorials: the options of docs/tasks/forecast.md train on
 * them, and predict and evaluate read them as they were trained on.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeModel } from "unrolled";
import type { Forecaster } from "unrolled/tasks";
import { optionOf, typedFlagOf } from "../options/table.ts";
import { FORECAST_OPTIONS } from "./forecast-options.ts";
import { csvTable } from "../terminal/csv.ts";
import { forecastTask } from "./forecast.ts";
import type { TaskOptions } from "./task.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS: TaskOptions = {
  cell: "rnn",
  dialect: "tf1",
  hiddenSize: 2,
  layers: 1,
  dropout: 0,
  batchSize: 4,
  validation: 0.2,
  seed: 0,
  horizon: 4,
  head: "normal",
  embeddingSize: 0,
  optimizer: "adam",
  learningRate: 0.004,
  clipNorm: 5,
  checkpointEvery: 500,
  keepBest: true,
  warmUp: 0,
};

const HOUR = 3_600_000;
const START = Date.UTC(2012, 0, 1);
const two = (n: number): string => String(n).padStart(2, "0");
const at = (i: number, step: number): string => new Date(START + i * step).toISOString().replace("T", " ").slice(0, 19);
const value = (i: number): number => 2 + (i % 7) + ((i * 7919) % 13) / 16;
const lines = (n: number, line: (i: number) => string): string[] => Array.from({ length: n }, (_, i) => line(i));
const table = (head: string, n: number, line: (i: number) => string): string => [head, ...lines(n, line)].join("\n");
const comma = (x: number): string => String(x).replace(".", ",");
const german = (i: number, step: number): string => {
  const [date, time] = at(i, step).split(" ");
  return `${date.split("-").toReversed().join(".")} ${time}`;
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const american = (i: number): string => {
  const [year, month, day] = at(i, 24 * HOUR)
    .slice(0, 10)
    .split("-");
  return `${MONTHS[Number(month) - 1]} ${day}, ${year}`;
};
const month = (i: number, first: number): string => `${first + Math.floor(i / 12)}-${two(1 + (i % 12))}`;
/** Weekdays from Monday, 2 January 2012, on. */
const weekday = (i: number): string => at(1 + 7 * Math.floor(i / 5) + (i % 5), 24 * HOUR).slice(0, 10);

type Made = { readonly text: string; readonly first: string; readonly values: number; readonly series?: number };

/** The files of the page, with the first date of a forecast and the number of values. */
const FILES: Readonly<Record<string, Made>> = {
  "daily-temperatures.csv": {
    text: [
      '"Date","Temp"',
      ...lines(420, (i) => `"${at(i, 24 * HOUR).slice(0, 10)}",${value(i)}`).filter((line) => !line.includes("-12-31")),
    ].join("\n"),
    first: "2013-02-24",
    values: 420,
  },
  "ett.csv": {
    text: table("date,HUFL,OT", 100, (i) => `${at(i, HOUR)},0.5,${value(i)}`),
    first: "2012-01-05T04:00:00",
    values: 100,
  },
  "electricity.jsonl": {
    text: lines(2, (n) =>
      JSON.stringify({ start: "2012-01-01 00:00:00", target: Array.from({ length: 60 }, (_, i) => value(i + n)) }),
    ).join("\n"),
    first: "2012-01-03T12:00:00",
    values: 120,
    series: 2,
  },
  "household-power.txt": {
    text: table("Date;Time;Global_active_power;Voltage", 100, (i) => {
      const [date, time] = german(i, 60_000).split(" ");
      return `${date.replaceAll(".", "/")};${time};${i % 50 === 3 ? "?" : value(i)};230`;
    }),
    first: "2012-01-01T01:40:00",
    values: 100,
  },
  "investing.csv": {
    text: `\uFEFF${table('"Date","Price","Vol."', 100, (i) => `"${american(99 - i)}","1,${800 + (i % 90)}.50","1.2M"`)}`,
    first: "2012-04-10",
    values: 100,
  },
  "jena-climate.csv": {
    text: table('"Date Time","p (mbar)","T (degC)"', 100, (i) => `${german(i, HOUR / 6)},996.5,${value(i)}`),
    first: "2012-01-01T16:40:00",
    values: 100,
  },
  "ld2011.txt": {
    text: table('"";"MT_1";"MT_2"', 100, (i) => `"${at(i, HOUR / 4)}";${comma(value(i))};${comma(value(i + 1))}`),
    first: "2012-01-02T01:00:00",
    values: 200,
    series: 2,
  },
  "pm25.csv": {
    text: table("No,year,month,day,hour,pm2.5", 100, (i) => {
      const [year, mon, day, hour] = at(i, HOUR).split(/[- :]/).map(Number);
      return [i + 1, year, mon, day, hour, i < 24 ? "NA" : value(i)].join(",");
    }),
    first: "2012-01-05T04:00:00",
    values: 100,
  },
  "prophet.csv": {
    text: table('"ds","y"', 100, (i) => `"${at(i, 24 * HOUR).slice(0, 10)}",${value(i)}`),
    first: "2012-04-10",
    values: 100,
  },
  "shampoo.csv": {
    text: table('"Month","Sales"', 36, (i) => `"${month(i, 1)}",${value(i)}`),
    first: "0004-01-01",
    values: 36,
  },
  "stock.csv": {
    text: table("Date,Open,Close,Adj Close,Volume", 100, (i) => `${weekday(i)},1,${value(i)},7,1200`),
    first: "2012-05-21",
    values: 100,
  },
  "sunspots.csv": {
    text: table('"Month","Sunspots"', 240, (i) => `"${month(i, 1749)}",${value(i)}`),
    first: "1769-01-01",
    values: 240,
  },
};

/** Rows of the page's table: a file and its options as they are typed. */
const ROWS = [
  ...readFileSync("docs/tasks/forecast.md", "utf8").matchAll(
    /^\| `([\w-]+\.(?:csv|txt|jsonl))` \| .* \| (?:`(.*)` )?\|$/gm,
  ),
].map(([, file, typed = ""]) => ({
  file,
  typed: [...typed.matchAll(/"([^"]*)"|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word),
}));

/** The options of words as they are typed. */
function parsed(words: readonly string[]): Partial<TaskOptions> {
  const found: Record<string, unknown> = {};
  for (let i = 0; i < words.length; i++) {
    const row = Object.entries(FORECAST_OPTIONS).find(([name, one]) => typedFlagOf(name, one) === words[i]);
    if (row === undefined) throw new Error(`no option ${words[i]}`);
    const [name, one] = row;
    found[name] = optionOf(name, one).isBoolean() ? true : one.parse(words[++i]);
  }
  return found;
}

const reloaded = (model: unknown): Forecaster =>
  forecastTask.decode(encodeModel(model as Forecaster)) as unknown as Forecaster;

async function answers(model: Forecaster, path: string, options: Readonly<Record<string, unknown>>): Promise<string[]> {
  const table = csvTable();
  let found = "";
  for await (const { text, rows = [] } of forecastTask.predict(model, [path], options))
    found += options["csv"] === true ? table(rows) : `${text}\n`;
  return found.trimEnd().split("\n");
}

test("the page has a row for each file", () => {
  expect(ROWS.map(({ file }) => file)).toEqual(Object.keys(FILES));
});

test.each(ROWS)("$file $typed", async ({ file, typed }) => {
  const { text, first, values, series = 1 } = FILES[file];
  const path = join(folder, file);
  writeFileSync(path, text);
  const asked = parsed(typed);
  expect(Object.keys(asked).length).toBeLessThanOrEqual(2);
  const options = { ...OPTIONS, ...asked };
  const data = await forecastTask.read([path], options);
  const made = forecastTask.create(data, options);
  expect(forecastTask.describe(made, data)).toContain(`${series} series (${values} values`);
  forecastTask.training(made, data, options);
  const { measures } = (await forecastTask.finish?.(made, data, options)) ?? { measures: {} };
  expect(measures["crps"]).toBeGreaterThan(0);
  // nothing has to be typed again
  const model = reloaded(made);
  const [head, line] = await answers(model, path, { horizon: 1, csv: true, samples: 20 });
  const before = series > 1 ? "series," : "";
  expect(head).toBe(`${before}date,mean,q0.025,q0.1,q0.5,q0.9,q0.975`);
  expect(line.split(",")[series > 1 ? 1 : 0]).toBe(first);
  const evaluated = await forecastTask.evaluate(model, [path], {});
  expect(evaluated.measures["crps"]).toBeGreaterThan(0);
});

const written = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function trained(path: string, more: Partial<TaskOptions> = {}): Promise<Forecaster> {
  const options = { ...OPTIONS, ...more };
  return reloaded(forecastTask.create(await forecastTask.read([path], options), options));
}

test("CSV has all digits, and names in quotes where they need them", async () => {
  const day = (i: number): string => at(i, 24 * HOUR).slice(0, 10);
  const path = written(
    "digits.csv",
    [
      "day,shop,n",
      ...["North, A", 'the "B"'].flatMap((name, n) =>
        lines(60, (i) => `${day(i)},"${name.replaceAll('"', '""')}",${1_000_000_000 + (i % 7) + n}`),
      ),
    ].join("\n"),
  );
  const model = await trained(path, { seriesColumn: "shop", valueColumn: "n" });
  const found = await answers(model, path, { horizon: 1, csv: true });
  expect(found).toHaveLength(3);
  expect(found[1]).toMatch(/^"North, A",2012-03-01,100000000\d\.\d{3,},/);
  expect(found[2]).toMatch(/^"the ""B""",2012-03-01,100000000\d\.\d{3,},/);
  const means: string[] = [];
  for await (const { json } of forecastTask.predict(model, [path], { horizon: 1 }))
    means.push(String((json as unknown as { readonly mean: readonly number[] }).mean[0]));
  expect(means[0]).toBe(found[1].split(",")[3]);
  expect(means[1]).toBe(found[2].split(",")[2]);
  // the table for people has as many as tell its numbers apart
  const [, , row] = await answers(model, path, { horizon: 1 });
  expect(new Set(row.split(/ +/)).size).toBe(7);
});

test("gaps are filled in predict and evaluate as they were in training, with covariates too", async () => {
  const day = (i: number): string => at(i, 24 * HOUR).slice(0, 10);
  const all = lines(100, (i) => `${day(i)},${i < 98 ? value(i) : ""},${i % 3}`);
  const path = written("gaps.csv", ["date,value,promo", ...all.filter((_, i) => i !== 1 && i !== 61)].join("\n"));
  await expect(trained(path, { covariates: "promo" })).rejects.toThrow(
    /line 3: expected 2012-01-02.*--fill-gaps takes/,
  );
  const model = await trained(path, { covariates: "promo", fillGaps: true });
  expect(model.config.reading).toMatchObject({ fillGaps: true });
  expect((await answers(model, path, { horizon: 2, csv: true }))[1]).toMatch(/^2012-04-08,/);
  expect((await forecastTask.evaluate(model, [path], {})).measures["crps"]).toBeGreaterThan(0);
  // and where only the later file has gaps, the option is there
  const whole = written("whole.csv", ["date,value,promo", ...all].join("\n"));
  const strict = await trained(whole, { covariates: "promo" });
  await expect(answers(strict, path, { horizon: 1 })).rejects.toThrow("--fill-gaps");
  expect(await answers(strict, path, { horizon: 1, fillGaps: true, csv: true })).toHaveLength(2);
});

test("rows that are left out in training are left out in predict and evaluate", async () => {
  const days = lines(60, (i) => `${at(i, 24 * HOUR).slice(0, 10)},${value(i)}`);
  const path = written("footer.csv", ["date,value", ...days, "", "Source: city office,"].join("\n"));
  await expect(trained(path)).rejects.toThrow(/line 63 date: .*--skip-bad leaves such rows out/);
  const model = await trained(path, { skipBad: true });
  expect((await answers(model, path, { horizon: 1, csv: true }))[1]).toMatch(/^2012-03-01,/);
  expect((await forecastTask.evaluate(model, [path], {})).measures["crps"]).toBeGreaterThan(0);
});

test("rows that are series, with dates in the head", async () => {
  const years = lines(30, (i) => String(1960 + i));
  const row = (name: string, n: number): string => [name, ...years.map((_, i) => value(i + n))].join(",");
  const path = written("years.csv", [["Country", ...years].join(","), row("Norway", 0), row("Korea", 3)].join("\n"));
  const model = await trained(path);
  const found = await answers(model, path, { horizon: 1, csv: true });
  expect(found.map((line) => line.split(",").slice(0, 2).join())).toEqual([
    "series,date",
    "Norway,1990-01-01",
    "Korea,1990-01-01",
  ]);
});

test("the clocks of a zone, in training and in what is printed", async () => {
  const zone = "Europe/Berlin";
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  const hours = (from: number, n: number): string =>
    table("date,value", n, (i) => `${clock.format(from + i * HOUR)},${value(i)}`);
  const path = written("hours.csv", hours(Date.UTC(2021, 9, 26), 200));
  const model = await trained(path, { timeZone: zone });
  expect(model.config.frequency).toEqual({ unit: "hour", count: 1, timeZone: zone });
  const next = written("next.csv", hours(Date.UTC(2022, 2, 20), 168 + 1));
  const found = await answers(model, next, { horizon: 2, csv: true });
  expect(found.slice(1).map((line) => line.split(",")[0])).toEqual([
    "2022-03-27T03:00:00+02:00",
    "2022-03-27T04:00:00+02:00",
  ]);
  const other = written(
    "days.csv",
    table("date,value", 40, (i) => `${at(i, 24 * HOUR).slice(0, 10)},${i}`),
  );
  await expect(answers(model, other, {})).rejects.toThrow("line 3: expected 2012-01-01T01:00:00+01:00");
});

test("files of another shape than those of the training are read by options", async () => {
  const path = written(
    "usual.csv",
    table("date,value", 60, (i) => `${at(i, 24 * HOUR).slice(0, 10)},${value(i)}`),
  );
  const model = await trained(path);
  const other = written(
    "other.txt",
    table("Tag;Menge", 60, (i) => `${german(i, 24 * HOUR).slice(0, 10)};${comma(value(i))}`),
  );
  await expect(answers(model, other, {})).rejects.toThrow(
    'expected a column "date", got "Tag", "Menge". --time-column',
  );
  const typed = { timeColumn: "Tag", valueColumn: "Menge", horizon: 1, csv: true };
  expect(await answers(model, other, typed)).toEqual(await answers(model, path, { horizon: 1, csv: true }));
});
