/**
 * @file Sound at another sample rate: a windowed sinc, in phases.
 *
 * Up to 90 % of half the lower rate a tone comes out with an error of at most -95 dB; from half the
 * lower rate on at most -100 dB of it are left, so that nothing folds back. Sound beyond the ends
 * counts as silence.
 */
import { checkInteger } from "../../base/index.ts";
import { checkSamples } from "./features.ts";

/** Zero crossings of the sinc on each side. */
const CROSSINGS = 64;
/** Middle of the slope, in parts of half the lower rate. */
const EDGE = 0.95;
/** Shape of the Kaiser window: 100 dB. */
const BETA = 10.06;
/** Weights that are computed at most; for more, those between two phases are interpolated. */
const LARGEST_TABLE = 2 ** 21;
const FEWEST_PHASES = 1024;

/** Lowest and highest rate, as of the frames of a transcriber. */
const [LOWEST, HIGHEST] = [100, 1_000_000];

/**
 * Samples at the rate `from` as samples at the rate `to`, ceil(n · to / from) of them; both are
 * samples per second, integers from 100 to 1,000,000. Throws RangeError for another rate, DataError
 * for samples that are not finite.
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  for (const [name, rate] of Object.entries({ from, to })) checkInteger(`resample ${name}`, rate, LOWEST, HIGHEST);
  checkSamples("resample samples", samples);
  if (from === to) return samples;
  const { weights, phases, taps, center } = weightsFor(from, to);
  const out = new Float32Array(Math.ceil((samples.length * to) / from));
  for (let n = 0; n < out.length; n++) {
    const place = n * from;
    const whole = Math.floor(place / to);
    const phase = ((place - whole * to) * phases) / to;
    const low = Math.floor(phase);
    const share = phase - low;
    const first = whole - center;
    const begin = Math.max(0, -first);
    const end = Math.min(taps, samples.length - first);
    const row = low * taps;
    let sum = 0;
    if (share === 0) for (let i = begin; i < end; i++) sum += weights[row + i] * samples[first + i];
    else
      for (let i = begin; i < end; i++) {
        const left = weights[row + i];
        sum += (left + share * (weights[row + taps + i] - left)) * samples[first + i];
      }
    out[n] = sum;
  }
  return out;
}

type Weights = {
  /** Phase by phase, `taps` each, and one phase more. */
  readonly weights: Float64Array;
  readonly phases: number;
  readonly taps: number;
  /** Tap that is at the sample before the place. */
  readonly center: number;
};

let last: { readonly from: number; readonly to: number; readonly weights: Weights } | undefined;

/** Recordings of one folder mostly need the same. */
function weightsFor(from: number, to: number): Weights {
  if (last?.from !== from || last.to !== to) last = { from, to, weights: makeWeights(from, to) };
  return last.weights;
}

function makeWeights(from: number, to: number): Weights {
  const scale = Math.min(1, to / from);
  const reach = CROSSINGS / scale;
  const center = Math.ceil(reach);
  const taps = 2 * center + 2;
  const exact = to / divisor(from, to);
  const phases = exact * taps <= LARGEST_TABLE ? exact : FEWEST_PHASES;
  const weights = new Float64Array((phases + 1) * taps);
  const full = bessel(BETA);
  for (let phase = 0; phase <= phases; phase++) {
    const row = weights.subarray(phase * taps, (phase + 1) * taps);
    for (let i = 0; i < taps; i++) {
      const distance = i - center - phase / phases;
      const inside = 1 - (distance / reach) ** 2;
      row[i] = inside <= 0 ? 0 : (sinc(distance * scale * EDGE) * bessel(BETA * Math.sqrt(inside))) / full;
    }
    // a constant stays what it is
    const sum = row.reduce((total, x) => total + x, 0);
    for (let i = 0; i < taps; i++) row[i] /= sum;
  }
  return { weights, phases, taps, center };
}

function divisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Modified Bessel function of the first kind, order 0, by its series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
