import { expect, test } from "vitest";
import { oneHotArray } from "./index.ts";

test("one row per id", () => {
  expect([...oneHotArray([2, 0], 3)]).toEqual([0, 0, 1, 1, 0, 0]);
  expect([...oneHotArray(Int32Array.of(1), 2, { onValue: 0.5, offValue: -1 })]).toEqual([-1, 0.5]);
  expect(oneHotArray([], 3)).toEqual(new Float32Array(0));
});

test.each([-1, 3, 0.5, NaN])("id %s does not exist", (id) => {
  expect(() => oneHotArray([0, id], 3)).toThrow(RangeError);
  expect(() => oneHotArray([0, id], 3)).toThrow(/id in \[0, 2\] at index 1/);
});

test("depth is at least 1", () => expect(() => oneHotArray([], 0)).toThrow(RangeError));
