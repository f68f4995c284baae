import { describe, expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { assign, full, type NestedArray, oneHot, ones, randomTensor, range, scope, tensor, zeros } from "./index.ts";

describe("tensor", () => {
  test("from numbers, nested arrays and typed arrays", () => {
    const shapes = [
      tensor(1),
      tensor([1, 2]),
      tensor([[1], [2], [3]]),
      tensor([]),
      tensor([[], []]),
      tensor([[[1, 2]]]),
    ];
    expect(shapes.map((x) => x.shape)).toEqual([[], [2], [3, 1], [0], [2, 0], [1, 1, 2]]);
    expect(shapes.map((x) => x.dtype)).toEqual(Array(6).fill("float32"));
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor([0.1]).item()).toBe(Math.fround(0.1));
    expect(tensor([0.1], { dtype: "float64" }).item()).toBe(0.1);
    expect(tensor(Float64Array.of(1, 2, 3, 4), { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([tensor(Float64Array.of(1)).dtype, tensor(Int32Array.of(1)).dtype, tensor(Uint8Array.of(1)).dtype]).toEqual([
      "float64",
      "int32",
      "bool",
    ]);
  });

  test("the values are copied", () => {
    const values = Float32Array.of(1, 2);
    const x = tensor(values);
    values[0] = 9;
    x.values()[1] = 9;
    expect(x.toArray()).toEqual([1, 2]);
  });

  test("bool is 0 or 1", () => {
    expect(Array.from(tensor(Uint8Array.of(0, 1, 2, 255)).values())).toEqual([0, 1, 1, 1]);
    expect(Array.from(tensor([0, -3, 0.5], { dtype: "bool" }).values())).toEqual([0, 1, 1]);
    expect(full([], 7, "bool").item()).toBe(1);
  });

  test.each<[string, unknown, Parameters<typeof tensor>[1], string]>([
    ["ragged rows", [[1, 2], [3]], {}, "ERR_SHAPE"],
    ["ragged empty rows", [[], [1]], {}, "ERR_SHAPE"],
    ["a number among rows", [[1], 2], {}, "ERR_KIND"],
    ["a row among numbers", [1, [2]], {}, "ERR_KIND"],
    ["text", ["a"], {}, "ERR_KIND"],
    ["text alone", "a", {}, "ERR_KIND"],
    ["nothing", undefined, {}, "ERR_KIND"],
    ["a shape of another size", [1, 2], { shape: [3] }, "ERR_SHAPE"],
    ["a negative size", [1, 2], { shape: [-1, -2] }, "ERR_VALUE"],
    ["a fraction as int32", [1.5], { dtype: "int32" }, "ERR_VALUE"],
    ["NaN as int32", [NaN], { dtype: "int32" }, "ERR_VALUE"],
    ["too large for int32", Float64Array.of(2 ** 31), { dtype: "int32" }, "ERR_VALUE"],
    ["a typed array without dtype", Int16Array.of(1), {}, "ERR_KIND"],
  ])("refuses %s", (_, values, options, code) => {
    expect(() => tensor(values as NestedArray, options)).toThrow(expect.objectContaining({ code }));
  });
});

test("constants", () => {
  expect(zeros([2]).toArray()).toEqual([0, 0]);
  expect(ones([1, 2], "int32").toArray()).toEqual([[1, 1]]);
  expect(full([2], 2.5, "float64").toArray()).toEqual([2.5, 2.5]);
  expect([range(4).toArray(), range(4).dtype, range(0).shape]).toEqual([[0, 1, 2, 3], "int32", [0]]);
  expect(() => full([2], 2.5, "int32")).toThrow(RangeError);
  expect(() => zeros([1.5])).toThrow(RangeError);
  expect(() => range(-1)).toThrow(RangeError);
});

test("oneHot", () => {
  expect(oneHot([2, 0], 3).toArray()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ]);
  expect(oneHot([[1], [0]], 2, { onValue: 5, offValue: -1, dtype: "float64" }).toArray()).toEqual([
    [[-1, 5]],
    [[5, -1]],
  ]);
  expect(oneHot(range(2), 2).toArray()).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(() => oneHot([3], 3)).toThrow("oneHot index: expected an integer in [0, 2], got 3");
  expect(() => oneHot([-1], 3)).toThrow(RangeError);
});

test("random tensors draw in order, the same in both precisions", () => {
  const draw = (dtype: "float32" | "float64", kind: "uniform" | "normal" | "truncatedNormal"): number[] => {
    const spread = kind === "uniform" ? { kind, low: -3, high: 5 } : { kind, mean: 1, deviation: 0.5 };
    return Array.from(randomTensor([2, 500], randomStream(1), spread, dtype).values());
  };
  for (const kind of ["uniform", "normal", "truncatedNormal"] as const) {
    const double = draw("float64", kind);
    expect(draw("float32", kind)).toEqual(double.map(Math.fround));
    const mean = double.reduce((a, b) => a + b) / double.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.3);
  }
  const stream = randomStream(1);
  expect(draw("float64", "uniform").slice(0, 2)).toEqual([-3 + 8 * stream.uniform(), -3 + 8 * stream.uniform()]);
  expect(Math.max(...draw("float64", "truncatedNormal").map((x) => Math.abs(x - 1)))).toBeLessThanOrEqual(1);
});

test("reading", async () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(Array.from(await x.data())).toEqual([1, 2, 3, 4]);
  expect([x.size, x.rank]).toEqual([4, 2]);
  expect(() => x.item()).toThrow("item: expected a tensor with one element, got [2, 2]");
  expect(tensor([[7]]).item()).toBe(7);
  expect(zeros([2, 0, 3]).toArray()).toEqual([[], []]);
});

test("assign overwrites in place", () => {
  const x = tensor([1, 2]);
  assign(x, tensor([3, 4]));
  expect(x.toArray()).toEqual([3, 4]);
  assign(x, Float32Array.of(5, 6));
  expect(x.toArray()).toEqual([5, 6]);
  const before = x.block;
  scope(() => assign(x, tensor([7, 8])));
  expect([x.block === before, x.toArray()]).toEqual([true, [7, 8]]);
  expect(() => assign(x, tensor([1]))).toThrow(RangeError);
  expect(() => assign(x, Float32Array.of(1))).toThrow(RangeError);
  expect(() => assign(x, tensor([1, 2], { dtype: "float64" }))).toThrow(TypeError);
});
