/** @file Products of elements, and one-hot rows of the largest ones. */
import { checkOptions, dtypeError, isFloat, normalizeAxis } from "../../base/index.ts";
import { oneHot, ones } from "../create.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { type Axes, normalizeAxes, type ReduceOptions, withOnes } from "./broadcast.ts";
import { argmax } from "./reduce.ts";
import { concat, reshape, slice, transpose } from "./move.ts";

/**
 * Product over `axis` (default: all), of halves, quarters and so on, with gradients that are right
 * at zeros too. Throws TypeError for bool.
 */
export function prod(x: Tensor, axis?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  checkOptions("prod", arguments[2], "keepDims");
  if (x.dtype === "bool") throw dtypeError("prod", "numbers", x.dtype, "Convert with cast(x, dtype)");
  const axes = normalizeAxes("prod", axis, x.rank);
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const shape = rest.map((i) => x.shape[i]);
  let y = reshape(transpose(x, [...axes, ...rest]), [axes.reduce((n, i) => n * x.shape[i], 1), ...shape]);
  if (y.shape[0] === 0) y = ones([1, ...shape], x.dtype);
  while (y.shape[0] > 1) {
    const n = y.shape[0];
    const half = Math.floor(n / 2);
    const pairs = mul(slice(y, [0], [half]), slice(y, [half], [half]));
    y = n % 2 === 0 ? pairs : concat([pairs, slice(y, [n - 1], [1])]);
  }
  return reshape(y, keepDims ? withOnes(x.shape, axes) : shape);
}

/** 1 at the first largest element along `axis` (default: the last), else 0. No gradient flows. */
export function hardmax(x: Tensor, axis = -1): Tensor {
  if (!isFloat(x.dtype)) throw dtypeError("hardmax", "float32 or float64", x.dtype);
  const at = normalizeAxis("hardmax", axis, x.rank);
  const rows = oneHot(argmax(x, at), x.shape[at], { dtype: x.dtype });
  // the last axis back to its place
  const order = x.shape.map((_, i) => (i < at ? i : i === at ? x.rank - 1 : i - 1));
  return transpose(rows, order);
}
