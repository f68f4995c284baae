/** @file What the three recurrent kernels share. */
import type { Operand } from "../engine.ts";
import type { Matrix } from "./matmul.ts";
import { type FloatArray, integers } from "./memory.ts";

/** Whether row b still has a step at time t. */
export function activeRows(lengths: Operand | undefined, batch: number): (row: number, t: number) => boolean {
  if (lengths === undefined) return () => true;
  const limit = integers(lengths).slice(0, batch);
  return (row, t) => t < limit[row];
}

/** A zeroed array of the same precision. */
export function scratchLike(array: FloatArray, length: number): FloatArray {
  return array instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

/** A whole array as a matrix of `row` columns. */
export const matrix = (data: FloatArray, row: number, at = 0): Matrix => ({ data, at, row });

/** For each active row at time t, copies that row of `from` to `to`. */
export function copyActive(
  to: FloatArray,
  from: FloatArray,
  width: number,
  batch: number,
  t: number,
  active: (row: number, t: number) => boolean,
): void {
  for (let row = 0; row < batch; row++) {
    if (active(row, t)) to.set(from.subarray(row * width, (row + 1) * width), row * width);
  }
}
