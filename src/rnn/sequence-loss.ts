import { checkOptions, dtypeError, sameShape, shapeError } from "../base/index.ts";
import { add, div, sparseSoftmaxCrossEntropy, sum, type Tensor } from "../tensor/index.ts";
import { TINY, weighed } from "./weighted-mean.ts";

export type SequenceLossOptions = {
  /** Sum over time, divided by the sum of the weights there. Default true. */
  readonly averageAcrossTimesteps?: boolean | undefined;
  /** Sum over the batch, divided by the sum of the weights there. Default true. */
  readonly averageAcrossBatch?: boolean | undefined;
  /** Loss per position from logits and targets. Default `sparseSoftmaxCrossEntropy`. */
  readonly softmaxLossFunction?: ((logits: Tensor, targets: Tensor) => Tensor) | undefined;
};

/**
 * Weighted cross entropy of sequences, as `tf.contrib.seq2seq.sequence_loss`: logits [B, T, V],
 * int32 targets [B, T], weights [B, T]. Averages divide by the sum of the weights (+ 1e-12), not by
 * the number of positions.
 *
 * @returns a scalar; [B] when averaging across time only; [T] when averaging across the batch only;
 * [B, T] when neither
 *
 * Throws RangeError for shapes that don't agree or targets outside [0, V).
 */
export function sequenceLoss(
  logits: Tensor,
  targets: Tensor,
  weights: Tensor,
  {
    averageAcrossTimesteps = true,
    averageAcrossBatch = true,
    softmaxLossFunction = sparseSoftmaxCrossEntropy,
  }: SequenceLossOptions = {},
): Tensor {
  checkOptions("sequenceLoss", arguments[3], "averageAcrossTimesteps averageAcrossBatch softmaxLossFunction");
  if (logits.rank !== 3) throw shapeError("sequenceLoss", "logits [B, T, classes]", logits.shape);
  const expected = logits.shape.slice(0, 2);
  for (const [name, x] of [
    ["targets", targets],
    ["weights", weights],
  ] as const) {
    if (!sameShape(x.shape, expected)) throw shapeError("sequenceLoss", `${name} [${expected.join(", ")}]`, x.shape);
  }
  if (softmaxLossFunction === sparseSoftmaxCrossEntropy && targets.dtype !== "int32")
    throw dtypeError("sequenceLoss targets", "int32", targets.dtype, 'tensor(values, { dtype: "int32" })');
  const losses = weighed(softmaxLossFunction(logits, targets), weights);
  if (!averageAcrossTimesteps && !averageAcrossBatch) return losses;
  const axes = [...(averageAcrossBatch ? [0] : []), ...(averageAcrossTimesteps ? [1] : [])];
  return div(sum(losses, axes), add(sum(weights, axes), TINY));
}
