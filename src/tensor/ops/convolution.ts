/**
 * @file Convolutions: windows of the images, gathered into a matrix, times the kernel. In the other
 * direction the product is added to the images' windows, which is a transposed convolution.
 */
import {
  checkInteger,
  checkOptions,
  dtypeError,
  type FloatDType,
  formatShape,
  isFloat,
  misuseError,
  sameShape,
  type Shape,
  shapeError,
  sizeOf,
} from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { zeros } from "../create.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, commonDtype, scope, type Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./move.ts";
import {
  addWindows,
  addWindowsTo,
  checkAxes,
  checkTaps,
  extentOf,
  fromMatricesTo,
  gatherWindows,
  isWindowMajor,
  spatialOf,
  toMatrices,
  type WindowOptions,
  type Windows,
  windowsOf,
  windowSteps,
} from "./windows.ts";

/** Options of `convolution`. */
export type ConvolutionOptions = WindowOptions & {
  /** [O], added to each channel of the result. */
  readonly bias?: Tensor | undefined;
  /** Number of groups of channels; a group reads its own input channels only. Default 1. */
  readonly groups?: number | undefined;
};

/** Options of `transposedConvolution`. */
export type TransposedConvolutionOptions = ConvolutionOptions & {
  /** Elements added to the end of each spatial axis of the result. Default 0. */
  readonly outputPadding?: readonly number[] | undefined;
};

/** Most elements of a matrix of windows; more images than that are convolved in pieces. */
const PIECE = 2 ** 22;
/** Elements of a channel from which on an image is multiplied where it is. */
const LARGE_CHANNEL = 32;

/** Sizes and windows of one convolution. */
type Plan = {
  readonly windows: Windows;
  readonly groups: number;
  readonly dtype: FloatDType;
  /** Shapes of the images, and of the result. */
  readonly shapes: { readonly x: Shape; readonly y: Shape };
  /** The kernel as a matrix for each group: [G, O/G, C/G · taps]. */
  readonly matrices: Shape;
};

/**
 * Convolution of images x [N, C, ...spatial] (one to three spatial axes) with a kernel [O,
 * C/groups, ...taps], as ONNX `Conv` and PyTorch define it: the kernel is not flipped. Returns [N,
 * O, ...windows], with floor((size + padding - extent) / stride) + 1 windows along each axis.
 *
 * Throws RangeError if sizes differ, windows don't fit or an option has another number of axes,
 * TypeError unless all have one floating-point dtype.
 */
export function convolution(x: Tensor, kernel: Tensor, options: ConvolutionOptions = {}): Tensor {
  checkOptions("convolution", arguments[2], "bias strides padding dilations groups");
  const { bias, groups = 1 } = options;
  const dtype = floatOf("convolution", x, kernel, bias);
  const size = spatialOf("convolution", x);
  const [n, c] = x.shape;
  const [o] = kernel.shape;
  checkGroups("convolution", groups, c, o);
  if (kernel.rank !== x.rank || kernel.shape[1] !== c / groups)
    throw shapeError("convolution", `a kernel [O, ${c / groups}, ...taps] of rank ${x.rank}`, kernel.shape);
  checkBias("convolution", bias, o);
  const windows = windowsOf(
    "convolution",
    size,
    kernel.shape.slice(2),
    windowSteps("convolution", size.length, options),
  );
  const plan: Plan = {
    windows,
    groups,
    dtype,
    shapes: { x: x.shape, y: [n, o, ...windows.count] },
    matrices: [groups, o / groups, kernel.size / Math.max(1, o)],
  };
  return convolve(x, kernel, bias, plan);
}

/**
 * Transposed convolution, the gradient of `convolution` with respect to its images: each element of
 * x [N, C, ...spatial] adds its multiple of the kernel [C, O/groups, ...taps] to a window of the
 * result [N, O, ...size], with size = stride · (spatial - 1) + outputPadding + extent - padding. As
 * ONNX `ConvTranspose` without `output_shape`.
 *
 * Throws RangeError if sizes differ, the result would have no elements, `outputPadding` is neither
 * below the stride nor the dilation, or an option has another number of axes; TypeError unless all
 * have one floating-point dtype.
 */
export function transposedConvolution(x: Tensor, kernel: Tensor, options: TransposedConvolutionOptions = {}): Tensor {
  const where = "transposedConvolution";
  checkOptions(where, arguments[2], "bias strides padding dilations groups outputPadding");
  const { bias, groups = 1 } = options;
  floatOf(where, x, kernel, bias);
  const count = spatialOf(where, x);
  const [n, c] = x.shape;
  if (kernel.rank !== x.rank || kernel.shape[0] !== c)
    throw shapeError(where, `a kernel [${c}, O/groups, ...taps] of rank ${x.rank}`, kernel.shape);
  const each = kernel.shape[1];
  const o = each * groups;
  checkGroups(where, groups, c, o);
  checkBias(where, bias, o);
  const taps = kernel.shape.slice(2);
  checkTaps(`${where} kernel`, taps);
  const { strides, dilations, padding } = windowSteps(where, count.length, options);
  const more = options.outputPadding ?? count.map(() => 0);
  checkAxes(`${where} outputPadding`, more, count.length);
  const size = count.map((places, i) => {
    checkInteger(`${where} outputPadding`, more[i], 0, Math.max(strides[i], dilations[i]) - 1);
    return strides[i] * (places - 1) + more[i] + extentOf(taps[i], dilations[i]) - padding[i][0] - padding[i][1];
  });
  if (size.some((places) => places < 1)) throw shapeError(where, "a result with elements", size, "Use less padding");
  const windows: Windows = { size, kernel: taps, count, strides, dilations, before: padding.map(([before]) => before) };
  const isTurned = isWindowMajor(windows);
  const matrices = reshape(kernel, [groups, c / groups, each * sizeOf(taps)]);
  const columns = toMatrices(x, groups, isTurned);
  const product = isTurned ? matmul(columns, matrices) : matmul(matrices, columns, { transposeA: true });
  return withBias(addWindows(product, windows, [n, o, ...size], groups), bias);
}

function floatOf(where: string, x: Tensor, kernel: Tensor, bias: Tensor | undefined): FloatDType {
  const dtype = commonDtype(where, x, kernel, ...(bias ? [bias] : []));
  if (!isFloat(dtype)) throw dtypeError(where, "float32 or float64", dtype);
  return dtype;
}

function checkGroups(where: string, groups: number, inputs: number, outputs: number): void {
  checkInteger(`${where} groups`, groups, 1);
  if (inputs % groups !== 0 || outputs % groups !== 0)
    throw misuseError(`${where} groups`, `a divisor of ${inputs} and ${outputs} channels`, `${groups}`);
}

function checkBias(where: string, bias: Tensor | undefined, outputs: number): void {
  if (bias !== undefined && !sameShape(bias.shape, [outputs]))
    throw shapeError(where, `a bias ${formatShape([outputs])}`, bias.shape);
}

/** y [N, O, ...] with bias [O] added to its channels. */
function withBias(y: Tensor, bias: Tensor | undefined): Tensor {
  if (bias === undefined) return y;
  const [n, o] = y.shape;
  return reshape(add(reshape(y, [n, o, sizeOf(y.shape.slice(2))]), reshape(bias, [o, 1])), y.shape);
}

/** The convolution as one op, which computes only the gradients that are wanted. */
function convolve(x: Tensor, kernel: Tensor, bias: Tensor | undefined, plan: Plan): Tensor {
  const { windows, groups, dtype, shapes, matrices } = plan;
  const isTurned = isWindowMajor(windows);
  const pieces = piecesOf(plan);
  const y = allocate(dtype, shapes.y);
  const wantsX = isRecording([x]);
  // windows of many images are gathered again, where they are needed
  const keeps = pieces.length === 1 && isRecording([kernel]);
  const weights = kernel.view(matrices, kernel.offset);
  const kept = scope(() => {
    if (!keeps && isPointwise(windows) && sizeOf(windows.size) >= LARGE_CHANNEL) multiplyImages(x, weights, y, plan);
    else {
      for (const piece of pieces) {
        const columns = gatherWindows(rows(x, piece), windows, groups);
        multiplyColumns(weights, columns, rows(y, piece), plan);
        if (keeps) return columns;
      }
    }
    return undefined;
  });
  if (bias !== undefined) {
    const flat = y.view([shapes.y[0], shapes.y[1], sizeOf(windows.count)], 0);
    currentEngine().binary("add", flat, bias.view([shapes.y[1], 1], bias.offset), flat);
  }
  return record([x, kernel, ...(bias ? [bias] : [])], [y], (dy) => {
    if (dy === undefined) return [];
    const dBias = bias && channelSums(dy);
    if (isRecording([dy, x, kernel])) return [...composedGradients(x, kernel, dy, plan), dBias];
    const dKernel = allocate(dtype, kernel.shape);
    const dMatrices = dKernel.view(matrices, 0);
    const dx = wantsX ? zeros(shapes.x, dtype) : undefined;
    scope(() => {
      if (pieces.length === 0) currentEngine().fill(dKernel, 0);
      pieces.forEach((piece, i) => {
        const columns = kept ?? gatherWindows(rows(x, piece), windows, groups);
        const upstream = toMatrices(rows(dy, piece), groups, isTurned);
        currentEngine().matmul(upstream, columns, dMatrices, {
          transposeA: isTurned,
          transposeB: !isTurned,
          accumulate: i > 0,
        });
        if (dx === undefined) return;
        const product = allocate(dtype, columns.shape);
        if (isTurned) multiply(upstream, weights, product, false);
        else multiply(weights, upstream, product, true);
        addWindowsTo(rows(dx, piece), product, windows, groups);
      });
    });
    return [dx, dKernel, dBias];
  });
}

/** Consecutive images: the first, and how many. */
type Piece = readonly [first: number, count: number];

/** The images in pieces whose windows don't take much memory. */
function piecesOf({ windows, shapes }: Plan): Piece[] {
  const [images, channels] = shapes.x;
  const each = channels * sizeOf(windows.kernel) * sizeOf(windows.count);
  const most = Math.max(1, Math.floor(PIECE / Math.max(1, each)));
  const pieces = Math.ceil(images / most);
  return Array.from({ length: pieces }, (_, i) => {
    const first = Math.floor((i * images) / pieces);
    return [first, Math.floor(((i + 1) * images) / pieces) - first];
  });
}

/** Some images of x [N, ...], on the same memory. */
function rows(x: Tensor, [first, count]: Piece): Tensor {
  const [, ...each] = x.shape;
  return x.view([count, ...each], x.offset + first * sizeOf(each));
}

/** Whether the windows are the elements of the image. */
const isPointwise = ({ size, kernel, count, strides, before }: Windows): boolean =>
  sizeOf(kernel) === 1 && sameShape(size, count) && sizeOf(strides) === 1 && before.every((n) => n === 0);

function multiply(a: Tensor, b: Tensor, out: Tensor, transposeA: boolean, transposeB = false): void {
  currentEngine().matmul(a, b, out, { transposeA, transposeB, accumulate: false });
}

/** y = the kernel times each element of the images, without copies. */
function multiplyImages(x: Tensor, weights: Tensor, y: Tensor, { groups, shapes, windows }: Plan): void {
  const [images, channels] = shapes.x;
  const size = sizeOf(windows.size);
  for (let n = 0; n < images; n++) {
    const from = rows(x, [n, 1]);
    const to = rows(y, [n, 1]);
    const matrices = from.view([groups, channels / groups, size], from.offset);
    multiply(weights, matrices, to.view([groups, shapes.y[1] / groups, size], to.offset), false);
  }
}

/** y = the kernel times the windows. */
function multiplyColumns(weights: Tensor, columns: Tensor, y: Tensor, { windows, groups, dtype }: Plan): void {
  const isTurned = isWindowMajor(windows);
  const each = weights.shape[1];
  const product = allocate(dtype, [groups, ...(isTurned ? [columns.shape[1], each] : [each, columns.shape[2]])]);
  if (isTurned) multiply(columns, weights, product, false, true);
  else multiply(weights, columns, product, false);
  fromMatricesTo(y, product, groups, isTurned);
}

/** The sum of each channel of y [N, O, ...]. */
function channelSums(y: Tensor): Tensor {
  const [n, o] = y.shape;
  return sum(sum(reshape(y, [n, o, sizeOf(y.shape.slice(2))]), 2), 0);
}

/** The gradients computed with ops, which can be differentiated again. */
function composedGradients(x: Tensor, kernel: Tensor, dy: Tensor, plan: Plan): [Tensor, Tensor] {
  const { windows, groups, matrices } = plan;
  const isTurned = isWindowMajor(windows);
  const columns = gatherWindows(x, windows, groups);
  const upstream = toMatrices(dy, groups, isTurned);
  const weights = reshape(kernel, matrices);
  const dWeights = matmul(upstream, columns, { transposeA: isTurned, transposeB: !isTurned });
  const product = isTurned ? matmul(upstream, weights) : matmul(weights, upstream, { transposeA: true });
  return [addWindows(product, windows, x.shape, groups), reshape(dWeights, kernel.shape)];
}
