import { describe, expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { checkGradient } from "../../test/helpers/gradient-check.ts";
import {
  add,
  cast,
  concat,
  detach,
  exp,
  gather,
  grad,
  linear,
  matmul,
  mean,
  mul,
  randomTensor,
  square,
  sub,
  sum,
  tanh,
  Tensor,
  tensor,
  valueAndGrad,
  withoutGradient,
} from "./index.ts";

const f64 = (...values: number[]): Tensor => tensor(Float64Array.from(values));
const numbers = (x: Tensor): number[] => Array.from(x.values());

describe("valueAndGrad", () => {
  test("gives value, result and a gradient for each leaf of a nested tree", () => {
    const parameters = { a: f64(1, 2), layer: { w: f64(3, 4), deep: { b: f64(5, 6) } } };
    const { value, gradients, result } = valueAndGrad(
      (p) => ({ value: sum(add(mul(p.a, p.layer.w), square(p.layer.deep.b))), note: "kept" }),
      parameters,
    );
    expect(value.item()).toBe(3 + 8 + 25 + 36);
    expect(result.value).toBe(value);
    expect(result.note).toBe("kept");
    expect(Object.keys(gradients)).toEqual(["a", "layer"]);
    expect(numbers(gradients.a)).toEqual([3, 4]);
    expect(numbers(gradients.layer.w)).toEqual([1, 2]);
    expect(numbers(gradients.layer.deep.b)).toEqual([10, 12]);
  });

  test("a lone tensor is a tree", () => {
    expect(numbers(grad((x: Tensor) => sum(square(x)), f64(1, -2)))).toEqual([2, -4]);
  });

  test("a parameter that the value does not use has gradient zero", () => {
    const { used, unused } = grad((p) => sum(p.used), { used: f64(1), unused: tensor([[1, 2]]) });
    expect(numbers(used)).toEqual([1]);
    expect(numbers(unused)).toEqual([0, 0]);
    expect([unused.shape, unused.dtype]).toEqual([[1, 2], "float32"]);
  });

  test("the value may be the parameter itself, or a constant", () => {
    expect(numbers(grad((x: Tensor) => x, f64(7)))).toEqual([1]);
    expect(numbers(grad(() => f64(1), f64(7)))).toEqual([0]);
  });

  test("a tensor used several times gets the sum", () => {
    const x = f64(1, 2, 3);
    expect(numbers(grad((y: Tensor) => sum(add(add(y, y), mul(y, y))), x))).toEqual([4, 6, 8]);
    expect(numbers(grad((y: Tensor) => sum(concat([y, y, y])), x))).toEqual([3, 3, 3]);
    const twice = grad((p) => sum(mul(p.left, p.right)), { left: x, right: x });
    expect(numbers(twice.left)).toEqual([2, 4, 6]);
  });

  test("a sum of many parts leaves the gradients that it shares with other tensors alone", () => {
    const [a, b, x] = [f64(1, 2), f64(3, 4), f64(5, 6)];
    const { gradients } = valueAndGrad(
      (p: { a: Tensor; b: Tensor; x: Tensor }) => {
        // y has four uses, and gives one and the same gradient to a and b, which have had other
        // uses before
        const early = [...[2, 3, 4].map((factor) => mul(p.a, factor)), mul(p.b, 0.5)];
        const y = add(p.a, p.b);
        const late = [10, 100, 1000, 10_000].map((factor) => mul(y, factor));
        return sum([...early, ...late, p.x].reduce((total, part) => add(total, part)));
      },
      { a, b, x },
    );
    expect(numbers(gradients.a)).toEqual([11_119, 11_119]);
    expect(numbers(gradients.b)).toEqual([11_110.5, 11_110.5]);
    expect(numbers(gradients.x)).toEqual([1, 1]);
  });

  test("products, look-ups and linear layers add their part of a gradient in place", () => {
    const ids = tensor(Int32Array.from([2, 0]));
    const f = ([w, x, bias]: Tensor[]): Tensor => {
      let h = x;
      for (let i = 0; i < 3; i++) {
        h = tanh(linear(matmul(h, w), w, bias));
        h = add(h, linear(h, w, bias, { transposeKernel: true }));
        h = add(h, matmul(matmul(gather(w, ids), h, { transposeB: true }), h));
        h = tanh(matmul(h, matmul(w, w, { transposeA: true })));
      }
      return h;
    };
    const random = randomStream(5);
    const inputs = [[3, 3], [2, 3], [3]].map((shape) =>
      randomTensor(shape, random, { kind: "normal", mean: 0, deviation: 0.5 }, "float64"),
    );
    expect(checkGradient(f, inputs)).toBeLessThan(1e-8);
    const both = [inputs, inputs.map((x) => cast(x, "float32"))].map((xs) => {
      const { a, b, c } = grad((p) => sum(f([p.a, p.b, p.c])), { a: xs[0], b: xs[1], c: xs[2] });
      return [a, b, c].flatMap(numbers);
    });
    both[0].forEach((expected, i) => expect(both[1][i]).toBeCloseTo(expected, 5));
  });

  test("what is computed but not part of the value does not count", () => {
    const gradient = grad(
      (y: Tensor) => {
        sum(exp(y));
        return sum(y);
      },
      f64(1, 2),
    );
    expect(numbers(gradient)).toEqual([1, 1]);
  });

  test("gradients have their parameter's dtype", () => {
    const gradient = grad((x: Tensor) => sum(square(cast(x, "float64"))), tensor([1.5, 2]));
    expect([gradient.dtype, numbers(gradient)]).toEqual(["float32", [3, 4]]);
  });

  test("checks its arguments", () => {
    const x = f64(1, 2);
    const failing =
      (f: (x: Tensor) => unknown, at: unknown = x): (() => unknown) =>
      () =>
        valueAndGrad(f as (x: Tensor) => Tensor, at as Tensor);
    expect(failing((y) => y)).toThrow("grad: expected a scalar value, got [2]. Reduce it with mean() or sum()");
    expect(failing(() => 1)).toThrow(TypeError);
    expect(failing(() => undefined)).toThrow(
      "valueAndGrad: expected a function that returns a scalar tensor, or { value } with one, got undefined",
    );
    expect(failing((y) => y, { w: 1 })).toThrow('grad parameter "w": expected a tensor, got 1');
    expect(failing((y) => y, { w: tensor([1], { dtype: "int32" }) })).toThrow(
      expect.objectContaining({
        code: "ERR_DTYPE",
        message: 'grad parameter "w": expected float32 or float64, got int32',
      }),
    );
  });

  test("an error inside leaves no tape behind", () => {
    const x = f64(1);
    expect(() =>
      grad((): Tensor => {
        throw new Error("stop");
      }, x),
    ).toThrow("stop");
    // a tape that still listened would make x's square part of the next gradient
    expect(numbers(grad((y: Tensor) => sum(mul(y, 3)), x))).toEqual([3]);
  });
});

describe("constants", () => {
  test("detach cuts the gradient and keeps the values and the memory", () => {
    const x = f64(2, 3);
    expect(numbers(grad((y: Tensor) => sum(mul(y, detach(y))), x))).toEqual([2, 3]);
    expect(detach(x)).not.toBe(x);
    expect(detach(x).block).toBe(x.block);
  });

  test("withoutGradient makes everything in it constant", () => {
    const gradient = grad(
      (y: Tensor) => {
        const scale = withoutGradient(() => exp(y));
        return sum(mul(y, scale));
      },
      f64(1, 2),
    );
    expect(numbers(gradient)).toEqual(numbers(exp(f64(1, 2))));
    expect(() =>
      withoutGradient(() => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(numbers(grad((y: Tensor) => sum(square(y)), f64(3)))).toEqual([6]);
  });
});

describe("gradients of gradients", () => {
  test("to the third order", () => {
    const cube = (x: Tensor): Tensor => sum(mul(x, square(x)));
    const first = (x: Tensor): Tensor => grad(cube, x);
    const second = (x: Tensor): Tensor => grad((y: Tensor) => sum(first(y)), x);
    const third = (x: Tensor): Tensor => grad((y: Tensor) => sum(second(y)), x);
    const x = f64(2, -1);
    expect([first(x), second(x), third(x)].map(numbers)).toEqual([
      [12, 3],
      [12, -6],
      [6, 6],
    ]);
  });

  test("an inner gradient with respect to another tensor", () => {
    // f(w) = |d/dx mean(tanh(w x))|^2
    const x = f64(0.3, -0.7);
    const penalty = ([w]: Tensor[]): Tensor => sum(square(grad((y: Tensor) => mean(tanh(mul(w, y))), x)));
    checkGradient(penalty, [f64(0.4, 1.1)]);
  });

  test("the inner value is constant for the inner tape only", () => {
    const outer = grad((x: Tensor) => {
      const inner = grad((y: Tensor) => sum(mul(square(y), x)), x);
      // inner = 2 x * x + x^2 = 3 x^2 as y and x are one tensor
      return sum(sub(inner, x));
    }, f64(2));
    expect(numbers(outer)).toEqual([11]);
  });
});

describe("checkGradient", () => {
  test("sees a wrong gradient and says where", () => {
    // detach makes half of the gradient disappear
    const wrong = ([, b]: Tensor[]): Tensor => mul(b, detach(b));
    expect(() => checkGradient(wrong, [f64(1), f64(2, 3)])).toThrow(
      /^gradient of output \[0\] with respect to input 1, element \[0\]: expected (3\.99999|4).*\(differences\), got 2$/,
    );
    expect(() => checkGradient(([x]) => mul(x, Number.NaN), [f64(1)])).toThrow("got NaN");
    expect(() => checkGradient(([x]) => x, [tensor([1])])).toThrow("expected float64 input 0");
  });

  test("gives the largest error", () => {
    expect(checkGradient(([x]) => exp(x), [f64(0.1, 0.2)])).toBeLessThan(1e-11);
  });
});
