/**
 * @file Trigonometric and hyperbolic functions and the error function, element by element, by the
 * same JavaScript on every engine. They are computed in float64 and rounded.
 */
import * as base from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { exp, neg, sqrt, square } from "./elementwise.ts";

/** y = f(x), element by element, with dx = slope(dy). Throws TypeError unless x is float. */
export function mapped(
  where: string,
  x: Tensor,
  f: (x: number) => number,
  slope: (dy: Tensor, y: Tensor) => Tensor,
): Tensor {
  if (!base.isFloat(x.dtype)) throw base.dtypeError(where, "float32 or float64", x.dtype);
  const y = allocate(x.dtype, x.shape);
  onEachReplay([x, y], (from, to) => {
    for (let i = 0; i < to.length; i++) to[i] = f(from[i]);
  });
  return record([x], [y], (dy) => [dy && slope(dy, y)]);
}

/** Sine, of radians. */
export const sin = (x: Tensor): Tensor => mapped("sin", x, base.sin, (dy) => mul(dy, cos(x)));
/** Cosine, of radians. */
export const cos = (x: Tensor): Tensor => mapped("cos", x, base.cos, (dy) => neg(mul(dy, sin(x))));
/** Tangent, of radians. */
export const tan = (x: Tensor): Tensor => mapped("tan", x, base.tan, (dy) => div(dy, square(cos(x))));
/** Arcsine, in [-π/2, π/2]. NaN outside of [-1, 1]. */
export const asin = (x: Tensor): Tensor => mapped("asin", x, base.asin, (dy) => div(dy, sqrt(sub(1, square(x)))));
/** Arccosine, in [0, π]. NaN outside of [-1, 1]. */
export const acos = (x: Tensor): Tensor => mapped("acos", x, base.acos, (dy) => neg(div(dy, sqrt(sub(1, square(x))))));
/** Arctangent, in [-π/2, π/2]. */
export const atan = (x: Tensor): Tensor => mapped("atan", x, base.atan, (dy) => div(dy, add(square(x), 1)));
/** Hyperbolic sine (e^x - e^-x) / 2. */
export const sinh = (x: Tensor): Tensor => mapped("sinh", x, base.sinh, (dy) => mul(dy, cosh(x)));
/** Hyperbolic cosine (e^x + e^-x) / 2. */
export const cosh = (x: Tensor): Tensor => mapped("cosh", x, base.cosh, (dy) => mul(dy, sinh(x)));
/** Inverse of `sinh`. */
export const asinh = (x: Tensor): Tensor => mapped("asinh", x, base.asinh, (dy) => div(dy, sqrt(add(square(x), 1))));
/** Inverse of `cosh`, for x >= 1. NaN below. */
export const acosh = (x: Tensor): Tensor => mapped("acosh", x, base.acosh, (dy) => div(dy, sqrt(sub(square(x), 1))));
/** Inverse of `tanh`, for x in [-1, 1]: infinite at the ends. NaN outside. */
export const atanh = (x: Tensor): Tensor => mapped("atanh", x, base.atanh, (dy) => div(dy, sub(1, square(x))));
/** Error function 2/√π ∫ e^-t² dt from 0 to x. */
export const erf = (x: Tensor): Tensor =>
  mapped("erf", x, base.erf, (dy) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))));
