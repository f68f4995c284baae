/** @file Series that go where they have never been: levels, and intervals that hold their share. */
import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { encodeModel } from "../../model/index.ts";
import { adam } from "../../optim/index.ts";
import { trainOn } from "../../train/index.ts";
import {
  backtest,
  calibrate,
  firstWindows,
  forecast,
  forecaster,
  forecasterTask,
  forecastTracker,
  loadForecaster,
  type Series,
} from "../index.ts";
import { FeatureReader } from "./inputs.ts";

const WEEK = [0, 1, 3, 1, 0, -4, -6];

const series = (n: number, valueOf: (t: number, noise: number) => number): Series => {
  const random = randomStream(5).named("noise");
  return { start: "2001-01-01", values: Array.from({ length: n }, (_, t) => valueOf(t, random.at(t).normal())) };
};

/** Synthetic series whose noise is known. */
const KINDS: Readonly<Record<string, (t: number, noise: number) => number>> = {
  "noise alone": (_, noise) => 30 + 6 * noise,
  "a season": (t, noise) => 100 + 4 * WEEK[t % 7] + 5 * noise,
  "a trend": (t, noise) => 50 + 0.2 * t + 4 * noise,
  "a trend and a season": (t, noise) => 50 - 0.1 * t + 3 * WEEK[t % 7] + 4 * noise,
};

const [LENGTH, HELD, HORIZON] = [560, 140, 7];
const until = (whole: Series, end: number): Series => ({ ...whole, values: Array.from(whole.values).slice(0, end) });

describe.each(Object.keys(KINDS))("%s", (kind) => {
  test("intervals hold what they say on values that come later", async () => {
    const whole = series(LENGTH, KINDS[kind]);
    const history = until(whole, LENGTH - HELD);
    const model = forecaster({ series: [history], horizon: HORIZON, hiddenSize: 12, head: "normal" });
    const task = forecasterTask(model, { series: [history], heldOut: 84, batchSize: 16, stride: 7 });
    for await (const _ of trainOn(task, { steps: 120, optimizer: adam({ learningRate: 0.01 }) })) void _;
    const few = { horizon: HORIZON, samples: 100, seed: 1 };
    calibrate(model, [history], { ...few, folds: 12 });
    const { coverage80, coverage95, mase } = backtest(model, [whole], { ...few, folds: 20, period: 7 }).measures;
    // of 140 values that depend on each other by week, and of factors from 84
    expect(Math.abs(coverage80 - 0.8)).toBeLessThan(0.11);
    expect(Math.abs(coverage95 - 0.95)).toBeLessThan(0.06);
    expect(mase).toBeLessThan(0.95);
  });
});

const config = { horizon: 2, contextLength: 3, hiddenSize: 2, lags: [2], calendar: [] } as const;

test("the level is the mean of the values before, as many as there are", () => {
  const values = [1, 2, NaN, 6, 9];
  const model = forecaster({ series: [{ values }], scaler: "none", ...config });
  expect(model.config.levelSteps).toBe(3);
  const reader = new FeatureReader(model.config, { values }, { center: 0, scale: 1 });
  for (const value of values) reader.push(value);
  expect([0, 1, 2, 3, 4, 5].map((t) => reader.level(t))).toEqual([0, 1, 1.5, 5 / 3, 10 / 3, 17 / 3]);
  // values that a forecast has drawn count
  expect([5, 6, 7, 8, 9].map((t) => reader.level(t, [3, 0, 3, 6]))).toEqual([17 / 3, 6, 4, 2, 3]);
  const { features, targets } = firstWindows(model, { series: [{ values }] }, 1);
  expect([...targets]).toEqual([1, 1, 0, 13 / 3, 17 / 3].map(Math.fround));
  // value and flag of the lags 1 and 2, at step 4
  expect([...features.subarray(16, 20)]).toEqual([6 - 10 / 3, 1, 2 - 10 / 3, 0].map(Math.fround));
});

test("a series that is moved as a whole is forecast as far away", () => {
  const own = series(60, KINDS["a season"]);
  const model = forecaster({ series: [own], horizon: 7, hiddenSize: 4, calendar: [] });
  const moved = { ...own, values: Array.from(own.values, (y) => y + 1000) };
  const options = { samples: 10, seed: 3 };
  const scale = model.scaleOf(own);
  const [here, there] = [own, moved].map((one) => forecastTracker(model, one, scale).forecast(options).mean);
  there.forEach((y, h) => expect(y - here[h]).toBeCloseTo(1000, 3));
});

test("the level is saved with the model; a file without one is read as before there were levels", () => {
  const own = series(60, KINDS["a season"]);
  const make = (levelSteps?: number) => forecaster({ series: [own], horizon: 7, hiddenSize: 4, levelSteps });
  const model = make();
  const loaded = loadForecaster(encodeModel(model));
  expect(loaded.config.levelSteps).toBe(28);
  const options = { samples: 5, seed: 1 };
  expect(forecast(loaded, own, options).samples).toEqual(forecast(model, own, options).samples);
  expect(make(0).config).not.toHaveProperty("levelSteps");
  expect(forecast(make(0), own, options).mean).not.toEqual(forecast(model, own, options).mean);
  const counts = { values: [1, 2, 3, 4, 5, 6], start: "2001-01-01" };
  expect(forecaster({ series: [counts], head: "negativeBinomial" }).config).not.toHaveProperty("levelSteps");
  expect(() => forecaster({ series: [counts], head: "negativeBinomial", levelSteps: 7 })).toThrow("levelSteps");
});
