// Matrix products. Each element is summed over k in order, whatever the tile, the block or the thread, so its bits do not depend on them.
import { columns, EDGE, LEFT, ROW_BLOCK, spare, SUM_BLOCK, tallest, ZEROS } from "./instance";
import { NARROWEST, SUM_PART, WIDEST } from "./generated/numbers";
import { packedTile16, packedTile8, tile16, tile8 } from "./generated/tiles";
import { loadLanes, storeLanes } from "./lanes";
import { madd } from "./math";
import { addToSums, beginSums, endSums, ownPart, ownSums, SUMMED_COLUMNS } from "./sums";

/** Width of the panel that begins at column j of n: a full one, or the narrowest for the last few columns. */
// @ts-ignore: decorator
@inline
export function panelWidth(j: i32, n: i32): i32 {
  return columns == WIDEST && n - j > NARROWEST ? WIDEST : NARROWEST;
}

/**
 * Columns of a product from which on its left side is packed: that costs as much as some 20 columns, and makes it 4 % (Zen) to 10 % faster (Cascade Lake).
 * Packed once for both products of the backward pass of an LSTM: not worth its text, 1 %.
 */
const WORTH_PACKING: i32 = 256;

/** Columns of a packed matrix of n: whole panels. */
// @ts-ignore: decorator
@inline
export function paddedColumns(n: i32): i32 {
  return (n + NARROWEST - 1) & -NARROWEST;
}

/**
 * Address of row p, a multiple of SUM_BLOCK, of the panel that begins at column j in a packed [k, n]. Blocks of the sum lie one after another, in each the
 * panels, in each the rows: what a product reads lies in the order in which it is read.
 */
// @ts-ignore: decorator
@inline
function panelAt(packed: usize, p: i32, j: i32, k: i32, n: i32): usize {
  return packed + ((<usize>p * paddedColumns(n) + <usize>j * min(SUM_BLOCK, k - p)) << 2);
}

// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, offset: usize): void {
  v128.store(to + offset, v128.load(from + offset));
}

/**
 * Columns from … end-1 of b [k, n] into rows `first` and on of a packed [rows, n], padded with zeros. Element (p, j) of b is at p * bRow + j * bColumn. `from`
 * and `end` are where panels begin.
 */
export function pack(
  b: usize, bRow: usize, bColumn: usize, k: i32, n: i32, to: usize, first: i32, rows: i32, from: i32, end: i32,
): void {
  for (let done = 0; done < k; ) {
    const row = first + done;
    const inBlock = row % SUM_BLOCK;
    const count = min(SUM_BLOCK - inBlock, k - done);
    for (let j = from; j < end; ) {
      const width = panelWidth(j, n);
      const panel = panelAt(to, row - inBlock, j, rows, n) + ((<usize>inBlock * width) << 2);
      packPanel(b + <usize>done * bRow + <usize>j * bColumn, bRow, bColumn, count, min(width, n - j), width, panel);
      j += width;
    }
    done += count;
  }
}

function packPanel(b: usize, bRow: usize, bColumn: usize, k: i32, used: i32, width: i32, to: usize): void {
  if (used == width && bColumn == 4) {
    if (width == 16) {
      for (let p = 0; p < k; p++) {
        copy(to, b, 0);
        copy(to, b, 16);
        copy(to, b, 32);
        copy(to, b, 48);
        b += bRow;
        to += 64;
      }
    } else {
      for (let p = 0; p < k; p++) {
        copy(to, b, 0);
        copy(to, b, 16);
        b += bRow;
        to += 32;
      }
    }
    return;
  }
  if (bRow == 4) {
    for (let q = 0; q < width; q += 4) transposeLanes(b + <usize>q * bColumn, bColumn, k, used - q, to + (<usize>q << 2), <usize>width << 2);
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let q = 0; q < width; q++) f32.store(to + (<usize>q << 2), q < used ? f32.load(b + <usize>q * bColumn) : 0);
    b += bRow;
    to += <usize>width << 2;
  }
}

/** Four rows of `n` contiguous elements, `row` bytes apart (zeros beyond `used` rows), become columns: to[p] = the four at p, `toRow` bytes apart. */
export function transposeLanes(x: usize, row: usize, n: i32, used: i32, to: usize, toRow: usize): void {
  let p = 0;
  if (used >= 4) {
    for (; p + 4 <= n; p += 4) {
      const a = v128.load(x);
      const b = v128.load(x + row);
      const c = v128.load(x + 2 * row);
      const d = v128.load(x + 3 * row);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
      v128.store(to + toRow, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
      v128.store(to + 2 * toRow, v128.shuffle<f32>(ef, gh, 0, 1, 4, 5));
      v128.store(to + 3 * toRow, v128.shuffle<f32>(ef, gh, 2, 3, 6, 7));
      x += 16;
      to += 4 * toRow;
    }
  }
  for (; p < n; p++) {
    for (let q = 0; q < 4; q++) f32.store(to + (<usize>q << 2), q < used ? f32.load(x + <usize>q * row) : 0);
    x += 4;
    to += toRow;
  }
}

/** Columns of `a` beside each other, [k] rows of `row` bytes: m of them from `a` as [k][m]. */
function packLeft(a: usize, row: usize, m: i32, k: i32, to: usize): void {
  if (m == 6) {
    for (let p = 0; p < k; p++) {
      v128.store(to, v128.load(a));
      v128.store64_lane(to, v128.load64_zero(a, 16), 0, 16);
      a += row;
      to += 24;
    }
  } else if (m == 5) {
    for (let p = 0; p < k; p++) {
      v128.store(to, v128.load(a));
      f32.store(to, f32.load(a, 16), 16);
      a += row;
      to += 20;
    }
  } else {
    for (let p = 0; p < k; p++) {
      for (let i = 0; i < m; i++) f32.store(to + (<usize>i << 2), f32.load(a + (<usize>i << 2)));
      a += row;
      to += <usize>m << 2;
    }
  }
}

/** Rows of `a`, aRow bytes apart, as [k][m]. */
function packRows(a: usize, aRow: usize, aSum: usize, m: i32, k: i32, to: usize): void {
  const toRow = <usize>m << 2;
  let r = 0;
  if (aSum == 4) {
    if (m >= 4) {
      transposeLanes(a, aRow, k, 4, to, toRow);
      r = 4;
    }
    if (m == 6) {
      interleave(a + 4 * aRow, a + 5 * aRow, k, to + 16, toRow);
      r = 6;
    }
  }
  for (; r < m; r++) {
    let x = a + <usize>r * aRow;
    let y = to + (<usize>r << 2);
    for (let p = 0; p < k; p++) {
      f32.store(y, f32.load(x));
      x += aSum;
      y += toRow;
    }
  }
}

/** Two rows become two columns, `toRow` bytes from one pair to the next. */
function interleave(a: usize, b: usize, n: i32, to: usize, toRow: usize): void {
  let p = 0;
  for (; p + 4 <= n; p += 4) {
    const x = v128.load(a);
    const y = v128.load(b);
    const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
    v128.store64_lane(to, low, 0);
    v128.store64_lane(to + toRow, low, 1);
    v128.store64_lane(to + 2 * toRow, high, 0);
    v128.store64_lane(to + 3 * toRow, high, 1);
    a += 16;
    b += 16;
    to += 4 * toRow;
  }
  for (; p < n; p++) {
    f32.store(to, f32.load(a));
    f32.store(to, f32.load(b), 4);
    a += 4;
    b += 4;
    to += toRow;
  }
}

/**
 * c [m, n] = a [m, k] · packed (fresh), or c += …. Strides in bytes. Blocks of the sum on the outside, then of rows, then panels: a block of a and
 * a panel's part stay in the caches that are near. Where a's columns are not contiguous, or there are many panels, its block is packed too. For long sums
 * (see sums.ts) `sums` is room for m * n float64; else it is 0.
 */
export function multiply(
  c: usize, cRow: usize, a: usize, aRow: usize, aSum: usize, packed: usize, m: i32, k: i32, n: i32, fresh: bool, sums: usize = 0,
): void {
  multiplyColumns(c, cRow, a, aRow, aSum, packed, m, k, n, fresh, 0, n, sums);
}

/** The same for columns from … end-1, which are where panels begin. */
export function multiplyColumns(
  c: usize, cRow: usize, a: usize, aRow: usize, aSum: usize, packed: usize, m: i32, k: i32, n: i32, fresh: bool, first: i32, end: i32,
  sums: usize = 0,
): void {
  if (k == 0 && fresh) {
    for (let i = 0; i < m; i++) memory.fill(c + <usize>i * cRow + (<usize>first << 2), 0, <usize>(end - first) << 2);
    return;
  }
  const isAcross = aSum != 4 || end - first >= WORTH_PACKING;
  const left = spare + LEFT;
  const sumsRow = <usize>n << 3;
  if (sums) for (let i = 0; i < m; i++) {
    const at = <usize>i * cRow + (<usize>first << 2);
    beginSums(sums + <usize>i * sumsRow + (<usize>first << 3), fresh ? 0 : c + at, end - first);
  }
  for (let p = 0; p < k; p += SUM_BLOCK) {
    const steps = min(SUM_BLOCK, k - p);
    const isFirst = fresh && p == 0;
    for (let i = 0; i < m; ) {
      const height = blockHeight(m - i);
      const from = a + <usize>i * aRow + <usize>p * aSum;
      if (isAcross) packBlock(from, aRow, aSum, height, steps, left);
      for (let j = first; j < end; ) {
        const width = panelWidth(j, n);
        const panel = panelAt(packed, p, j, k, n), used = min(width, n - j);
        if (sums) {
          const to = sums + <usize>i * sumsRow + (<usize>j << 3);
          longColumn(to, sumsRow, isAcross ? left : from, aRow, isAcross, panel, height, steps, used, width);
        } else {
          const to = c + <usize>i * cRow + (<usize>j << 2);
          column(to, cRow, isAcross ? left : from, aRow, isAcross, panel, height, steps, used, width, isFirst);
        }
        j += width;
      }
      i += height;
    }
  }
  if (sums) for (let i = 0; i < m; i++) {
    endSums(sums + <usize>i * sumsRow + (<usize>first << 3), c + <usize>i * cRow + (<usize>first << 2), end - first);
  }
}

/** Rows of the next block, when `left` are left: blocks of about the same size, so that no last one is a sliver. */
// @ts-ignore: decorator
@inline
export function blockHeight(left: i32): i32 {
  const blocks = (left + ROW_BLOCK - 1) / ROW_BLOCK;
  return min(left, (left / blocks + 5) / 6 * 6);
}

// @ts-ignore: decorator
@inline
function tileCount(left: i32): i32 {
  return (left + tallest - 1) / tallest;
}

/** Rows of the next tile of a block, when `left` are left: as even as can be. */
// @ts-ignore: decorator
@inline
function tileHeight(left: i32): i32 {
  const count = tileCount(left);
  return (left + count - 1) / count;
}

/** Tiles of a, one after another, each [k][rows]. */
export function packBlock(a: usize, aRow: usize, aSum: usize, height: i32, steps: i32, to: usize): void {
  for (let i = 0; i < height; ) {
    const rows = tileHeight(height - i);
    const tile = to + ((<usize>i * steps) << 2);
    if (aRow == 4) packLeft(a + (<usize>i << 2), aSum, rows, steps, tile);
    else packRows(a + <usize>i * aRow, aRow, aSum, rows, steps, tile);
    i += rows;
  }
}

/** `count` tiles under each other. */
// @ts-ignore: decorator
@inline
function tiles(
  isPacked: bool, width: i32, rows: i32, count: i32, from: usize, fromRow: usize, c: usize, cRow: usize, a: usize, aRow: usize, panel: usize, k: i32,
): void {
  if (isPacked) {
    if (width == 16) packedTile16(rows, count, from, fromRow, c, cRow, a, panel, k);
    else packedTile8(rows, count, from, fromRow, c, cRow, a, panel, k);
  } else if (width == 16) tile16(rows, count, from, fromRow, c, cRow, a, aRow, panel, k);
  else tile8(rows, count, from, fromRow, c, cRow, a, aRow, panel, k);
}

/** One panel under one block of rows. `used` of the panel's `width` columns exist in c. */
export function column(
  c: usize, cRow: usize, a: usize, aRow: usize, isPacked: bool, panel: usize, height: i32, steps: i32, used: i32, width: i32, isFirst: bool,
): void {
  for (let i = 0; i < height; ) {
    const left = height - i;
    const rows = tileHeight(left);
    const target = c + <usize>i * cRow;
    const x = isPacked ? a + ((<usize>i * steps) << 2) : a + <usize>i * aRow;
    const zeros = spare + ZEROS;
    if (used == width) {
      // as many as tileHeight makes as high; the others are lower by one
      const count = left - tileCount(left) * (rows - 1);
      tiles(isPacked, width, rows, count, isFirst ? zeros : target, isFirst ? 0 : cRow, target, cRow, x, aRow, panel, steps);
      i += count * rows;
    } else {
      const edge = spare + EDGE;
      const row = <usize>width << 2;
      if (!isFirst) for (let r = 0; r < rows; r++) memory.copy(edge + <usize>r * row, target + <usize>r * cRow, <usize>used << 2);
      tiles(isPacked, width, rows, 1, isFirst ? zeros : edge, isFirst ? 0 : row, edge, row, x, aRow, panel, steps);
      for (let r = 0; r < rows; r++) memory.copy(target + <usize>r * cRow, edge + <usize>r * row, <usize>used << 2);
      i += rows;
    }
  }
}

/** The same as parts of long sums, which are added to `sums` in float64, rows `sumsRow` bytes apart. */
export function longColumn(
  sums: usize, sumsRow: usize, a: usize, aRow: usize, isPacked: bool, panel: usize, height: i32, steps: i32, used: i32, width: i32,
): void {
  const zeros = spare + ZEROS, edge = spare + EDGE;
  const row = <usize>width << 2;
  for (let i = 0; i < height; ) {
    const rows = tileHeight(height - i);
    let x = isPacked ? a + ((<usize>i * steps) << 2) : a + <usize>i * aRow;
    let y = panel;
    for (let q = 0; q < steps; q += SUM_PART) {
      const count = min(SUM_PART, steps - q);
      tiles(isPacked, width, rows, 1, zeros, 0, edge, row, x, aRow, y, count);
      for (let r = 0; r < rows; r++) addToSums(sums + <usize>(i + r) * sumsRow, edge + <usize>r * row, used);
      x += <usize>(isPacked ? rows * count : count) << 2;
      y += <usize>count * row;
    }
    i += rows;
  }
}

/** As `multiplyRow`, by long sums. */
export function longMultiplyRow(c: usize, a: usize, aSum: usize, b: usize, bRow: usize, k: i32, n: i32, fresh: bool): void {
  const sums = ownSums(), part = ownPart();
  for (let first = 0; first < n; first += SUMMED_COLUMNS) {
    const count = min(SUMMED_COLUMNS, n - first);
    const at = <usize>first << 2;
    beginSums(sums, fresh ? 0 : c + at, count);
    for (let p = 0; p < k; p += SUM_PART) {
      multiplyRow(part, a + <usize>p * aSum, aSum, b + <usize>p * bRow + at, bRow, min(SUM_PART, k - p), count, true);
      addToSums(sums, part, count);
    }
    endSums(sums, c + at, count);
  }
}

/** As `multiplyRowTransposed`, by long sums. */
export function longMultiplyRowTransposed(c: usize, a: usize, aSum: usize, b: usize, bColumn: usize, k: i32, n: i32, fresh: bool): void {
  const sums = ownSums(), part = ownPart();
  for (let first = 0; first < n; first += SUMMED_COLUMNS) {
    const count = min(SUMMED_COLUMNS, n - first);
    const from = b + <usize>first * bColumn;
    beginSums(sums, fresh ? 0 : c + (<usize>first << 2), count);
    for (let p = 0; p < k; p += SUM_PART) {
      multiplyRowTransposed(part, a + <usize>p * aSum, aSum, from + (<usize>p << 2), bColumn, min(SUM_PART, k - p), count, true);
      addToSums(sums, part, count);
    }
    endSums(sums, c + (<usize>first << 2), count);
  }
}

/**
 * c [n] = a [k] · b [k, n] (fresh), or c += …, for one row: b is read once as it is, rows `bRow` bytes apart, one after another, as fast as memory gives
 * them. Sums over k in order.
 */
export function multiplyRow(c: usize, a: usize, aSum: usize, b: usize, bRow: usize, k: i32, n: i32, fresh: bool): void {
  if (fresh) memory.fill(c, 0, <usize>n << 2);
  let p = 0;
  for (; p + 8 <= k; p += 8) {
    eightRows(c, a, aSum, b, bRow, n);
    a += 8 * aSum;
    b += 8 * bRow;
  }
  for (; p < k; p++) {
    oneRow(c, a, b, n);
    a += aSum;
    b += bRow;
  }
}

/** c [n] += eight numbers of a, each times its row of b. */
function eightRows(c: usize, a: usize, aSum: usize, b0: usize, bRow: usize, n: i32): void {
  const x0 = v128.load32_splat(a + 0 * aSum);
  const x1 = v128.load32_splat(a + 1 * aSum);
  const x2 = v128.load32_splat(a + 2 * aSum);
  const x3 = v128.load32_splat(a + 3 * aSum);
  const x4 = v128.load32_splat(a + 4 * aSum);
  const x5 = v128.load32_splat(a + 5 * aSum);
  const x6 = v128.load32_splat(a + 6 * aSum);
  const x7 = v128.load32_splat(a + 7 * aSum);
  let b1 = b0 + 1 * bRow;
  let b2 = b0 + 2 * bRow;
  let b3 = b0 + 3 * bRow;
  let b4 = b0 + 4 * bRow;
  let b5 = b0 + 5 * bRow;
  let b6 = b0 + 6 * bRow;
  let b7 = b0 + 7 * bRow;
  let left = n;
  for (; left >= 8; left -= 8) {
    let s = v128.load(c);
    let t = v128.load(c, 16);
    s = madd(x0, v128.load(b0), s);
    t = madd(x0, v128.load(b0, 16), t);
    s = madd(x1, v128.load(b1), s);
    t = madd(x1, v128.load(b1, 16), t);
    s = madd(x2, v128.load(b2), s);
    t = madd(x2, v128.load(b2, 16), t);
    s = madd(x3, v128.load(b3), s);
    t = madd(x3, v128.load(b3, 16), t);
    s = madd(x4, v128.load(b4), s);
    t = madd(x4, v128.load(b4, 16), t);
    s = madd(x5, v128.load(b5), s);
    t = madd(x5, v128.load(b5, 16), t);
    s = madd(x6, v128.load(b6), s);
    t = madd(x6, v128.load(b6, 16), t);
    s = madd(x7, v128.load(b7), s);
    t = madd(x7, v128.load(b7, 16), t);
    v128.store(c, s);
    v128.store(c, t, 16);
    c += 32;
    b0 += 32;
    b1 += 32;
    b2 += 32;
    b3 += 32;
    b4 += 32;
    b5 += 32;
    b6 += 32;
    b7 += 32;
  }
  for (; left > 0; left -= 4) {
    let s = loadLanes(c, left);
    s = madd(x0, loadLanes(b0, left), s);
    s = madd(x1, loadLanes(b1, left), s);
    s = madd(x2, loadLanes(b2, left), s);
    s = madd(x3, loadLanes(b3, left), s);
    s = madd(x4, loadLanes(b4, left), s);
    s = madd(x5, loadLanes(b5, left), s);
    s = madd(x6, loadLanes(b6, left), s);
    s = madd(x7, loadLanes(b7, left), s);
    storeLanes(c, s, left);
    c += 16;
    b0 += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    b4 += 16;
    b5 += 16;
    b6 += 16;
    b7 += 16;
  }
}

/** c [n] += one number of a times a row of b. */
function oneRow(c: usize, a: usize, b: usize, n: i32): void {
  const x = v128.load32_splat(a);
  for (let left = n; left > 0; left -= 4) {
    storeLanes(c, madd(x, loadLanes(b, left), loadLanes(c, left)), left);
    c += 16;
    b += 16;
  }
}

/**
 * c [n] = a [k] · bᵀ (fresh), or c += …, for one row and b [n, k] as it is, rows `bColumn` bytes apart: squares of four are turned as they are read. Sums
 * over k in order.
 */
export function multiplyRowTransposed(c: usize, a: usize, aSum: usize, b: usize, bColumn: usize, k: i32, n: i32, fresh: bool): void {
  for (let left = n; left > 0; left -= 8) {
    // columns that are not there read the first one again
    const second = left > 4;
    let b0 = b;
    let b1 = left > 1 ? b + bColumn : b;
    let b2 = left > 2 ? b + 2 * bColumn : b;
    let b3 = left > 3 ? b + 3 * bColumn : b;
    let b4 = second ? b + 4 * bColumn : b;
    let b5 = left > 5 ? b + 5 * bColumn : b;
    let b6 = left > 6 ? b + 6 * bColumn : b;
    let b7 = left > 7 ? b + 7 * bColumn : b;
    let s = fresh ? f32x4.splat(0) : loadLanes(c, left);
    let t = fresh || !second ? f32x4.splat(0) : loadLanes(c + 16, left - 4);
    let x = a;
    let p = 0;
    for (; p + 4 <= k; p += 4) {
      const x0 = v128.load32_splat(x);
      const x1 = v128.load32_splat(x + aSum);
      const x2 = v128.load32_splat(x + 2 * aSum);
      const x3 = v128.load32_splat(x + 3 * aSum);
      s = maddSquare(x0, x1, x2, x3, v128.load(b0), v128.load(b1), v128.load(b2), v128.load(b3), s);
      t = maddSquare(x0, x1, x2, x3, v128.load(b4), v128.load(b5), v128.load(b6), v128.load(b7), t);
      b0 += 16;
      b1 += 16;
      b2 += 16;
      b3 += 16;
      b4 += 16;
      b5 += 16;
      b6 += 16;
      b7 += 16;
      x += 4 * aSum;
    }
    for (; p < k; p++) {
      const x0 = v128.load32_splat(x);
      s = madd(x0, four(b0, b1, b2, b3), s);
      t = madd(x0, four(b4, b5, b6, b7), t);
      b0 += 4;
      b1 += 4;
      b2 += 4;
      b3 += 4;
      b4 += 4;
      b5 += 4;
      b6 += 4;
      b7 += 4;
      x += aSum;
    }
    storeLanes(c, s, left);
    if (second) storeLanes(c + 16, t, left - 4);
    c += 32;
    b += 8 * bColumn;
  }
}

/** sum + x0 · column 0 + x1 · column 1 + … of the square whose rows are a to d. */
// @ts-ignore: decorator
@inline
function maddSquare(x0: v128, x1: v128, x2: v128, x3: v128, a: v128, b: v128, c: v128, d: v128, sum: v128): v128 {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  sum = madd(x0, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), sum);
  sum = madd(x1, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), sum);
  sum = madd(x2, v128.shuffle<f32>(ef, gh, 0, 1, 4, 5), sum);
  return madd(x3, v128.shuffle<f32>(ef, gh, 2, 3, 6, 7), sum);
}

// @ts-ignore: decorator
@inline
function four(a: usize, b: usize, c: usize, d: usize): v128 {
  return v128.load32_lane(d, v128.load32_lane(c, v128.load32_lane(b, v128.load32_zero(a), 1), 2), 3);
}
