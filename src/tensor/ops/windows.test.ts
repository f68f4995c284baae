/** @file Convolution and pooling against ONNX Runtime's values and PyTorch's gradients. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Shape, sizeOf } from "../../base/index.ts";
import {
  add,
  averagePool,
  type AveragePoolOptions,
  cast,
  concat,
  convolution,
  grad,
  maxPool,
  mul,
  pad,
  reshape,
  scope,
  split,
  square,
  sum,
  type Tensor,
  tensor,
  transposedConvolution,
  type TransposedConvolutionOptions,
} from "../index.ts";

type Plain = { readonly shape: Shape; readonly data: readonly number[] };
type Case = {
  readonly op: "convolution" | "transposedConvolution" | "maxPool" | "averagePool";
  readonly size?: Shape;
  readonly options: TransposedConvolutionOptions & AveragePoolOptions;
  readonly shapes: readonly Shape[];
  readonly output: Plain;
  readonly gradients?: readonly Plain[];
};

const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/golden/data/network-ops.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Case[] };

/** Inputs of the goldens: see `pattern` in test/golden/make_network_ops.py. */
function pattern(shape: Shape, seed: number, dtype: "float32" | "float64"): Tensor {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => (((i * i * 31 + i * 17 + seed * 101) % 61) - 30) / 16);
  return tensor(data, { shape, dtype });
}

type Inputs = { readonly x: Tensor; readonly kernel: Tensor; readonly bias: Tensor };

function run({ op, options, size = [] }: Case, { x, kernel, bias }: Inputs): Tensor {
  if (op === "convolution") return convolution(x, kernel, { ...options, bias });
  if (op === "transposedConvolution") return transposedConvolution(x, kernel, { ...options, bias });
  return op === "maxPool" ? maxPool(x, size, options) : averagePool(x, size, options);
}

function inputsOf({ shapes, gradients }: Case, dtype: "float32" | "float64"): Inputs {
  const [x, kernel, bias] = [0, 1, 2].map((i) => pattern(shapes[i] ?? [1], gradients ? i : 3, dtype));
  return { x, kernel, bias };
}

const named = cases.map(
  (row, i) => [`${row.op} ${i} of ${row.shapes.map((s) => `[${s.join()}]`).join(" ")}`, row] as const,
);

test("there are at least fifty of each kind", () => {
  const count = (op: string): number => cases.filter((row) => row.op === op).length;
  expect([count("convolution"), count("maxPool"), count("averagePool")]).toEqual([60, 50, 50]);
});

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test.each(named)("%s", (_, row) => {
    scope(() => {
      const inputs = inputsOf(row, dtype);
      const y = run(row, inputs);
      expect(y.shape).toEqual(row.output.shape);
      // sums of the goldens' inputs are exact; means are not
      const digits = row.op === "averagePool" ? 6 : 15;
      Array.from(y.values()).forEach((value, i) => expect(value).toBeCloseTo(row.output.data[i], digits));
      if (row.gradients === undefined) return;
      const upstream = pattern(y.shape, 99, dtype);
      const gradients = grad((given) => sum(mul(run(row, given), upstream)), inputs);
      [gradients.x, gradients.kernel, gradients.bias].forEach((gradient, i) => {
        expect(gradient.shape).toEqual(row.gradients?.[i].shape);
        expect(Array.from(gradient.values())).toEqual(row.gradients?.[i].data.map((value) => value + 0));
      });
    });
  });
});

test("the first of equal elements gets the gradient of a largest one", () => {
  scope(() => {
    const x = tensor([[[1, 1, 1, 0, 0]]]);
    expect(grad(({ x }) => sum(maxPool(x, [2], { strides: [2] })), { x }).x.toArray()).toEqual([[[1, 0, 1, 0, 0]]]);
  });
});

test("a window that sees only padding has no largest element and no gradient", () => {
  scope(() => {
    const x = tensor([[[3]]]);
    const options = { padding: [[2, 3]], dilations: [3] } as const;
    expect(maxPool(x, [2], options).toArray()).toEqual([[[-Infinity, -Infinity, 3]]]);
    expect(grad(({ x }) => sum(maxPool(x, [2], options)), { x }).x.toArray()).toEqual([[[1]]]);
    expect(averagePool(x, [2], options).toArray()).toEqual([[[0, 0, 3]]]);
  });
});

test("one tap is a product of matrices, with strides and padding too", () => {
  scope(() => {
    const x = pattern([2, 4, 41], 1, "float64");
    const kernel = pattern([6, 2, 1], 2, "float64");
    const wide = (k: Tensor): Tensor =>
      pad(k, [
        [0, 0],
        [0, 0],
        [0, 1],
      ]);
    for (const options of [{}, { strides: [2] }, { padding: [[1, 0]] }, { strides: [3], padding: [[0, 2]] }] as const) {
      const y = convolution(x, kernel, { ...options, groups: 2 });
      const [before, after] = options.padding?.[0] ?? [0, 0];
      const expected = convolution(x, wide(kernel), { ...options, padding: [[before, after + 1]], groups: 2 });
      expect(y.toArray()).toEqual(expected.toArray());
    }
  });
});

test("many images are convolved in pieces", () => {
  scope(() => {
    const [x, kernel] = [pattern([5, 8, 50_000], 1, "float32"), pattern([2, 8, 3], 2, "float32")];
    const inputs = { x, kernel };
    const f = (given: typeof inputs): Tensor => convolution(given.x, given.kernel, { strides: [2], padding: [[1, 1]] });
    const whole = grad((given) => sum(square(f(given))), inputs);
    const each = split(x, 5).map((one) => grad((given) => sum(square(f(given))), { x: one, kernel }));
    expect(sameNumbers(f(inputs), concat(split(x, 5).map((one) => f({ x: one, kernel }))))).toBe(true);
    expect(sameNumbers(whole.x, concat(each.map((one) => one.x)))).toBe(true);
    const total = each.map((one) => one.kernel).reduce((a, b) => add(a, b));
    Array.from(whole.kernel.values()).forEach((value, i) => {
      expect(Math.abs(value / total.values()[i] - 1)).toBeLessThan(1e-5);
    });
  });
});

function sameNumbers(a: Tensor, b: Tensor): boolean {
  const [left, right] = [a.values(), b.values()];
  return left.length === right.length && left.every((value, i) => value === right[i]);
}

describe("mistakes are named", () => {
  const x = pattern([1, 2, 4], 1, "float32");
  const kernel = pattern([2, 2, 3], 2, "float32");
  test.each([
    [
      () => convolution(x, pattern([2, 1, 3], 2, "float32")),
      "convolution: expected a kernel [O, 2, ...taps] of rank 3, got [2, 1, 3]",
    ],
    [() => convolution(x, kernel, { groups: 3 }), "convolution groups: expected a divisor of 2 and 2 channels, got 3"],
    [() => convolution(x, kernel, { dilations: [2] }), "convolution: expected windows [3] that fit, got [4]"],
    [
      () => convolution(x, kernel, { strides: [1, 1] }),
      "convolution strides: expected 1 values, one for each spatial axis, got 2",
    ],
    [() => convolution(x, kernel, { strides: [0] }), "convolution strides: expected an integer >= 1, got 0"],
    [() => convolution(x, kernel, { padding: [[-1, 0]] }), "convolution padding: expected an integer >= 0, got -1"],
    [() => convolution(x, kernel, { bias: x }), "convolution: expected a bias [2], got [1, 2, 4]"],
    [
      () => convolution(x, cast(kernel, "float64")),
      "convolution: expected float32, got float64. Convert with cast(x, dtype)",
    ],
    [
      () => convolution(reshape(x, [2, 4]), kernel),
      "convolution: expected [N, C, ...spatial] with one to three spatial axes, got [2, 4]",
    ],
    [
      () => transposedConvolution(x, kernel, { padding: [[9, 0]] }),
      "transposedConvolution: expected a result with elements, got [-3]. Use less padding",
    ],
    [
      () => transposedConvolution(x, kernel, { outputPadding: [1] }),
      "transposedConvolution outputPadding: expected an integer in [0, 0], got 1",
    ],
    [() => maxPool(x, [5]), "maxPool: expected images in which windows [5] fit, got [1, 2, 4]"],
    [
      () => averagePool(x, [2], { padding: [[2, 0]] }),
      "averagePool padding: expected less than the windows' extent 2, got [2, 0]",
    ],
    [() => maxPool(cast(x, "int32"), [2]), "maxPool: expected float32 or float64, got int32"],
  ] as const)("%s", (f, message) => {
    expect(f).toThrow(message);
  });
});
