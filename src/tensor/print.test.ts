import { expect, test, vi } from "vitest";
import { full, range, reshape, tensor, zeros } from "./index.ts";

const lines = (...text: string[]): string => text.join("\n");

test.each([
  ["a scalar", tensor(3.5), lines("float32 []", "3.5000000")],
  ["whole numbers", tensor([1, -20, 3]), lines("float32 [3]", "[  1, -20,   3]")],
  ["bool", tensor([true, false].map(Number), { dtype: "bool" }), lines("bool [2]", "[1, 0]")],
  [
    "a matrix",
    tensor([
      [1, 2],
      [3, 40],
    ]),
    lines("float32 [2, 2]", "[[ 1,  2],", " [ 3, 40]]"),
  ],
  [
    "rank 3, with a line between matrices",
    reshape(range(8), [2, 2, 2]),
    lines("int32 [2, 2, 2]", "[[[0, 1],", "  [2, 3]],", "", " [[4, 5],", "  [6, 7]]]"),
  ],
  ["an empty vector", zeros([0]), lines("float32 [0]", "[]")],
  ["empty rows", zeros([2, 0]), lines("float32 [2, 0]", "[[],", " []]")],
  ["no rows", zeros([0, 2]), lines("float32 [0, 2]", "[]")],
  ["twelve elements in full", range(12), lines("int32 [12]", "[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11]")],
  ["more as the ends", range(13), lines("int32 [13]", "[ 0,  1,  2, …, 10, 11, 12]")],
  ["not a number", tensor([NaN, Infinity, -Infinity]), lines("float32 [3]", "[      NaN,  Infinity, -Infinity]")],
])("%s", (_, x, text) => {
  expect(x.toString()).toBe(text);
});

test("small and large numbers keep their digits", () => {
  const shown = (x: number): string => tensor(Float64Array.of(x)).toString().split("\n")[1];
  expect(shown(0.12345678)).toBe("[0.1234568]");
  expect(shown(1.5e-7)).toBe("[1.50000e-7]");
  expect(shown(123456.789)).toBe("[123456.79]");
  expect(shown(1.5e12)).toBe("[1.50000e+12]");
  expect(shown(-0.25)).toBe("[-0.2500000]");
});

test("long axes are cut on every level", () => {
  const text = reshape(range(20 * 20), [20, 20])
    .toString()
    .split("\n");
  expect(text[1]).toBe("[[  0,   1,   2, …,  17,  18,  19],");
  expect(text.slice(1)).toHaveLength(7);
  expect(text[4]).toBe(" …,");
  expect(text[7]).toBe(" [380, 381, 382, …, 397, 398, 399]]");
});

test("print writes to the console", () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  full([], 2).print();
  expect(log.mock.calls).toEqual([["float32 []\n2"]]);
  log.mockRestore();
});
