import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { digamma, lgamma, logGammaRatio, UnsupportedError } from "../../base/index.ts";
import { checkGradient } from "../../../test/helpers/gradient-check.ts";
import { grad, negativeBinomialLoss, normalLoss, scope, studentTLoss, sum, type Tensor, tensor } from "../index.ts";

type Array1 = { readonly shape: readonly number[]; readonly data: readonly number[] };
type Case = {
  readonly name: string;
  readonly kind: string;
  readonly inputs: Readonly<Record<string, Array1>>;
  readonly losses: Array1;
  readonly gradients: Readonly<Record<string, Array1>>;
  readonly x: Array1;
  readonly lgamma: Array1;
  readonly digamma: Array1;
};

const golden = new URL("../../../test/golden/data/forecast.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { readonly cases: readonly Case[] };

const losses: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
  normal: normalLoss as (...inputs: Tensor[]) => Tensor,
  "student-t": studentTLoss as (...inputs: Tensor[]) => Tensor,
  "negative-binomial": negativeBinomialLoss as (...inputs: Tensor[]) => Tensor,
};
const lossOf = (name: string): ((...inputs: Tensor[]) => Tensor) => losses[name.replace("-wild", "")];
const float64 = ({ data }: Array1): Tensor => tensor(Float64Array.from(data));

/** Largest difference, relative to the larger of 1 and what is expected. */
const distance = (got: ArrayLike<number>, expected: readonly number[]): number =>
  expected.reduce((worst, x, i) => {
    const difference = Math.abs(got[i] - x) / Math.max(1, Math.abs(x));
    return difference === difference ? Math.max(worst, difference) : Infinity;
  }, 0);

test("lgamma and digamma agree with PyTorch", () => {
  const { x, lgamma: logarithms, digamma: slopes } = cases[0];
  expect(distance(x.data.map(lgamma), logarithms.data)).toBeLessThan(1e-13);
  expect(distance(x.data.map(digamma), slopes.data)).toBeLessThan(1e-13);
  expect(lgamma(0)).toBe(Infinity);
  expect(lgamma(-1)).toBeNaN();
  expect(digamma(NaN)).toBeNaN();
});

test("logGammaRatio meets the plain difference, and goes to 0", () => {
  for (const a of [0.3, 9.99, 10, 10.5, 400]) {
    for (const x of [0, 0.5, 3, 70])
      expect(logGammaRatio(a, x)).toBeCloseTo(lgamma(a + x) - lgamma(a) - x * Math.log(a), 10);
  }
  // (x² - x) / 2a to first order
  expect(logGammaRatio(1e12, 1000)).toBeCloseTo(999000 / 2e12, 12);
});

describe.each(cases.filter(({ kind }) => kind === "likelihood"))(
  "$name",
  ({ name, inputs, losses: expected, gradients }) => {
    const f = lossOf(name);
    const names = Object.keys(inputs);

    test("losses and gradients are those of PyTorch, which itself loses digits in the wild ones", () => {
      scope(() => {
        const values = names.map((key) => float64(inputs[key]));
        expect(distance(f(...values).values(), expected.data)).toBeLessThan(1e-9);
        const found = grad(
          (parts: Record<string, Tensor>) => sum(f(...names.map((key) => parts[key]))),
          Object.fromEntries(names.map((key, i) => [key, values[i]])),
        );
        for (const [key, gradient] of Object.entries(gradients))
          expect(distance(found[key].values(), gradient.data), key).toBeLessThan(1e-9);
      });
    });

    test("float32 rounds only what goes in and comes out", () => {
      scope(() => {
        const rounded = names.map((key) => Float32Array.from(inputs[key].data));
        const exact = f(...rounded.map((x) => tensor(Float64Array.from(x))));
        const got = f(...rounded.map((x) => tensor(x)));
        expect(got.dtype).toBe("float32");
        expect(distance(got.values(), Array.from(exact.values()))).toBeLessThan(1e-7);
      });
    });
  },
);

test.each(["normal", "student-t", "negative-binomial"])("gradients of %s against differences", (name) => {
  const { inputs } = cases.find((one) => one.name === name) as Case;
  scope(() => {
    const values = Object.values(inputs).map(({ data }) => tensor(Float64Array.from(data.slice(1, 5), (x) => x || 1)));
    checkGradient((parts) => lossOf(name)(...parts), values);
  });
});

const at = (x: number): Tensor => tensor(Float64Array.of(x));

test("a vanishing α is a Poisson distribution, many degrees of freedom a normal one", () => {
  scope(() => {
    const poisson = 30 - 25 * Math.log(30) + lgamma(26);
    for (const alpha of [1e-30, 1e-12, 1e-9])
      expect(negativeBinomialLoss(at(25), at(30), at(alpha)).item()).toBeCloseTo(poisson, 6);
    const slopeAt = (alpha: number): number =>
      grad((x: Tensor) => sum(negativeBinomialLoss(at(25), at(32), x)), at(alpha)).item();
    // either side of where the formula changes
    expect(slopeAt(3.0e-9)).toBeCloseTo(slopeAt(3.4e-9), 4);
    // ½ (y - (y-μ)²), the limit of the derivative
    for (const alpha of [1e-30, 1e-12, 1e-9]) expect(slopeAt(alpha)).toBeCloseTo(-12, 4);
    expect(studentTLoss(at(1), at(0), at(2), at(1e15)).item()).toBeCloseTo(normalLoss(at(1), at(0), at(2)).item(), 12);
  });
});

test("of a count, Γ(y+r) / Γ(r) is a product of y factors: for every α, Poisson or not", () => {
  for (const alpha of [1e-30, 1e-12, 1e-10, 1e-9, 3e-9, 4e-9, 1e-8, 1e-6, 1e-4, 0.01, 0.3, 2, 50])
    for (const [y, mu] of [
      [0, 3],
      [25, 32],
      [25, 4],
      [1, 30],
      [3, 0.2],
    ]) {
      let expected = -y * Math.log(mu) + (y + 1 / alpha) * Math.log1p(alpha * mu);
      for (let k = 0; k < y; k++) expected += Math.log((k + 1) / (1 + alpha * k));
      const got = scope(() => negativeBinomialLoss(at(y), at(mu), at(alpha)).item());
      expect(Math.abs(got - expected), `α ${alpha}, y ${y}, μ ${mu}`).toBeLessThan(1e-11 * Math.max(1, expected));
    }
});

test("far out, Student's t falls as a power", () => {
  // log σ + ½ log νπ + log Γ(ν/2) - log Γ((ν+1)/2) + (ν+1) log (z/√ν), where ν = 3
  const rest = Math.log(2) + 0.5 * Math.log(3 * Math.PI) + Math.log(Math.sqrt(Math.PI) / 2);
  const expected = rest + 4 * (Math.log(1e200) - 0.5 * Math.log(3));
  scope(() => expect(studentTLoss(at(2e200), at(0), at(2), at(3)).item()).toBeCloseTo(expected, 9));
});

test("a second gradient is refused", () => {
  scope(() => {
    const x = tensor(Float64Array.of(1));
    const first = (y: Tensor): Tensor => sum(grad((z: Tensor) => sum(normalLoss(z, x, x)), y));
    expect(() => grad(first, x)).toThrow(UnsupportedError);
  });
});
