import { dtypeError, type FloatDType, isFloat, sameShape, shapeError, sizeOf } from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { oneHot } from "../create.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { exp } from "./elementwise.ts";
import { checkIndices } from "./gather.ts";
import { expandDims } from "./move.ts";

function normalized(x: Tensor, log: boolean): Tensor {
  if (!isFloat(x.dtype)) throw dtypeError("softmax", "float32 or float64", x.dtype);
  if (x.rank === 0) throw shapeError("softmax", "a tensor of rank >= 1", x.shape);
  const y = allocate(x.dtype, x.shape);
  currentEngine().softmax(x, y, log);
  return record([x], [y], (dy) => {
    if (dy === undefined) return [];
    if (isRecording([dy, y])) {
      return log
        ? [sub(dy, mul(exp(y), sum(dy, -1, { keepDims: true })))]
        : [mul(y, sub(dy, sum(mul(dy, y), -1, { keepDims: true })))];
    }
    const dx = allocate(x.dtype, x.shape);
    currentEngine().softmaxBackward(y, dy, dx, log);
    return [dx];
  });
}

/** Softmax exp(x) / sum(exp(x)) over the last axis, without overflow. */
export const softmax = (x: Tensor): Tensor => normalized(x, false);

/** Log-softmax log(softmax(x)) over the last axis, without overflow. */
export const logSoftmax = (x: Tensor): Tensor => normalized(x, true);

/**
 * Cross entropy of class indices from logits, in one pass: logits [..., V] and int32 targets [...]
 * give losses [...], -log softmax(logits)[target]. Exact also for logits of ±1e4. If all logits
 * of a row are -Infinity, no class is possible: the loss is Infinity, with the gradient of
 * probabilities 0. Throws RangeError if a target is outside [0, V) or the shapes differ.
 */
export function sparseSoftmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const classes = logits.shape[logits.rank - 1];
  if (logits.rank < 1 || !sameShape(targets.shape, logits.shape.slice(0, -1))) {
    throw shapeError("sparseSoftmaxCrossEntropy", `targets [${logits.shape.slice(0, -1).join(", ")}]`, targets.shape);
  }
  if (!isFloat(logits.dtype)) throw dtypeError("sparseSoftmaxCrossEntropy logits", "float32 or float64", logits.dtype);
  checkIndices("sparseSoftmaxCrossEntropy targets", targets, classes);
  const loss = allocate(logits.dtype, targets.shape);
  const probabilities = allocate(logits.dtype, logits.shape);
  currentEngine().crossEntropy(logits, targets, loss, probabilities);
  return record([logits], [loss], (dLoss) => {
    if (dLoss === undefined || sizeOf(logits.shape) === 0) return [];
    if (isRecording([dLoss, logits])) {
      const target = oneHot(targets, classes, { dtype: logits.dtype as FloatDType });
      return [mul(sub(softmax(logits), target), expandDims(dLoss, -1))];
    }
    const dLogits = allocate(logits.dtype, logits.shape);
    currentEngine().crossEntropyBackward(probabilities, targets, dLoss, dLogits);
    return [dLogits];
  });
}
