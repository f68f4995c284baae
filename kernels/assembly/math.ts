// Four float32 lanes at a time: the operations of src/base/math.ts in the same order. The portable build rounds after each, so the bits are the
// same; the relaxed build fuses the multiplications of the polynomials into the additions, which halves their latency.
// Constants are loads from `t`, the table in instance.ts: V8 builds a v128.const anew at every use.

// @ts-ignore: decorator
@inline function k(t: usize, i: i32): v128 { return v128.load32_splat(t + (<usize>i << 2)); }

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

/** floor(x / ln 2 + 0.5). */
// @ts-ignore: decorator
@inline
function power(x: v128, t: usize): v128 {
  return f32x4.floor(madd(x, k(t, 0), k(t, 1)));
}

/** e^(x - n ln 2). */
// @ts-ignore: decorator
@inline
function fraction(x: v128, n: v128, t: usize): v128 {
  let r = nmadd(n, k(t, 2), x);
  r = nmadd(n, k(t, 3), r);
  let p = madd(k(t, 4), r, k(t, 5));
  p = madd(p, r, k(t, 6));
  p = madd(p, r, k(t, 7));
  p = madd(p, r, k(t, 8));
  p = madd(p, r, k(t, 9));
  return f32x4.add(madd(p, f32x4.mul(r, r), r), k(t, 10));
}

/** An integer below 2^22 in size, from float to int32: no saturation to care for. */
// @ts-ignore: decorator
@inline
function whole(n: v128, t: usize): v128 {
  return i32x4.sub(f32x4.add(n, k(t, 22)), k(t, 26));
}

/** y 2^n in two factors, so that denormals are rounded once and 2^128 is reached. */
// @ts-ignore: decorator
@inline
function scale(y: v128, n: v128, t: usize): v128 {
  const i = whole(n, t);
  const half = i32x4.shr_s(i, 1);
  const a = i32x4.shl(i32x4.add(half, k(t, 24)), 23);
  const b = i32x4.shl(i32x4.add(i32x4.sub(i, half), k(t, 24)), 23);
  return f32x4.mul(f32x4.mul(y, a), b);
}

/** e^x of four lanes. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128, t: usize): v128 {
  const n = power(x, t);
  let e = scale(fraction(x, n, t), n, t);
  e = v128.bitselect(k(t, 27), e, f32x4.gt(x, k(t, 11)));
  e = v128.andnot(e, f32x4.le(x, k(t, 12)));
  return v128.bitselect(x, e, f32x4.ne(x, x));
}

/** 1 / (1 + e^-x) of four lanes. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128, t: usize): v128 {
  const a = v128.or(x, k(t, 25));
  const n = power(a, t);
  const e = v128.andnot(scale(fraction(a, n, t), n, t), f32x4.le(a, k(t, 12)));
  const top = v128.bitselect(e, k(t, 10), f32x4.lt(x, k(t, 13)));
  return f32x4.div(top, f32x4.add(k(t, 10), e));
}

/** tanh of four lanes. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128, t: usize): v128 {
  const sign = v128.and(x, k(t, 25));
  const a = v128.xor(x, sign);
  const z = f32x4.mul(x, x);
  let p = madd(k(t, 14), z, k(t, 15));
  p = madd(p, z, k(t, 16));
  p = madd(p, z, k(t, 17));
  p = madd(p, z, k(t, 18));
  const small = madd(f32x4.mul(p, z), x, x);
  // beyond 9.125 it is 1; from here e^2a is far from overflow
  const d = f32x4.min(a, k(t, 23));
  const twice = f32x4.add(d, d);
  const n = power(twice, t);
  const e = f32x4.mul(fraction(twice, n, t), i32x4.shl(i32x4.add(whole(n, t), k(t, 24)), 23));
  let big = f32x4.sub(k(t, 10), f32x4.div(k(t, 21), f32x4.add(e, k(t, 10))));
  big = v128.bitselect(k(t, 10), big, f32x4.gt(a, k(t, 19)));
  return v128.bitselect(v128.or(big, sign), small, f32x4.ge(a, k(t, 20)));
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
