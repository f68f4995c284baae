/**
 * @file Sums of many float32. Added one after the other, each rounded, they lose a digit for every
 * tenfold of them: 10,000,000 times 0.1 gave 1,010,800. So sums over more than LONG_SUM elements
 * are kept in float64 and rounded once, at the end. Where that would take longer, parts of them are
 * summed in float32 first: 16 elements of a lane or a column, 64 steps of a product. Shorter sums
 * are as the kernels say, and so is float64, which has digits to spare. kernels/assembly/sums.ts
 * does the same, bit for bit.
 */
import type { FloatArray } from "./memory.ts";

/** Elements of a sum from which on, exclusively, it is a long one. */
export const LONG_SUM = 4096;

/**
 * Steps of a long product's sum that are added in float32, in order, before the part is added in
 * float64: their error is below 1e-6.
 */
export const SUM_PART = 64;

/** Elements of a lane, or of a column, that are added in float32. */
export const ADDED_PART = 16;

/** Whether a sum of n elements like those of `x` is a long one. */
export const isLong = (x: ArrayLike<number>, n: number): boolean => x instanceof Float32Array && n > LONG_SUM;

/**
 * An array to sum into: `to` itself, or one in float64 that begins with its values where n elements
 * make a long sum. `end` puts the sums into `to`.
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
