/**
 * @file Matrix products. Every element of the result is summed over k in order, each product and
 * each sum rounded to the precision of the arrays, so the result does not depend on how rows are
 * grouped. Long sums of float32: see long-sums.ts.
 */
import type { Operand } from "../engine.ts";
import { isLong, SUM_PART } from "./long-sums.ts";
import { type FloatArray, floats } from "./memory.ts";

const f = Math.fround;

/** A matrix inside an array: element (i, j) is `data[at + i * row + j]`. */
export type Matrix = { readonly data: FloatArray; readonly at: number; readonly row: number };

/** c [M, N] += a [M, K] · b [K, N]. With `transposedA`, a is stored as [K, M]. */
export function multiplyAdd(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  m: number,
  k: number,
  n: number,
  transposedA = false,
): void {
  const rowStep = transposedA ? 1 : a.row;
  const sumStep = transposedA ? a.row : 1;
  const inner = c.data instanceof Float32Array ? multiplyAdd32 : multiplyAdd64;
  inner(c.data, c.at, c.row, a.data, a.at, rowStep, sumStep, b.data, b.at, b.row, m, k, n);
}

/** `multiplyAdd` that adds the parts of long sums over k in float64. */
export function multiplyAddLong(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  m: number,
  k: number,
  n: number,
  transposedA = false,
): void {
  if (!isLong(c.data, k)) return multiplyAdd(c, a, b, m, k, n, transposedA);
  const sums = new Float64Array(m * n);
  const part: Matrix = { data: new Float32Array(m * n), at: 0, row: n };
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) sums[i * n + j] = c.data[c.at + i * c.row + j];
  for (let p = 0; p < k; p += SUM_PART) {
    part.data.fill(0);
    const left = { ...a, at: a.at + p * (transposedA ? a.row : 1) };
    const right = { ...b, at: b.at + p * b.row };
    multiplyAdd(part, left, right, m, Math.min(SUM_PART, k - p), n, transposedA);
    for (let i = 0; i < sums.length; i++) sums[i] += part.data[i];
  }
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) c.data[c.at + i * c.row + j] = sums[i * n + j];
}

// Four rows at a time: each element of b is read once for four products. Measured 3.1 GFLOP/s
// against 1.3 with one row (Node 26, M=256 K=128 N=512). Register tiles of 4x4 and 2x4 measured
// 1.4: V8 spills them.
function multiplyAdd32(
  c: FloatArray,
  cAt: number,
  cRow: number,
  a: FloatArray,
  aAt: number,
  aRow: number,
  aSum: number,
  b: FloatArray,
  bAt: number,
  bRow: number,
  m: number,
  k: number,
  n: number,
): void {
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    const c0 = cAt + i * cRow;
    const c1 = c0 + cRow;
    const c2 = c1 + cRow;
    const c3 = c2 + cRow;
    for (let p = 0; p < k; p++) {
      const at = aAt + i * aRow + p * aSum;
      const x0 = a[at];
      const x1 = a[at + aRow];
      const x2 = a[at + 2 * aRow];
      const x3 = a[at + 3 * aRow];
      const bp = bAt + p * bRow;
      for (let j = 0; j < n; j++) {
        const y = b[bp + j];
        c[c0 + j] += f(x0 * y);
        c[c1 + j] += f(x1 * y);
        c[c2 + j] += f(x2 * y);
        c[c3 + j] += f(x3 * y);
      }
    }
  }
  for (; i < m; i++) {
    const c0 = cAt + i * cRow;
    for (let p = 0; p < k; p++) {
      const x = a[aAt + i * aRow + p * aSum];
      const bp = bAt + p * bRow;
      for (let j = 0; j < n; j++) c[c0 + j] += f(x * b[bp + j]);
    }
  }
}

function multiplyAdd64(
  c: FloatArray,
  cAt: number,
  cRow: number,
  a: FloatArray,
  aAt: number,
  aRow: number,
  aSum: number,
  b: FloatArray,
  bAt: number,
  bRow: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    const c0 = cAt + i * cRow;
    for (let p = 0; p < k; p++) {
      const x = a[aAt + i * aRow + p * aSum];
      const bp = bAt + p * bRow;
      for (let j = 0; j < n; j++) c[c0 + j] += x * b[bp + j];
    }
  }
}

/** A transposed copy [n, m] of the [m, n] matrix. */
export function transposed(x: Matrix, m: number, n: number): Matrix {
  const data = new (x.data.constructor as new (length: number) => FloatArray)(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) data[j * m + i] = x.data[x.at + i * x.row + j];
  return { data, at: 0, row: m };
}

export function matmul(
  a: Operand,
  b: Operand,
  out: Operand,
  { transposeA, transposeB, accumulate }: { transposeA: boolean; transposeB: boolean; accumulate: boolean },
): void {
  const rank = a.shape.length;
  const [m, n] = out.shape.slice(-2);
  const k = a.shape[rank - (transposeA ? 2 : 1)];
  const aData = floats(a);
  const bData = floats(b);
  const cData = floats(out);
  if (!accumulate) cData.fill(0);
  const batches = m * n === 0 ? 0 : cData.length / (m * n);
  for (let batch = 0; batch < batches; batch++) {
    const right: Matrix = { data: bData, at: batch * k * n, row: transposeB ? k : n };
    multiplyAddLong(
      { data: cData, at: batch * m * n, row: n },
      { data: aData, at: batch * m * k, row: transposeA ? m : k },
      transposeB ? transposed(right, n, k) : right,
      m,
      k,
      n,
      transposeA,
    );
  }
}
