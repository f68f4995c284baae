import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coverage, crps, crpsFromQuantiles, mase, meanAbsoluteError, pinball, smape } from "./index.ts";

type Golden = { readonly name: string } & Readonly<Record<string, number & number[] & { readonly data: number[] }>>;
const file = new URL("../../test/golden/data/forecast.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Golden[] };
const golden = cases.find(({ name }) => name === "measures") as Golden;
const [actual, forecast, samples] = ["actual", "forecast", "samples"].map((name) => golden[name].data);

test("measures agree with plain loops over their definitions", () => {
  const options = { training: golden["training"].data, period: golden["period"] };
  expect(mase(actual, forecast, options)).toBeCloseTo(golden["mase"], 12);
  expect(crps(samples, actual[0])).toBeCloseTo(golden["crpsFair"], 12);
  expect(crps(samples, actual[0], { fair: false })).toBeCloseTo(golden["crps"], 12);
  const levels = golden["levels"];
  expect(crpsFromQuantiles(levels, golden["quantiles"].data, actual[0])).toBeCloseTo(golden["crpsFromQuantiles"], 12);
  levels.forEach((level, i) => expect(pinball(actual, forecast, level)).toBeCloseTo(golden["pinball"][i], 12));
  expect(coverage(actual, golden["lower"].data, golden["upper"].data)).toBeCloseTo(golden["coverage"], 12);
  expect(smape(actual, forecast)).toBeCloseTo(golden["smape"], 12);
});

test("missing values count nowhere", () => {
  expect(meanAbsoluteError([1, NaN, 3], [2, 100, 3])).toBe(0.5);
  expect(coverage([1, NaN, 3, 4], [0, 0, 0, 5], [2, 0, 4, 6])).toBeCloseTo(2 / 3, 12);
  expect(mase([NaN, 3], [0, 4], { training: [1, NaN, 3, 5], period: 1 })).toBe(0.5);
  expect(meanAbsoluteError([NaN], [1])).toBeNaN();
});

test("bounds are inside, and values of both signs have a percentage", () => {
  expect(coverage([1, 2, 3, 4], [1, 0, 4, 0], [2, 2, 5, 3])).toBe(1 / 2);
  expect(smape([-1, 0, 1], [1, 0, 3])).toBe(1);
});

test("one sample is an absolute error; the limits are told", () => {
  expect(crps([4], 1)).toBe(3);
  expect(crps([0, 1], 0.5)).toBe(0);
  expect(() => crps([], 1)).toThrow("at least one sample");
  expect(() => pinball([1], [1], 1)).toThrow("pinball level");
  expect(() => smape([1, 2], [1])).toThrow("smape: expected 2 values, got [1]");
  expect(() => mase([1], [1], { training: [1], period: 1 })).toThrow("more than 1 values");
});
