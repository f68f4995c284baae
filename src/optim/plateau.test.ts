import { expect, test } from "vitest";
import { plateau } from "./index.ts";

/** The rate after each observation. */
function rates(metrics: readonly number[], options: Omit<Parameters<typeof plateau>[0], "initial">): number[] {
  const reducer = plateau({ initial: 1, factor: 0.5, patience: 1, ...options });
  return metrics.map((metric) => {
    reducer.observe(metric);
    return reducer.learningRate;
  });
}

test("halves when patience is exceeded", () => {
  expect(rates([5, 5, 5, 5, 5], {})).toEqual([1, 1, 0.5, 0.5, 0.25]);
  expect(rates([5, 4, 3, 2, 1], {})).toEqual([1, 1, 1, 1, 1]);
  expect(rates([1, 2, 3, 3, 3], { mode: "max" })).toEqual([1, 1, 1, 1, 0.5]);
  expect(rates([5, 5, 5, 5, 5], { cooldown: 1 })).toEqual([1, 1, 0.5, 0.5, 0.5]);
  expect(rates([5, 5, 5, 5, 5], { minimum: 0.4 })).toEqual([1, 1, 0.5, 0.5, 0.4]);
});

test("NaN and infinities are worst, also as the first metric", () => {
  expect(rates([NaN, NaN, NaN], {})).toEqual([1, 0.5, 0.5]);
  expect(rates([5, NaN, -Infinity, 4, 3, 2], {})).toEqual([1, 1, 0.5, 0.5, 0.5, 0.5]);
  expect(rates([NaN, 5, 4, 3], {})).toEqual([1, 1, 1, 1]);
  expect(rates([1, Infinity, NaN], { mode: "max" })).toEqual([1, 1, 0.5]);
});

test("the threshold asks for an improvement, also of a negative metric", () => {
  const slow = [-10, -10.05, -10.1, -10.15];
  expect(rates(slow, { threshold: 0.1 })).toEqual([1, 1, 0.5, 0.5]);
  expect(rates(slow, { threshold: 0.04, thresholdMode: "absolute" })).toEqual([1, 1, 1, 1]);
  expect(rates([1, 1.05, 1.09], { threshold: 0.1, mode: "max" })).toEqual([1, 1, 0.5]);
});

test("continues from its state", () => {
  const metrics = [5, 5, NaN, 4, 4, 4, 4, 3, 3, 3, 3];
  const options = { initial: 1, factor: 0.5, patience: 1, cooldown: 1 };
  const whole = plateau(options);
  let resumed = plateau(options);
  for (const metric of metrics) {
    whole.observe(metric);
    const saved = JSON.parse(JSON.stringify(resumed.state())) as ReturnType<typeof resumed.state>;
    resumed = plateau(options);
    resumed.restore(saved);
    resumed.observe(metric);
    expect(resumed.state()).toEqual(whole.state());
  }
  expect(whole.learningRate).toBe(0.125);
  expect(() => resumed.restore({ learningRate: NaN, best: null, bad: 0, cooling: 0 })).toThrow(
    "plateau state learningRate",
  );
});
