// Four float32 lanes at a time: the operations of src/base/math.ts in the same order. The portable build rounds after each, so the bits are the
// same; the relaxed build fuses the multiplications of the polynomials into the additions, which halves their latency.
// There are no branches between lanes and few selections: arguments are limited so that one formula holds for all that is left.
// Constants are loads from `t`, the table in instance.ts, at fixed offsets: V8 builds a v128.const anew at every use.

// Places in the table of instance.ts, in bytes.
const LOG2_E: usize = 0;
const MAGIC: usize = 4;
const LN2_HIGH: usize = 8;
const LN2_LOW: usize = 12;
const E4: usize = 16;
const E3: usize = 20;
const E2: usize = 24;
const E1: usize = 28;
const E0: usize = 32;
export const ONE: usize = 36;
const TWO: usize = 40;
const EXP_MOST: usize = 44;
const EXP_LEAST: usize = 48;
const SIGMOID_MOST: usize = 52;
const SIGMOID_LEAST: usize = 56;
const TANH_MOST: usize = 60;
const SIGN: usize = 64;
const INFINITE: usize = 68;

/** x * y + z: fused in the relaxed build, rounded twice in the portable one. */
// @ts-ignore: decorator
@inline
export function madd(x: v128, y: v128, z: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(x, y, z) : f32x4.add(f32x4.mul(x, y), z);
}

// @ts-ignore: decorator
@inline
function nmadd(x: v128, y: v128, z: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_nmadd(x, y, z) : f32x4.sub(z, f32x4.mul(x, y));
}

/** The integer n next to x / ln 2, in the low bits of a float: 1.5 * 2^23 + n. */
// @ts-ignore: decorator
@inline
function power(x: v128, t: usize): v128 {
  return madd(x, v128.load32_splat(t, LOG2_E), v128.load32_splat(t, MAGIC));
}

/** e^(x - n ln 2) - 1, n from `power`. */
// @ts-ignore: decorator
@inline
function fraction(x: v128, n: v128, t: usize): v128 {
  const whole = f32x4.sub(n, v128.load32_splat(t, MAGIC));
  let r = nmadd(whole, v128.load32_splat(t, LN2_HIGH), x);
  r = nmadd(whole, v128.load32_splat(t, LN2_LOW), r);
  const square = f32x4.mul(r, r);
  const low = madd(v128.load32_splat(t, E1), r, v128.load32_splat(t, E0));
  const high = madd(v128.load32_splat(t, E4), square, madd(v128.load32_splat(t, E3), r, v128.load32_splat(t, E2)));
  return madd(madd(high, square, low), square, r);
}

/** 2^n in float32, n from -127, which gives 0, to 128, which gives infinity. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128, t: usize): v128 {
  return i32x4.add(i32x4.shl(n, 23), v128.load32_splat(t, ONE));
}

/** e^x of four lanes. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128, t: usize): v128 {
  const n = power(x, t);
  // two factors, so that denormals are rounded once and 2^128 is reached
  const i = i32x4.sub(n, v128.load32_splat(t, MAGIC));
  const half = i32x4.shr_s(i, 1);
  const y = f32x4.add(fraction(x, n, t), v128.load32_splat(t, ONE));
  let e = f32x4.mul(f32x4.mul(y, powerOfTwo(half, t)), powerOfTwo(i32x4.sub(i, half), t));
  e = v128.bitselect(v128.load32_splat(t, INFINITE), e, f32x4.gt(x, v128.load32_splat(t, EXP_MOST)));
  e = v128.andnot(e, f32x4.le(x, v128.load32_splat(t, EXP_LEAST)));
  return v128.bitselect(x, e, f32x4.ne(x, x));
}

/** 1 / (1 + e^-x) of four lanes, as e^x / (1 + e^x). 0 where it is below 2^-126. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128, t: usize): v128 {
  // pmin and pmax keep a NaN that comes first
  const a = f32x4.pmax(f32x4.pmin(x, v128.load32_splat(t, SIGMOID_MOST)), v128.load32_splat(t, SIGMOID_LEAST));
  const n = power(a, t);
  const scale = powerOfTwo(n, t);
  const y = f32x4.add(fraction(a, n, t), v128.load32_splat(t, ONE));
  return f32x4.div(f32x4.mul(scale, y), madd(scale, y, v128.load32_splat(t, ONE)));
}

/** tanh of four lanes, as (e^2|x| - 1) / (e^2|x| + 1) with the sign of x. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128, t: usize): v128 {
  const sign = v128.and(x, v128.load32_splat(t, SIGN));
  const a = f32x4.pmin(v128.xor(x, sign), v128.load32_splat(t, TANH_MOST));
  const twice = f32x4.add(a, a);
  const n = power(twice, t);
  const scale = powerOfTwo(n, t);
  // e^2a - 1 without loss: nothing is subtracted where 2^n is 1
  const e = madd(scale, fraction(twice, n, t), f32x4.sub(scale, v128.load32_splat(t, ONE)));
  return v128.or(f32x4.div(e, f32x4.add(e, v128.load32_splat(t, TWO))), sign);
}

/** Natural logarithm of one float32. */
export function log1(x: f32): f32 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  let e: i32 = 0;
  let m = x;
  if (m < 1.1754943508222875e-38) {
    m = m * 8388608;
    e = -23;
  }
  const bits = reinterpret<u32>(m);
  e += <i32>(bits >> 23) - 126;
  m = reinterpret<f32>((bits & 0x7fffff) | 0x3f000000);
  if (m < <f32>0.707106781186547524) {
    e -= 1;
    m = m + m - 1;
  } else {
    m = m - 1;
  }
  const z = m * m;
  let p: f32 = 7.0376836292e-2;
  p = p * m + <f32>-1.1514610310e-1;
  p = p * m + <f32>1.1676998740e-1;
  p = p * m + <f32>-1.2420140846e-1;
  p = p * m + <f32>1.4249322787e-1;
  p = p * m + <f32>-1.6668057665e-1;
  p = p * m + <f32>2.0000714765e-1;
  p = p * m + <f32>-2.4999993993e-1;
  p = p * m + <f32>3.3333331174e-1;
  let y = m * z * p;
  y = y + <f32>e * <f32>-2.12194440e-4;
  y = y - <f32>0.5 * z;
  return m + y + <f32>e * <f32>0.693359375;
}
