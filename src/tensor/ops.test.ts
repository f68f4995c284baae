import { describe, expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { networkOpCases } from "../../test/network-op-cases.ts";
import { drawInputs, type OpCase, opCases } from "../../test/op-cases.ts";
import { checkGradient, checkSecondGradient } from "../../test/helpers/gradient-check.ts";
import type { Plain } from "../../test/helpers/plain-array.ts";
import { scope, type Tensor, tensor } from "./index.ts";

function inputsOf(row: OpCase): { plain: Plain[]; tensors: (dtype: "float32" | "float64") => Tensor[] } {
  const random = randomStream(1).named(row.name);
  const plain = drawInputs(row, () => random.uniform());
  return {
    plain,
    tensors: (dtype) =>
      plain.map(({ shape, data }) =>
        tensor(dtype === "float64" ? Float64Array.from(data) : Float32Array.from(data), { shape }),
      ),
  };
}

/** Largest difference, relative to the larger of 1 and what is expected. */
function distance(got: ArrayLike<number>, expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  return expected.reduce((worst, x, i) => {
    const difference = Math.abs(got[i] - x) / Math.max(1, Math.abs(x));
    return difference === difference ? Math.max(worst, difference) : Infinity;
  }, 0);
}

const cases = [...opCases, ...networkOpCases];

test("names are unique", () => {
  expect(new Set(cases.map((row) => row.name)).size).toBe(cases.length);
});

describe.each(cases)("$name", (row) => {
  const { plain, tensors } = inputsOf(row);
  const expected = row.reference(plain);

  test.each([
    ["float64", 1e-12],
    ["float32", 1e-6],
  ] as const)("forward in %s", (dtype, tolerance) => {
    scope(() => {
      const y = row.f(tensors(dtype));
      expect(y.shape).toEqual(expected.shape);
      expect(y.dtype).toBe(dtype);
      expect(distance(y.values(), expected.data)).toBeLessThanOrEqual(tolerance);
    });
  });

  test("gradient", () => {
    scope(() => void checkGradient(row.f, tensors("float64")));
  });

  test("second gradient", () => {
    scope(() => void checkSecondGradient(row.f, tensors("float64")));
  });
});
