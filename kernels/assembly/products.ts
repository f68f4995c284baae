// Matrix products as jobs.
import {
  longMultiplyRow, longMultiplyRowTransposed, multiply, multiplyColumns, multiplyRow, multiplyRowTransposed, pack,
} from "./gemm";
import { columns } from "./instance";
import { begin, int, pointer, share } from "./pool";
import { LONG_SUM } from "./sums";

/** Columns that `thread` takes of n: whole panels. */
// @ts-ignore: decorator
@inline
function columnShare(n: i32, thread: i32, threads: i32): i32 {
  const panels = (n + columns - 1) / columns;
  return min(n, share(panels, thread, threads) * columns);
}

/** b [k, n] into panels; see `pack`. */
export function packMatrix(thread: i32, threads: i32): void {
  begin();
  const b = pointer(), bRow = <usize>int(), bColumn = <usize>int(), k = int(), n = int(), to = pointer(), first = int(), rows = int();
  const from = columnShare(n, thread, threads);
  const end = columnShare(n, thread + 1, threads);
  if (from < end) pack(b, bRow, bColumn, k, n, to, first, rows, from, end);
}

/** c [m, n] = a [m, k] · packed; see `multiply`, also for `sums`. The rows are shared by the threads where there are more of them than columns, else the columns. */
export function product(thread: i32, threads: i32): void {
  begin();
  const c = pointer(), cRow = <usize>int(), a = pointer(), aRow = <usize>int(), aSum = <usize>int(), packed = pointer();
  const m = int(), k = int(), n = int(), fresh = int() != 0, sums = pointer();
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
export function productRow(thread: i32, threads: i32): void {
  begin();
  const c = pointer(), a = pointer(), aSum = <usize>int(), b = pointer(), bRow = <usize>int(), k = int(), n = int(), fresh = int() != 0;
  const from = columnShare(n, thread, threads);
  const end = columnShare(n, thread + 1, threads);
  if (from >= end) return;
  const to = c + (<usize>from << 2), right = b + (<usize>from << 2);
  if (k > LONG_SUM) longMultiplyRow(to, a, aSum, right, bRow, k, end - from, fresh);
  else multiplyRow(to, a, aSum, right, bRow, k, end - from, fresh);
}

/**
 * Many small products at once, c [batches, m, n] = a [batches, m, k] · b [batches, k, n], row by row: for few rows, or sums of one number. Where b's rows
 * are not contiguous, its columns have to be. The batches are shared by the threads.
 */
export function productBatch(thread: i32, threads: i32): void {
  begin();
  const batches = int(), m = int(), k = int(), n = int(), fresh = int() != 0;
  const c = pointer(), a = pointer(), aBatch = <usize>int(), aRow = <usize>int(), aSum = <usize>int();
  const b = pointer(), bBatch = <usize>int(), bRow = <usize>int(), bColumn = <usize>int();
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
