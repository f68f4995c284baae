/**
 * @file Implementations of exp, log and tanh that give the same bits in every JavaScript engine.
 * The `32` versions round after each operation exactly as 32-bit hardware does, so a SIMD kernel
 * can reproduce them. Polynomials and constants, except those of the 32-bit exponential: S.
 * Moshier, Cephes Mathematical Library (exp.c, log.c, logf.c, tanh.c).
 */

const f = Math.fround;

const words = new Uint32Array(2);
const asFloat64 = new Float64Array(words.buffer);
const asFloat32 = new Float32Array(words.buffer, 0, 1);

/** 2^n for n in [-1022, 1023]. */
function powerOfTwo(n: number): number {
  words[0] = 0;
  words[1] = (n + 1023) << 20;
  return asFloat64[0];
}

/** 2^n in float32 for n in [-127, 128]; -127 gives 0, 128 gives Infinity. */
function powerOfTwo32(n: number): number {
  words[0] = (n + 127) << 23;
  return asFloat32[0];
}

/**
 * 1.5 * 2^23. In float32, adding it to a small number and subtracting it again rounds to an
 * integer.
 */
const MAGIC = 12582912;

/** The integer nearest to x / ln 2. */
const power32 = (x: number): number => f(f(f(x * f(1.44269504088896341)) + MAGIC) - MAGIC);

/**
 * e^(x - n ln 2) - 1 for n = power32(x), within 0.11 ulp: x + x² P(x) with P a minimax polynomial
 * for relative error on ±ln 2 / 2, evaluated in pairs (Estrin), as the vector kernels do.
 */
function fraction32(x: number, n: number): number {
  const high = f(x - f(n * f(0.693359375)));
  const r = f(high - f(n * f(-2.1219444e-4)));
  const square = f(r * r);
  const low = f(f(f(1.666654348373413e-1) * r) + f(4.999999701976776e-1));
  const middle = f(f(f(8.366547524929047e-3) * r) + f(4.166720062494278e-2));
  const p = f(f(f(1.3882516650483012e-3) * square) + middle);
  return f(f(f(f(p * square) + low) * square) + r);
}

/** e^x, within 2 ulp in float64. */
export function exp(x: number): number {
  if (!(x > -745.2)) return x !== x ? x : 0;
  if (x > 709.782712893384) return Infinity;
  const n = Math.floor(1.4426950408889634 * x + 0.5);
  const r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6;
  const rr = r * r;
  const p = r * ((1.26177193074810590878e-4 * rr + 3.029944077074419613e-2) * rr + 9.9999999999999999991e-1);
  const q =
    ((3.00198505138664455042e-6 * rr + 2.52448340349684104192e-3) * rr + 2.27265548208155028766e-1) * rr +
    2.00000000000000000009;
  const y = 1 + (2 * p) / (q - p);
  // two factors, so that 2^1024 and the denormals below 2^-1022 are reached without overflow
  const half = n >> 1;
  return y * powerOfTwo(half) * powerOfTwo(n - half);
}

/** e^x for a float32 x, every operation rounded to float32. */
export function exp32(x: number): number {
  if (!(x > -104)) return x !== x ? x : 0;
  if (x > 88.72283935546875) return Infinity;
  const n = power32(x);
  const y = f(fraction32(x, n) + 1);
  const half = n >> 1;
  return f(f(y * powerOfTwo32(half)) * powerOfTwo32(n - half));
}

/** Natural logarithm, within 1 ulp in float64. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let e = 0;
  let m = x;
  if (m < 2.2250738585072014e-308) {
    m *= 4503599627370496;
    e = -52;
  }
  asFloat64[0] = m;
  e += (words[1] >>> 20) - 1022;
  words[1] = (words[1] & 0xfffff) | 0x3fe00000;
  m = asFloat64[0];
  if (m < 0.7071067811865475244) {
    e -= 1;
    m = 2 * m - 1;
  } else {
    m -= 1;
  }
  const z = m * m;
  const p =
    ((((1.01875663804580931796e-4 * m + 4.97494994976747001425e-1) * m + 4.70579119878881725854) * m +
      1.44989225341610930846e1) *
      m +
      1.79368678507819816313e1) *
      m +
    7.70838733755885391666;
  const q =
    ((((m + 1.1287358718916745059e1) * m + 4.52279145837532221105e1) * m + 8.29875266912776603211e1) * m +
      7.11544750618563894466e1) *
      m +
    2.31251620126765340583e1;
  let y = m * ((z * p) / q);
  y -= e * 2.121944400546905827679e-4;
  y -= 0.5 * z;
  return m + y + e * 0.693359375;
}

/** Natural logarithm of a float32 x, every operation rounded to float32. */
export function log32(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let e = 0;
  let m = x;
  if (m < 1.1754943508222875e-38) {
    m = f(m * 8388608);
    e = -23;
  }
  asFloat32[0] = m;
  e += (words[0] >>> 23) - 126;
  words[0] = (words[0] & 0x7fffff) | 0x3f000000;
  m = asFloat32[0];
  if (m < f(0.707106781186547524)) {
    e -= 1;
    m = f(f(m + m) - 1);
  } else {
    m = f(m - 1);
  }
  const z = f(m * m);
  let p = f(7.0376836292e-2);
  p = f(f(p * m) + f(-1.151461031e-1));
  p = f(f(p * m) + f(1.167699874e-1));
  p = f(f(p * m) + f(-1.2420140846e-1));
  p = f(f(p * m) + f(1.4249322787e-1));
  p = f(f(p * m) + f(-1.6668057665e-1));
  p = f(f(p * m) + f(2.0000714765e-1));
  p = f(f(p * m) + f(-2.4999993993e-1));
  p = f(f(p * m) + f(3.3333331174e-1));
  let y = f(f(m * z) * p);
  y = f(y + f(e * f(-2.1219444e-4)));
  y = f(y - f(0.5 * z));
  return f(f(m + y) + f(e * f(0.693359375)));
}

/** Hyperbolic tangent, within 2 ulp in float64. */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a > 20) return x > 0 ? 1 : -1;
  if (a >= 0.625) {
    const y = 1 - 2 / (exp(2 * a) + 1);
    return x < 0 ? -y : y;
  }
  if (x === 0) return x;
  const z = x * x;
  const p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
  const q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3;
  return x + x * z * (p / q);
}

/**
 * Hyperbolic tangent of a float32 x as (e^2|x| - 1) / (e^2|x| + 1), every operation rounded to
 * float32.
 */
export function tanh32(x: number): number {
  if (x !== x || x === 0) return x;
  const a = Math.min(Math.abs(x), 9.125);
  const twice = f(a + a);
  const n = power32(twice);
  const scale = powerOfTwo32(n);
  // e^2a - 1 without loss: nothing is subtracted where 2^n is 1
  const e = f(f(scale * fraction32(twice, n)) + f(scale - 1));
  const y = f(e / f(e + 2));
  return x < 0 ? -y : y;
}

/** Logistic function 1 / (1 + e^-x), from exp(-|x|) so that it never overflows. */
export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/**
 * Logistic function of a float32 x as e^x / (1 + e^x), every operation rounded to float32. 0 where
 * it is below 2^-126.
 */
export function sigmoid32(x: number): number {
  if (x !== x) return x;
  const a = Math.max(-88, Math.min(88, x));
  const n = power32(a);
  const e = f(powerOfTwo32(n) * f(fraction32(a, n) + 1));
  return f(e / f(1 + e));
}

/** log(1 + x), accurate also for small x. */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1) return x;
  return u === Infinity ? u : log(u) * (x / (u - 1));
}
