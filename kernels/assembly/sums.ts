// Sums of more than LONG_SUM floats are kept in float64; see src/engine/reference/long-sums.ts.
import { LEFT, spare } from "./instance";
import { loadLanes } from "./lanes";

/** Elements of a sum from which on, exclusively, it is a long one. */
export const LONG_SUM: i32 = 4096;

/** Steps of a long product's sum that are added in float32 before the part is added in float64. */
export const SUM_PART: i32 = 64;

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

function longSum(x: usize, n: i32): f32 {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (let j = 0; j < n; j += 8) {
    const low = loadLanes(x, n - j);
    const high = n - j > 4 ? loadLanes(x + 16, n - j - 4) : f32x4.splat(0);
    a = f64x2.add(a, firstTwo(low));
    b = f64x2.add(b, lastTwo(low));
    c = f64x2.add(c, firstTwo(high));
    d = f64x2.add(d, lastTwo(high));
    x += 32;
  }
  return foldLong(a, b, c, d);
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
  const sums = ownSums();
  for (let first = 0; first < n; first += SUMMED_COLUMNS) {
    const count = min(SUMMED_COLUMNS, n - first);
    const from = x + (<usize>first << 2);
    beginSums(sums, 0, count);
    for (let i = 0; i < rows; i++) addToSums(sums, from + <usize>i * row, count);
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
