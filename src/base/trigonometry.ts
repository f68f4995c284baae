/**
 * @file Trigonometric and hyperbolic functions in float64, within 3 ulp. Math's are not the same
 * everywhere; these use only operations that are. Polynomials are those of fdlibm (Sun
 * Microsystems, 1993).
 */
import { exp, log, log1p } from "./math.ts";

/** x = n · π/2 + r + tail, with |r| up to about π/4. */
type Reduced = { readonly n: number; readonly r: number; readonly tail: number };

/** Largest |x| that three parts of π/2 reduce. */
const LARGE = 1e6;

function reduce(x: number): Reduced {
  if (Math.abs(x) <= 0.7853981633974483) return { n: 0, r: x, tail: 0 };
  if (Math.abs(x) > LARGE) return reduceLarge(x);
  const n = Math.round(x * 6.36619772367581382433e-1);
  const first = x - n * 1.57079632673412561417;
  const second = n * 6.0771005063039659766e-11;
  const high = first - second;
  const rest = n * 2.02226624879595063154e-21 - (first - high - second);
  const r = high - rest;
  return { n, r, tail: high - r - rest };
}

/** Bits after the point, enough for the largest float64. */
const BITS = 1200n;
let halfPi: bigint | undefined;

/** π/2 with BITS bits after the point, by Machin's formula. */
function piOverTwo(): bigint {
  const one = 1n << (BITS + 32n);
  const arctangent = (divisor: bigint): bigint => {
    let sum = 0n;
    let power = one / divisor;
    for (let k = 1n, sign = 1n; power !== 0n; k += 2n, sign = -sign) {
      sum += (sign * power) / k;
      power /= divisor * divisor;
    }
    return sum;
  };
  return (8n * arctangent(5n) - 2n * arctangent(239n)) >> 32n;
}

/** `reduce` in exact arithmetic. */
function reduceLarge(x: number): Reduced {
  if (!Number.isFinite(x)) return { n: 0, r: NaN, tail: 0 };
  halfPi ??= piOverTwo();
  // x is a whole number of 2^-40, as it is larger than 2^13
  const scaled = Math.abs(x) < 2 ** 900 ? BigInt(Math.abs(x) * 2 ** 40) << (BITS - 40n) : BigInt(Math.abs(x)) << BITS;
  let n = scaled / halfPi;
  let rest = scaled - n * halfPi;
  if (2n * rest > halfPi) {
    n++;
    rest -= halfPi;
  }
  const r = Number(rest >> (BITS - 200n)) / 2 ** 200;
  const quarter = Number(n & 3n);
  return x < 0 ? { n: -quarter, r: -r, tail: 0 } : { n: quarter, r, tail: 0 };
}

/** Sine of x + tail, |x| up to about π/4. */
function sinNear(x: number, tail: number): number {
  const z = x * x;
  const r =
    8.33333333332248946124e-3 +
    z *
      (-1.98412698298579493134e-4 +
        z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)));
  const v = z * x;
  return x - (z * (0.5 * tail - v * r) - tail - v * -1.66666666666666324348e-1);
}

/** Cosine of x + tail, |x| up to about π/4. */
function cosNear(x: number, tail: number): number {
  const z = x * x;
  const w = z * z;
  const r =
    z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5)) +
    w * w * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11));
  const half = 0.5 * z;
  const rest = 1 - half;
  return rest + (1 - rest - half + (z * r - x * tail));
}

/** Sine of n · π/2 + r + tail. */
function sinOf(n: number, r: number, tail: number): number {
  const near = n & 1 ? cosNear(r, tail) : sinNear(r, tail);
  return n & 2 ? -near : near;
}

/** Sine of x, in radians. NaN for infinities. */
export function sin(x: number): number {
  const { n, r, tail } = reduce(x);
  return sinOf(n, r, tail);
}

/** Cosine of x, in radians. NaN for infinities. */
export function cos(x: number): number {
  const { n, r, tail } = reduce(x);
  return sinOf(n + 1, r, tail);
}

/** Tangent of x, in radians. NaN for infinities. */
export function tan(x: number): number {
  const { n, r, tail } = reduce(x);
  return sinOf(n, r, tail) / sinOf(n + 1, r, tail);
}

/** Centres of the intervals of `atan`, of which the arctangents are known in two parts. */
const ATAN_HIGH = [
  4.63647609000806093515e-1, 7.85398163397448278999e-1, 9.82793723247329054082e-1, 1.570796326794896558,
];
const ATAN_LOW = [
  2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, 6.12323399573676603587e-17,
];

/** Arctangent of x, in (-π/2, π/2), ±π/2 for infinities. */
export function atan(x: number): number {
  const a = Math.abs(x);
  if (a === Infinity) return x < 0 ? -ATAN_HIGH[3] : ATAN_HIGH[3];
  const place = a < 0.4375 ? -1 : a < 0.6875 ? 0 : a < 1.1875 ? 1 : a < 2.4375 ? 2 : 3;
  const t = [a, (2 * a - 1) / (2 + a), (a - 1) / (a + 1), (a - 1.5) / (1 + 1.5 * a), -1 / a][place + 1];
  const z = t * t;
  const w = z * z;
  const odd =
    z *
    (3.33333333333329318027e-1 +
      w *
        (1.42857142725034663711e-1 +
          w *
            (9.09088713343650656196e-2 +
              w * (6.66107313738753120669e-2 + w * (4.97687799461593236017e-2 + w * 1.62858201153657823623e-2)))));
  const even =
    w *
    (-1.99999999998764832476e-1 +
      w *
        (-1.1111110405462355788e-1 +
          w * (-7.69187620504482999495e-2 + w * (-5.83357013379057348645e-2 + w * -3.6531572744216915527e-2))));
  if (place < 0) return x - x * (odd + even);
  const y = ATAN_HIGH[place] - (t * (odd + even) - ATAN_LOW[place] - t);
  return x < 0 ? -y : y;
}

/** Arcsine of x, in [-π/2, π/2]. NaN outside of [-1, 1]. */
export const asin = (x: number): number => (x === 0 ? x : atan(x / Math.sqrt((1 - x) * (1 + x))));

/** Arccosine of x, in [0, π]. NaN outside of [-1, 1]. */
export const acos = (x: number): number => 2 * atan(Math.sqrt((1 - x) / (1 + x)));

/** Hyperbolic sine (e^x - e^-x) / 2. */
export function sinh(x: number): number {
  const a = Math.abs(x);
  if (a < 1) {
    // the first ten terms of its series, of which the last is below 1e-17 of the first
    let [sum, term] = [x, x];
    for (let k = 2; k < 20; k += 2) sum += term *= (x * x) / (k * (k + 1));
    return sum;
  }
  // e^x overflows earlier than its half
  const half = exp(a / 2);
  const y = a > 700 ? 0.5 * half * half : (exp(a) - exp(-a)) / 2;
  return x < 0 ? -y : y;
}

/** Hyperbolic cosine (e^x + e^-x) / 2. */
export function cosh(x: number): number {
  const a = Math.abs(x);
  const half = exp(a / 2);
  return a > 700 ? 0.5 * half * half : (exp(a) + exp(-a)) / 2;
}

/** Square root of the largest numbers whose square is not needed: 1 is lost next to it. */
const HUGE = 2 ** 28;
const LOG_2 = 6.93147180559945286227e-1;

/** Inverse of `sinh`. */
export function asinh(x: number): number {
  const a = Math.abs(x);
  const y = a > HUGE ? log(a) + LOG_2 : log1p(a + (a * a) / (1 + Math.sqrt(a * a + 1)));
  return x < 0 ? -y : x === 0 ? x : y;
}

/** Inverse of `cosh`, for x >= 1. NaN below. */
export function acosh(x: number): number {
  const t = x - 1;
  return x > HUGE ? log(x) + LOG_2 : log1p(t + Math.sqrt(2 * t + t * t));
}

/** Inverse of `tanh`, for x in [-1, 1]: infinite at the ends. NaN outside. */
export function atanh(x: number): number {
  const a = Math.abs(x);
  const y = a === 1 ? Infinity : 0.5 * log1p((2 * a) / (1 - a));
  return x < 0 ? -y : x === 0 ? x : y;
}
