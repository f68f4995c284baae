/**
 * @file Normalisation of images [N, C, ...spatial]: over the batch, over each image, or over groups
 * of channels.
 */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  dtypeError,
  formatShape,
  isFloat,
  misuseError,
  sameShape,
  shapeError,
  sizeOf,
} from "../../base/index.ts";
import { commonDtype, type Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { sqrt, square } from "./elementwise.ts";
import { layerNorm } from "./layer-norm.ts";
import { reshape } from "./move.ts";
import { mean } from "./reduce.ts";

/** Numbers of `batchNormalization`, each [C]. */
export type BatchStatistics = {
  readonly mean: Tensor;
  readonly variance: Tensor;
};

/** Options of `batchNormalization`. */
export type BatchNormalizationOptions = {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number | undefined;
  /** Whether to normalise by the batch's own statistics, and not by running ones. Default false. */
  readonly training?: boolean | undefined;
  /** Share of the old running statistics in the new ones. Default 0.9. */
  readonly momentum?: number | undefined;
};

function checkChannels(where: string, x: Tensor, tensors: readonly Tensor[]): number {
  const dtype = commonDtype(where, x, ...tensors);
  if (!isFloat(dtype)) throw dtypeError(where, "float32 or float64", dtype);
  if (x.rank < 2) throw shapeError(where, "[N, C, ...spatial]", x.shape);
  const c = x.shape[1];
  for (const { shape } of tensors) if (!sameShape(shape, [c])) throw shapeError(where, formatShape([c]), shape);
  return c;
}

/**
 * Batch normalisation (x - mean) / sqrt(variance + epsilon) · scale + bias of each channel of x [N,
 * C, ...spatial], as ONNX `BatchNormalization`. With `training`, mean and variance are those of the
 * batch (the variance divided by the number of elements), and `running` of the result has the new
 * running statistics, through which no gradient is meant to flow; otherwise the given ones.
 *
 * Throws RangeError if sizes differ, TypeError unless all have one floating-point dtype.
 */
export function batchNormalization(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  running: BatchStatistics,
  options: BatchNormalizationOptions = {},
): { y: Tensor; running: BatchStatistics } {
  checkOptions("batchNormalization", arguments[4], "epsilon training momentum");
  const { epsilon = 1e-5, training = false, momentum = 0.9 } = options;
  checkNumber("batchNormalization epsilon", epsilon, 0);
  checkNumber("batchNormalization momentum", momentum, 0, 1);
  const c = checkChannels("batchNormalization", x, [scale, bias, running.mean, running.variance]);
  const flat = reshape(x, [x.shape[0], c, sizeOf(x.shape.slice(2))]);
  const rows = (values: Tensor): Tensor => reshape(values, [c, 1]);
  if (!training) {
    const factor = div(scale, sqrt(add(running.variance, epsilon)));
    const y = add(mul(sub(flat, rows(running.mean)), rows(factor)), rows(bias));
    return { y: reshape(y, x.shape), running };
  }
  // two means each: over an image's channel, then over the batch
  const channelMean = (values: Tensor): Tensor => mean(mean(values, 2), 0);
  const center = channelMean(flat);
  const centered = sub(flat, rows(center));
  const variance = channelMean(square(centered));
  const y = add(mul(centered, rows(div(scale, sqrt(add(variance, epsilon))))), rows(bias));
  const blend = (old: Tensor, now: Tensor): Tensor => add(mul(old, momentum), mul(now, 1 - momentum));
  return {
    y: reshape(y, x.shape),
    running: { mean: blend(running.mean, center), variance: blend(running.variance, variance) },
  };
}

/**
 * Normalisation of groups of consecutive channels of each image of x [N, C, ...spatial], then ·
 * scale + bias of each channel, as ONNX `GroupNormalization` (opset 21). `epsilon` is 1e-5 by
 * default. Throws RangeError if sizes differ or `groups` does not divide the channels, TypeError
 * unless all have one floating-point dtype.
 */
export function groupNormalization(x: Tensor, groups: number, scale: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  const c = checkChannels("groupNormalization", x, [scale, bias]);
  if (c % checkInteger("groupNormalization groups", groups, 1) !== 0)
    throw misuseError("groupNormalization groups", `a divisor of ${c} channels`, `${groups}`);
  const [n] = x.shape;
  const size = sizeOf(x.shape.slice(2));
  const normal = layerNorm(reshape(x, [n, groups, (c / groups) * size]), epsilon);
  const y = add(mul(reshape(normal, [n, c, size]), reshape(scale, [c, 1])), reshape(bias, [c, 1]));
  return reshape(y, x.shape);
}

/**
 * Normalisation of each channel of each image of x [N, C, ...spatial], then · scale + bias, as ONNX
 * `InstanceNormalization`. `epsilon` is 1e-5 by default. Throws as `groupNormalization` does.
 */
export const instanceNormalization = (x: Tensor, scale: Tensor, bias: Tensor, epsilon = 1e-5): Tensor =>
  groupNormalization(x, Math.max(1, x.shape[1] ?? 1), scale, bias, epsilon);
