// Four float32 lanes at a time: the operations of src/base/math.ts in the same order. The portable build rounds after each, so the bits are the
// same; the relaxed build fuses the multiplications of the polynomials into the additions, which halves their latency.
// Constants are loads from `t`, the table in instance.ts, at fixed offsets: V8 builds a v128.const anew at every use.


// Places in the table of instance.ts, in bytes.
const LOG2_E: usize = 0;
const HALF: usize = 4;
const LN2_HIGH: usize = 8;
const LN2_LOW: usize = 12;
const E5: usize = 16;
const E4: usize = 20;
const E3: usize = 24;
const E2: usize = 28;
const E1: usize = 32;
const E0: usize = 36;
const ONE: usize = 40;
const EXP_MOST: usize = 44;
const EXP_LEAST: usize = 48;
const ZERO: usize = 52;
const T4: usize = 56;
const T3: usize = 60;
const T2: usize = 64;
const T1: usize = 68;
const T0: usize = 72;
const TANH_ONE: usize = 76;
const TANH_SMALL: usize = 80;
const TWO: usize = 84;
const MAGIC: usize = 88;
const TANH_MOST: usize = 92;
const BIAS: usize = 96;
const SIGN: usize = 100;
const MAGIC_BITS: usize = 104;
const INFINITE: usize = 108;

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

// The two builds differ in how they get to 2^n: the portable one as src/base/math.ts does, the relaxed one with fewer operations that wait for each
// other. What a core can look ahead is a few hundred operations, so a chain of half the length is a loop of nearly half the time.

/** x / ln 2, rounded: as an integer in the low bits of a float (relaxed), or floor(x / ln 2 + 0.5) itself (portable). */
// @ts-ignore: decorator
@inline
function power(x: v128, t: usize): v128 {
  return ASC_FEATURE_RELAXED_SIMD
    ? f32x4.relaxed_madd(x, v128.load32_splat(t, LOG2_E), v128.load32_splat(t, MAGIC))
    : f32x4.floor(madd(x, v128.load32_splat(t, LOG2_E), v128.load32_splat(t, HALF)));
}

/** e^(x - n ln 2), n from `power`. */
// @ts-ignore: decorator
@inline
function fraction(x: v128, n: v128, t: usize): v128 {
  const whole = ASC_FEATURE_RELAXED_SIMD ? f32x4.sub(n, v128.load32_splat(t, MAGIC)) : n;
  let r = nmadd(whole, v128.load32_splat(t, LN2_HIGH), x);
  r = nmadd(whole, v128.load32_splat(t, LN2_LOW), r);
  const square = f32x4.mul(r, r);
  let p: v128;
  if (ASC_FEATURE_RELAXED_SIMD) {
    p = madd(v128.load32_splat(t, E5), r, v128.load32_splat(t, E4));
    p = madd(p, square, madd(v128.load32_splat(t, E3), r, v128.load32_splat(t, E2)));
    p = madd(p, square, madd(v128.load32_splat(t, E1), r, v128.load32_splat(t, E0)));
  } else {
    p = madd(v128.load32_splat(t, E5), r, v128.load32_splat(t, E4));
    p = madd(p, r, v128.load32_splat(t, E3));
    p = madd(p, r, v128.load32_splat(t, E2));
    p = madd(p, r, v128.load32_splat(t, E1));
    p = madd(p, r, v128.load32_splat(t, E0));
  }
  return f32x4.add(madd(p, square, r), v128.load32_splat(t, ONE));
}

/** `power` as int32. */
// @ts-ignore: decorator
@inline
function integer(n: v128, t: usize): v128 {
  const bits = ASC_FEATURE_RELAXED_SIMD ? n : f32x4.add(n, v128.load32_splat(t, MAGIC));
  return i32x4.sub(bits, v128.load32_splat(t, MAGIC_BITS));
}

/** 2^i in float32, i from -126 to 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(i: v128, t: usize): v128 {
  return i32x4.shl(i32x4.add(i, v128.load32_splat(t, BIAS)), 23);
}

/** e^x of four lanes. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128, t: usize): v128 {
  const n = power(x, t);
  const i = integer(n, t);
  // two factors, so that denormals are rounded once and 2^128 is reached
  const half = i32x4.shr_s(i, 1);
  let e = f32x4.mul(f32x4.mul(fraction(x, n, t), powerOfTwo(half, t)), powerOfTwo(i32x4.sub(i, half), t));
  e = v128.bitselect(v128.load32_splat(t, INFINITE), e, f32x4.gt(x, v128.load32_splat(t, EXP_MOST)));
  e = v128.andnot(e, f32x4.le(x, v128.load32_splat(t, EXP_LEAST)));
  return v128.bitselect(x, e, f32x4.ne(x, x));
}

/** 1 / (1 + e^-x) of four lanes. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128, t: usize): v128 {
  const a = v128.or(x, v128.load32_splat(t, SIGN));
  const n = power(a, t);
  const i = integer(n, t);
  const half = i32x4.shr_s(i, 1);
  const first = powerOfTwo(half, t);
  const second = powerOfTwo(i32x4.sub(i, half), t);
  const y = fraction(a, n, t);
  let e = ASC_FEATURE_RELAXED_SIMD ? f32x4.mul(y, f32x4.mul(first, second)) : f32x4.mul(f32x4.mul(y, first), second);
  e = v128.andnot(e, f32x4.le(a, v128.load32_splat(t, EXP_LEAST)));
  const top = v128.bitselect(e, v128.load32_splat(t, ONE), f32x4.lt(x, v128.load32_splat(t, ZERO)));
  return f32x4.div(top, f32x4.add(v128.load32_splat(t, ONE), e));
}

/** tanh of four lanes. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128, t: usize): v128 {
  const sign = v128.and(x, v128.load32_splat(t, SIGN));
  const a = v128.xor(x, sign);
  const z = f32x4.mul(x, x);
  let p = madd(v128.load32_splat(t, T4), z, v128.load32_splat(t, T3));
  p = madd(p, z, v128.load32_splat(t, T2));
  p = madd(p, z, v128.load32_splat(t, T1));
  p = madd(p, z, v128.load32_splat(t, T0));
  const small = madd(f32x4.mul(p, z), x, x);
  // beyond 9.125 it is 1; from here e^2a is far from overflow
  const d = f32x4.min(a, v128.load32_splat(t, TANH_MOST));
  const twice = f32x4.add(d, d);
  const n = power(twice, t);
  const e = f32x4.mul(fraction(twice, n, t), powerOfTwo(integer(n, t), t));
  let big = f32x4.sub(v128.load32_splat(t, ONE), f32x4.div(v128.load32_splat(t, TWO), f32x4.add(e, v128.load32_splat(t, ONE))));
  big = v128.bitselect(v128.load32_splat(t, ONE), big, f32x4.gt(a, v128.load32_splat(t, TANH_ONE)));
  // the sign also of -0
  return v128.or(v128.bitselect(big, small, f32x4.ge(a, v128.load32_splat(t, TANH_SMALL))), sign);
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
