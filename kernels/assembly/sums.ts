import { loadLanes } from "./lanes";

/** Sum of n floats in eight interleaved lanes, folded 8 -> 4 -> 2 -> 1. */
export function laneSum(x: usize, n: i32): f32 {
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

/** The products of n floats of a and b, summed as `laneSum` does. */
export function laneDot(a: usize, b: usize, n: i32): f32 {
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
