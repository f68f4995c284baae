// Four float32 lanes at a time: the operations of src/base/math.ts in the same order, so the bits are the same.

// @ts-ignore: decorator
@inline function c(x: f32): v128 { return f32x4.splat(x); }

/** e^x of four lanes. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const n = f32x4.floor(f32x4.add(f32x4.mul(x, c(1.44269504088896341)), c(0.5)));
  let r = f32x4.sub(x, f32x4.mul(n, c(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, c(-2.12194440e-4)));
  let p = c(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), c(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), c(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), c(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), c(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), c(5.0000001201e-1));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), c(1));
  const i = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(i, 1);
  const a = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const b = i32x4.shl(i32x4.add(i32x4.sub(i, half), i32x4.splat(127)), 23);
  let e = f32x4.mul(f32x4.mul(y, a), b);
  e = v128.bitselect(c(Infinity), e, f32x4.gt(x, c(88.72283935546875)));
  e = v128.bitselect(c(0), e, f32x4.le(x, c(-104)));
  return v128.bitselect(x, e, f32x4.ne(x, x));
}

/** 1 / (1 + e^-x) of four lanes. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const top = v128.bitselect(e, c(1), f32x4.lt(x, c(0)));
  return f32x4.div(top, f32x4.add(c(1), e));
}

/** tanh of four lanes. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = c(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, z), c(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), c(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), c(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), c(-3.33332819422e-1));
  const small = f32x4.add(f32x4.mul(f32x4.mul(p, z), x), x);
  let big = f32x4.sub(c(1), f32x4.div(c(2), f32x4.add(exp4(f32x4.add(a, a)), c(1))));
  big = v128.bitselect(c(1), big, f32x4.gt(a, c(9.125)));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  big = v128.or(big, sign);
  const y = v128.bitselect(big, small, f32x4.ge(a, c(0.625)));
  return v128.bitselect(x, y, f32x4.ne(x, x));
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
