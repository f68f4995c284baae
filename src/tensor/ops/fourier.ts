/** @file Discrete Fourier transforms as products with a matrix of cosines and sines. */
import {
  checkInteger,
  checkOptions,
  cos,
  dtypeError,
  type FloatDType,
  isFloat,
  shapeError,
  sin,
} from "../../base/index.ts";
import { tensor } from "../create.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./move.ts";
import { gatherWindows, isWindowMajor, windowsOf } from "./windows.ts";

/** Options of `stft`. */
export type StftOptions = {
  /** Samples of a frame. Default: those of the window. */
  readonly frameLength?: number | undefined;
  /** Samples from one frame to the next. */
  readonly frameStep: number;
  /** [frameLength], which each frame is multiplied with. Default: ones. */
  readonly window?: Tensor | undefined;
  /** Whether only the first floor(frameLength / 2) + 1 frequencies are computed. Default true. */
  readonly onesided?: boolean | undefined;
};

/**
 * Short-time Fourier transform of real signals x [N, samples], as ONNX `STFT`: [N, frames,
 * frequencies, 2], with real and imaginary parts. Frames lie within the signal, without padding.
 *
 * Throws RangeError if no frame fits, or the window has another length; TypeError unless all are of
 * one floating-point dtype.
 */
export function stft(x: Tensor, options: StftOptions): Tensor {
  checkOptions("stft", arguments[1], "frameLength frameStep window onesided");
  if (!isFloat(x.dtype)) throw dtypeError("stft", "float32 or float64", x.dtype);
  if (x.rank !== 2) throw shapeError("stft", "signals [N, samples]", x.shape);
  const { window, onesided = true } = options;
  const length = checkInteger("stft frameLength", options.frameLength ?? window?.shape[0], 1);
  const step = checkInteger("stft frameStep", options.frameStep, 1);
  if (window !== undefined && (window.rank !== 1 || window.shape[0] !== length))
    throw shapeError("stft", `a window [${length}]`, window.shape);
  const [n, samples] = x.shape;
  const windows = windowsOf("stft", [samples], [length], { strides: [step], dilations: [1], padding: [[0, 0]] });
  const frequencies = onesided ? Math.floor(length / 2) + 1 : length;
  const waves = tensor(wavesOf(length, frequencies), { shape: [length, 2 * frequencies], dtype: x.dtype });
  const kernel = window === undefined ? waves : mul(waves, reshape(window, [length, 1]));
  const columns = gatherWindows(reshape(x, [n, 1, samples]), windows, 1);
  const frames = reshape(columns, columns.shape.slice(1));
  return reshape(matmul(frames, kernel, { transposeA: !isWindowMajor(windows) }), [
    n,
    windows.count[0],
    frequencies,
    2,
  ]);
}

/** cos and -sin of 2πjk/n for samples j and frequencies k: [n, frequencies, 2]. */
function wavesOf(n: number, frequencies: number): Float64Array {
  const cosines = Float64Array.from({ length: n }, (_, i) => cos((2 * Math.PI * i) / n));
  const sines = Float64Array.from({ length: n }, (_, i) => -sin((2 * Math.PI * i) / n));
  const waves = new Float64Array(n * frequencies * 2);
  for (let j = 0, at = 0; j < n; j++) {
    for (let k = 0; k < frequencies; k++) {
      const turn = (j * k) % n;
      waves[at++] = cosines[turn];
      waves[at++] = sines[turn];
    }
  }
  return waves;
}

/** Options of `dft`. */
export type DftOptions = {
  /** Whether to invert the transform, which divides by the number of samples. Default false. */
  readonly inverse?: boolean | undefined;
  /** Whether only the first floor(samples / 2) + 1 frequencies are computed. Default false. */
  readonly onesided?: boolean | undefined;
};

/**
 * Discrete Fourier transform of complex signals x [..., samples, 2], or real ones [..., samples,
 * 1]: [..., frequencies, 2], with real and imaginary parts. Throws RangeError for other shapes,
 * TypeError unless x is floating point.
 */
export function dft(x: Tensor, { inverse = false, onesided = false }: DftOptions = {}): Tensor {
  checkOptions("dft", arguments[1], "inverse onesided");
  if (!isFloat(x.dtype)) throw dtypeError("dft", "float32 or float64", x.dtype);
  const [n, parts] = x.shape.slice(-2);
  if (x.rank < 2 || (parts !== 1 && parts !== 2) || n === 0)
    throw shapeError("dft", "signals [..., samples, 1 or 2]", x.shape);
  const frequencies = onesided ? Math.floor(n / 2) + 1 : n;
  const kernel = complexWaves(n, frequencies, parts, inverse, x.dtype);
  const product = matmul(reshape(x, [-1, n * parts]), kernel);
  return reshape(product, [...x.shape.slice(0, -2), frequencies, 2]);
}

/** The matrix [n · parts, frequencies · 2] of a transform. */
function complexWaves(n: number, frequencies: number, parts: number, inverse: boolean, dtype: FloatDType): Tensor {
  const waves = wavesOf(n, frequencies);
  const data = new Float64Array(parts * waves.length);
  const [scale, sign] = inverse ? [1 / n, -1] : [1, 1];
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < frequencies; k++) {
      const from = 2 * (j * frequencies + k);
      const [real, imaginary] = [scale * waves[from], scale * sign * waves[from + 1]];
      const to = 2 * (j * parts * frequencies + k);
      data.set([real, imaginary], to);
      if (parts === 2) data.set([-imaginary, real], to + 2 * frequencies);
    }
  }
  return tensor(data, { shape: [n * parts, 2 * frequencies], dtype });
}
