/**
 * @file Activation functions composed of other ops: relatives of the rectified linear unit.
 * Definitions and defaults are those of ONNX.
 */
import { checkOptions } from "../../base/index.ts";
import type { Tensor } from "../tensor.ts";
import { hardSigmoid, softplus, tanh } from "./activations.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { greater, less, where } from "./compare.ts";
import { exp } from "./elementwise.ts";
import { minimum } from "./extremes.ts";
import { erf } from "./trigonometric.ts";

/** e^x - 1 where x < 0, else 0; without overflow. */
const below = (x: Tensor): Tensor => sub(exp(minimum(x, 0)), 1);

/** Exponential linear unit: x where x > 0, else alpha (e^x - 1). `alpha` is 1 by default. */
export const elu = (x: Tensor, alpha = 1): Tensor => where(greater(x, 0), x, mul(below(x), alpha));

/** Scaled exponential linear unit: gamma · elu(x, alpha), with the constants of the paper. */
export const selu = (x: Tensor, alpha = 1.6732632423543772, gamma = 1.0507009873554805): Tensor =>
  mul(elu(x, alpha), gamma);

/** Continuous exponential unit: x where x > 0, else alpha (e^(x/alpha) - 1). Default alpha: 1. */
export const celu = (x: Tensor, alpha = 1): Tensor => where(greater(x, 0), x, mul(below(div(x, alpha)), alpha));

/** Leaky rectified linear unit: x where x >= 0, else slope · x. `slope` is 0.01 by default. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => where(less(x, 0), mul(x, slope), x);

/** x where x > threshold, else 0. `threshold` is 1 by default. */
export const thresholdedRelu = (x: Tensor, threshold = 1): Tensor => where(greater(x, threshold), x, 0);

/** x where x >= 0, else slope · x, with a trained slope that broadcasts to x. */
export const prelu = (x: Tensor, slope: Tensor): Tensor => where(less(x, 0), mul(x, slope), x);

/** Options of `gelu`. */
export type GeluOptions = {
  /** Whether the normal distribution is approximated by a hyperbolic tangent. Default false. */
  readonly approximate?: boolean | undefined;
};

/** Gaussian error linear unit: x times the normal distribution's probability of less than x. */
export function gelu(x: Tensor, { approximate = false }: GeluOptions = {}): Tensor {
  checkOptions("gelu", arguments[1], "approximate");
  if (!approximate) return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

/** x · clip(x/6 + 0.5, 0, 1). */
export const hardSwish = (x: Tensor): Tensor => mul(x, hardSigmoid(x));

/** x · tanh(softplus(x)). */
export const mish = (x: Tensor): Tensor => mul(x, tanh(softplus(x)));
