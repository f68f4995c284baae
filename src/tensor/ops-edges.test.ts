/** @file What the table of ops does not say: ties, NaN, padding, extremes, dtypes and refusals. */
import { describe, expect, test } from "vitest";
import { checkGradient } from "../../test/helpers/gradient-check.ts";
import {
  abs,
  activate,
  add,
  argmax,
  argmin,
  broadcastTo,
  cast,
  clip,
  concat,
  cumulativeSum,
  div,
  equal,
  exp,
  expandDims,
  flip,
  floor,
  gather,
  grad,
  greater,
  greaterEqual,
  isFinite,
  layerNorm,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  logSoftmax,
  logSumExp,
  maskSequence,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  notEqual,
  ones,
  pad,
  pow,
  relu,
  reshape,
  reverseSequence,
  scatterAdd,
  sigmoid,
  slice,
  softmax,
  softplus,
  sparseSoftmaxCrossEntropy,
  split,
  squeeze,
  stack,
  sub,
  sum,
  takeLast,
  takeSteps,
  tanh,
  type Tensor,
  tensor,
  transpose,
  where,
  zeros,
} from "./index.ts";

const f64 = (...values: number[]): Tensor => tensor(Float64Array.from(values));
const ids = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const mask = (...values: number[]): Tensor => tensor(Uint8Array.from(values));
const numbers = (x: Tensor): number[] => Array.from(x.values());
const gradient = (f: (x: Tensor) => Tensor, x: Tensor): number[] => numbers(grad((y: Tensor) => sum(f(y)), x));
const error = (name: string, code: string, message?: string): Error =>
  expect.objectContaining(message === undefined ? { name, code } : { name, code, message }) as Error;
const shapeProblem = error("RangeError", "ERR_SHAPE");
const valueProblem = error("RangeError", "ERR_VALUE");
const dtypeProblem = error("TypeError", "ERR_DTYPE");

describe("comparisons", () => {
  const a = f64(1, 2, NaN, Infinity, -0);
  const b = f64(2, 2, NaN, Infinity, 0);
  test.each([
    ["equal", equal, [0, 1, 0, 1, 1]],
    ["notEqual", notEqual, [1, 0, 1, 0, 0]],
    ["less", less, [1, 0, 0, 0, 0]],
    ["lessEqual", lessEqual, [1, 1, 0, 1, 1]],
    ["greater", greater, [0, 0, 0, 0, 0]],
    ["greaterEqual", greaterEqual, [0, 1, 0, 1, 1]],
  ])("%s", (_, op, expected) => {
    const y = op(a, b);
    expect([y.dtype, numbers(y)]).toEqual(["bool", expected]);
  });

  test("with numbers on either side, and broadcasting", () => {
    expect(numbers(less(f64(1, 2, 3), 2))).toEqual([1, 0, 0]);
    expect(numbers(less(2, f64(1, 2, 3)))).toEqual([0, 0, 1]);
    expect(greater(tensor([[1], [3]]), tensor([0, 2, 4])).toArray()).toEqual([
      [1, 0, 0],
      [1, 1, 0],
    ]);
    expect(numbers(equal(ids(1, 2), 2))).toEqual([0, 1]);
  });

  test("a number that int32 cannot hold is refused, not rounded", () => {
    expect(() => less(ids(2), 2.5)).toThrow(valueProblem);
    expect(() => add(ids(2), 0.5)).toThrow(valueProblem);
  });

  test("logic", () => {
    expect(numbers(logicalAnd(mask(0, 0, 1, 1), mask(0, 1, 0, 1)))).toEqual([0, 0, 0, 1]);
    expect(numbers(logicalOr(mask(0, 0, 1, 1), mask(0, 1, 0, 1)))).toEqual([0, 1, 1, 1]);
    expect(numbers(logicalNot(mask(0, 1)))).toEqual([1, 0]);
    expect(numbers(isFinite(f64(1, NaN, Infinity, -Infinity)))).toEqual([1, 0, 0, 0]);
  });

  test("where takes the chosen branch's gradient only", () => {
    const x = f64(-1, 4);
    const safeLog = (y: Tensor): Tensor => where(greater(y, 0), log(where(greater(y, 0), y, 1)), -5);
    expect(numbers(safeLog(x))).toEqual([-5, Math.log(4)]);
    expect(gradient(safeLog, x)).toEqual([0, 0.25]);
    expect(() => where(f64(1), x, x)).toThrow(
      error("TypeError", "ERR_DTYPE", "where condition: expected bool, got float64"),
    );
  });
});

describe("extremes", () => {
  test("max and min share the gradient of ties", () => {
    expect(gradient((x) => max(x), f64(3, 1, 3, 3, 2, 3))).toEqual([0.25, 0, 0.25, 0.25, 0, 0.25]);
    expect(
      gradient(
        (x) => min(x, 1),
        tensor([
          [1, 1, 2],
          [5, 4, 4],
        ]),
      ),
    ).toEqual([0.5, 0.5, 0, 0, 0.5, 0.5]);
  });

  test("maximum and minimum give the gradient of ties to the first", () => {
    const both = (f: (a: Tensor, b: Tensor) => Tensor): number[][] => {
      const { a, b } = grad((p) => sum(f(p.a, p.b)), { a: f64(1, 2, 3), b: f64(2, 2, 2) });
      return [numbers(a), numbers(b)];
    };
    expect(both(maximum)).toEqual([
      [0, 1, 1],
      [1, 0, 0],
    ]);
    expect(both(minimum)).toEqual([
      [1, 1, 0],
      [0, 0, 1],
    ]);
    expect(gradient((x) => clip(x, -1, 1), f64(-2, -1, 0, 1, 2))).toEqual([0, 1, 1, 1, 0]);
  });

  test("NaN is never lost", () => {
    const x = tensor([
      [1, NaN, 3],
      [4, 5, 6],
    ]);
    expect(numbers(max(x, 1))).toEqual([NaN, 6]);
    expect(numbers(min(x, 1))).toEqual([NaN, 4]);
    expect(numbers(maximum(f64(NaN, 1), f64(1, NaN)))).toEqual([NaN, NaN]);
    for (const f of [neg, abs, exp, log, sigmoid, tanh, relu, softplus, floor]) expect(f(f64(NaN)).item()).toBeNaN();
  });

  test("argmax and argmin: the first of equals, and the first NaN", () => {
    expect(
      numbers(
        argmax(
          tensor([
            [1, 3, 3],
            [2, 2, 2],
          ]),
        ),
      ),
    ).toEqual([1, 0]);
    expect(
      numbers(
        argmin(
          tensor([
            [3, 1, 1],
            [2, 2, 2],
          ]),
        ),
      ),
    ).toEqual([1, 0]);
    expect(
      numbers(
        argmax(
          tensor([
            [9, NaN, NaN],
            [NaN, 1, 2],
          ]),
        ),
      ),
    ).toEqual([1, 0]);
    expect(numbers(argmin(tensor([[0, NaN, -1]])))).toEqual([1]);
    expect(
      numbers(
        argmax(
          tensor([
            [1, 5],
            [3, 2],
            [3, 1],
          ]),
          0,
        ),
      ),
    ).toEqual([1, 0]);
    expect(numbers(argmax(tensor([-Infinity, -Infinity])))).toEqual([0]);
    expect(argmax(tensor([[1, 2]])).dtype).toBe("int32");
  });

  test("nothing has no extreme", () => {
    for (const f of [max, min, argmax, argmin]) expect(() => f(zeros([2, 0]), 1)).toThrow(shapeProblem);
    expect(max(zeros([0, 2]), 1).shape).toEqual([0]);
    expect(sum(zeros([2, 0]), 1).toArray()).toEqual([0, 0]);
    expect(mean(zeros([0])).item()).toBeNaN();
  });
});

describe("powers", () => {
  test("the derivative at zero", () => {
    expect(gradient((x) => pow(x, 2), f64(0))).toEqual([0]);
    expect(gradient((x) => pow(x, 1), f64(0))).toEqual([1]);
    expect(gradient((x) => pow(x, 0), f64(0))).toEqual([0]);
    const second = (n: number): number => gradient((x) => grad((y: Tensor) => sum(pow(y, n)), x), f64(0))[0];
    expect([second(0), second(1), second(2), second(3)]).toEqual([0, 0, 2, 0]);
  });

  test("the exponent's gradient is zero where the base is not positive", () => {
    const slope = (base: number): number => gradient((b) => pow(base, b), f64(2))[0];
    expect([slope(-3), slope(0)]).toEqual([0, 0]);
    expect(slope(Math.E)).toBeCloseTo(Math.E ** 2, 12);
  });

  test("signs, zeros, infinities", () => {
    const power = (a: number, b: number): number => pow(f64(a), f64(b)).item();
    const cases = [
      [-2, 3],
      [-2, -2],
      [0, 0],
      [0, 2],
      [0, -1],
      [0, 0.5],
      [0, -0.5],
      [-1, 0.5],
      [2, NaN],
      [NaN, 0],
      [NaN, 0.5],
    ];
    for (const [a, b] of [...cases, [0, NaN], [-1, 2000], [-1, 2001], [2, Infinity], [0.5, Infinity], [0, Infinity]]) {
      expect([a, b, power(a, b)]).toEqual([a, b, a ** b]);
    }
    expect(power(1.0001, 100_000) / 1.0001 ** 100_000).toBeCloseTo(1, 12);
  });
});

describe("softmax and cross entropy", () => {
  test.each(["float32", "float64"] as const)("logits of ±1e4 in %s", (dtype) => {
    const x = tensor(
      [
        [1e4, -1e4, 0],
        [-1e4, -1e4, -1e4],
        [1e4, 1e4, -1e4],
      ],
      { dtype },
    );
    const third = dtype === "float32" ? Math.fround(1 / 3) : 1 / 3;
    expect(softmax(x).toArray()).toEqual([
      [1, 0, 0],
      [third, third, third],
      [0.5, 0.5, 0],
    ]);
    const logs = numbers(logSoftmax(x));
    expect(logs.slice(0, 3)).toEqual([0, -2e4, -1e4]);
    expect(logs[3]).toBeCloseTo(-Math.log(3), 6);
    expect(logs[6]).toBeCloseTo(-Math.LN2, 6);
    expect(logs[8]).toBeCloseTo(-2e4 - Math.LN2, 1);
    const targets = ids(1, 2, 0);
    const loss = numbers(sparseSoftmaxCrossEntropy(x, targets));
    expect(loss[0]).toBe(2e4);
    expect(loss[1]).toBeCloseTo(Math.log(3), 6);
    expect(loss[2]).toBeCloseTo(Math.LN2, 6);
    const slopes = gradient((y) => sparseSoftmaxCrossEntropy(y, targets), x);
    expect(slopes.slice(0, 3)).toEqual([1, -1, 0]);
    expect(slopes.slice(6)).toEqual([-0.5, 0.5, 0]);
    for (const f of [softmax, logSoftmax]) for (const g of gradient((y) => mul(f(y), 2), x)) expect(g).not.toBeNaN();
  });

  test("agrees with log-softmax at the target, also in its second gradient", () => {
    const x = tensor(Float64Array.of(0.3, -1.2, 2, 0.1, 0.7, -0.4), { shape: [2, 3] });
    const direct = ([y]: Tensor[]): Tensor => sparseSoftmaxCrossEntropy(y, ids(2, 0));
    const spelled = ([y]: Tensor[]): Tensor => neg(takeLast(logSoftmax(y), ids(2, 0)));
    const curvature = (f: (x: Tensor[]) => Tensor): number[] =>
      gradient(
        (y) =>
          mul(
            grad((z: Tensor) => sum(mul(f([z]), f64(1, 3))), y),
            reshape(f64(1, 2, 3, 4, 5, 6), [2, 3]),
          ),
        x,
      );
    expect(Math.max(...curvature(direct).map((g, i) => Math.abs(g - curvature(spelled)[i])))).toBeLessThan(1e-14);
    expect(Math.max(...curvature(direct).map(Math.abs))).toBeGreaterThan(0.1);
  });

  test("log of a sum of nothing but zeros", () => {
    expect(logSumExp(f64(-Infinity, -Infinity)).item()).toBe(-Infinity);
    expect(logSumExp(f64(-Infinity, 2)).item()).toBe(2);
    expect(logSumExp(f64(Infinity, 2)).item()).toBe(Infinity);
    expect(logSumExp(f64(1e4, 1e4)).item()).toBeCloseTo(1e4 + Math.LN2, 10);
    expect(logSumExp(f64(-1e4, -1e4)).item()).toBeCloseTo(-1e4 + Math.LN2, 10);
    expect(gradient((x) => logSumExp(x), f64(1e4, 1e4))).toEqual([0.5, 0.5]);
    expect(softmax(f64(-Infinity, 0)).toArray()).toEqual([0, 1]);
  });

  test("softplus and sigmoid without overflow", () => {
    expect(numbers(softplus(f64(-1e4, 0, 1e4)))).toEqual([0, Math.LN2, 1e4]);
    expect(gradient(softplus, f64(-1e4, 0, 1e4))).toEqual([0, 0.5, 1]);
    expect(gradient(sigmoid, f64(-1e4, 0, 1e4))).toEqual([0, 0.25, 0]);
  });

  test("refusals", () => {
    expect(() => sparseSoftmaxCrossEntropy(zeros([2, 3]), ids(0, 3))).toThrow(valueProblem);
    expect(() => sparseSoftmaxCrossEntropy(zeros([2, 3]), ids(0, -1))).toThrow(valueProblem);
    expect(() => sparseSoftmaxCrossEntropy(zeros([2, 3]), ids(0))).toThrow(shapeProblem);
    expect(() => sparseSoftmaxCrossEntropy(zeros([2, 3]), f64(0, 0))).toThrow(dtypeProblem);
    expect(() => softmax(tensor(1))).toThrow(shapeProblem);
    expect(() => softmax(ids(1))).toThrow(dtypeProblem);
  });
});

describe("layer norm", () => {
  test("of a row of equal numbers is the shift, and its gradient is finite", () => {
    const row = f64(3, 3, 3, 3);
    expect(layerNorm(row, 1e-12, f64(1, 2, 3, 4), f64(5, 6, 7, 8)).toArray()).toEqual([5, 6, 7, 8]);
    expect(gradient((x) => layerNorm(x, 1e-12), row)).toEqual([0, 0, 0, 0]);
  });

  test("gradients of gain and shift alone", () => {
    const x = f64(1, 3);
    const { gain, shift } = grad((p) => sum(mul(layerNorm(x, 0, p.gain, p.shift), f64(2, 5))), {
      gain: f64(7, 7),
      shift: f64(0, 0),
    });
    expect([gain.toArray(), shift.toArray()]).toEqual([
      [-2, 5],
      [2, 5],
    ]);
  });
});

describe("padding", () => {
  // [T=4, B=5, 2]; each row has another length, its padding is NaN
  const lengths = ids(0, 1, 2, 3, 4);
  const steps = [0, 1, 2, 3, 4];
  const isPadding = (flat: number): boolean => Math.floor(flat / 10) >= steps[Math.floor(flat / 2) % 5];
  const x = tensor(
    Float64Array.from({ length: 40 }, (_, i) => (isPadding(i) ? NaN : Math.sin(i + 1))),
    { shape: [4, 5, 2] },
  );

  test("maskSequence hides NaN, forward and backward", () => {
    const y = numbers(maskSequence(x, lengths));
    y.forEach((value, i) => expect(value).toBe(isPadding(i) ? 0 : Math.sin(i + 1)));
    const slopes = gradient((z) => mul(exp(maskSequence(z, lengths)), 3), x);
    slopes.forEach((slope, i) => {
      if (isPadding(i)) expect(slope).toBe(0);
      else expect(slope).toBeCloseTo(3 * Math.exp(Math.sin(i + 1)), 12);
    });
  });

  test("a gradient of NaN on the padding does not come through", () => {
    // upstream is NaN exactly on the padding
    const slopes = gradient((z) => mul(maskSequence(z, lengths), x), maskSequence(x, lengths));
    slopes.forEach((slope, i) => expect(slope).toBe(isPadding(i) ? 0 : Math.sin(i + 1)));
  });

  test("reverseSequence keeps the padding where it was", () => {
    const y = numbers(reverseSequence(x, lengths));
    y.forEach((value, i) => {
      const [t, b, d] = [Math.floor(i / 10), Math.floor(i / 2) % 5, i % 2];
      expect(value).toBe(isPadding(i) ? NaN : Math.sin((steps[b] - 1 - t) * 10 + b * 2 + d + 1));
    });
    expect(numbers(reverseSequence(reverseSequence(x, lengths), lengths))).toEqual(numbers(x));
    const slopes = gradient((z) => square3(maskSequence(reverseSequence(z, lengths), lengths)), x);
    slopes.forEach((slope, i) => {
      if (isPadding(i)) expect(slope).toBe(0);
      else expect(slope).toBeCloseTo(3 * Math.sin(i + 1) ** 2, 12);
    });
  });
  const square3 = (z: Tensor): Tensor => mul(z, mul(z, z));

  test("lengths are checked", () => {
    for (const f of [maskSequence, reverseSequence]) {
      expect(() => f(x, ids(0, 1, 2, 3, 5))).toThrow(valueProblem);
      expect(() => f(x, ids(0, 1, 2, 3, -1))).toThrow(valueProblem);
      expect(() => f(x, ids(1, 2))).toThrow(shapeProblem);
      expect(() => f(x, f64(0, 1, 2, 3, 4))).toThrow(dtypeProblem);
      expect(() => f(f64(1), ids(1))).toThrow(shapeProblem);
    }
  });
});

describe("dtypes", () => {
  test("casts", () => {
    expect(numbers(cast(f64(-1.9, 1.9, 0), "int32"))).toEqual([-1, 1, 0]);
    expect(numbers(cast(f64(0, -0, 0.1, NaN), "bool"))).toEqual([0, 0, 1, 1]);
    expect(numbers(cast(mask(0, 1), "float32"))).toEqual([0, 1]);
    expect(cast(f64(0.1), "float32").item()).toBe(Math.fround(0.1));
    expect(gradient((x) => mul(cast(cast(x, "int32"), "float64"), 5), f64(1.5))).toEqual([0]);
    expect(() => checkGradient(([x]) => cast(cast(x, "float32"), "float64"), [f64(1)], { rtol: 1e-3 })).not.toThrow();
  });

  test("int32 counts exactly, bool does not add", () => {
    expect(numbers(add(ids(2, 3), ids(5, -7)))).toEqual([7, -4]);
    expect(numbers(mul(ids(2, 3), 4))).toEqual([8, 12]);
    expect(sum(ids(2 ** 30, 2 ** 29)).item()).toBe(2 ** 30 + 2 ** 29);
    expect(numbers(cumulativeSum(ids(1, 2, 3)))).toEqual([1, 3, 6]);
    expect(numbers(abs(ids(-3, 3)))).toEqual([3, 3]);
    for (const f of [
      () => sum(mask(1, 1)),
      () => cumulativeSum(mask(1)),
      () => add(mask(1), 1),
      () => mean(ids(1)),
      () => div(ids(4), 2),
      () => pow(ids(2), 2),
      () => exp(ids(1)),
      () => relu(ids(1)),
      () => matmul(tensor([[1]], { dtype: "int32" }), tensor([[1]], { dtype: "int32" })),
      () => scatterAdd(ids(1), ids(0), 1),
    ]) {
      expect(f).toThrow(dtypeProblem);
    }
  });

  test("dtypes do not mix, but numbers fit both", () => {
    expect(() => add(f64(1), tensor([1]))).toThrow(
      error("TypeError", "ERR_DTYPE", "add: expected float64, got float32. Convert with cast(x, dtype)"),
    );
    expect(() => concat([f64(1), tensor([1])])).toThrow(dtypeProblem);
    expect(() => matmul(ones([1, 1]), ones([1, 1], "float64"))).toThrow(dtypeProblem);
    expect([mul(2, f64(1)).dtype, mul(tensor([1]), 2).dtype, sub(1, 2).dtype]).toEqual([
      "float64",
      "float32",
      "float32",
    ]);
    expect(() => add("1" as unknown as number, 1)).toThrow(error("TypeError", "ERR_KIND"));
  });

  test("gradients of the second kernel path agree with the first", () => {
    // recorded gradients are written with ops, others use a kernel
    const x = f64(-3.5, -1, -0.2, 0, 0.4, 2, 3.5);
    for (const name of ["sigmoid", "tanh", "relu", "linear", "softsign", "hardSigmoid", "hardSigmoid02"] as const) {
      const direct = grad((y: Tensor) => sum(activate(name, y)), x);
      let recorded = direct;
      grad((y: Tensor) => sum((recorded = grad((z: Tensor) => sum(activate(name, z)), y))), x);
      expect(numbers(recorded)).toEqual(numbers(direct));
    }
    expect(gradient((y) => activate("linear", y), f64(Infinity, NaN))).toEqual([1, 1]);
  });
});

test("pieces of one tensor join again, with its gradient", () => {
  const x = tensor([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  expect(concat(split(x, [1, 0, 3], 1), 1).toArray()).toEqual(x.toArray());
  expect(concat(split(x, 2), 0).toArray()).toEqual(x.toArray());
  expect(stack(split(x, 2).map((row) => squeeze(row))).toArray()).toEqual(x.toArray());
  expect(transpose(transpose(x)).toArray()).toEqual(x.toArray());
  expect(flip(flip(x, 1), 1).toArray()).toEqual(x.toArray());
  expect(
    slice(
      pad(x, [
        [1, 2],
        [0, 3],
      ]),
      [1, 0],
      [2, 4],
    ).toArray(),
  ).toEqual(x.toArray());
  expect(
    gradient(
      (y) =>
        concat(
          split(y, 2, 1).map((part, i) => mul(part, i + 1)),
          1,
        ),
      x,
    ),
  ).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
});

test("ops move int32 and bool too", () => {
  expect(
    transpose(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: "int32" },
      ),
    ).toArray(),
  ).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(gather(ids(7, 8, 9), ids(2, 0)).toArray()).toEqual([9, 7]);
  expect(numbers(pad(mask(1), [[1, 1]]))).toEqual([0, 1, 0]);
  expect(numbers(concat([ids(1), ids(2)]))).toEqual([1, 2]);
  expect(numbers(where(mask(1, 0), ids(1, 2), ids(3, 4)))).toEqual([1, 4]);
});

test.each<[string, () => unknown, Error]>([
  ["add shapes", () => add(zeros([2]), zeros([3])), shapeProblem],
  ["sum axis", () => sum(zeros([2]), 1), valueProblem],
  ["reshape size", () => reshape(zeros([6]), [4]), shapeProblem],
  ["reshape two open axes", () => reshape(zeros([6]), [-1, -1]), shapeProblem],
  ["reshape open axis that does not divide", () => reshape(zeros([6]), [4, -1]), shapeProblem],
  ["reshape open axis of an empty tensor", () => reshape(zeros([0]), [0, -1]), shapeProblem],
  ["transpose repeated axis", () => transpose(zeros([2, 2]), [0, 0]), valueProblem],
  ["transpose too few axes", () => transpose(zeros([2, 2]), [0]), valueProblem],
  ["slice before the start", () => slice(zeros([3]), [-1], [2]), valueProblem],
  ["slice past the end", () => slice(zeros([3]), [2], [2]), valueProblem],
  ["slice begin past the end", () => slice(zeros([3]), [4], [-1]), valueProblem],
  ["slice of too many axes", () => slice(zeros([3]), [0, 0], [1, 1]), shapeProblem],
  ["pad negative", () => pad(zeros([3]), [[-1, 0]]), valueProblem],
  ["pad of too few axes", () => pad(zeros([3]), []), shapeProblem],
  ["concat of nothing", () => concat([]), error("TypeError", "ERR_KIND")],
  ["concat shapes", () => concat([zeros([2, 2]), zeros([2, 3])]), shapeProblem],
  ["concat ranks", () => concat([zeros([2]), zeros([2, 1])]), shapeProblem],
  ["concat scalars", () => concat([tensor(1), tensor(2)]), valueProblem],
  ["split parts", () => split(zeros([5]), 2), valueProblem],
  ["split sizes", () => split(zeros([5]), [2, 2]), valueProblem],
  ["squeeze a larger axis", () => squeeze(zeros([2, 1]), 0), shapeProblem],
  ["expandDims axis", () => expandDims(zeros([2]), 3), valueProblem],
  ["gather index", () => gather(zeros([2, 2]), ids(2)), valueProblem],
  ["gather negative index", () => gather(zeros([2, 2]), ids(-1)), valueProblem],
  ["gather float index", () => gather(zeros([2, 2]), f64(0)), dtypeProblem],
  ["scatterAdd index", () => scatterAdd(zeros([1, 2]), ids(3), 3), valueProblem],
  ["scatterAdd shape", () => scatterAdd(zeros([2, 2]), ids(0), 3), shapeProblem],
  ["takeLast shape", () => takeLast(zeros([2, 3]), ids(0)), shapeProblem],
  ["takeSteps length", () => takeSteps(zeros([2, 3, 1]), Int32Array.of(0)), shapeProblem],
  ["takeSteps past the end", () => takeSteps(zeros([2, 1, 1]), Int32Array.of(2)), valueProblem],
  ["broadcastTo smaller", () => broadcastTo(zeros([2, 3]), [3]), shapeProblem],
  ["matmul of vectors", () => matmul(zeros([2]), zeros([2, 2])), shapeProblem],
  ["matmul inner sizes", () => matmul(zeros([2, 3]), zeros([2, 3])), shapeProblem],
  ["layerNorm of a number", () => layerNorm(tensor(1), 0), shapeProblem],
  ["layerNorm of int32", () => layerNorm(ids(1, 2), 0), dtypeProblem],
  ["layerNorm gain", () => layerNorm(zeros([2, 3]), 0, zeros([2])), shapeProblem],
  ["layerNorm shift", () => layerNorm(zeros([2, 3]), 0, undefined, zeros([1, 3])), shapeProblem],
  ["layerNorm dtypes", () => layerNorm(zeros([2, 3]), 0, f64(1, 1, 1)), dtypeProblem],
  ["layerNorm epsilon", () => layerNorm(zeros([2, 3]), -1), valueProblem],
  ["matmul leading axes", () => matmul(zeros([2, 1, 1]), zeros([3, 1, 1])), shapeProblem],
])("refuses %s", (_, f, expected) => {
  expect(f).toThrow(expected);
});
