import { checkNumber, dtypeError, isFloat, shapeError } from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { sumTo } from "./broadcast.ts";
import { sqrt, square } from "./elementwise.ts";
import { mean } from "./reduce.ts";

/**
 * Layer normalisation (x - mean) / sqrt(variance + epsilon) over the last axis, as one op: x [...,
 * n] gives [..., n]. The variance is biased: divided by n, not n - 1. An optional gain [n]
 * multiplies the result, and an optional shift [n] is added. (Ba, Kiros and Hinton 2016.)
 *
 * Throws RangeError if the sizes differ or epsilon is not a finite number >= 0, TypeError unless
 * all have one floating-point dtype.
 */
export function layerNorm(x: Tensor, epsilon: number, gain?: Tensor, shift?: Tensor): Tensor {
  const affine = [gain, shift].filter((tensor) => tensor !== undefined);
  const dtype = commonDtype("layerNorm", x, ...affine);
  if (!isFloat(dtype)) throw dtypeError("layerNorm", "float32 or float64", dtype);
  if (x.rank === 0) throw shapeError("layerNorm", "a tensor of rank >= 1", x.shape);
  const n = x.shape[x.rank - 1];
  for (const { rank, shape } of affine)
    if (rank !== 1 || shape[0] !== n) throw shapeError("layerNorm", `gain and shift [${n}]`, shape);
  checkNumber("layerNorm epsilon", epsilon, 0);
  const normal = allocate(dtype, x.shape);
  const root = allocate(dtype, x.shape.slice(0, -1));
  const y = affine.length === 0 ? normal : allocate(dtype, x.shape);
  currentEngine().layerNorm({ epsilon, x, gain, shift, y, normal, root });
  const wantsX = isRecording([x]);
  return record([x, ...affine], [y], (dy) => {
    if (dy === undefined) return [];
    if (isRecording([dy, x, ...(gain ? [gain] : [])])) return composedGradients(x, epsilon, dy, gain, shift);
    const dx = wantsX ? allocate(dtype, x.shape) : undefined;
    const dGain = gain && allocate(dtype, gain.shape);
    const dShift = shift && allocate(dtype, shift.shape);
    currentEngine().layerNormBackward({ gain, normal, root, dy, dx, dGain, dShift });
    return [dx, ...[dGain, dShift].filter((gradient) => gradient !== undefined)];
  });
}

/** The gradients computed with ops, which can be differentiated again. */
function composedGradients(x: Tensor, epsilon: number, dy: Tensor, gain?: Tensor, shift?: Tensor): readonly Tensor[] {
  const rowMean = (of: Tensor): Tensor => mean(of, -1, { keepDims: true });
  const centered = sub(x, rowMean(x));
  const root = sqrt(add(rowMean(square(centered)), epsilon));
  const normal = div(centered, root);
  const g = gain ? mul(dy, gain) : dy;
  const dx = div(sub(sub(g, rowMean(g)), mul(normal, rowMean(mul(g, normal)))), root);
  return [dx, ...(gain ? [sumTo(mul(dy, normal), gain)] : []), ...(shift ? [sumTo(dy, shift)] : [])];
}
