// Matrix products as jobs.
import {
  longMultiplyRow, longMultiplyRowTransposed, multiply, multiplyColumns, multiplyRow, multiplyRowTransposed, pack,
} from "./gemm";
import { PackMatrix, Product, ProductBatch, ProductRow } from "./generated/jobs";
import { LONG_SUM } from "./generated/numbers";
import { columns } from "./instance";
import { share } from "./pool";

/** Columns that `thread` takes of n: whole panels. */
// @ts-ignore: decorator
@inline
function columnShare(n: i32, thread: i32, threads: i32): i32 {
  const panels = (n + columns - 1) / columns;
  return min(n, share(panels, thread, threads) * columns);
}

/** b [k, n] into panels; see `pack`. */
export function packMatrix(job: PackMatrix, thread: i32, threads: i32): void {
  const n = job.n;
  const from = columnShare(n, thread, threads);
  const end = columnShare(n, thread + 1, threads);
  if (from < end) pack(job.b, job.bRow, job.bColumn, job.k, n, job.to, job.first, job.rows, from, end);
}

/** c [m, n] = a [m, k] · packed; see `multiply`, also for `sums`. The rows are shared by the threads where there are more of them than columns, else the columns. */
export function product(job: Product, thread: i32, threads: i32): void {
  const c = job.c, cRow = job.cRow, a = job.a, aRow = job.aRow, aSum = job.aSum, packed = job.packed;
  const m = job.m, k = job.k, n = job.n, fresh = job.fresh, sums = job.sums;
  if (m >= n) {
    const from = share(m, thread, threads);
    const end = share(m, thread + 1, threads);
    if (from >= end) return;
    const own = sums ? sums + <usize>from * (<usize>n << 3) : 0;
    multiply(c + <usize>from * cRow, cRow, a + <usize>from * aRow, aRow, aSum, packed, end - from, k, n, fresh, own);
  } else {
    const from = columnShare(n, thread, threads);
    const end = columnShare(n, thread + 1, threads);
    if (from < end) multiplyColumns(c, cRow, a, aRow, aSum, packed, m, k, n, fresh, from, end, sums);
  }
}

/** c [n] = a [k] · b [k, n] for one row; see `multiplyRow`. The columns are shared by the threads. */
export function productRow(job: ProductRow, thread: i32, threads: i32): void {
  const a = job.a, aSum = job.aSum, bRow = job.bRow, k = job.k, n = job.n, fresh = job.fresh;
  const from = columnShare(n, thread, threads);
  const end = columnShare(n, thread + 1, threads);
  if (from >= end) return;
  const to = job.c + (<usize>from << 2), right = job.b + (<usize>from << 2);
  if (k > LONG_SUM) longMultiplyRow(to, a, aSum, right, bRow, k, end - from, fresh);
  else multiplyRow(to, a, aSum, right, bRow, k, end - from, fresh);
}

/**
 * Many small products at once, c [batches, m, n] = a [batches, m, k] · b [batches, k, n], row by row: for few rows, or sums of one number. Where b's rows
 * are not contiguous, its columns have to be. The batches are shared by the threads.
 */
export function productBatch(job: ProductBatch, thread: i32, threads: i32): void {
  const batches = job.batches, m = job.m, k = job.k, n = job.n, fresh = job.fresh;
  const c = job.c, a = job.a, aBatch = job.aBatch, aRow = job.aRow, aSum = job.aSum;
  const b = job.b, bBatch = job.bBatch, bRow = job.bRow, bColumn = job.bColumn;
  const cRow = <usize>n << 2;
  const end = share(batches, thread + 1, threads);
  for (let batch = share(batches, thread, threads); batch < end; batch++) {
    let row = c + <usize>batch * m * cRow;
    let left = a + <usize>batch * aBatch;
    const right = b + <usize>batch * bBatch;
    for (let i = 0; i < m; i++) {
      if (k > LONG_SUM) {
        if (bColumn == 4) longMultiplyRow(row, left, aSum, right, bRow, k, n, fresh);
        else longMultiplyRowTransposed(row, left, aSum, right, bColumn, k, n, fresh);
      } else if (bColumn == 4) multiplyRow(row, left, aSum, right, bRow, k, n, fresh);
      else multiplyRowTransposed(row, left, aSum, right, bColumn, k, n, fresh);
      row += cRow;
      left += aRow;
    }
  }
}
