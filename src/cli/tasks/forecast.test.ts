import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { forecastTask } from "./forecast.ts";
import type { TaskOptions } from "./task.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-forecast-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, "shop.csv");
const day = (i: number): string => new Date(Date.UTC(2001, 0, 1 + i)).toISOString().slice(0, 10);
const rows = Array.from({ length: 100 }, (_, i) => `${day(i)},${i % 7},${i % 5}`);
writeFileSync(file, ["date,visits,sale", ...rows, `${day(100)},,1`, `${day(101)},,0`].join("\n"));

const options: TaskOptions = {
  cell: "lstm",
  dialect: "tf1",
  hiddenSize: 4,
  layers: 1,
  dropout: 0,
  batchSize: 4,
  validation: 0.2,
  seed: 0,
  horizon: 7,
  timeColumn: "date",
  valueColumn: "visits",
  covariates: "sale",
  lags: "7",
  head: "normal",
  period: 7,
  embeddingSize: 0,
  optimizer: "adam",
  learningRate: 0.004,
  clipNorm: 5,
  keepBest: true,
  warmUp: 0,
  checkpointEvery: 500,
};

test("reads, shows, evaluates, predicts and draws", async () => {
  const data = await forecastTask.read([file], options);
  const made = forecastTask.create(data, options);
  expect(forecastTask.describe(made, data)).toBe("1 series (100 values, every day); lstm, 1 layer of 4, normal");
  const { facts, stepsPerEpoch } = forecastTask.training(made, data, options);
  expect(facts).toEqual({ trainingExamples: 80, validationExamples: 20 });
  expect(stepsPerEpoch).toBeGreaterThan(0);
  const shown = forecastTask.preview?.(made, data, options) ?? [];
  expect(shown).toHaveLength(3);
  expect(shown[0]).toContain("value -7: ");
  const { measures, text, pictures } = (await forecastTask.finish?.(made, data, options)) ?? { measures: {} };
  expect(Object.keys(measures)).toContain("crps");
  expect(text).toContain("value 7 before");
  expect(await pictures?.["forecast.svg"]()).toContain("what came");
  const plot = join(folder, "plot.svg");
  const answers = [];
  for await (const answer of forecastTask.predict(made, [file], { horizon: 2, csv: true, plot })) answers.push(answer);
  expect(answers).toHaveLength(1);
  const names = ["date", "mean", "q0.025", "q0.1", "q0.5", "q0.9", "q0.975"];
  expect(answers[0].rows?.map((row) => Object.keys(row))).toEqual([names, names]);
  expect(answers[0].rows?.map(({ date }) => date)).toEqual(["2001-04-11", "2001-04-12"]);
  expect(answers[0].json).toMatchObject({ dates: ["2001-04-11", "2001-04-12"] });
  expect(readFileSync(plot, "utf8")).toContain("middle 95 %");
  // what is known of the future ends
  const tooFar = forecastTask.predict(made, [file], { horizon: 3 })[Symbol.asyncIterator]();
  await expect(tooFar.next()).rejects.toThrow("--horizon: expected at most 2, since sale must be known");
});
