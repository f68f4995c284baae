/**
 * @file Powers and a cosine with the same bits in every JavaScript engine, which `Math.pow` and
 * `Math.cos` don't guarantee.
 */
import { exp, log } from "../base/index.ts";

/** base^n for an integer n >= 0, by squaring. */
export function integerPower(base: number, n: number): number {
  let result = 1;
  let square = base;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** base^x for base > 0 and x >= 0. */
export function power(base: number, x: number): number {
  const whole = Math.floor(x);
  return whole === x ? integerPower(base, x) : integerPower(base, whole) * exp((x - whole) * log(base));
}

/**
 * cos(π x), exact at multiples of 1/2. Polynomials: S. Moshier, Cephes Mathematical Library
 * (sin.c).
 */
export function cosPi(x: number): number {
  let turn = Math.abs(x) % 2;
  if (turn > 1) turn = 2 - turn;
  const [sign, half] = turn > 0.5 ? [-1, 1 - turn] : [1, turn];
  return sign * (half > 0.25 ? sine(Math.PI * (0.5 - half)) : cosine(Math.PI * half));
}

/** sin(x) for |x| <= π/4. */
function sine(x: number): number {
  const z = x * x;
  let p = 1.5896230157654656806e-10;
  p = p * z - 2.50507477628578072866e-8;
  p = p * z + 2.75573136213857245213e-6;
  p = p * z - 1.98412698295895385996e-4;
  p = p * z + 8.33333333332211858878e-3;
  p = p * z - 1.66666666666666307295e-1;
  return x + x * z * p;
}

/** cos(x) for |x| <= π/4. */
function cosine(x: number): number {
  const z = x * x;
  let p = -1.135853652138768173e-11;
  p = p * z + 2.08757008419747316778e-9;
  p = p * z - 2.75573141792967388112e-7;
  p = p * z + 2.48015872888517045348e-5;
  p = p * z - 1.38888888888730564116e-3;
  p = p * z + 4.16666666666665929218e-2;
  return 1 - 0.5 * z + z * z * p;
}
