/**
 * @file The logarithm of the gamma function and its derivative, in float64. They use `log` of
 * math.ts, so the bits are the same everywhere.
 */
import { log, log1p } from "./math.ts";

/** ½ log 2π. */
const HALF_LOG_TWO_PI = 0.91893853320467274178;

/** The smallest argument for which seven terms of Stirling's series are exact to the last bit. */
const LARGE = 10;

/**
 * Σ B₂ₖ / (2k (2k-1) x^(2k-1)): the error of Stirling's formula (Abramowitz and Stegun 1964,
 * 6.1.41). x >= LARGE.
 */
function stirlingRest(x: number): number {
  const t = 1 / (x * x);
  const p = (((((t / 156 - 691 / 360360) * t + 1 / 1188) * t - 1 / 1680) * t + 1 / 1260) * t - 1 / 360) * t + 1 / 12;
  return p / x;
}

/**
 * log Γ(x) for x > 0: Infinity at 0, NaN below. Absolute error below 1e-14 · max(1, |log Γ(x)|).
 */
export function lgamma(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : NaN;
  if (x === Infinity) return x;
  // Γ(x) = Γ(x + n) / (x (x+1) … (x+n-1))
  let product = 1;
  let large = x;
  for (; large < LARGE; large++) product *= large;
  const stirling = (large - 0.5) * log(large) - large + HALF_LOG_TWO_PI + stirlingRest(large);
  return product === 1 ? stirling : stirling - log(product);
}

/** Σ B₂ₖ / (2k x²ᵏ): log x - 1/2x - ψ(x) (Abramowitz and Stegun 1964, 6.3.18). x >= LARGE. */
function digammaRest(x: number): number {
  const t = 1 / (x * x);
  return ((((((t / 12 - 691 / 32760) * t + 1 / 132) * t - 1 / 240) * t + 1 / 252) * t - 1 / 120) * t + 1 / 12) * t;
}

/** ψ(x), the derivative of log Γ(x), for x > 0: -Infinity at 0, NaN below. */
export function digamma(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let sum = 0;
  let large = x;
  for (; large < LARGE; large++) sum += 1 / large;
  return log(large) - 0.5 / large - digammaRest(large) - sum;
}

/** ψ(a + x) - ψ(a) for a > 0 and x >= 0, without cancellation where a is large. */
export function digammaDifference(a: number, x: number): number {
  if (a < LARGE) return digamma(a + x) - digamma(a);
  return log1p(x / a) + (0.5 * x) / (a * (a + x)) - (digammaRest(a + x) - digammaRest(a));
}

/**
 * log (Γ(a + x) / (Γ(a) aˣ)) for a > 0 and x >= 0. Tends to 0 as a grows, without the cancellation
 * of two large logarithms.
 */
export function logGammaRatio(a: number, x: number): number {
  if (a < LARGE) return lgamma(a + x) - lgamma(a) - x * log(a);
  return (a + x - 0.5) * log1p(x / a) - x + stirlingRest(a + x) - stirlingRest(a);
}
