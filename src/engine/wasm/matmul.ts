/** @file Matrix products on the kernels. */
import { sizeOf } from "../../base/index.ts";
import type { Engine, Operand } from "../engine.ts";
import { type Address, at, BYTES } from "./address.ts";
import { jobs, NARROWEST } from "./generated/jobs.ts";
import { pointerOf } from "./linear-memory.ts";
import { isLongSum, type Workspace } from "./workspace.ts";

/** Layout of a, in bytes: element (i, p) is at start + i * row + p * sum. */
type Left = { readonly start: Address; readonly row: number; readonly sum: number };
/** Layout of b, in elements: element (p, j) is at start + p * row + j * column. */
type Right = { readonly start: Address; readonly row: number; readonly column: number };
type Sizes = { readonly m: number; readonly k: number; readonly n: number; readonly fresh: boolean };

/** Most rows of a product in a batch that is computed row by row. */
const FEW_ROWS = 2;
/** Cost of an operation of these, relative to others: b is read for each row. */
const ROW_COST = 4;

/**
 * Computes c [m, n] = a·b (`fresh`), or c += a·b. Uses scratch memory: call it inside
 * `work.within`.
 */
export function multiplyInto(work: Workspace, c: Address, a: Left, b: Right, { m, k, n, fresh }: Sizes): void {
  const operations = 2 * m * k * n;
  if (m === 1 && b.column === 1) {
    work.run(jobs.productRow, operations, { c, a: a.start, aSum: a.sum, b: b.start, bRow: b.row * BYTES, k, n, fresh });
    return;
  }
  const sums = isLongSum(k) ? work.doubles(m * n) : 0;
  if (m === 1) {
    // computed as bᵀ·aᵀ, which packs the vector instead of the matrix; the sums are the same, in
    // the same order
    const packed = work.pack(a.start, { k, n: 1, row: a.sum / BYTES, column: 1 });
    work.run(jobs.product, operations, {
      c,
      cRow: BYTES,
      a: b.start,
      aRow: b.column * BYTES,
      aSum: b.row * BYTES,
      packed,
      m: n,
      k,
      n: 1,
      fresh,
      sums,
    });
    return;
  }
  // a single row is its own packed form
  const isPacked = k === 1 && b.column === 1 && n % NARROWEST === 0;
  work.run(jobs.product, operations, {
    c,
    cRow: n * BYTES,
    a: a.start,
    aRow: a.row,
    aSum: isPacked ? BYTES : a.sum,
    packed: isPacked ? b.start : work.pack(b.start, { k, n, row: b.row, column: b.column }),
    m,
    k,
    n,
    fresh,
    sums,
  });
}

/** Matrix product, see the engine contract. */
export function matmul(
  work: Workspace,
  a: Operand,
  b: Operand,
  out: Operand,
  how: Parameters<Engine["matmul"]>[3],
): void {
  const { transposeA, transposeB, accumulate } = how;
  const rank = out.shape.length;
  const m = out.shape[rank - 2];
  const n = out.shape[rank - 1];
  const k = a.shape[rank - (transposeA ? 2 : 1)];
  const batches = m * n === 0 ? 0 : sizeOf(out.shape) / (m * n);
  const from = pointerOf(a);
  const right = pointerOf(b);
  const to = pointerOf(out);
  const rows = transposeA ? { row: BYTES, sum: m * BYTES } : { row: k * BYTES, sum: BYTES };
  const columns = transposeB ? { row: 1, column: k } : { row: n, column: 1 };
  // a single row needs no packing, and a sum of one term is a row times a number
  if (batches > 1 && (m <= FEW_ROWS || (k === 1 && columns.column === 1))) {
    const operations = ROW_COST * 2 * batches * m * k * n;
    work.run(jobs.productBatch, operations, {
      batches,
      m,
      k,
      n,
      fresh: !accumulate,
      c: to,
      a: from,
      aBatch: m * k * BYTES,
      aRow: rows.row,
      aSum: rows.sum,
      b: right,
      bBatch: k * n * BYTES,
      bRow: columns.row * BYTES,
      bColumn: columns.column * BYTES,
    });
    return;
  }
  for (let batch = 0; batch < batches; batch++) {
    work.within(2 * m * k * n, () => {
      const left = { start: at(from, batch * m * k), ...rows };
      const start = at(right, batch * k * n);
      multiplyInto(work, at(to, batch * m * n), left, { start, ...columns }, { m, k, n, fresh: !accumulate });
    });
  }
}
