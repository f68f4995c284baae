import { expect, test } from "vitest";
import { broadcastShapes, formatShape, normalizeAxis, sameShape, sizeOf, stridesOf } from "./index.ts";

test("sizes and strides", () => {
  expect(sizeOf([])).toBe(1);
  expect(sizeOf([2, 3, 4])).toBe(24);
  expect(sizeOf([2, 0, 4])).toBe(0);
  expect(stridesOf([])).toEqual([]);
  expect(stridesOf([5])).toEqual([1]);
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  expect(formatShape([])).toBe("[]");
  expect(formatShape([2, 3])).toBe("[2, 3]");
});

test("equality", () => {
  expect(sameShape([], [])).toBe(true);
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect(sameShape([2, 3], [3, 2])).toBe(false);
  expect(sameShape([2], [2, 1])).toBe(false);
  expect(sameShape([2, 1], [2])).toBe(false);
});

test.each([
  [[], [], []],
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [[3], [2, 3], [2, 3]],
  [[2, 3], [], [2, 3]],
  [
    [3, 1],
    [1, 4],
    [3, 4],
  ],
  [
    [2, 1, 4],
    [3, 1],
    [2, 3, 4],
  ],
  [[0], [1], [0]],
  [[1], [0], [0]],
  [
    [2, 0],
    [2, 1],
    [2, 0],
  ],
])("broadcast %j with %j", (a, b, expected) => {
  expect(broadcastShapes("op", a, b)).toEqual(expected);
  expect(broadcastShapes("op", b, a)).toEqual(expected);
});

test.each([
  [[2], [3]],
  [[0], [2]],
  [[2, 3], [2]],
  [
    [2, 3, 4],
    [2, 3, 5],
  ],
])("%j does not broadcast with %j", (a, b) => {
  expect(() => broadcastShapes("add", a, b)).toThrow(
    expect.objectContaining({
      code: "ERR_SHAPE",
      message: `add: expected a shape that broadcasts with ${formatShape(a)}, got ${formatShape(b)}`,
    }),
  );
});

test("axes count from either end", () => {
  expect([0, 2, -1, -3].map((axis) => normalizeAxis("op", axis, 3))).toEqual([0, 2, 2, 0]);
  for (const axis of [3, -4, 0.5, NaN]) {
    expect(() => normalizeAxis("sum", axis, 3)).toThrow(`sum: expected an axis in [-3, 2], got ${axis}`);
  }
  expect(() => normalizeAxis("sum", 0, 0)).toThrow(RangeError);
});
