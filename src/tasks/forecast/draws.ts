/** @file Draws from distributions, by a seeded stream. */
import { exp, lgamma, log, type RandomStream } from "../../base/index.ts";

/** Uniform in (0, 1), never an end. */
const open = (random: RandomStream): number => random.uniform() + 2 ** -25;

/**
 * Tries of a rejection loop, each of which succeeds with a probability of a half or more. They end
 * where nothing is ever accepted, as when rounding has left nothing of a parameter; the draw is NaN
 * then.
 */
const TRIES = 1000;

/** x³, by products: that of ** differs in its last bit between JavaScript engines. */
const cubed = (x: number): number => x * x * x;

/**
 * Draw from the gamma distribution of this shape > 0 and scale 1 (Marsaglia and Tsang 2000). NaN
 * for a shape that is not finite.
 */
export function drawGamma(random: RandomStream, shape: number): number {
  // comparisons with NaN are false, so nothing would ever be accepted
  if (!Number.isFinite(shape)) return NaN;
  // a smaller shape from the next one up
  if (shape < 1) return drawGamma(random, shape + 1) * exp(log(open(random)) / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let tries = 0; tries < TRIES; tries++) {
    const x = random.normal();
    const v = cubed(1 + c * x);
    if (v > 0 && log(open(random)) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
  return NaN;
}

/**
 * Draw from Student's t with `degrees` > 0 of freedom: a normal number over the root of a χ² one by
 * its degrees.
 */
export const drawStudentT = (random: RandomStream, degrees: number): number =>
  random.normal() * Math.sqrt(degrees / (2 * drawGamma(random, degrees / 2)));

/**
 * Draw from the Poisson distribution of this mean >= 0: by counting up to 10, by transformed
 * rejection (Hörmann 1993, PTRS) above. NaN for a mean that is not finite.
 */
export function drawPoisson(random: RandomStream, mean: number): number {
  if (!Number.isFinite(mean)) return NaN;
  if (mean < 10) {
    const limit = exp(-mean);
    let count = 0;
    for (let product = open(random); product > limit; product *= open(random)) count++;
    return count;
  }
  const logMean = log(mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverse = 1.1239 + 1.1328 / (b - 3.4);
  const v = 0.9277 - 3.6224 / (b - 2);
  for (let tries = 0; tries < TRIES; tries++) {
    const u = open(random) - 0.5;
    const w = open(random);
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && w <= v) return k;
    if (k < 0 || (us < 0.013 && w > us)) continue;
    if (log(w) + log(inverse) - log(a / (us * us) + b) <= k * logMean - mean - lgamma(k + 1)) return k;
  }
  return NaN;
}

/**
 * Draw from the negative binomial distribution of this mean and variance mean + α·mean²: Poisson,
 * its mean from a gamma distribution.
 */
export const drawNegativeBinomial = (random: RandomStream, mean: number, alpha: number): number =>
  drawPoisson(random, mean * alpha * drawGamma(random, 1 / alpha));
