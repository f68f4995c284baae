import { type Shape, sizeOf } from "../../base/index.ts";
import type { Operand, Strides } from "../engine.ts";
import { arrayOf } from "../reference/memory.ts";
import { BYTES } from "./address.ts";
import type { Kernels } from "./kernels.ts";
import { pointerOf } from "./linear-memory.ts";

/**
 * The axes after merging those that are contiguous in both arrays. Axes of one element are dropped.
 */
function merged(
  from: readonly number[],
  to: readonly number[],
  shape: Shape,
): { n: number; from: number; to: number }[] {
  const axes: { n: number; from: number; to: number }[] = [];
  shape.forEach((n, axis) => {
    if (n === 1) return;
    const before = axes[axes.length - 1];
    const next = { n, from: from[axis], to: to[axis] };
    if (before !== undefined && before.from === n * next.from && before.to === n * next.to)
      axes[axes.length - 1] = { ...next, n: before.n * n };
    else axes.push(next);
  });
  return axes;
}

/**
 * Copies whole rows, or transposes a float32 matrix. Returns false, having done nothing, for other
 * copies.
 */
export function copyStrided(
  kernels: Kernels,
  x: Operand,
  from: Strides,
  out: Operand,
  to: Strides,
  shape: Shape,
): boolean {
  const size = sizeOf(shape);
  if (size === 0) return true;
  if (size === 1 || from.strides.every((stride) => stride === 0)) {
    // one element, for one place or for all: only if `out` is filled without gaps
    const value = arrayOf(x)[from.offset];
    if (size === 1) arrayOf(out)[to.offset] = value;
    else if (size === sizeOf(out.shape)) arrayOf(out).fill(value);
    else return false;
    return true;
  }
  const axes = merged(from.strides, to.strides, shape);
  const last = axes[axes.length - 1] ?? { n: 1, from: 1, to: 1 };
  const [first] = axes;
  if (axes.length <= 2 && last.from === 1 && last.to === 1) {
    const source = arrayOf(x);
    const target = arrayOf(out);
    const rows = axes.length === 2 ? first : { n: 1, from: 0, to: 0 };
    for (let row = 0; row < rows.n; row++) {
      const begin = from.offset + row * rows.from;
      target.set(source.subarray(begin, begin + last.n), to.offset + row * rows.to);
    }
    return true;
  }
  if (
    axes.length === 2 &&
    x.dtype === "float32" &&
    first.from === 1 &&
    last.to === 1 &&
    last.from > 0 &&
    first.to > 0
  ) {
    // element (i, j) is at i + j * last.from in x, and at i * first.to + j in out
    const [source, target] = [pointerOf(x) + from.offset * BYTES, pointerOf(out) + to.offset * BYTES];
    kernels.transpose(source, last.from * BYTES, target, first.to * BYTES, last.n, first.n);
    return true;
  }
  return false;
}
