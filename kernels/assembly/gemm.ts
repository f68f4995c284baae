import { tile6x8, tile4x8, tile2x8, tile1x8 } from "./tiles";

/** b [k, n] (or stored as [n, k]) into panels of 8 columns, [n/8][k][8], padded with zeros. Strides in bytes. */
export function pack8(b: usize, bRow: usize, bColumn: usize, k: i32, n: i32, to: usize): void {
  for (let j = 0; j < n; j += 8) {
    const width = min(8, n - j);
    const from = b + <usize>j * bColumn;
    for (let p = 0; p < k; p++) {
      const row = from + <usize>p * bRow;
      if (width == 8 && bColumn == 4) {
        v128.store(to, v128.load(row));
        v128.store(to, v128.load(row, 16), 16);
      } else {
        for (let q = 0; q < 8; q++) f32.store(to + (q << 2), q < width ? f32.load(row + <usize>q * bColumn) : 0);
      }
      to += 32;
    }
  }
}

const KB: i32 = 256;
const edge: usize = memory.data(6 * 32, 16);

/** c [m, n] += a [m, k] * b, b packed by pack8. Sums over k in order. Strides in bytes. */
export function gemm8(c: usize, cRow: usize, a: usize, aRow: usize, aSum: usize, packed: usize, m: i32, k: i32, n: i32): void {
  for (let p = 0; p < k; p += KB) {
    const steps = min(KB, k - p);
    const aBlock = a + <usize>p * aSum;
    for (let j = 0; j < n; j += 8) {
      const panel = packed + ((<usize>(j >> 3) * k + p) << 5);
      const width = min(8, n - j);
      let i = 0;
      while (i < m) {
        const left = m - i;
        const rows = left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        let target = c + <usize>i * cRow + (<usize>j << 2);
        let stride = cRow;
        const from = aBlock + <usize>i * aRow;
        if (width < 8) {
          for (let r = 0; r < rows; r++) memory.copy(edge + (<usize>r << 5), target + <usize>r * cRow, <usize>width << 2);
          target = edge;
          stride = 32;
        }
        if (rows == 6) tile6x8(target, stride, from, aRow, aSum, panel, steps);
        else if (rows == 4) tile4x8(target, stride, from, aRow, aSum, panel, steps);
        else if (rows == 2) tile2x8(target, stride, from, aRow, aSum, panel, steps);
        else tile1x8(target, stride, from, aRow, aSum, panel, steps);
        if (width < 8) {
          const back = c + <usize>i * cRow + (<usize>j << 2);
          for (let r = 0; r < rows; r++) memory.copy(back + <usize>r * cRow, edge + (<usize>r << 5), <usize>width << 2);
        }
        i += rows;
      }
    }
  }
}
