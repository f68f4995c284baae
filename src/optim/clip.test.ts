import { describe, expect, test } from "vitest";
import { memory, ones, tensor, type Tensor } from "../tensor/index.ts";
import {
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  clipScale,
  globalNorm,
  optimizers,
  type OptimizerName,
  type OptimizerState,
} from "./index.ts";

const names = Object.keys(optimizers) as OptimizerName[];
const numbers = (x: Tensor): number[] => Array.from(x.values());

test("the norm doesn't depend on the order of the record, and float32 squares don't overflow", () => {
  const large = tensor([1e8], { dtype: "float64" });
  const small = ones([8], "float64");
  // 1e16 + 1 is 1e16: the order decides
  expect(globalNorm({ a: small, b: large })).not.toBe(globalNorm({ a: large, b: small }));
  expect(globalNorm({ b: large, a: small })).toBe(globalNorm({ a: small, b: large }));
  expect(globalNorm({ x: tensor([3, 4]), y: tensor([[12]]) })).toBe(13);
  expect(globalNorm({ x: tensor([3e38, 3e38]) })).toBeCloseTo(3e38 * Math.SQRT2, -32);
  expect(globalNorm({})).toBe(0);
});

test("clips by one factor, and returns small gradients as they are", () => {
  const gradients = { x: tensor([3, 4]), y: tensor([[12]]) };
  const clipped = clipByGlobalNorm(gradients, 6.5);
  expect(clipped.norm).toBe(13);
  expect([numbers(clipped.gradients["x"]), numbers(clipped.gradients["y"])]).toEqual([[1.5, 2], [6]]);
  expect(clipByGlobalNorm(gradients, 13).gradients["x"]).toBe(gradients.x);
  expect(numbers(gradients.x)).toEqual([3, 4]);
});

test("per tensor", () => {
  const gradients = { x: tensor([3, 4]), y: tensor([0.5]), zero: tensor([0, 0]) };
  const { gradients: clipped, norms, finite } = clipByNorm(gradients, 1);
  expect([norms, finite]).toEqual([{ x: 5, y: 0.5, zero: 0 }, true]);
  expect(numbers(clipped["x"])[0]).toBeCloseTo(0.6, 7);
  expect(clipped["y"]).toBe(gradients.y);
  expect(numbers(clipped["zero"])).toEqual([0, 0]);
});

test("by value: symmetric, by range, NaN stays visible", () => {
  expect(numbers(clipByValue({ g: tensor([-9, 2, Infinity, NaN]) }, 5)["g"])).toEqual([-5, 2, 5, NaN]);
  expect(numbers(clipByValue({ g: tensor([-9, 2, 9]) }, { min: -1, max: 3 })["g"])).toEqual([-1, 2, 3]);
});

describe.each([NaN, Infinity, -Infinity])("a gradient with %s", (bad) => {
  const gradients = { x: tensor([1, bad, 3]), y: tensor([7]) };

  test("gives zeros and says so", () => {
    for (const { gradients: clipped, finite } of [clipByGlobalNorm(gradients, 5), clipByNorm(gradients, 5)]) {
      expect(finite).toBe(false);
      expect([...numbers(clipped["x"]), ...numbers(clipped["y"])]).toEqual([0, 0, 0, 0]);
    }
    expect(Number.isFinite(clipByGlobalNorm(gradients, 5).norm)).toBe(false);
  });

  test.each(names)("leaves the weights of %s unchanged", (name) => {
    const optimizer = optimizers[name]({ weightDecay: 0 });
    const parameters = { x: tensor([1, 2, 3]), y: tensor([4]) };
    let state = optimizer.init(parameters);
    // even where the caller ignores `finite`, a first step does nothing
    state = optimizer.update(parameters, clipByGlobalNorm(gradients, 5).gradients, state);
    expect([...numbers(parameters.x), ...numbers(parameters.y)]).toEqual([1, 2, 3, 4]);
    // and later ones stay finite
    state = optimizer.update(parameters, { x: ones([3]), y: ones([1]) }, state);
    optimizer.update(parameters, clipByGlobalNorm(gradients, 5).gradients, state);
    expect([...numbers(parameters.x), ...numbers(parameters.y)].every(Number.isFinite)).toBe(true);
  });
});

describe.each(["float32", "float64"] as const)("clipping in the update, %s", (dtype) => {
  const make = (scale: number): Record<string, Tensor> => ({
    x: tensor(
      Array.from({ length: 21 }, (_, i) => scale * Math.sin(3 * i + scale)),
      { dtype },
    ),
    y: tensor([[scale], [-scale / 3]], { dtype }),
  });

  test.each(names.flatMap((name) => [0.1, 1e9, Infinity].map((maxNorm) => [name, maxNorm] as const)))(
    "%s, at most %d: the bits of clipping before it, and no array more",
    (name, maxNorm) => {
      const optimizer = optimizers[name]({ weightDecay: 0.1, learningRate: 0.03 });
      const [before, within] = [make(1), make(1)];
      let [one, other] = [optimizer.init(before), optimizer.init(within)];
      for (let step = 1; step <= 3; step++) {
        const gradients = make(step);
        one = optimizer.update(before, clipByGlobalNorm(gradients, maxNorm).gradients, one);
        const { liveBlocks } = memory();
        const { scale, norm, finite } = clipScale(gradients, maxNorm);
        other = optimizer.update(within, gradients, other, { gradientScale: scale });
        expect(memory().liveBlocks).toBe(liveBlocks);
        expect([norm, finite]).toEqual([globalNorm(gradients), true]);
        expect([scale < 1, gradients["y"].toArray()]).toEqual([maxNorm === 0.1, make(step)["y"].toArray()]);
      }
      const bits = (parameters: Record<string, Tensor>, { slots }: OptimizerState): unknown =>
        [parameters, ...Object.values(slots)].map((arrays) => Object.values(arrays).map(numbers));
      expect(bits(within, other)).toEqual(bits(before, one));
      expect(other.step).toBe(3);
    },
  );

  test.each(names)("%s: without a finite norm nothing is written", (name) => {
    const optimizer = optimizers[name]();
    const parameters = { x: tensor([1, 2], { dtype }) };
    const gradients = { x: tensor([NaN, 1], { dtype }) };
    const state = optimizer.init(parameters);
    const slots = JSON.stringify(Object.values(state.slots).map(({ x }) => x.toArray()));
    const { scale, norm, finite } = clipScale(gradients, 5);
    expect([scale, norm, finite]).toEqual([NaN, NaN, false]);
    expect(() => optimizer.update(parameters, gradients, state, { gradientScale: scale })).toThrow(
      `${name} gradientScale: expected a finite number >= 0, got NaN`,
    );
    expect(numbers(parameters.x)).toEqual([1, 2]);
    expect(JSON.stringify(Object.values(state.slots).map(({ x }) => x.toArray()))).toBe(slots);
  });
});

test("refuses bad limits and gradients", () => {
  expect(() => clipScale({}, -1)).toThrow("clipScale maxNorm: expected a finite number >= 0, got -1");
  expect(() => clipScale({}, 1, { epsilon: NaN })).toThrow("clipScale epsilon");
  expect(() => clipByGlobalNorm({}, -1)).toThrow("clipByGlobalNorm maxNorm: expected a finite number >= 0, got -1");
  expect(() => clipByNorm({}, NaN)).toThrow(RangeError);
  expect(() => clipByValue({}, { min: 2, max: 1 })).toThrow("clipByValue max: expected a number >= min, 2, got 1");
  expect(() => globalNorm({ n: tensor([1], { dtype: "int32" }) })).toThrow(
    'gradient "n" of dtype float32 or float64, got int32',
  );
});

test("an infinite limit leaves gradients as they are, and still catches a norm that is not finite", () => {
  const gradients = { a: tensor([3, 4]) };
  expect(clipByGlobalNorm(gradients, Infinity)).toEqual({ gradients, norm: 5, finite: true });
  const bad = clipByGlobalNorm({ a: tensor([NaN, 1]) }, Infinity);
  expect(bad.finite).toBe(false);
  expect(bad.gradients["a"].toArray()).toEqual([0, 0]);
});
