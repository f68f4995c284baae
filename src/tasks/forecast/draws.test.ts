import { describe, expect, test } from "vitest";
import { lgamma, type RandomStream, randomStream } from "../../base/index.ts";
import { drawGamma, drawNegativeBinomial, drawPoisson, drawStudentT } from "./draws.ts";

const COUNT = 40_000;
const drawn = (f: (random: RandomStream) => number, seed = 3): number[] => {
  const random = randomStream(seed);
  return Array.from({ length: COUNT }, () => f(random)).toSorted((a, b) => a - b);
};
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const m = mean(values);
  return mean(values.map((x) => (x - m) ** 2));
};

/**
 * Largest distance between the drawn and the given distribution (Kolmogorov and Smirnov), for
 * sorted values.
 */
const distance = (values: readonly number[], below: (x: number) => number): number =>
  values.reduce((worst, x, i) => Math.max(worst, Math.abs(below(x) - (i + 0.5) / COUNT)), 0);
/** Exceeded once in a thousand seeds. */
const LIMIT = 1.95 / Math.sqrt(COUNT);

/** ∫ of the density from `low` to x by the midpoint rule, once for sorted x. */
function integral(density: (x: number) => number, low: number, high: number): (x: number) => number {
  const cells = 40_000;
  const width = (high - low) / cells;
  const sums = new Float64Array(cells + 1);
  for (let i = 0; i < cells; i++) sums[i + 1] = sums[i] + density(low + (i + 0.5) * width) * width;
  return (x) => sums[Math.max(0, Math.min(cells, Math.round((x - low) / width)))];
}

describe("gamma", () => {
  test.each([1, 2.5, 40])("of shape %d", (shape) => {
    const values = drawn((random) => drawGamma(random, shape));
    const density = (x: number): number => Math.exp((shape - 1) * Math.log(x) - x - lgamma(shape));
    expect(distance(values, integral(density, 0, shape + 30 + 10 * Math.sqrt(shape)))).toBeLessThan(LIMIT);
    expect(mean(values) / shape).toBeCloseTo(1, 1);
    expect(variance(values) / shape).toBeCloseTo(1, 1);
  });

  test("of a shape below 1", () => {
    const values = drawn((random) => drawGamma(random, 0.3));
    expect(mean(values)).toBeCloseTo(0.3, 1);
    expect(variance(values)).toBeCloseTo(0.3, 1);
    // P(X < 1e-3) = x^0.3 / (0.3 Γ(0.3)) · (1 - …)
    const below = values.filter((x) => x < 1e-3).length / COUNT;
    expect(below).toBeCloseTo(1e-3 ** 0.3 / Math.exp(lgamma(1.3)), 2);
  });
});

test.each([1.5, 4, 30])("Student's t with %d degrees of freedom", (degrees) => {
  const values = drawn((random) => drawStudentT(random, degrees));
  const constant = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - 0.5 * Math.log(degrees * Math.PI);
  const density = (x: number): number => Math.exp(constant - ((degrees + 1) / 2) * Math.log1p((x * x) / degrees));
  const half = integral(density, 0, 60);
  expect(distance(values, (x) => 0.5 + Math.sign(x) * half(Math.abs(x)))).toBeLessThan(LIMIT);
});

/** Cumulative probabilities, at whose middle the ties of a count stand. */
function checkCounts(values: readonly number[], logProbability: (k: number) => number): void {
  const seen = new Map<number, number>();
  for (const k of values) seen.set(k, (seen.get(k) ?? 0) + 1);
  const largest = values[COUNT - 1];
  let expected = 0;
  let found = 0;
  let worst = 0;
  for (let k = 0; k <= largest; k++) {
    expected += Math.exp(logProbability(k));
    found += (seen.get(k) ?? 0) / COUNT;
    worst = Math.max(worst, Math.abs(expected - found));
  }
  expect(worst).toBeLessThan(LIMIT);
}

test.each([0.4, 9.5, 10.5, 700])("Poisson of mean %d", (mu) => {
  const values = drawn((random) => drawPoisson(random, mu));
  checkCounts(values, (k) => k * Math.log(mu) - mu - lgamma(k + 1));
  expect(drawPoisson(randomStream(0), 0)).toBe(0);
});

test.each([
  [3, 0.5],
  [50, 0.02],
  [0.7, 4],
])("negative binomial of mean %d and α %d", (mu, alpha) => {
  const values = drawn((random) => drawNegativeBinomial(random, mu, alpha));
  const r = 1 / alpha;
  checkCounts(
    values,
    (k) =>
      lgamma(k + r) -
      lgamma(r) -
      lgamma(k + 1) -
      r * Math.log1p(alpha * mu) +
      k * Math.log((alpha * mu) / (1 + alpha * mu)),
  );
  expect(mean(values) / mu).toBeCloseTo(1, 1);
});

test("the same seed draws the same numbers", () => {
  expect(drawn((random) => drawNegativeBinomial(random, 5, 0.3)).slice(0, 50)).toEqual(
    drawn((random) => drawNegativeBinomial(random, 5, 0.3)).slice(0, 50),
  );
});
