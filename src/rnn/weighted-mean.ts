import { sameShape, shapeError } from "../base/index.ts";
import { add, div, equal, mul, sum, type Tensor, where } from "../tensor/index.ts";

/**
 * Keeps an average over weights that are all zero at 0 instead of NaN
 * (`tf.contrib.seq2seq.sequence_loss`).
 */
export const TINY = 1e-12;

/**
 * Σ weight·loss / Σ weight (+ 1e-12), a scalar, of losses and weights of one shape: an average in
 * which some examples count more. For weights of classes, `gather(tensor(weightOfClass), targets)`.
 * It divides by the weights, not by the number of losses, as `sequenceLoss`. Throws RangeError for
 * shapes that differ.
 */
export function weightedMean(losses: Tensor, weights: Tensor): Tensor {
  if (!sameShape(weights.shape, losses.shape))
    throw shapeError("weightedMean", `weights [${losses.shape.join(", ")}]`, weights.shape);
  return div(sum(weighed(losses, weights)), add(sum(weights), TINY));
}

/**
 * weight·loss, and 0 where the weight is 0, whatever the loss is there, NaN and Infinity included.
 */
export const weighed = (losses: Tensor, weights: Tensor): Tensor => where(equal(weights, 0), 0, mul(losses, weights));
