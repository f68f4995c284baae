/**
 * @file Windows of images: what a convolution multiplies with its kernel. An image has up to three
 * spatial axes. Tap k of window o reads element o · stride + k · dilation - padding along each
 * axis, or 0 outside of the image. Gathering windows into a matrix, and adding a matrix to images
 * at the same places, are each other's gradient.
 */
import { checkInteger, kindError, misuseError, type Shape, shapeError, sizeOf, stridesOf } from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { zeros } from "../create.ts";

/** Options of windows, one number or pair for each spatial axis. */
export type WindowOptions = {
  /** Elements from one window to the next. Default 1. */
  readonly strides?: readonly number[] | undefined;
  /** Elements `[before, after]` outside of the image that windows may read. Default [0, 0]. */
  readonly padding?: readonly (readonly [number, number])[] | undefined;
  /** Elements from one tap of a window to the next. Default 1. */
  readonly dilations?: readonly number[] | undefined;
};

/** Options with a value for each spatial axis. */
export type WindowSteps = {
  readonly strides: Shape;
  readonly padding: readonly (readonly [number, number])[];
  readonly dilations: Shape;
};

/** Windows of images, each array with one number for each spatial axis. */
export type Windows = {
  /** Size of an image. */
  readonly size: Shape;
  /** Taps of a window. */
  readonly kernel: Shape;
  /** Number of windows. */
  readonly count: Shape;
  readonly strides: Shape;
  readonly dilations: Shape;
  /** Elements outside of the image before its first one. */
  readonly before: Shape;
};

/** Most spatial axes. */
const MOST_AXES = 3;

/**
 * Checks that x is [N, C, ...spatial] with one to three spatial axes. Returns the spatial sizes.
 */
export function spatialOf(where: string, x: Tensor): Shape {
  if (x.rank < 3 || x.rank > 2 + MOST_AXES)
    throw shapeError(where, "[N, C, ...spatial] with one to three spatial axes", x.shape);
  return x.shape.slice(2);
}

/** Options with their defaults, for images of `axes` spatial axes. Throws RangeError. */
export function windowSteps(where: string, axes: number, options: WindowOptions): WindowSteps {
  const list = (name: "strides" | "dilations"): Shape => {
    const values = options[name] ?? new Array<number>(axes).fill(1);
    checkAxes(`${where} ${name}`, values, axes);
    for (const value of values) checkInteger(`${where} ${name}`, value, 1);
    return values;
  };
  const padding = options.padding ?? Array.from({ length: axes }, (): [number, number] => [0, 0]);
  checkAxes(`${where} padding`, padding, axes);
  for (const pair of padding) {
    if (!Array.isArray(pair) || pair.length !== 2) throw kindError(`${where} padding`, "pairs [before, after]", pair);
    for (const side of pair as readonly number[]) checkInteger(`${where} padding`, side);
  }
  return { strides: list("strides"), dilations: list("dilations"), padding };
}

/** Checks that an option has one value for each of the spatial axes. */
export function checkAxes(where: string, values: unknown, axes: number): void {
  if (!Array.isArray(values)) throw kindError(where, `an array with a value for each of ${axes} spatial axes`, values);
  if (values.length !== axes) throw misuseError(where, `${axes} values, one for each spatial axis`, `${values.length}`);
}

/** Checks the numbers of taps of a window along each axis. */
export function checkTaps(where: string, taps: Shape): void {
  for (const n of taps) checkInteger(where, n, 1);
}

/** Elements from the first tap of a window to its last, both included. */
export const extentOf = (taps: number, dilation: number): number => (taps - 1) * dilation + 1;

/** The windows of images of `size`. Throws RangeError where a window does not fit. */
export function windowsOf(where: string, size: Shape, kernel: Shape, steps: WindowSteps): Windows {
  const { strides, dilations, padding } = steps;
  checkTaps(`${where} kernel`, kernel);
  const count = size.map((n, i) => {
    const room = n + padding[i][0] + padding[i][1] - extentOf(kernel[i], dilations[i]);
    if (room < 0) throw shapeError(where, `windows [${kernel.join(", ")}] that fit`, size);
    return Math.floor(room / strides[i]) + 1;
  });
  return { size, kernel, count, strides, dilations, before: padding.map(([before]) => before) };
}

/** One axis of an index into the windows: its size, and elements from one index to the next. */
type Axis = { readonly n: number; readonly step: number };

/**
 * Rows of a matrix of windows, in order. A row runs over the last axis of its columns; it reads
 * elements `from`, `from + step`, … of the image at its places [low, high), and 0 at the others.
 */
type Rows = {
  readonly from: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Places of a row. */
  readonly width: number;
  readonly step: number;
};

/**
 * The rows of the matrix whose rows are counted by `outer` and whose columns by `inner`, along each
 * spatial axis: element (o, k) reads element o + k - before of the image.
 */
function rowsOf({ size, before }: Windows, outer: readonly Axis[], inner: readonly Axis[]): Rows {
  const last = size.length - 1;
  const strides = stridesOf(size);
  const sizes = [...outer.map(({ n }) => n), ...inner.slice(0, -1).map(({ n }) => n)];
  const count = sizeOf(sizes);
  const [from, low, high] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const { n: width, step } = inner[last];
  const index = new Array<number>(sizes.length).fill(0);
  for (let row = 0; row < count; row++) {
    let base = 0;
    let isInside = true;
    for (let axis = 0; axis < last; axis++) {
      const at = index[axis] * outer[axis].step + index[last + 1 + axis] * inner[axis].step - before[axis];
      isInside &&= at >= 0 && at < size[axis];
      base += at * strides[axis];
    }
    const start = index[last] * outer[last].step - before[last];
    const first = Math.min(width, Math.max(0, Math.ceil(-start / step)));
    const end = Math.min(width, Math.max(0, Math.ceil((size[last] - start) / step)));
    if (isInside && first < end) {
      low[row] = first;
      high[row] = end;
      from[row] = base + start + first * step;
    }
    for (let axis = sizes.length - 1; axis >= 0 && ++index[axis] === sizes[axis]; axis--) index[axis] = 0;
  }
  return { from, low, high, width, step };
}

/** The axes of the taps, and those of the windows. */
function axesOf({ kernel, count, strides, dilations }: Windows): { taps: Axis[]; places: Axis[] } {
  return {
    taps: kernel.map((n, i) => ({ n, step: dilations[i] })),
    places: count.map((n, i) => ({ n, step: strides[i] })),
  };
}

/** The rows of the matrix of one channel's windows that has a row for each tap. */
export function tapRows(windows: Windows): Rows {
  const { taps, places } = axesOf(windows);
  return rowsOf(windows, taps, places);
}

/**
 * Whether the matrix of windows has its windows one after the other, and not its taps: what makes
 * rows of more contiguous elements.
 */
export const isWindowMajor = ({ kernel, count }: Windows): boolean =>
  kernel[kernel.length - 1] > count[count.length - 1];

/** Places of the elements of an image's channel in a matrix of windows, and the rows to them. */
type Layout = {
  readonly rows: Rows;
  /** Rows that lie one after the other, without other channels between them. */
  readonly together: number;
  /** Elements from one group of such rows to the next. */
  readonly stride: number;
  /** Elements from one image to the next. */
  readonly imageStride: number;
  /** Place of the first element of channel c. */
  readonly startOf: (c: number) => number;
  readonly images: number;
  readonly channels: number;
  /** Elements of a channel of an image. */
  readonly size: number;
  readonly shape: Shape;
};

/** The layout of the windows of N images in G groups of C / G channels. */
function layoutOf(windows: Windows, images: number, channels: number, groups: number): Layout {
  const [k, p] = [sizeOf(windows.kernel), sizeOf(windows.count)];
  const each = channels / groups;
  const last = windows.count.length - 1;
  const sizes = { images, channels, size: sizeOf(windows.size) };
  if (!isWindowMajor(windows)) {
    return {
      ...sizes,
      rows: tapRows(windows),
      together: sizeOf(windows.count.slice(0, last)),
      stride: images * p,
      imageStride: p,
      startOf: (c) => c * k * images * p,
      shape: [groups, each * k, images * p],
    };
  }
  const { taps, places } = axesOf(windows);
  return {
    ...sizes,
    rows: rowsOf(windows, places, taps),
    together: sizeOf(windows.kernel.slice(0, last)),
    stride: each * k,
    imageStride: p * each * k,
    startOf: (c) => (Math.floor(c / each) * images * p * each + (c % each)) * k,
    shape: [groups, images * p, each * k],
  };
}

/** Rows of up to that many places are narrow: a loop over the images is longer. */
const NARROW = 8;
const isNarrow = ({ rows, images }: Layout): boolean => rows.width <= NARROW && images > rows.width;

type Numbers = Float32Array | Float64Array;

/**
 * Calls `visit` with each row, its place in the matrix for the first image, and that of its first
 * element in the first image.
 */
function eachRow(layout: Layout, visit: (row: number, at: number, image: number) => void): void {
  const { rows, together, stride, startOf, channels, size } = layout;
  for (let c = 0; c < channels; c++) {
    let start = startOf(c);
    for (let row = 0; row < rows.from.length; start += stride) {
      let at = start;
      for (const end = row + together; row < end; row++, at += rows.width) visit(row, at, c * size + rows.from[row]);
    }
  }
}

/** A matrix of windows, of a layout, from images. */
function gather(x: Numbers, to: Numbers, layout: Layout): void {
  const { rows, together, stride, imageStride, startOf, images, channels, size } = layout;
  const { from, low, high, width, step } = rows;
  const between = channels * size;
  if (isNarrow(layout)) {
    eachRow(layout, (row, at, image) => {
      for (let j = 0; j < width; j++) {
        const end = at + j + images * imageStride;
        if (j < low[row] || j >= high[row]) for (let i = at + j; i < end; i += imageStride) to[i] = 0;
        else {
          let read = image + (j - low[row]) * step;
          for (let i = at + j; i < end; i += imageStride, read += between) to[i] = x[read];
        }
      }
    });
    return;
  }
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      const image = (n * channels + c) * size;
      let start = startOf(c) + n * imageStride;
      for (let row = 0; row < from.length; start += stride) {
        let at = start;
        for (const end = row + together; row < end; row++, at += width) {
          const first = at + low[row];
          const stop = at + high[row];
          let read = image + from[row];
          for (let i = at; i < first; i++) to[i] = 0;
          for (let i = first; i < stop; i++, read += step) to[i] = x[read];
          for (let i = stop; i < at + width; i++) to[i] = 0;
        }
      }
    }
  }
}

/** Adds a matrix of windows to images at their places: the rows of each channel in order. */
function scatter(matrix: Numbers, to: Numbers, layout: Layout): void {
  const { rows, together, stride, imageStride, startOf, images, channels, size } = layout;
  const { from, low, high, width, step } = rows;
  const between = channels * size;
  if (isNarrow(layout)) {
    eachRow(layout, (row, at, image) => {
      for (let j = low[row]; j < high[row]; j++) {
        const end = at + j + images * imageStride;
        let written = image + (j - low[row]) * step;
        for (let i = at + j; i < end; i += imageStride, written += between) to[written] += matrix[i];
      }
    });
    return;
  }
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      const image = (n * channels + c) * size;
      let start = startOf(c) + n * imageStride;
      for (let row = 0; row < from.length; start += stride) {
        let at = start;
        for (const end = row + together; row < end; row++, at += width) {
          const stop = at + high[row];
          let written = image + from[row];
          for (let i = at + low[row]; i < stop; i++, written += step) to[written] += matrix[i];
        }
      }
    }
  }
}

/**
 * The windows of images x [N, C, ...size] as matrices, one for each of G groups of channels: [G,
 * C/G · taps, N · windows], or transposed if `isWindowMajor`.
 */
export function gatherWindows(x: Tensor, windows: Windows, groups: number): Tensor {
  const [images, channels] = x.shape;
  const layout = layoutOf(windows, images, channels, groups);
  const out = allocate(x.dtype, layout.shape);
  onEachReplay([x, out], (from, to) => gather(from as Numbers, to as Numbers, layout));
  return record([x], [out], (dy) => [dy && addWindows(dy, windows, x.shape, groups)]);
}

/**
 * The transpose of `gatherWindows`: images [N, C, ...size], each element the sum of those of the
 * matrices that read it.
 */
export function addWindows(matrices: Tensor, windows: Windows, shape: Shape, groups: number): Tensor {
  const out = zeros(shape, matrices.dtype);
  addWindowsTo(out, matrices, windows, groups);
  return record([matrices], [out], (dy) => [dy && gatherWindows(dy, windows, groups)]);
}

/** Adds matrices of windows to images, in place. */
export function addWindowsTo(images: Tensor, matrices: Tensor, windows: Windows, groups: number): void {
  const [count, channels] = images.shape;
  const layout = layoutOf(windows, count, channels, groups);
  onEachReplay([matrices, images], (from, to) => scatter(from as Numbers, to as Numbers, layout));
}

/** Elements from which on a view and one call are faster than a loop. */
const LONG_RUN = 64;

/**
 * Images y [N, C, ...] as a matrix for each of G groups, as what the windows of images are
 * multiplied with: [G, C/G, N · P] with P elements in a channel, or, `isTurned`, [G, N · P, C/G].
 */
export function toMatrices(y: Tensor, groups: number, isTurned: boolean): Tensor {
  const [n, c] = y.shape;
  const p = sizeOf(y.shape.slice(2));
  const each = c / groups;
  const out = allocate(y.dtype, isTurned ? [groups, n * p, each] : [groups, each, n * p]);
  onEachReplay([y, out], (images, matrices) => {
    eachRun(n, c, p, groups, isTurned, (image, imageStep, matrix, step, count) => {
      if (step * imageStep === 1 && count >= LONG_RUN) matrices.set(images.subarray(image, image + count), matrix);
      else for (let i = 0; i < count; i++) matrices[matrix + i * step] = images[image + i * imageStep];
    });
  });
  return record([y], [out], (dy) => [dy && fromMatrices(dy, y.shape, groups, isTurned)]);
}

/** The inverse of `toMatrices`: images of `shape`. */
function fromMatrices(x: Tensor, shape: Shape, groups: number, isTurned: boolean): Tensor {
  const out = allocate(x.dtype, shape);
  fromMatricesTo(out, x, groups, isTurned);
  return record([x], [out], (dy) => [dy && toMatrices(dy, groups, isTurned)]);
}

/** Fills images [N, C, ...] from the matrices of `toMatrices`. */
export function fromMatricesTo(y: Tensor, x: Tensor, groups: number, isTurned: boolean): void {
  const [n, c] = y.shape;
  const p = sizeOf(y.shape.slice(2));
  onEachReplay([x, y], (matrices, images) => {
    eachRun(n, c, p, groups, isTurned, (image, imageStep, matrix, step, count) => {
      if (step * imageStep === 1 && count >= LONG_RUN) images.set(matrices.subarray(matrix, matrix + count), image);
      else for (let i = 0; i < count; i++) images[image + i * imageStep] = matrices[matrix + i * step];
    });
  });
}

/**
 * Calls `visit` with runs of elements, their places and steps in the images and in the matrices:
 * along the channels of a group where these are more than the elements of a channel.
 */
function eachRun(
  images: number,
  channels: number,
  p: number,
  groups: number,
  isTurned: boolean,
  visit: (image: number, imageStep: number, matrix: number, step: number, count: number) => void,
): void {
  const each = channels / groups;
  const [ofImage, ofChannel, ofElement] = isTurned ? [p * each, 1, each] : [p, images * p, 1];
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < images; n++) {
      const image = (n * channels + g * each) * p;
      const matrix = g * each * images * p + n * ofImage;
      if (each > p) {
        for (let i = 0; i < p; i++) visit(image + i, p, matrix + i * ofElement, ofChannel, each);
      } else for (let c = 0; c < each; c++) visit(image + c * p, 1, matrix + c * ofChannel, ofElement, p);
    }
  }
}
