import { encodeModel } from "../../model/index.ts";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { trainOn } from "../../train/index.ts";
import {
  backtest,
  firstWindows,
  forecast,
  forecaster,
  type ForecasterOptions,
  forecasterTask,
  forecastTracker,
  loadForecaster,
  seasonalNaive,
  type Series,
} from "../index.ts";
import { HEADS } from "./heads.ts";

/** Counts with a week, a little noise and three gaps; a covariate that doubles a value. */
function weekly(n: number, seed = 0, level = 20): Series {
  const random = randomStream(seed);
  const covariates = Array.from({ length: n + 40 }, () => [Number(random.uniform() < 0.1)]);
  const values = Array.from({ length: n }, (_, i) => {
    if (i === 5 || i === 50 || i === 51) return NaN;
    const week = level * (1 + 0.8 * Math.sin((2 * Math.PI * i) / 7));
    return Math.round(week * (1 + covariates[i][0]) + random.normal() * 0.05 * level + level);
  });
  return { id: `series ${seed}`, start: "2001-01-01", values, covariates };
}

const small = { horizon: 14, contextLength: 14, hiddenSize: 12, lags: [7], covariates: ["double"] } as const;
const modelOf = (options: Partial<ForecasterOptions> = {}): ReturnType<typeof forecaster> =>
  forecaster({ ...small, series: [weekly(200), weekly(150, 1, 200)], ...options });

async function trained(options: Partial<ForecasterOptions> = {}, epochs = 25): Promise<ReturnType<typeof forecaster>> {
  const series = options.series ?? [weekly(200), weekly(150, 1, 200)];
  const model = modelOf({ ...options, series });
  for await (const _ of trainOn(forecasterTask(model, { series, batchSize: 8, stride: 7 }), { epochs })) void _;
  return model;
}

describe.each(HEADS)("head %s", (head) => {
  test("learns, forecasts better than last week, and is saved whole", async () => {
    const series = [weekly(200), weekly(150, 1, 200)];
    const model = await trained({ head, embeddingSize: 2 }, head === "quantile" ? 60 : 25);
    const options = { horizon: 14, folds: 2, period: 7, samples: 60 };
    // values of the past, the covariates of the future: what no naive forecast knows
    const ours = backtest(model, series, options).measures;
    const naive = backtest(
      (past, own) => seasonalNaive(past.values, { horizon: own.horizon, period: 7 }),
      series,
      options,
    );
    expect(ours.mase).toBeLessThan(0.75 * naive.measures.mase);
    if (head !== "mean") {
      expect(ours.crps).toBeLessThan(0.75 * naive.measures.crps);
      expect(ours.coverage80).toBeGreaterThan(0.55);
      expect(ours.coverage95).toBeGreaterThan(0.75);
    }
    const loaded = loadForecaster(encodeModel(model));
    expect(loaded.config).toEqual(model.config);
    expect(forecast(loaded, series[1], { samples: 5 }).samples).toEqual(
      forecast(model, series[1], { samples: 5 }).samples,
    );
  });
});

test("a value more is as reading all again, gaps included", async () => {
  const model = await trained({}, 2);
  const series = weekly(200);
  const values = Array.from(series.values);
  const tracker = forecastTracker(model, { ...series, values: values.slice(0, 40) });
  for (const value of values.slice(40, 90)) tracker.observe(value);
  const again = forecastTracker(model, { ...series, values: values.slice(0, 90) });
  const options = { horizon: 14, samples: 20, seed: 4 };
  expect(tracker.forecast(options).mean).toEqual(again.forecast(options).mean);
  // and depends on what was seen
  const other = forecastTracker(model, { ...series, values: [...values.slice(0, 89), 100] });
  expect(other.forecast(options).mean).not.toEqual(again.forecast(options).mean);
});

test("the same seed gives the same paths; another gives others", async () => {
  const model = modelOf();
  const draw = (seed: number): Float64Array => forecast(model, weekly(200), { samples: 3, seed }).samples;
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test("a forecast has dates, quantiles in order, and intervals that hold their share", () => {
  const found = forecast(modelOf(), weekly(31), { samples: 400, horizon: 3, quantiles: [0.1, 0.5, 0.9] });
  expect(found.dates).toEqual(["2001-02-01", "2001-02-02", "2001-02-03"]);
  const { "0.1": low, "0.5": median, "0.9": high } = found.quantiles;
  median.forEach((m, h) => expect(low[h] < m && m < high[h]).toBe(true));
  const { lower, upper } = found.interval(0.8);
  lower.forEach((x, h) => expect(x).toBeCloseTo(low[h], 9));
  upper.forEach((x, h) => expect(x).toBeCloseTo(high[h], 9));
});

test("windows: a missing value has no weight, its input is the last known one and a flag", () => {
  const series = weekly(60);
  const model = modelOf({ series: [series], contextLength: 46, levelSteps: 0 });
  const { features, weights, targets, shape } = firstWindows(model, { series: [series] }, 1);
  const [steps, batch, size] = shape;
  expect([steps, batch]).toEqual([60, 1]);
  const at = (t: number, i: number): number => features[t * size + i];
  expect(Array.from(weights.slice(0, 8))).toEqual([1, 1, 1, 1, 1, 0, 1, 1]);
  // step 6 reads value 5, which is missing: value 4 again
  expect([at(6, 0), at(6, 1)]).toEqual([at(5, 0), 0]);
  expect(at(5, 1)).toBe(1);
  expect(at(1, 0)).toBeCloseTo(targets[0], 6);
  // lag 7 of step 10 is value 3; of step 3 nothing
  expect(at(10, 2)).toBeCloseTo(targets[3], 6);
  expect([at(3, 2), at(3, 3)]).toEqual([0, 0]);
});

test("what is missing in the future has no effect on training", async () => {
  const values = Array.from(weekly(120).values);
  const cut = { ...weekly(120), values: values.map((y, i) => (i >= 100 ? 1e6 : y)) };
  const weightsOf = async (series: Series): Promise<number[]> => {
    const model = modelOf({ series: [weekly(120)] });
    const task = forecasterTask(model, { series: [series], heldOut: 20 });
    for await (const _ of trainOn(task, { epochs: 2 })) void _;
    return Object.values(model.parameters()).flatMap((p) => Array.from(p.values()));
  };
  expect(await weightsOf(cut)).toEqual(await weightsOf(weekly(120)));
});

test("resuming goes on bit for bit", async () => {
  const series = [weekly(120)];
  const make = (
    model = modelOf({ series, dropout: 0.2 }),
  ): { model: ReturnType<typeof forecaster>; task: ReturnType<typeof forecasterTask> } => {
    return { model, task: forecasterTask(model, { series, batchSize: 4, stride: 5 }) };
  };
  const weightsOf = ({ model }: ReturnType<typeof make>): number[] =>
    Object.values(model.parameters()).flatMap((p) => Array.from(p.values()));
  const whole = make();
  for await (const _ of trainOn(whole.task, { steps: 20, seed: 1 })) void _;
  const parts = make();
  const first = trainOn(parts.task, { steps: 9, seed: 1 });
  for await (const _ of first) void _;
  // as a later process has it
  const later = make(loadForecaster(encodeModel(parts.model)));
  for await (const _ of trainOn(later.task, { steps: 20, seed: 1, resume: await first.snapshot() })) void _;
  expect(weightsOf(later)).toEqual(weightsOf(whole));
});

test("errors name what is wrong", () => {
  expect(() => forecaster({ series: [] })).toThrow("forecaster series: expected at least one series");
  expect(() => forecaster({ series: [{ values: [NaN] }] })).toThrow(
    "forecaster series[0]: expected at least one value",
  );
  expect(() => forecaster({ series: [{ values: [1, Infinity] }] })).toThrow("values[1]: expected a finite number");
  expect(() => forecaster({ series: [{ values: [1.5] }], head: "negativeBinomial" })).toThrow("expected a count");
  expect(() => forecaster({ series: [{ values: [1, 2] }], calendar: ["month"] })).toThrow("start: expected the date");
  expect(() => forecastTracker(modelOf(), { ...weekly(10), covariates: [] })).toThrow(
    "covariates: expected at least 10 rows",
  );
  const short = { ...weekly(10), covariates: weekly(10).covariates?.slice(0, 12) ?? [] };
  expect(() => forecast(modelOf(), short)).toThrow("double of step 12");
  expect(() => forecastTracker(modelOf({ embeddingSize: 2 }), { ...weekly(9), id: "new" })).toThrow(
    "one that the model was trained on",
  );
  expect(() => backtest(modelOf(), weekly(20), { folds: 2 })).toThrow("more than 28 values");
  expect(() => forecast(modelOf({ head: "mean" }), weekly(20)).interval(0.8)).toThrow("several samples");
});

test("the seasonal-naive forecast repeats the season before, and passes over gaps", () => {
  const values = [1, 2, 3, 4, NaN, 6];
  expect(seasonalNaive(values, { horizon: 4, period: 3 }).quantiles["0.5"]).toEqual([4, 2, 6, 4]);
  expect(() => seasonalNaive([1], { horizon: 3, period: 3 })).toThrow("at least 3 values, a season, got 1");
});

test("the time of year is seen from two years of values on", () => {
  expect(forecaster({ series: [weekly(729)] }).config.calendar).toEqual(["dayOfWeek"]);
  expect(forecaster({ series: [weekly(730)] }).config.calendar).toEqual(["dayOfWeek", "dayOfYear"]);
  expect(forecaster({ series: [{ values: [1, 2, 3] }] }).config.calendar).toEqual([]);
});
