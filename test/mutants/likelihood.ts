/** @file Deliberate bugs in the likelihoods of distributions and in the gamma function that they need. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const FILE = "src/tensor/ops/likelihood.ts";
const TESTS = ["src/tensor/ops/likelihood.test.ts"];

const normal = mutantsIn(
  "likelihood",
  FILE,
  [
    ["gradient from above ignored", "slopes.map((slope) => mul(dy, slope))", "slopes"],
    ["normal: constant left out", "HALF_LOG_TWO_PI + log(scale) + 0.5", "log(scale) + 0.5"],
    ["normal: deviation left out", "HALF_LOG_TWO_PI + log(scale) + 0.5", "HALF_LOG_TWO_PI + 0.5"],
    ["normal: logarithm of the variance", "log(scale) + 0.5 * z * z", "2 * log(scale) + 0.5 * z * z"],
    [
      "normal: mean's derivative with the target's sign",
      "slopes[0] = z / scale;\n    slopes[1] = -slopes[0];",
      "slopes[0] = z / scale;\n    slopes[1] = slopes[0];",
    ],
    [
      "normal: deviation's derivative not divided by it",
      "slopes[2] = (1 - z * z) / scale;",
      "slopes[2] = (1 - z * z);",
    ],
    [
      "normal: deviation's derivative by its logarithm alone",
      "slopes[2] = (1 - z * z) / scale;",
      "slopes[2] = 1 / scale - z * z;",
    ],
  ],
  TESTS,
);

const studentT = mutantsIn(
  "likelihood",
  FILE,
  [
    ["t: z² overflows", "const HUGE = 1e150;", "const HUGE = Infinity;"],
    ["t: far tail without the degrees", "2 * log(Math.abs(z)) - log(v)", "2 * log(Math.abs(z))"],
    ["t: tail not divided by the degrees", "log1p((z * z) / v)", "log1p(z * z)"],
    ["t: ν for ν + 1", "((v + 1) / 2) * tail", "(v / 2) * tail"],
    [
      "t: gamma functions with the wrong sign",
      "HALF_LOG_TWO_PI - logGammaRatio(v / 2, 0.5)",
      "HALF_LOG_TWO_PI + logGammaRatio(v / 2, 0.5)",
    ],
    ["t: scale left out", " + log(width) + ", " + "],
    ["t: scale's derivative with ν for ν + 1", "slopes[2] = (1 - (v + 1) * share)", "slopes[2] = (1 - v * share)"],
    ["t: target's derivative with ν for ν + 1", "(v + 1) / (v / z + z) / width", "v / (v / z + z) / width"],
    ["t: share of z² in ν", "1 / (v / (z * z) + 1)", "(z * z) / v"],
    ["t: degrees' derivative not halved", "0.5 * (tail - digammaDifference", "(tail - digammaDifference"],
    [
      "t: degrees' derivative with the wrong sign of ψ",
      "tail - digammaDifference(v / 2, 0.5)",
      "tail + digammaDifference(v / 2, 0.5)",
    ],
    ["t: degrees' derivative without what the tail divides by", " + (1 - (v + 1) * share) / v);", ");"],
  ],
  TESTS,
);

const negativeBinomial = mutantsIn(
  "likelihood",
  FILE,
  [
    ["count: α for r", "const r = 1 / a;", "const r = a;"],
    ["count: excess without α", "log1p(a * mu)", "log1p(mu)"],
    ["count: Γ(y) for y!", "lgamma(y + 1) - y * log(mu)", "lgamma(y) - y * log(mu)"],
    ["count: mean with the wrong sign", "lgamma(y + 1) - y * log(mu)", "lgamma(y + 1) + y * log(mu)"],
    ["count: gamma functions with the wrong sign", "poisson - logGammaRatio(r, y)", "poisson + logGammaRatio(r, y)"],
    [
      "count: target's derivative without the factorial",
      "slopes[0] = digamma(y + 1) - log(mu)",
      "slopes[0] = -log(mu)",
    ],
    ["count: target's derivative without the excess", " + excess - (digamma(y + r)", " - (digamma(y + r)"],
    ["count: target's derivative without log r", "(digamma(y + r) - log(r))", "digamma(y + r)"],
    ["count: mean's derivative of a Poisson distribution", "(mu - y) / (mu * (1 + a * mu))", "(mu - y) / mu"],
    [
      "count: mean's derivative with the wrong sign",
      "(mu - y) / (mu * (1 + a * mu))",
      "(y - mu) / (mu * (1 + a * mu))",
    ],
    ["count: α's derivative as r's", "slopes[2] = r * r * (", "slopes[2] = -("],
    ["count: α's derivative without the excess", "digammaDifference(r, y) - excess -", "digammaDifference(r, y) -"],
    ["count: α's derivative without the means", " - excess - (y - mu) / (r + mu));", " - excess);"],
    ["count: never a Poisson distribution", "const NEARLY_POISSON = 1e-7;", "const NEARLY_POISSON = 0;"],
    ["count: a Poisson distribution too early", "const NEARLY_POISSON = 1e-7;", "const NEARLY_POISSON = 1e-3;"],
    ["count: nearly Poisson, α's derivative 0", "slopes[2] = 0.5 * (y - (y - mu) * (y - mu));", "slopes[2] = 0;"],
    [
      "count: nearly Poisson, α's derivative not halved",
      "0.5 * (y - (y - mu) * (y - mu))",
      "(y - (y - mu) * (y - mu))",
    ],
    [
      "count: nearly Poisson, α's derivative of the mean alone",
      "0.5 * (y - (y - mu) * (y - mu))",
      "0.5 * (mu - (y - mu) * (y - mu))",
    ],
    ["count: nearly Poisson, α without effect", "return poisson + mu + a * slopes[2];", "return poisson + mu;"],
    ["count: nearly Poisson by the count alone", "a * Math.max(y, mu, 1) < NEARLY", "a * y < NEARLY"],
  ],
  TESTS,
);

const gamma = mutantsIn(
  "likelihood",
  "src/base/special.ts",
  [
    [
      "log Γ: shift one step short",
      "for (; large < LARGE; large++) product *= large;",
      "for (; large < LARGE - 1; large++) product *= large;\n  large = Math.max(large, LARGE);",
    ],
    ["log Γ: series too early", "const LARGE = 10;", "const LARGE = 4;"],
    [
      "log Γ: second term of the series with the wrong sign",
      "* t - 1 / 360) * t + 1 / 12;\n  return p",
      "* t + 1 / 360) * t + 1 / 12;\n  return p",
    ],
    ["ψ: half with the wrong sign", "log(large) - 0.5 / large", "log(large) + 0.5 / large"],
    ["difference of ψ: halves with the wrong sign", "log1p(x / a) + (0.5 * x)", "log1p(x / a) - (0.5 * x)"],
    [
      "difference of ψ: rests swapped",
      "(digammaRest(a + x) - digammaRest(a))",
      "(digammaRest(a) - digammaRest(a + x))",
    ],
    [
      "difference of ψ cancels",
      "function digammaDifference(a: number, x: number): number {\n  if (a < LARGE)",
      "function digammaDifference(a: number, x: number): number {\n  if (a > 0)",
    ],
    ["ratio of Γ: power left out", "lgamma(a + x) - lgamma(a) - x * log(a)", "lgamma(a + x) - lgamma(a)"],
    ["ratio of Γ: half left out", "(a + x - 0.5) * log1p(x / a)", "(a + x) * log1p(x / a)"],
    ["ratio of Γ: rests swapped", "stirlingRest(a + x) - stirlingRest(a)", "stirlingRest(a) - stirlingRest(a + x)"],
    [
      "ratio of Γ cancels",
      "function logGammaRatio(a: number, x: number): number {\n  if (a < LARGE)",
      "function logGammaRatio(a: number, x: number): number {\n  if (a > 0)",
    ],
  ],
  TESTS,
);

export const likelihoodMutants: readonly Mutant[] = [...normal, ...studentT, ...negativeBinomial, ...gamma];
