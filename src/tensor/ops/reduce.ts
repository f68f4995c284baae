/** @file Reductions other than the sum. */
import { checkOptions, dtypeError, isFloat } from "../../base/index.ts";
import { record, withoutGradient } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { type Axes, normalizeAxes, reduceAxes, type ReduceOptions, sum, without, withOnes } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { equal, isFinite, where } from "./compare.ts";
import { exp, log } from "./elementwise.ts";
import { reshape } from "./move.ts";

/** Mean over `axis` (default: all). Throws TypeError unless x is floating point. */
export function mean(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  checkOptions("mean", options, "keepDims");
  if (!isFloat(x.dtype)) throw dtypeError("mean", "float32 or float64", x.dtype);
  const total = sum(x, axis, options);
  return div(total, x.size / Math.max(1, total.size));
}

function extreme(op: "max" | "min", x: Tensor, axis: Axes | undefined, options: ReduceOptions): Tensor {
  checkOptions(op, options, "keepDims");
  const { keepDims = false } = options;
  const axes = normalizeAxes(op, axis, x.rank);
  const y = reduceAxes(op, x, axes, x.dtype);
  record([x], [y], (dy) => {
    if (dy === undefined) return [];
    // ties share the gradient equally
    const kept = withOnes(x.shape, axes);
    const chosen = cast(equal(x, reshape(y, kept)), x.dtype);
    const share = div(chosen, sum(chosen, axes, { keepDims: true }));
    return [mul(share, reshape(dy, kept))];
  });
  return keepDims ? reshape(y, withOnes(x.shape, axes)) : y;
}

/** Largest element over `axis` (default: all); NaN if any element is NaN. */
export const max = (x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor => extreme("max", x, axis, options);

/** Smallest element over `axis` (default: all); NaN if any element is NaN. */
export const min = (x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor => extreme("min", x, axis, options);

/** Index (int32) of the first largest element along `axis` (default: the last). */
export function argmax(x: Tensor, axis = -1): Tensor {
  return reduceAxes("argmax", x, normalizeAxes("argmax", axis, x.rank), "int32");
}

/** Index (int32) of the first smallest element along `axis` (default: the last). */
export function argmin(x: Tensor, axis = -1): Tensor {
  return reduceAxes("argmin", x, normalizeAxes("argmin", axis, x.rank), "int32");
}

/** log(sum(exp(x))) over `axis` (default: all), without overflow. */
export function logSumExp(x: Tensor, axis?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  checkOptions("logSumExp", arguments[2], "keepDims");
  const axes = normalizeAxes("logSumExp", axis, x.rank);
  // a constant shift: 0 where the largest is infinite, so a row of -Infinity gives -Infinity, not
  // NaN
  const shift = withoutGradient(() => {
    const largest = max(x, axes, { keepDims: true });
    return where(isFinite(largest), largest, 0);
  });
  const total = add(log(sum(exp(sub(x, shift)), axes, { keepDims: true })), shift);
  return keepDims ? total : reshape(total, without(x.shape, axes));
}
