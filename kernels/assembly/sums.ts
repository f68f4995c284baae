// Sums of more than LONG_SUM floats are kept in float64; see src/engine/reference/long-sums.ts, also for the parts.
import { ADDED_PART, LONG_SUM } from "./generated/numbers";
import { addRow } from "./generated/rows";
import { LEFT, spare } from "./instance";
import { loadLanes } from "./lanes";

/** The first two of four floats in float64. */
// @ts-ignore: decorator
@inline
function firstTwo(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

// @ts-ignore: decorator
@inline
function lastTwo(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
}

/** Sum of n floats in eight interleaved lanes, folded 8 -> 4 -> 2 -> 1. */
export function laneSum(x: usize, n: i32): f32 {
  if (n > LONG_SUM) return longSum(x, n);
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    low = f32x4.add(low, v128.load(x));
    high = f32x4.add(high, v128.load(x, 16));
    x += 32;
  }
  if (j < n) {
    low = f32x4.add(low, loadLanes(x, n - j));
    if (n - j > 4) high = f32x4.add(high, loadLanes(x + 16, n - j - 4));
  }
  return fold(low, high);
}

/** In 16 lanes of float64; parts of ADDED_PART elements of a lane are added in float32. */
function longSum(x: usize, n: i32): f32 {
  const zero = f32x4.splat(0);
  let a = f64x2.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  for (let j = 0; j < n; ) {
    const end = min(n, j + 16 * ADDED_PART);
    let p = zero, q = zero, r = zero, s = zero;
    for (; j + 16 <= end; j += 16) {
      p = f32x4.add(p, v128.load(x));
      q = f32x4.add(q, v128.load(x, 16));
      r = f32x4.add(r, v128.load(x, 32));
      s = f32x4.add(s, v128.load(x, 48));
      x += 64;
    }
    const left = end - j;
    if (left > 0) p = f32x4.add(p, loadLanes(x, left));
    if (left > 4) q = f32x4.add(q, loadLanes(x + 16, left - 4));
    if (left > 8) r = f32x4.add(r, loadLanes(x + 32, left - 8));
    if (left > 12) s = f32x4.add(s, loadLanes(x + 48, left - 12));
    j = end;
    a = f64x2.add(a, firstTwo(p));
    b = f64x2.add(b, lastTwo(p));
    c = f64x2.add(c, firstTwo(q));
    d = f64x2.add(d, lastTwo(q));
    e = f64x2.add(e, firstTwo(r));
    f = f64x2.add(f, lastTwo(r));
    g = f64x2.add(g, firstTwo(s));
    h = f64x2.add(h, lastTwo(s));
  }
  return foldLong(f64x2.add(a, e), f64x2.add(b, f), f64x2.add(c, g), f64x2.add(d, h));
}

function longDot(x: usize, y: usize, n: i32): f32 {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (let j = 0; j < n; j += 8) {
    const isWhole = n - j > 4;
    const low = loadLanes(x, n - j), lowY = loadLanes(y, n - j);
    const high = isWhole ? loadLanes(x + 16, n - j - 4) : f32x4.splat(0), highY = isWhole ? loadLanes(y + 16, n - j - 4) : f32x4.splat(0);
    a = f64x2.add(a, f64x2.mul(firstTwo(low), firstTwo(lowY)));
    b = f64x2.add(b, f64x2.mul(lastTwo(low), lastTwo(lowY)));
    c = f64x2.add(c, f64x2.mul(firstTwo(high), firstTwo(highY)));
    d = f64x2.add(d, f64x2.mul(lastTwo(high), lastTwo(highY)));
    x += 32;
    y += 32;
  }
  return foldLong(a, b, c, d);
}

/** Lanes 0 and 1, 2 and 3, 4 and 5, 6 and 7. */
// @ts-ignore: decorator
@inline
function foldLong(a: v128, b: v128, c: v128, d: v128): f32 {
  const two = f64x2.add(f64x2.add(a, c), f64x2.add(b, d));
  return <f32>(f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1));
}

/** n sums in float64 begin with 0, or with the floats at `from` where it is not 0. */
export function beginSums(sums: usize, from: usize, n: i32): void {
  if (!from) memory.fill(sums, 0, <usize>n << 3);
  else for (let j: usize = 0; j < <usize>n; j++) f64.store(sums + (j << 3), <f64>f32.load(from + (j << 2)));
}

/** Adds n floats to n sums. */
export function addToSums(sums: usize, x: usize, n: i32): void {
  let left = n;
  for (; left >= 4; left -= 4) {
    const v = v128.load(x);
    v128.store(sums, f64x2.add(v128.load(sums), firstTwo(v)));
    v128.store(sums, f64x2.add(v128.load(sums, 16), lastTwo(v)), 16);
    x += 16;
    sums += 32;
  }
  for (; left > 0; left--) {
    f64.store(sums, f64.load(sums) + <f64>f32.load(x));
    x += 4;
    sums += 8;
  }
}

/** Adds `rows` rows of n floats, a few, `row` bytes apart: in float32 as many as are a part, the parts in float64. */
export function addRowsToSums(sums: usize, x: usize, row: usize, rows: i32, n: i32): void {
  for (let i = 0; i < rows; i += ADDED_PART) {
    const count = min(ADDED_PART, rows - i);
    const from = x + <usize>i * row;
    let j = 0;
    for (; j + 8 <= n; j += 8) {
      let at = from + (<usize>j << 2);
      let low = f32x4.splat(0), high = low;
      for (let r = 0; r < count; r++) {
        low = f32x4.add(low, v128.load(at));
        high = f32x4.add(high, v128.load(at, 16));
        at += row;
      }
      const to = sums + (<usize>j << 3);
      v128.store(to, f64x2.add(v128.load(to), firstTwo(low)));
      v128.store(to, f64x2.add(v128.load(to, 16), lastTwo(low)), 16);
      v128.store(to, f64x2.add(v128.load(to, 32), firstTwo(high)), 32);
      v128.store(to, f64x2.add(v128.load(to, 48), lastTwo(high)), 48);
    }
    for (; j < n; j++) {
      let at = from + (<usize>j << 2);
      let part: f32 = 0;
      for (let r = 0; r < count; r++) {
        part += f32.load(at);
        at += row;
      }
      const to = sums + (<usize>j << 3);
      f64.store(to, f64.load(to) + <f64>part);
    }
  }
}

/** The sums, rounded, to n floats. */
export function endSums(sums: usize, to: usize, n: i32): void {
  for (let j: usize = 0; j < <usize>n; j++) f32.store(to + (j << 2), <f32>f64.load(sums + (j << 3)));
}

/** Columns whose sums, and as many floats, fit into the scratch memory of a thread. */
export const SUMMED_COLUMNS: i32 = 8192;

/** Scratch memory of a thread for SUMMED_COLUMNS sums, and behind them for as many floats. */
// @ts-ignore: decorator
@inline
export function ownSums(): usize {
  return spare + LEFT;
}

// @ts-ignore: decorator
@inline
export function ownPart(): usize {
  return spare + LEFT + (<usize>SUMMED_COLUMNS << 3);
}

/** out [n] = the sums of the columns of x [rows, n], whose rows are `row` bytes apart, as long sums. */
export function longColumnSums(x: usize, row: usize, out: usize, rows: i32, n: i32): void {
  const sums = ownSums(), part = ownPart();
  for (let first = 0; first < n; first += SUMMED_COLUMNS) {
    const count = min(SUMMED_COLUMNS, n - first);
    const from = x + (<usize>first << 2);
    beginSums(sums, 0, count);
    for (let i = 0; i < rows; i += ADDED_PART) {
      memory.fill(part, 0, <usize>count << 2);
      for (let r = i; r < min(rows, i + ADDED_PART); r++) addRow(part, from + <usize>r * row, part, count);
      addToSums(sums, part, count);
    }
    endSums(sums, out + (<usize>first << 2), count);
  }
}

/** The products of n floats of a and b, summed as `laneSum` does. */
export function laneDot(a: usize, b: usize, n: i32): f32 {
  if (n > LONG_SUM) return longDot(a, b, n);
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    low = f32x4.add(low, f32x4.mul(v128.load(a), v128.load(b)));
    high = f32x4.add(high, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  if (j < n) {
    low = f32x4.add(low, f32x4.mul(loadLanes(a, n - j), loadLanes(b, n - j)));
    if (n - j > 4) high = f32x4.add(high, f32x4.mul(loadLanes(a + 16, n - j - 4), loadLanes(b + 16, n - j - 4)));
  }
  return fold(low, high);
}

/** Eight lanes, folded 8 -> 4 -> 2 -> 1. */
// @ts-ignore: decorator
@inline
function fold(low: v128, high: v128): f32 {
  const four = f32x4.add(low, high);
  const a = f32x4.extract_lane(four, 0) + f32x4.extract_lane(four, 2);
  const b = f32x4.extract_lane(four, 1) + f32x4.extract_lane(four, 3);
  return a + b;
}

/** out [rows] = sums of the rows of x [rows, n]. */
export function rowSums(x: usize, out: usize, rows: i32, n: i32): void {
  for (let i = 0; i < rows; i++) {
    f32.store(out, laneSum(x, n));
    x += <usize>n << 2;
    out += 4;
  }
}

/** `total` continued with the squares of n floats, one after the other in float64. */
export function sumOfSquares(x: usize, n: i32, total: f64): f64 {
  for (let i = 0; i < n; i++) {
    const value = <f64>f32.load(x);
    total += value * value;
    x += 4;
  }
  return total;
}

/** Whether all n floats are finite. */
export function allFinite(x: usize, n: i32): i32 {
  for (let i = 0; i < n; i += 4) {
    const v = loadLanes(x, n - i);
    if (v128.any_true(f32x4.ne(f32x4.sub(v, v), f32x4.splat(0)))) return 0;
    x += 16;
  }
  return 1;
}

/** out [outer, inner] = the largest, or smallest, of x [outer, n, inner] along its middle axis, n > 0. NaN wins, as the first one does among equals. */
export function extremes(x: usize, out: usize, outer: i32, n: i32, inner: i32, largest: bool): void {
  const row = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    let j = 0;
    for (; j + 4 <= inner; j += 4) {
      let at = x + (<usize>j << 2);
      let best = v128.load(at);
      for (let k = 1; k < n; k++) {
        at += row;
        const value = v128.load(at);
        const better = largest ? f32x4.gt(value, best) : f32x4.lt(value, best);
        best = v128.bitselect(value, best, v128.or(better, f32x4.ne(value, value)));
      }
      v128.store(out + (<usize>j << 2), best);
    }
    for (; j < inner; j++) {
      let at = x + (<usize>j << 2);
      let best = f32.load(at);
      for (let k = 1; k < n; k++) {
        at += row;
        const value = f32.load(at);
        if ((largest ? value > best : value < best) || value != value) best = value;
      }
      f32.store(out + (<usize>j << 2), best);
    }
    x += <usize>n * row;
    out += row;
  }
}
