/**
 * @file What a recogniser hears: the energy in bands whose widths are those of hearing (mel), a
 * frame every few milliseconds.
 *
 * Letters: N samples of a window, n of the transform (the power of 2 from N on).
 */
import {
  checkOptions,
  checkChoice,
  checkInteger,
  checkNumber,
  DataError,
  log,
  sentence,
  valueError,
  type Optional,
} from "../../base/index.ts";
import { powerSpectrum } from "./fft.ts";

/** Frames, [frames, size] row-major. */
export type Features = { readonly data: Float32Array; readonly frames: number; readonly size: number };

/** Settings by which frames are made of samples. */
export type FeatureConfig = {
  /**
   * "logMel": the logarithm of each band's energy. "mfcc": their cosine transform, which has less
   * in more numbers.
   */
  readonly kind: "logMel" | "mfcc";
  /**
   * Samples per second of what is heard. Recordings with another rate have to be brought to it
   * beforehand, with `resample`.
   */
  readonly sampleRate: number;
  readonly bands: number;
  /** Numbers of a frame with "mfcc". */
  readonly coefficients: number;
  readonly windowSeconds: number;
  readonly hopSeconds: number;
  /** Edges of the lowest and the highest band, in Hz. */
  readonly lowHertz: number;
  readonly highHertz: number;
};

/**
 * All but the sample rate is optional: log-mel, 40 bands (13 coefficients) from 20 Hz to half the
 * sample rate, windows of 25 ms every 10 ms.
 */
export type FeatureOptions = Optional<FeatureConfig> & { readonly sampleRate: number };

/** The energy below which a band counts as silent: the logarithm must not fall without end. */
const FLOOR = 1e-10;

/** Samples of the longest window: the tables for one have that many numbers for each band. */
const LONGEST = 65_536;

/** Windows that a sample may be in. */
const MOST_OVERLAP = 1000;

/** Throws TypeError and RangeError that name the option. */
export function featureConfigOf(where: string, options: FeatureOptions): FeatureConfig {
  const sampleRate = checkInteger(`${where} sampleRate`, options.sampleRate, 100, 1_000_000);
  const { kind = "logMel", bands = 40, windowSeconds = 0.025, hopSeconds = 0.01 } = options;
  const { coefficients = Math.min(13, bands), lowHertz = 20, highHertz = sampleRate / 2 } = options;
  const config: FeatureConfig = {
    kind: checkChoice(`${where} kind`, kind, ["logMel", "mfcc"]),
    sampleRate,
    bands: checkInteger(`${where} bands`, bands, 1, 1024),
    coefficients: checkInteger(`${where} coefficients`, coefficients, 1, bands),
    windowSeconds: checkNumber(`${where} windowSeconds`, windowSeconds, 2 / sampleRate, LONGEST / sampleRate),
    // else a second of sound would be a million transforms
    hopSeconds: checkNumber(
      `${where} hopSeconds`,
      hopSeconds,
      Math.max(1 / sampleRate, windowSeconds / MOST_OVERLAP),
      10,
    ),
    lowHertz: checkNumber(`${where} lowHertz`, lowHertz, 0),
    highHertz: checkNumber(`${where} highHertz`, highHertz, 0, sampleRate / 2),
  };
  if (!(lowHertz < highHertz)) throw valueError(where, "lowHertz < highHertz", [lowHertz, highHertz]);
  return config;
}

/** Numbers of a frame. */
export const featureSize = ({ kind, bands, coefficients }: FeatureConfig): number =>
  kind === "mfcc" ? coefficients : bands;

/** Samples of a window and from one window to the next. */
export const windowOf = ({ sampleRate, windowSeconds, hopSeconds }: FeatureConfig): { size: number; hop: number } => ({
  size: Math.max(2, Math.round(windowSeconds * sampleRate)),
  hop: Math.max(1, Math.round(hopSeconds * sampleRate)),
});

/**
 * Makes frames of samples. Frame t is made of the samples from t · hop on, whole windows only, so
 * that frames do not depend on what comes later. Each window is weighted by a periodic Hann window
 * and padded with zeros to n; band b is Σ filter(b, k) |X_k|² with triangular filters that are
 * equally wide in mel, 2595 log10(1 + f / 700), of height 1 (HTK; torchaudio's `melscale_fbanks`,
 * norm None); its natural logarithm is taken from 1e-10 on. MFCC are the first coefficients of the
 * orthonormal cosine transform (DCT-II) of that.
 */
export function featureExtractor(config: FeatureConfig): (samples: Float32Array) => Features {
  const { size, hop } = windowOf(config);
  const n = 2 ** Math.ceil(Math.log2(size));
  const hann = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const filters = melFilters(config, n);
  const cosines = config.kind === "mfcc" ? cosineTransform(config.coefficients, config.bands) : undefined;
  const spectrum = powerSpectrum(n);
  const [windowed, power, bands] = [new Float64Array(n), new Float64Array(n / 2 + 1), new Float64Array(config.bands)];
  const width = featureSize(config);
  return (samples) => {
    const frames = samples.length < size ? 0 : 1 + Math.floor((samples.length - size) / hop);
    const data = new Float32Array(frames * width);
    for (let t = 0; t < frames; t++) {
      for (let i = 0, at = t * hop; i < size; i++) windowed[i] = samples[at + i] * hann[i];
      spectrum(windowed, power);
      filters.forEach(({ from, weights }, b) => {
        let energy = 0;
        for (let k = 0; k < weights.length; k++) energy += weights[k] * power[from + k];
        bands[b] = log(Math.max(energy, FLOOR));
      });
      for (let i = 0; i < width; i++) data[t * width + i] = cosines === undefined ? bands[i] : dot(cosines[i], bands);
    }
    return { data, frames, size: width };
  };
}

/**
 * The logarithm of the energy in mel bands, [frames, bands]; see `featureExtractor` for the
 * formulas. Throws RangeError for options, DataError for samples that are not finite.
 */
export function logMel(samples: Float32Array, options: Omit<FeatureOptions, "kind" | "coefficients">): Features {
  checkOptions("logMel", options, "sampleRate bands windowSeconds hopSeconds lowHertz highHertz");
  return extract("logMel", samples, { ...options, kind: "logMel" });
}

/**
 * Mel-frequency cepstral coefficients, [frames, coefficients]; default 13 of 40 bands. Throws as
 * `logMel`.
 */
export function mfcc(samples: Float32Array, options: Omit<FeatureOptions, "kind">): Features {
  checkOptions("mfcc", options, "sampleRate bands coefficients windowSeconds hopSeconds lowHertz highHertz");
  return extract("mfcc", samples, { ...options, kind: "mfcc" });
}

function extract(where: string, samples: Float32Array, options: FeatureOptions): Features {
  checkSamples(where, samples);
  return featureExtractor(featureConfigOf(where, options))(samples);
}

/** Throws DataError for the first sample that is not finite. */
export function checkSamples(where: string, samples: Float32Array): void {
  const bad = samples.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new DataError(sentence(where, "finite samples", `${samples[bad]} at ${bad}`));
}

const melOf = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
const hertzOf = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

type Filter = { readonly from: number; readonly weights: Float64Array };

/** Triangles over the n / 2 + 1 frequencies, from where they begin to where they end. */
function melFilters({ bands, sampleRate, lowHertz, highHertz }: FeatureConfig, n: number): Filter[] {
  const [low, high] = [melOf(lowHertz), melOf(highHertz)];
  const corners = Array.from({ length: bands + 2 }, (_, i) => hertzOf(low + ((high - low) * i) / (bands + 1)));
  return Array.from({ length: bands }, (_, b) => {
    const [left, middle, right] = corners.slice(b, b + 3);
    const heights = Array.from({ length: n / 2 + 1 }, (_, k) => {
      const hertz = (k * sampleRate) / n;
      return Math.max(0, Math.min((hertz - left) / (middle - left), (right - hertz) / (right - middle)));
    });
    const from = Math.max(
      0,
      heights.findIndex((height) => height > 0),
    );
    const to = heights.findLastIndex((height) => height > 0) + 1;
    return { from, weights: Float64Array.from(heights.slice(from, to)) };
  });
}

/** Rows of the orthonormal DCT-II. */
const cosineTransform = (coefficients: number, bands: number): Float64Array[] =>
  Array.from({ length: coefficients }, (_, i) =>
    Float64Array.from(
      { length: bands },
      (_, b) => Math.sqrt((i === 0 ? 1 : 2) / bands) * Math.cos((Math.PI * i * (b + 0.5)) / bands),
    ),
  );

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
