/**
 * @file Ops that rearrange elements. `reshape` and a slice of whole leading rows share memory; the
 * rest copy.
 */
import {
  checkInteger,
  formatShape,
  kindError,
  normalizeAxis,
  sameShape,
  shapeError,
  type Shape,
  sizeOf,
  stridesOf,
  valueError,
} from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { full } from "../create.ts";
import { record } from "../tape.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";

/**
 * The elements of x in another shape; one size may be -1, which is then computed. Throws RangeError
 * for another number of elements.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(shape, x.shape)) return x;
  const open = shape.indexOf(-1);
  if (open === -1 && sizeOf(shape) === x.size && shape.every((n) => n >= 0 && Number.isInteger(n)))
    return reshaped(x, shape);
  const known = sizeOf(shape.filter((_, i) => i !== open));
  const target = open === -1 ? shape : shape.map((n, i) => (i === open ? x.size / known : n));
  if (sizeOf(target) !== x.size || target.some((n) => !Number.isInteger(n) || n < 0)) {
    throw shapeError("reshape", `a shape for ${x.size} elements of ${formatShape(x.shape)}`, shape);
  }
  return reshaped(x, target);
}

const reshaped = (x: Tensor, shape: Shape): Tensor =>
  record([x], [x.view(shape, x.offset)], (dy) => [dy && reshape(dy, x.shape)]);

/** x with its axes in another order; without `permutation`, reversed. */
export function transpose(x: Tensor, permutation: readonly number[] = x.shape.map((_, i) => x.rank - 1 - i)): Tensor {
  const order = permutation.map((axis) => normalizeAxis("transpose", axis, x.rank));
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw valueError("transpose", `a permutation of ${x.rank} axes`, [...permutation]);
  }
  if (order.every((axis, i) => axis === i)) return x;
  const shape = order.map((axis) => x.shape[axis]);
  const strides = stridesOf(x.shape);
  const out = allocate(x.dtype, shape);
  const from = { offset: 0, strides: order.map((axis) => strides[axis]) };
  currentEngine().copyStrided(x, from, out, { offset: 0, strides: stridesOf(shape) }, shape);
  return record([x], [out], (dy) => [
    dy &&
      transpose(
        dy,
        order.map((_, i) => order.indexOf(i)),
      ),
  ]);
}

/** x with the first two axes swapped: batch-major to time-major and back. */
export function swapLeading(x: Tensor): Tensor {
  return transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);
}

/**
 * A part of x: `begin` and `size` for each axis. Omitted trailing axes are taken whole, and size -1
 * means "to the end". Throws RangeError if the part exceeds x.
 */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  if (begin.length > x.rank || size.length !== begin.length) {
    throw shapeError("slice", `up to ${x.rank} begins and as many sizes`, [begin.length, size.length]);
  }
  const start = x.shape.map((_, i) => begin[i] ?? 0);
  const shape = x.shape.map((n, i) => (i >= size.length || size[i] === -1 ? n - start[i] : size[i]));
  shape.forEach((n, i) => {
    checkInteger(`slice begin of axis ${i}`, start[i], 0, x.shape[i]);
    checkInteger(`slice size of axis ${i}`, n, 0, x.shape[i] - start[i]);
  });
  if (sameShape(shape, x.shape)) return x;
  const strides = stridesOf(x.shape);
  const offset = start.reduce((at, s, i) => at + s * strides[i], 0);
  const isRows = shape.every((n, i) => i === 0 || n === x.shape[i]);
  let out: Tensor;
  if (isRows) {
    out = x.view(shape, x.offset + offset);
  } else {
    out = allocate(x.dtype, shape);
    currentEngine().copyStrided(x, { offset, strides }, out, { offset: 0, strides: stridesOf(shape) }, shape);
  }
  return record([x], [out], (dy) => [
    dy &&
      pad(
        dy,
        x.shape.map((n, i): [number, number] => [start[i], n - start[i] - shape[i]]),
      ),
  ]);
}

/** x with `[before, after]` elements of `value` (default 0) added on each axis. */
export function pad(x: Tensor, padding: readonly (readonly [number, number])[], value = 0): Tensor {
  if (padding.length !== x.rank) throw shapeError("pad", `${x.rank} pairs [before, after]`, [padding.length]);
  for (const side of padding.flat()) checkInteger("pad", side);
  const shape = x.shape.map((n, i) => n + padding[i][0] + padding[i][1]);
  if (sameShape(shape, x.shape)) return x;
  const out = full(shape, value, x.dtype);
  const strides = stridesOf(shape);
  const offset = padding.reduce((at, [before], i) => at + before * strides[i], 0);
  currentEngine().copyStrided(x, { offset: 0, strides: stridesOf(x.shape) }, out, { offset, strides }, x.shape);
  return record([x], [out], (dy) => [
    dy &&
      slice(
        dy,
        padding.map(([before]) => before),
        x.shape,
      ),
  ]);
}

/** Tensors joined along `axis` (default 0); the other axes must agree, otherwise RangeError. */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  if (parts.length === 0) throw kindError("concat", "at least one tensor", parts);
  const [first] = parts;
  if (parts.length === 1) return first;
  const dtype = commonDtype("concat", ...parts);
  const along = normalizeAxis("concat", axis, first.rank);
  for (const part of parts) {
    if (part.rank !== first.rank || part.shape.some((n, i) => i !== along && n !== first.shape[i])) {
      throw shapeError("concat", `${formatShape(first.shape)} but for axis ${along}`, part.shape);
    }
  }
  const total = parts.reduce((n, part) => n + part.shape[along], 0);
  const shape = first.shape.map((n, i) => (i === along ? total : n));
  const out = allocate(dtype, shape);
  const strides = stridesOf(shape);
  let at = 0;
  for (const part of parts) {
    const from = { offset: 0, strides: stridesOf(part.shape) };
    currentEngine().copyStrided(part, from, out, { offset: at * strides[along], strides }, part.shape);
    at += part.shape[along];
  }
  return record(parts, [out], (dy) =>
    dy === undefined
      ? []
      : split(
          dy,
          parts.map((part) => part.shape[along]),
          along,
        ),
  );
}

/**
 * x split along `axis` (default 0) into parts of these sizes or, if `sizes` is a number, into so
 * many equal parts.
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const along = normalizeAxis("split", axis, x.rank);
  const n = x.shape[along];
  if (typeof sizes === "number" && n % checkInteger("split", sizes, 1) !== 0) {
    throw valueError("split", `a number of parts that divides ${n}`, sizes);
  }
  const list = typeof sizes === "number" ? Array.from({ length: sizes }, () => n / sizes) : sizes;
  if (list.reduce((a, b) => a + b, 0) !== n) throw valueError("split", `sizes that add up to ${n}`, [...list]);
  let at = 0;
  return list.map((size) => {
    const begin = x.shape.slice(0, along + 1).map((_, i) => (i === along ? at : 0));
    at += size;
    return slice(
      x,
      begin,
      begin.map((_, i) => (i === along ? size : -1)),
    );
  });
}

/** Tensors of one shape joined along a new axis (default 0). */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  return concat(
    parts.map((part) => expandDims(part, axis)),
    axis,
  );
}

/** x with a new axis of size 1 at `axis`. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis("expandDims", axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** x without its axes of size 1, or without `axis`, which must have size 1. */
export function squeeze(x: Tensor, axis?: number): Tensor {
  if (axis === undefined)
    return reshape(
      x,
      x.shape.filter((n) => n !== 1),
    );
  const at = normalizeAxis("squeeze", axis, x.rank);
  if (x.shape[at] !== 1) throw shapeError("squeeze", `size 1 at axis ${at}`, x.shape);
  return reshape(
    x,
    x.shape.filter((_, i) => i !== at),
  );
}

/** x in reverse order along `axis`. */
export function flip(x: Tensor, axis: number): Tensor {
  const along = normalizeAxis("flip", axis, x.rank);
  const out = allocate(x.dtype, x.shape);
  const strides = stridesOf(x.shape);
  const from = {
    offset: Math.max(0, x.shape[along] - 1) * strides[along],
    strides: strides.map((s, i) => (i === along ? -s : s)),
  };
  currentEngine().copyStrided(x, from, out, { offset: 0, strides }, x.shape);
  return record([x], [out], (dy) => [dy && flip(dy, along)]);
}
