/**
 * @file Summing and stretching: each is the other's gradient. `axis` may be one axis, several, or
 * absent for all; `keepDims` keeps reduced axes with size 1.
 */
import {
  broadcastShapes,
  checkOptions,
  dtypeError,
  formatShape,
  normalizeAxis,
  sameShape,
  shapeError,
  type Shape,
  sizeOf,
  stridesOf,
} from "../../base/index.ts";
import { currentEngine, type ReduceOp } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { reshape, transpose } from "./move.ts";

/** An axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];
/** Options of reductions. `keepDims` keeps reduced axes with size 1. Default false. */
export type ReduceOptions = { readonly keepDims?: boolean };

/** Sorted axes in [0, rank); all if `axis` is undefined. Throws RangeError. */
export function normalizeAxes(where: string, axis: Axes | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return [...new Set(list.map((a) => normalizeAxis(where, a, rank)))].sort((a, b) => a - b);
}

/** The shape with size 1 at `axes`. */
export const withOnes = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((n, i) => (axes.includes(i) ? 1 : n));
/** The shape without `axes`. */
export const without = (shape: Shape, axes: readonly number[]): Shape => shape.filter((_, i) => !axes.includes(i));

/**
 * Reduces `axes`: adjacent ones in one kernel call, others after a transposition that makes them
 * adjacent.
 */
export function reduceAxes(op: ReduceOp, x: Tensor, axes: readonly number[], dtype: Tensor["dtype"]): Tensor {
  const first = axes[0] ?? 0;
  const together = axes.every((axis, i) => axis === first + i);
  if (!together) {
    const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
    const moved = transpose(x, [...rest, ...axes]);
    return reduceAxes(
      op,
      moved,
      axes.map((_, i) => rest.length + i),
      dtype,
    );
  }
  const out = allocate(dtype, without(x.shape, axes));
  const n = sizeOf(axes.map((axis) => x.shape[axis]));
  if (op !== "sum" && n === 0 && out.size > 0) throw shapeError(op, "at least one element to choose from", x.shape);
  const outer = sizeOf(x.shape.slice(0, first));
  const inner = sizeOf(x.shape.slice(first + axes.length));
  currentEngine().reduce(op, x, out, outer, n, inner);
  return out;
}

/**
 * Sum over `axis` (default: all). The order of summation is fixed, see the engine contract. Throws
 * TypeError for bool.
 */
export function sum(x: Tensor, axis?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  checkOptions("sum", arguments[2], "keepDims");
  if (x.dtype === "bool") throw dtypeError("sum", "numbers", x.dtype, "Convert with cast(x, dtype)");
  if (axis === undefined && !keepDims && x.rank > 0) return total(x);
  const axes = normalizeAxes("sum", axis, x.rank);
  if (axes.length === 0) return x;
  const out = reduceAxes("sum", x, axes, x.dtype);
  const y = record([x], [out], (dy) => [dy && broadcastTo(reshape(dy, withOnes(x.shape, axes)), x.shape)]);
  return keepDims ? reshape(y, withOnes(x.shape, axes)) : y;
}

/** The sum of all elements, a scalar. */
function total(x: Tensor): Tensor {
  const out = allocate(x.dtype, []);
  currentEngine().reduce("sum", x, out, 1, x.size, 1);
  return record([x], [out], (dy) => [dy && broadcastTo(dy, x.shape)]);
}

/** x stretched to `shape` by NumPy's rules. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
    throw shapeError("broadcastTo", `a shape that broadcasts to ${formatShape(shape)}`, x.shape);
  }
  const missing = shape.length - x.rank;
  const packed = stridesOf(x.shape);
  const strides = shape.map((_, i) => (i < missing || x.shape[i - missing] === 1 ? 0 : packed[i - missing]));
  const out = allocate(x.dtype, shape);
  currentEngine().copyStrided(x, { offset: 0, strides }, out, { offset: 0, strides: stridesOf(shape) }, shape);
  return record([x], [out], (dy) => [dy && sumTo(dy, x)]);
}

/** Sums a gradient back to the shape that was broadcast. */
export function sumTo(gradient: Tensor, like: Tensor): Tensor {
  if (sameShape(gradient.shape, like.shape)) return gradient;
  if (like.size === 1) return reshape(sum(gradient), like.shape);
  const missing = gradient.rank - like.rank;
  const axes = gradient.shape.flatMap((n, axis) =>
    axis < missing || (like.shape[axis - missing] === 1 && n !== 1) ? [axis] : [],
  );
  return reshape(sum(gradient, axes), like.shape);
}
