import { expect, test } from "vitest";
import { mase } from "../../metrics/index.ts";
import { backtest, type BacktestOptions, seasonalNaive, type Series } from "../index.ts";

const naive =
  (period: number) =>
  ({ values }: Series, { horizon }: { readonly horizon: number }) =>
    seasonalNaive(values, { horizon, period });

const wave = (n: number, size: number): number[] => Array.from({ length: n }, (_, i) => size * (i % 7) + (i % 5));
const options: BacktestOptions = { horizon: 7, folds: 2, period: 7 };

test("a series whose naive forecast makes no error is left out of the MASE, and told", () => {
  const [a, b] = [
    { id: "a", values: wave(60, 3) },
    { id: "b", values: wave(60, 2) },
  ];
  const flat = { id: "flat", values: new Array<number>(60).fill(5) };
  const periodic = { id: "periodic", values: Array.from({ length: 60 }, (_, i) => i % 7) };
  const short = { id: "short", values: wave(20, 3) };
  const without = backtest(naive(1), [a, b], options);
  const all = backtest(naive(1), [a, flat, b, periodic, short], options);
  expect(without.unscaled).toEqual([]);
  expect(all.unscaled).toEqual(["flat", "periodic", "short"]);
  expect(all.measures.mase).toBeCloseTo(without.measures.mase, 12);
  for (const value of Object.values(all.measures)) expect(value).toBeGreaterThanOrEqual(0);
  for (const value of Object.values(all.measures)) expect(value).toBeLessThan(Infinity);
});

test("constants and zeros alone: what is not defined is NaN, and nothing is infinite", () => {
  for (const constant of [0, 5]) {
    const { measures, unscaled } = backtest(naive(7), { values: new Array<number>(40).fill(constant) }, options);
    expect(unscaled).toEqual([""]);
    expect(measures).toEqual({
      mase: NaN,
      crps: 0,
      weightedQuantileLoss: constant === 0 ? NaN : 0,
      smape: 0,
      coverage80: 1,
      coverage95: 1,
    });
  }
  // a forecast of 0 that was wrong
  const values = [...new Array<number>(33).fill(0), ...new Array<number>(7).fill(4)];
  const { measures } = backtest(naive(7), { values }, options);
  expect(measures.weightedQuantileLoss).toBeCloseTo(1, 12);
  expect(measures.smape).toBe(1);
  expect(mase([1], [2], { training: [3, 3, 3] })).toBeNaN();
});

test("each value that is there counts once, in whatever fold it is", () => {
  // the first fold has one value, the second seven
  const values = wave(60, 3).map((y, i) => (i >= 46 && i < 52 ? NaN : y));
  const wrong = ({ values: past }: Series, { horizon }: { readonly horizon: number }) => {
    const found = seasonalNaive(new Array<number>(30).fill(past.length < 50 ? 1e6 : 0), { horizon, period: 1 });
    return found;
  };
  const { measures } = backtest(wrong, { values }, options);
  const actual = values.slice(46);
  const errors = actual.flatMap((y, i) => (Number.isNaN(y) ? [] : [Math.abs(y - (i < 7 ? 1e6 : 0))]));
  expect(errors).toHaveLength(8);
  expect(measures.crps).toBeCloseTo(errors.reduce((a, b) => a + b, 0) / 8, 6);
  const size = actual.flatMap((y) => (Number.isNaN(y) ? [] : [Math.abs(y)])).reduce((a, b) => a + b, 0);
  expect(measures.weightedQuantileLoss).toBeCloseTo(errors.reduce((a, b) => a + b, 0) / size, 6);
  const zeros = actual.filter((y, i) => i >= 7 && y === 0).length;
  expect(measures.coverage80).toBeCloseTo(zeros / 8, 12);
});

test("gaps that fall on the season: the last value that is there stands for them", () => {
  // weekdays only, as stock prices are
  const values = Array.from({ length: 70 }, (_, i) => (i % 7 >= 5 ? NaN : 100 + i));
  const { quantiles, samples } = seasonalNaive(values, { horizon: 7, period: 7 });
  expect(quantiles["0.5"]).toEqual([163, 164, 165, 166, 167, 167, 167]);
  for (const x of samples) expect(x).toBeGreaterThan(0);
  const { measures } = backtest(naive(7), { values }, options);
  for (const value of Object.values(measures)) expect(value).toBeGreaterThanOrEqual(0);
  // and before the first value
  expect(seasonalNaive([NaN, NaN, 3, 4], { horizon: 2, period: 4 }).quantiles["0.5"]).toEqual([3, 3]);
  const missing = new Array<number>(327).fill(NaN);
  expect(() => seasonalNaive(missing, { horizon: 7, period: 7 })).toThrow(
    "seasonalNaive: expected at least one value, got 327 that are missing",
  );
  expect(() => seasonalNaive([1, 2, 3], { horizon: 7, period: 7 })).toThrow(
    "seasonalNaive: expected at least 7 values, a season, got 3",
  );
});
