// Element-wise kernels on rows.
import { loadLanes, storeLanes } from "./lanes";

/** out [rows, n] = x [rows, n] + y [n]. */
export function addRows(x: usize, y: usize, out: usize, rows: i32, n: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      storeLanes(out + at, f32x4.add(loadLanes(x + at, n - j), loadLanes(y + at, n - j)), n - j);
    }
    x += <usize>n << 2;
    out += <usize>n << 2;
  }
}

/** out [n] = column sums of x [rows, n], in the order of the rows. */
export function columnSums(x: usize, out: usize, rows: i32, n: i32): void {
  memory.fill(out, 0, <usize>n << 2);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2;
      storeLanes(out + at, f32x4.add(loadLanes(out + at, n - j), loadLanes(x + at, n - j)), n - j);
    }
    x += <usize>n << 2;
  }
}
