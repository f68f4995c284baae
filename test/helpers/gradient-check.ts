/** @file Gradients against differences, in float64. */
import { randomStream, type Shape, sizeOf } from "../../src/base/index.ts";
import {
  concat,
  grad,
  mul,
  randomTensor,
  reshape,
  scope,
  slice,
  sum,
  type Tensor,
  tensor,
} from "../../src/tensor/index.ts";

export type GradientTolerance = { readonly rtol?: number; readonly atol?: number };

/** Step of the differences, times max(1, |x|). Truncation grows with its fourth power, rounding with its inverse. */
const STEP = 1e-3;

/**
 * The whole Jacobian of `f`, each row by its own backward pass, against central differences of fourth order: every output
 * element with respect to every element of every input. `f` must be smooth within 0.002 of the inputs, which are float64.
 *
 * Returns the largest difference, divided by max(1, |expected|). Throws when one exceeds `atol + rtol * |expected|`.
 */
export function checkGradient(
  f: (inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { rtol = 1e-6, atol = 1e-8 }: GradientTolerance = {},
): number {
  const at = inputs.map((x, i) => {
    if (x.dtype !== "float64") throw new TypeError(`checkGradient: expected float64 input ${i}, got ${x.dtype}`);
    return Float64Array.from(x.values());
  });
  const { shape, jacobian } = backwardJacobian(f, inputs);
  let worst = 0;
  inputs.forEach((input, i) => {
    for (let j = 0; j < input.size; j++) {
      const slopes = differences(f, inputs, at, i, j);
      slopes.forEach((expected, row) => {
        const got = jacobian[row][i][j];
        const difference = Math.abs(got - expected);
        // written so that NaN on either side fails
        if (!(difference <= atol + rtol * Math.abs(expected))) {
          throw new Error(
            `gradient of output ${place(row, shape)} with respect to input ${i}, element ${place(j, input.shape)}: ` +
              `expected ${expected} (differences), got ${got}`,
          );
        }
        worst = Math.max(worst, difference / Math.max(1, Math.abs(expected)));
      });
    }
  });
  return worst;
}

/**
 * The gradient of the gradient: `checkGradient` on the gradients of a fixed random combination of `f`'s outputs, which is the whole
 * Hessian of that combination.
 */
export function checkSecondGradient(
  f: (inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  tolerance: GradientTolerance = {},
): number {
  const shape = scope(() => f([...inputs]).shape);
  const weights = randomTensor(shape, randomStream(11), { kind: "uniform", low: 0.5, high: 1.5 }, "float64");
  const first = (given: Tensor[]): Tensor => {
    const gradients = grad((x) => sum(mul(f(Object.values(x)), weights)), named(given));
    return concat(Object.values(gradients).map((g) => reshape(g, [g.size])));
  };
  return checkGradient(first, inputs, tolerance);
}

/** Insertion order is input order, which names such as "0" and "10" would keep as well. */
const named = (inputs: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(inputs.map((x, i) => [`input${i}`, x]));

/** jacobian[row][input][element]. */
function backwardJacobian(
  f: (inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
): { shape: Shape; jacobian: Float64Array[][] } {
  const shape = scope(() => f([...inputs]).shape);
  const size = sizeOf(shape);
  const jacobian = Array.from({ length: size }, (_, row) =>
    scope(() => {
      const element = (x: Record<string, Tensor>): Tensor => slice(reshape(f(Object.values(x)), [size]), [row], [1]);
      return Object.values(grad(element, named(inputs))).map((g) => Float64Array.from(g.values()));
    }),
  );
  return { shape, jacobian };
}

/** d f / d input[i][j] for every output element: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h. */
function differences(
  f: (inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  at: readonly Float64Array[],
  i: number,
  j: number,
): number[] {
  const h = STEP * Math.max(1, Math.abs(at[i][j]));
  const shifted = (by: number): ArrayLike<number> =>
    scope(() => {
      const values = at[i].slice();
      values[j] += by;
      return f(inputs.map((x, n) => (n === i ? tensor(values, { shape: x.shape }) : x))).values();
    });
  const [ahead, behind, farAhead, farBehind] = [shifted(h), shifted(-h), shifted(2 * h), shifted(-2 * h)];
  return Array.from(ahead, (y, row) => (8 * (y - behind[row]) - (farAhead[row] - farBehind[row])) / (12 * h));
}

/** A flat index as a multi-index. */
function place(flat: number, shape: Shape): string {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return `[${index.join(", ")}]`;
}
