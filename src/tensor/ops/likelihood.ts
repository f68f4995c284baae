/**
 * @file Negative log-likelihoods of observed values under distributions, element by element, as one
 * op each: value and derivatives are computed together, in float64, whatever the dtype.
 */
import {
  digamma,
  digammaDifference,
  dtypeError,
  isFloat,
  lgamma,
  log,
  log1p,
  logGammaRatio,
  sameShape,
  shapeError,
} from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { isRecording, record, secondDerivativeError } from "../tape.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";

/**
 * A function that returns the value at `at` and writes the derivative with respect to each argument
 * to `slopes`.
 */
type Pointwise = (at: Float64Array, slopes: Float64Array) => number;

function pointwise(name: string, names: readonly string[], inputs: readonly Tensor[], f: Pointwise): Tensor {
  const dtype = commonDtype(name, ...inputs);
  if (!isFloat(dtype)) throw dtypeError(name, "float32 or float64", dtype);
  const [{ shape }] = inputs;
  inputs.forEach((input, i) => {
    if (!sameShape(input.shape, shape)) throw shapeError(`${name} ${names[i]}`, `[${shape.join(", ")}]`, input.shape);
  });
  const out = allocate(dtype, shape);
  const slopes = inputs.map(() => allocate(dtype, shape));
  onEachReplay([...inputs, out, ...slopes], (...views) => {
    const n = inputs.length;
    const at = new Float64Array(n);
    const slope = new Float64Array(n);
    for (let i = 0; i < views[n].length; i++) {
      for (let k = 0; k < n; k++) at[k] = views[k][i];
      views[n][i] = f(at, slope);
      for (let k = 0; k < n; k++) views[n + 1 + k][i] = slope[k];
    }
  });
  return record(inputs, [out], (dy) => {
    if (dy === undefined) return [];
    if (isRecording([dy, ...inputs])) throw secondDerivativeError(name);
    return slopes.map((slope) => mul(dy, slope));
  });
}

const HALF_LOG_TWO_PI = 0.91893853320467274178;

/**
 * Negative log density of a normal distribution at `target` y, with `mean` μ and standard
 * `deviation` σ > 0: ½ log 2π + log σ + ½ ((y-μ)/σ)². All have one shape. Throws RangeError for
 * differing shapes, TypeError for other dtypes, UnsupportedError if its gradient is differentiated.
 */
export function normalLoss(target: Tensor, mean: Tensor, deviation: Tensor): Tensor {
  return pointwise("normalLoss", ["target", "mean", "deviation"], [target, mean, deviation], (at, slopes) => {
    const [y, location, scale] = at;
    const z = (y - location) / scale;
    slopes[0] = z / scale;
    slopes[1] = -slopes[0];
    slopes[2] = (1 - z * z) / scale;
    return HALF_LOG_TWO_PI + log(scale) + 0.5 * z * z;
  });
}

/** Largest z that is squared: beyond it, z² may overflow. */
const HUGE = 1e150;

/**
 * Negative log density of Student's t distribution at `target` y, with `degrees` ν > 0 of freedom,
 * `location` μ and `scale` σ > 0; with z = (y-μ)/σ it is log σ + ½ log νπ + log Γ(ν/2) - log
 * Γ((ν+1)/2) + (ν+1)/2 · log(1 + z²/ν). Accurate also for ν so large that it is a normal
 * distribution. Shapes and errors are as in `normalLoss`.
 */
export function studentTLoss(target: Tensor, location: Tensor, scale: Tensor, degrees: Tensor): Tensor {
  const names = ["target", "location", "scale", "degrees"];
  return pointwise("studentTLoss", names, [target, location, scale, degrees], (at, slopes) => {
    const [y, center, width, v] = at;
    const z = (y - center) / width;
    const tail = Math.abs(z) > HUGE ? 2 * log(Math.abs(z)) - log(v) : log1p((z * z) / v);
    // z²/(ν+z²), in [0, 1]
    const share = z === 0 ? 0 : 1 / (v / (z * z) + 1);
    slopes[0] = z === 0 ? 0 : (v + 1) / (v / z + z) / width;
    slopes[1] = -slopes[0];
    slopes[2] = (1 - (v + 1) * share) / width;
    slopes[3] = 0.5 * (tail - digammaDifference(v / 2, 0.5) + (1 - (v + 1) * share) / v);
    return HALF_LOG_TWO_PI - logGammaRatio(v / 2, 0.5) + log(width) + ((v + 1) / 2) * tail;
  });
}

/** Value of α below which only terms of first order in α are used. */
const NEARLY_POISSON = 1e-7;

/**
 * Negative log probability of a count `target` y >= 0 under a negative binomial distribution of
 * `mean` μ > 0 and variance μ + αμ², α > 0 (Salinas et al. 2020, "DeepAR", section 3.1): with r =
 * 1/α, -log Γ(y+r) + log y! + log Γ(r) + r log(1 + αμ) - y log(αμ / (1 + αμ)). Accurate also for α
 * so small that it is a Poisson distribution. Shapes and errors are as in `normalLoss`.
 */
export function negativeBinomialLoss(target: Tensor, mean: Tensor, alpha: Tensor): Tensor {
  const names = ["target", "mean", "alpha"];
  return pointwise("negativeBinomialLoss", names, [target, mean, alpha], (at, slopes) => {
    const [y, mu, a] = at;
    const r = 1 / a;
    const excess = log1p(a * mu);
    const poisson = lgamma(y + 1) - y * log(mu);
    slopes[0] = digamma(y + 1) - log(mu) + excess - (digamma(y + r) - log(r));
    slopes[1] = (mu - y) / (mu * (1 + a * mu));
    if (a * Math.max(y, mu, 1) < NEARLY_POISSON) {
      slopes[2] = 0.5 * (y - (y - mu) * (y - mu));
      return poisson + mu + a * slopes[2];
    }
    slopes[2] = r * r * (digammaDifference(r, y) - excess - (y - mu) / (r + mu));
    return poisson - logGammaRatio(r, y) + (r + y) * excess;
  });
}
