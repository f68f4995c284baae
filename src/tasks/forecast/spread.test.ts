import { encodeModel } from "../../model/index.ts";
import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { backtest, calibrate, forecast, forecaster, loadForecaster, type Series } from "../index.ts";
import { forecastOf } from "./result.ts";
import { checkSpread, missesOf, spreadOf, spreadOut } from "./spread.ts";

const random = randomStream(4);

/** One step of 400 draws from a normal distribution. */
const drawn = (mean: number, deviation: number, seed: number) =>
  forecastOf(
    Float64Array.from({ length: 400 }, (_, i) => mean + deviation * random.at(seed).at(i).normal()),
    400,
    {},
  );

test("intervals that are half as wide as they should be become twice as wide", () => {
  const truth = random.named("truth");
  const folds = Array.from({ length: 300 }, (_, i) => ({
    forecast: drawn(10, 1, i),
    actual: [10 + 2 * truth.at(i).normal()],
  }));
  const inside = (level: number, spread: ReturnType<typeof spreadOf>): number =>
    folds.filter(({ forecast: found, actual: [y] }) => {
      const { lower, upper } = spreadOut(found, spread, false).interval(level);
      return lower[0] <= y && y <= upper[0];
    }).length / folds.length;
  expect(inside(0.8, [])).toBeLessThan(0.55);
  const spread = spreadOf(folds.flatMap(({ forecast: found, actual }) => missesOf(found, actual)));
  expect(spread.map(({ level }) => level)).toEqual([0.8, 0.95]);
  for (const { factor } of spread) expect(Math.abs(factor - 2)).toBeLessThan(0.35);
  expect(Math.abs(inside(0.8, spread) - 0.8)).toBeLessThan(0.02);
  expect(Math.abs(inside(0.95, spread) - 0.95)).toBeLessThan(0.02);
});

test("draws keep their order and their median; counts stay counts", () => {
  const before = drawn(3, 2, 1);
  const spread = [
    { level: 0.8, factor: 1.5 },
    { level: 0.95, factor: 0.9 },
  ];
  const after = spreadOut(before, spread, false);
  expect(after.quantile(0.5)[0]).toBeCloseTo(before.quantile(0.5)[0], 12);
  const order = (samples: Float64Array): number[] => [...samples.keys()].toSorted((a, b) => samples[a] - samples[b]);
  const [old, now] = [order(before.samples), after.samples];
  for (let i = 1; i < old.length; i++) expect(now[old[i]]).toBeGreaterThanOrEqual(now[old[i - 1]]);
  const median = before.quantile(0.5)[0];
  const width = (found: typeof before): number => found.interval(0.8).upper[0] - median;
  expect(width(after) / width(before)).toBeCloseTo(1.5, 2);
  const counts = forecastOf(Float64Array.from([0, 1, 1, 2, 2, 3, 5, 9]), 8, {});
  const wide = spreadOut(counts, [{ level: 0.8, factor: 2 }], true);
  for (const x of wide.samples) expect(Number.isInteger(x) && x >= 0).toBe(true);
  expect(wide.quantile(1)[0]).toBeGreaterThan(9);
  // nothing to move, and one draw
  const one = forecastOf(Float64Array.of(4), 1, {});
  expect(spreadOut(one, spread, false)).toBe(one);
  expect(spreadOf([])).toEqual([]);
  const same = forecastOf(Float64Array.of(2, 2, 2), 3, {});
  expect([...spreadOut(same, spread, false).samples]).toEqual([2, 2, 2]);
});

const noise = randomStream(9);
const weekly: Series = {
  start: "2001-01-01",
  values: Array.from({ length: 200 }, (_, i) => 20 + 5 * (i % 7) + 4 * noise.at(i).normal()),
};

test("a model keeps its spread in its file; files without one load as before", () => {
  const model = forecaster({ series: [weekly], horizon: 7, hiddenSize: 4, head: "normal" });
  expect(model.configuration()).not.toHaveProperty("spread");
  const plain = forecast(model, weekly, { seed: 1 });
  const measured = calibrate(model, weekly, { folds: 8, samples: 50 });
  const { spread } = model.config;
  expect(spread).toHaveLength(2);
  const again = loadForecaster(encodeModel(model));
  expect(again.config).toEqual(model.config);
  const wide = forecast(again, weekly, { seed: 1 });
  expect([...wide.samples]).toEqual([...spreadOut(plain, spread ?? [], false).samples]);
  expect(measured.measures.mase).toBeCloseTo(backtest(model, weekly, { folds: 8, samples: 50 }).measures.mase, 9);
  model.setSpread([]);
  expect([...forecast(loadForecaster(encodeModel(model)), weekly, { seed: 1 }).samples]).toEqual([...plain.samples]);
  for (const wrong of [1, [{}], [{ level: 1, factor: 1 }], [{ level: 0.8, factor: -1 }], [{ level: 0, factor: 1 }]])
    expect(() => checkSpread("a", wrong)).toThrow(/^a/);
});

test.each(["studentT", "normal", "negativeBinomial", "quantile"] as const)("%s holds what it says after it", (head) => {
  // a model that has learnt nothing draws far too wide or narrow
  const values = Array.from(weekly.values, (y) => Math.max(0, Math.round(y)));
  const series = { ...weekly, values };
  const model = forecaster({ series: [series], horizon: 7, hiddenSize: 4, head });
  const { measures } = calibrate(model, series, { folds: 20, samples: 60 });
  expect(measures.coverage80).toBeGreaterThan(0.72);
  expect(measures.coverage80).toBeLessThan(0.88);
  expect(measures.coverage95).toBeGreaterThan(0.88);
  const after = backtest(model, series, { folds: 20, samples: 60 }).measures;
  expect(after.coverage80).toBeGreaterThan(0.75);
  expect(after.coverage80).toBeLessThan(0.88);
});

test("the mean head has no intervals to move", () => {
  const model = forecaster({ series: [weekly], horizon: 7, hiddenSize: 4, head: "mean" });
  expect(calibrate(model, weekly, { folds: 2 }).measures.coverage80).toBeNaN();
  expect(model.config.spread).toBeUndefined();
});
