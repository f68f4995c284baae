import { expect, test } from "vitest";
import { cosPi, integerPower, power } from "./power.ts";

test("integer powers", () => {
  expect([0, 1, 2, 10].map((n) => integerPower(2, n))).toEqual([1, 2, 4, 1024]);
  expect(integerPower(0.999, 1e9)).toBe(0);
  // each squaring doubles the relative error
  for (const n of [3, 17, 1000, 123456]) {
    expect(Math.abs(integerPower(0.9999, n) / Math.pow(0.9999, n) - 1)).toBeLessThan(n * Number.EPSILON);
  }
});

test("real powers", () => {
  for (const x of [0, 0.3, 1, 7.75, 100.5]) expect(power(0.8, x) / Math.pow(0.8, x)).toBeCloseTo(1, 13);
});

test("cosine in half turns", () => {
  expect([0, 0.5, 1, 1.5, 2, 3, -1].map((x) => cosPi(x) + 0)).toEqual([1, 0, -1, 0, 1, -1, -1]);
  for (let x = -4; x < 4; x += 0.0137) expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThan(2e-15);
});
