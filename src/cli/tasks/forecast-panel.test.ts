/**
 * @file Data that a forecast meets in the field: short and empty series, gaps on the season,
 * constants, other frequencies.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { splitNotes, splitSeries } from "./forecast-data.ts";
import { forecastTask } from "./forecast.ts";
import type { TaskOptions } from "./task.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-panel-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(lines: readonly string[]): string {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, lines.join("\n"));
  return path;
}

const options: TaskOptions = {
  cell: "rnn",
  dialect: "tf1",
  hiddenSize: 2,
  layers: 1,
  dropout: 0,
  batchSize: 4,
  validation: 0.2,
  seed: 0,
  horizon: 7,
  timeColumn: "date",
  valueColumn: "value",
  head: "normal",
  embeddingSize: 0,
  optimizer: "adam",
  learningRate: 0.004,
  clipNorm: 5,
  keepBest: true,
  warmUp: 0,
  checkpointEvery: 500,
};

const dates = (n: number, hours = 24): string[] =>
  Array.from(
    { length: n },
    (_, i) => new Date(Date.UTC(2001, 0, 1) + i * hours * 3_600_000).toISOString().slice(0, 19) + "Z",
  );
const months = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => new Date(Date.UTC(2001, i, 1)).toISOString().slice(0, 10));

const noisy = (i: number): number => (i % 7) + ((i * 7919) % 13) / 3;

const finished = async (path: string, more: Partial<TaskOptions> = {}) => {
  const all = { ...options, ...more };
  const data = await forecastTask.read([path], all);
  const made = forecastTask.create(data, all);
  const training = forecastTask.training(made, data, all);
  const found = await forecastTask.finish?.(made, data, all);
  return { data, made, training, found, text: found?.text ?? "", all };
};

test.each([
  ["hours", 24, dates(300, 1)],
  ["days", 7, dates(140)],
  ["quarter hours", 96, dates(500, 0.25)],
  ["months", 12, months(120)],
] as const)(
  "the season of %s is %s",
  async (_, season, times) => {
    const path = fileOf(["date,value", ...times.map((time, i) => `${time},${noisy(i)}`)]);
    const { text, made, all } = await finished(path);
    expect(text).toContain(`season of ${season} steps (for values every `);
    expect(text).toContain(`value ${season} before`);
    const typed = await forecastTask.evaluate(made, [path], { ...all, period: 5 });
    expect(typed.text).toContain("season of 5 steps (--period)");
    expect(typed.text).toContain("value 5 before");
    expect((await forecastTask.evaluate(made, [path], all)).text).toContain(`value ${season} before`);
  },
  30_000,
);

test("weekdays, with filled gaps or as they are: trained, and measured against the week before", async () => {
  const lines = dates(500).flatMap((time, i) => (i % 7 >= 5 ? [] : [`${time},${100 + noisy(i)}`]));
  for (const fillGaps of [true, undefined]) {
    const { text, found } = await finished(fileOf(["date,value", ...lines]), { fillGaps });
    expect(text).toContain("season of 5 steps (for values every weekday)");
    expect(text).not.toContain("not available");
    expect(Object.values(found?.measures ?? {}).every(Number.isFinite)).toBe(true);
  }
  // a season of a week of which two days are always missing
  const sparse = dates(280).map((time, i) => `${time},${i % 7 >= 5 ? "" : 100 + noisy(i)}`);
  const { text } = await finished(fileOf(["date,value", ...sparse]));
  expect(text).toContain("value 7 before");
  expect(text).not.toContain("not available");
});

/** Two long shops, one constant one, and short ones of 3, 1 and 5 rows, the last without values. */
const panel = (...more: readonly string[]): string[] => {
  const times = dates(100);
  const rows = (id: string, n: number, value: (i: number) => number | string): string[] =>
    times.slice(0, n).map((time, i) => `${id},${time},${value(i)}`);
  const all: Readonly<Record<string, readonly string[]>> = {
    north: rows("north", 100, noisy),
    south: rows("south", 90, (i) => 2 * noisy(i)),
    flat: rows("flat", 100, () => 4),
    new: rows("new", 3, noisy),
    kiosk: rows("kiosk", 1, noisy),
    closed: rows("closed", 5, () => ""),
  };
  return ["shop,date,value", ...["north", "south", ...more].flatMap((name) => all[name])];
};

test.each([{ heldOut: 14 }, {}])(
  "short series in a panel are trained on and named, the rest is measured: %j",
  async (more) => {
    const path = fileOf(panel("flat", "new", "kiosk", "closed"));
    const asked = { ...more, seriesColumn: "shop" };
    const { training, text, found, made } = await finished(path, asked);
    const held = "heldOut" in more ? 14 : 18;
    expect(training.notes).toEqual([
      `too short to hold out ${held} steps, trained on whole and not measured: "new" (3 rows)`,
      'left out, for lack of two values: "kiosk" (1 row), "closed" (5 rows)',
    ]);
    expect(training.facts).toEqual({ trainingExamples: 293 - 3 * held, validationExamples: 3 * held });
    expect(text).toContain("6 forecasts of 7 steps");
    expect(text).toContain("MASE without 1 series");
    expect(found?.measures["mase"]).toBeGreaterThan(0);
    expect(found?.measures["mase"]).toBeLessThan(Infinity);
    const evaluated = await forecastTask.evaluate(made, [path], { ...options, ...asked });
    expect(evaluated.text).toContain('too short to be measured: "new", "kiosk", "closed"');
    // answers for all but the one without values
    const answers: unknown[] = [];
    for await (const { json } of forecastTask.predict(made, [path], { horizon: 1 }))
      answers.push((json as { readonly series: string }).series);
    expect(answers).toEqual(["north", "south", "flat", "new", "kiosk"]);
  },
);

test("a constant series alone: nothing is infinite, and what is not defined is told", async () => {
  const zeros = dates(100).map((time) => `${time},0`);
  const { text, found } = await finished(fileOf(["date,value", ...zeros]));
  expect(text).toContain("no MASE: the values before repeat each season exactly");
  expect(text).toContain("no wQL: the values to forecast are all 0 or missing");
  expect(text).not.toMatch(/NaN|Infinity/);
  expect(Object.keys(found?.measures ?? {})).toEqual(["crps", "smape", "coverage80", "coverage95"]);
});

test("a baseline that can't be had is told, and the model is measured", async () => {
  // the first value comes in what is held out
  const lines = dates(100).map((time, i) => `${time},${i < 80 && i !== 3 && i !== 5 ? "" : noisy(i)}`);
  const { text, found } = await finished(fileOf(["date,value", ...lines]), { period: 7 });
  expect(text).toMatch(/value 7 before/);
  expect(found?.measures["crps"]).toBeGreaterThan(0);
});

test("what is held out", () => {
  const series = (...lengths: number[]) =>
    lengths.map((n, i) => ({ id: String(i), values: new Array<number>(n).fill(1) }));
  const asked = { validation: 0.1, horizon: 28 };
  expect(splitSeries(series(730, 3), asked).held).toBe(73);
  expect(splitSeries(series(730, 400), asked).held).toBe(40);
  // no series has a horizon to spare: a part of one
  expect(splitSeries(series(100, 50), asked).held).toBe(5);
  expect(splitSeries(series(3), asked).held).toBe(0);
  expect(splitNotes(splitSeries(series(3), asked), asked)).toEqual([
    "nothing is held out or measured: 10 % of 3 rows is less than a step; --held-out sets it",
  ]);
  expect(splitNotes(splitSeries(series(3), { ...asked, heldOut: 0 }), { ...asked, heldOut: 0 })).toEqual([]);
  const many = splitSeries(series(730, 1, 1, 1, 1, 1, 1, 1), asked);
  expect(splitNotes(many, asked)[0]).toMatch(/"5" \(1 row\), 2 more$/);
});
