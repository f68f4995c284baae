/**
 * @file Sums of many float32. Added one after the other and rounded each time, they lose a digit
 * each time their number grows tenfold: 10,000,000 times 0.1 gave 1,010,800. So sums of more than
 * LONG_SUM elements are kept in float64 and rounded once, at the end. Where that would be slower,
 * parts are summed in float32 first: 16 elements of a lane or a column, 64 steps of a product.
 * Shorter sums, and sums of float64, follow the kernels' descriptions. kernels/assembly/sums.ts
 * does the same, bit for bit.
 */
import type { FloatArray } from "./memory.ts";

/** Most elements of a sum that is not long. */
export const LONG_SUM = 4096;

/**
 * Steps of a long product that are added in float32, in order, before the part is added in float64.
 * Their error is below 1e-6.
 */
export const SUM_PART = 64;

/** Elements of a lane or column that are added in float32. */
export const ADDED_PART = 16;

/** Whether a sum of n elements of the type of `x` is long. */
export const isLong = (x: ArrayLike<number>, n: number): boolean => x instanceof Float32Array && n > LONG_SUM;

/**
 * An array to sum into: `to` itself or, for long sums of n elements, a float64 copy of it. `end`
 * writes the sums to `to`.
 */
export function sumsFor(to: FloatArray, n: number): { readonly sums: FloatArray; readonly end: () => void } {
  if (!isLong(to, n)) return { sums: to, end: () => {} };
  const sums = Float64Array.from(to);
  return { sums, end: () => to.set(sums) };
}

/** to [n] = column sums of the elements [size / n, n], in the order of the rows. */
export function sumColumns(to: FloatArray, size: number, element: (i: number) => number): void {
  const n = to.length;
  to.fill(0);
  if (!isLong(to, size / n)) {
    for (let i = 0; i < size; i++) to[i % n] += element(i);
    return;
  }
  const sums = new Float64Array(n);
  const part = new Float32Array(n);
  for (let start = 0; start < size; start += ADDED_PART * n) {
    part.fill(0);
    for (let i = start, end = Math.min(size, start + ADDED_PART * n); i < end; i++) part[i % n] += element(i);
    for (let j = 0; j < n; j++) sums[j] += part[j];
  }
  to.set(sums);
}
