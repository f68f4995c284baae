/** @file Pooling: the largest element, or the mean, of each window of images [N, C, ...spatial]. */
import { checkOptions, dtypeError, isFloat, shapeError, type Shape, sizeOf } from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { tensor, zeros } from "../create.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { div } from "./arithmetic.ts";
import { max, mean } from "./reduce.ts";
import {
  checkAxes,
  checkTaps,
  extentOf,
  spatialOf,
  tapRows,
  type WindowOptions,
  type Windows,
  windowSteps,
} from "./windows.ts";

/** Options of `maxPool`. */
export type MaxPoolOptions = WindowOptions & {
  /**
   * Whether a window that doesn't fit at the end counts, unless it starts in the padding there.
   * Default false.
   */
  readonly ceil?: boolean | undefined;
};

/** Options of `averagePool`. */
export type AveragePoolOptions = MaxPoolOptions & {
  /** Whether padding counts as zeros of which the mean is taken too. Default false. */
  readonly countsPadding?: boolean | undefined;
};

/** The windows of a pooling. `reach`: the image with its padding. */
type Pool = { readonly windows: Windows; readonly reach: Windows; readonly shape: Shape };

function poolOf(where: string, x: Tensor, size: readonly number[], options: MaxPoolOptions): Pool {
  if (!isFloat(x.dtype)) throw dtypeError(where, "float32 or float64", x.dtype);
  const image = spatialOf(where, x);
  checkAxes(`${where} size`, size, image.length);
  checkTaps(`${where} size`, size);
  const { strides, dilations, padding } = windowSteps(where, image.length, options);
  const count = image.map((n, i) => {
    const [before, after] = padding[i];
    const extent = extentOf(size[i], dilations[i]);
    const room = n + before + after - extent;
    if (n === 0 || room < 0) throw shapeError(where, `images in which windows [${size.join(", ")}] fit`, x.shape);
    if (Math.max(before, after) >= extent)
      throw shapeError(`${where} padding`, `less than the windows' extent ${extent}`, [before, after]);
    const places = room / strides[i];
    if (options.ceil !== true) return Math.floor(places) + 1;
    const all = Math.ceil(places) + 1;
    return (all - 1) * strides[i] >= n + before ? all - 1 : all;
  });
  const before = padding.map(([first]) => first);
  const windows: Windows = { size: image, kernel: size, count, strides, dilations, before };
  const reach = {
    ...windows,
    size: image.map((n, i) => n + padding[i][0] + padding[i][1]),
    before: before.map(() => 0),
  };
  return { windows, reach, shape: [x.shape[0], x.shape[1], ...count] };
}

/**
 * Largest element of each window of `size` taps: x [N, C, ...spatial] gives [N, C, ...windows], as
 * ONNX `MaxPool` (strides are 1 by default). Padding is never the largest; NaN is. The first of
 * equal elements gets the gradient. A window of padding only gives -Infinity.
 *
 * Throws RangeError if a window doesn't fit or is all padding by its size, TypeError unless x is
 * floating point.
 */
export function maxPool(x: Tensor, size: readonly number[], options: MaxPoolOptions = {}): Tensor {
  checkOptions("maxPool", arguments[2], "strides padding dilations ceil");
  const { windows, shape } = poolOf("maxPool", x, size, options);
  const out = allocate(x.dtype, shape);
  const chosen = allocate("int32", shape);
  const channels = x.shape[0] * x.shape[1];
  onEachReplay([x, out, chosen], (images, largest, places) => {
    largest.fill(-Infinity);
    places.fill(-1);
    eachRun(windows, channels, (from, to, count, step) => {
      for (let i = to, read = from; i < to + count; i++, read += step) {
        const value = images[read];
        if (value > largest[i] || places[i] < 0 || value !== value) {
          largest[i] = value;
          places[i] = read;
        }
      }
    });
  });
  return record([x], [out], (dy) => [dy && addAt(dy, chosen, x.shape)]);
}

/** A tensor of `shape` with the elements of x added at `places`, unless these are negative. */
function addAt(x: Tensor, places: Tensor, shape: Shape): Tensor {
  const out = zeros(shape, x.dtype);
  onEachReplay([x, places, out], (from, ids, to) => {
    for (let i = 0; i < ids.length; i++) if (ids[i] >= 0) to[ids[i]] += from[i];
  });
  return record([x], [out], (dy) => [dy && takeAt(dy, places)]);
}

/** The elements of x at `places`, and 0 where these are negative. */
function takeAt(x: Tensor, places: Tensor): Tensor {
  const out = allocate(x.dtype, places.shape);
  onEachReplay([x, places, out], (from, ids, to) => {
    for (let i = 0; i < ids.length; i++) to[i] = ids[i] < 0 ? 0 : from[ids[i]];
  });
  return record([x], [out], (dy) => [dy && addAt(dy, places, x.shape)]);
}

/**
 * Mean of each window of `size` taps: x [N, C, ...spatial] gives [N, C, ...windows], as ONNX
 * `AveragePool` (strides are 1 by default). Only elements of the image count, or with
 * `countsPadding` those of the padding too, as zeros.
 *
 * Throws RangeError if a window doesn't fit or is all padding by its size, TypeError unless x is
 * floating point.
 */
export function averagePool(x: Tensor, size: readonly number[], options: AveragePoolOptions = {}): Tensor {
  checkOptions("averagePool", arguments[2], "strides padding dilations ceil countsPadding");
  const { windows, reach, shape } = poolOf("averagePool", x, size, options);
  const counts = new Float64Array(sizeOf(windows.count));
  eachRun(options.countsPadding === true ? reach : windows, 1, (_, to, count) => {
    for (let i = to; i < to + count; i++) counts[i]++;
  });
  const divisors = tensor(
    counts.map((count) => Math.max(1, count)),
    { shape: windows.count, dtype: x.dtype },
  );
  return div(windowSums(x, windows, shape), divisors);
}

/** The sum of each window. */
function windowSums(x: Tensor, windows: Windows, shape: Shape): Tensor {
  const out = zeros(shape, x.dtype);
  onEachReplay([x, out], (images, sums) => {
    eachRun(windows, shape[0] * shape[1], (from, to, count, step) => {
      for (let i = to, read = from; i < to + count; i++, read += step) sums[i] += images[read];
    });
  });
  return record([x], [out], (dy) => [dy && spreadSums(dy, windows, x.shape)]);
}

/** The transpose of `windowSums`: each element added to all elements of its window. */
function spreadSums(x: Tensor, windows: Windows, shape: Shape): Tensor {
  const out = zeros(shape, x.dtype);
  onEachReplay([x, out], (sums, images) => {
    eachRun(windows, shape[0] * shape[1], (from, to, count, step) => {
      for (let i = to, written = from; i < to + count; i++, written += step) images[written] += sums[i];
    });
  });
  return record([x], [out], (dy) => [dy && windowSums(dy, windows, x.shape)]);
}

/**
 * Calls `visit` with runs of elements that the same tap of consecutive windows reads: the first
 * one, the first window, their number, and elements from one to the next.
 */
function eachRun(
  windows: Windows,
  channels: number,
  visit: (from: number, to: number, count: number, step: number) => void,
): void {
  const { from, low, high, width, step } = tapRows(windows);
  const size = sizeOf(windows.size);
  const places = sizeOf(windows.count);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0, at = 0; row < from.length; row++, at = (at + width) % places) {
      const count = high[row] - low[row];
      if (count > 0) visit(channel * size + from[row], channel * places + at + low[row], count, step);
    }
  }
}

/**
 * Largest element of each channel: x [N, C, ...spatial] gives [N, C, 1, …]. Equal elements share
 * the gradient.
 */
export const globalMaxPool = (x: Tensor): Tensor => max(x, spatialAxes("globalMaxPool", x), { keepDims: true });

/** Mean of each channel: x [N, C, ...spatial] gives [N, C, 1, …]. */
export const globalAveragePool = (x: Tensor): Tensor =>
  mean(x, spatialAxes("globalAveragePool", x), { keepDims: true });

const spatialAxes = (where: string, x: Tensor): number[] => spatialOf(where, x).map((_, axis) => axis + 2);
