/**
 * @file What a classifier keeps of a sequence: one vector for each row, whatever stands in the
 * padding.
 */
import {
  concat,
  div,
  exp,
  linear,
  matmul,
  max,
  mul,
  reshape,
  slice,
  sub,
  sum,
  takeSteps,
  tanh,
  type Tensor,
  tensor,
  where,
  withoutGradient,
} from "../../tensor/index.ts";

/**
 * - "last": the output of the last step; in both directions with the backward output of step 0.
 *   Each has then read all of the sequence.
 * - "mean", "max": over the steps, for each feature.
 * - "attention": Σ α_t h_t with α = softmax(v · tanh(W h_t + b)), equations 5 to 7 of Yang et al.
 *   2016, "Hierarchical attention networks".
 */
export type Pooling = "last" | "mean" | "max" | "attention";

export const POOLINGS: readonly Pooling[] = ["last", "mean", "max", "attention"];

/** Parameters of attention: W [n, A], b [A], v [A, 1]. */
export type AttentionParameters = { readonly kernel: Tensor; readonly bias: Tensor; readonly context: Tensor };

export type PoolOptions = {
  readonly pooling: Pooling;
  /** Whether the second half of the features was read from the end. */
  readonly bidirectional: boolean;
  /** Only of attention. */
  readonly attention?: AttentionParameters | undefined;
};

/**
 * Outputs [T, B, n] that are zero on padding, T >= 1, become [B, n]; a row of length 0 becomes
 * zeros.
 */
export function pool(outputs: Tensor, lengths: Int32Array, { pooling, bidirectional, attention }: PoolOptions): Tensor {
  if (pooling === "last") return last(outputs, lengths, bidirectional);
  if (pooling === "mean") return div(sumOfSteps(outputs), divisors(outputs, lengths));
  if (pooling === "max") return largest(outputs, lengths);
  return sumOfSteps(mul(attentionWeights(outputs, lengths, attention as AttentionParameters), outputs));
}

function last(outputs: Tensor, lengths: Int32Array, bidirectional: boolean): Tensor {
  const steps = lengths.map((length) => Math.max(0, length - 1));
  if (!bidirectional) return takeSteps(outputs, steps);
  const [, batch, features] = outputs.shape;
  const half = features / 2;
  const forward = takeSteps(slice(outputs, [0, 0, 0], [outputs.shape[0], batch, half]), steps);
  const backward = reshape(slice(outputs, [0, 0, half], [1, batch, half]), [batch, half]);
  return concat([forward, backward], 1);
}

function largest(outputs: Tensor, lengths: Int32Array): Tensor {
  const best = max(where(isValid(outputs, lengths), outputs, -Infinity), 0);
  const hasSteps = Uint8Array.from(lengths, (length) => Math.min(1, length));
  return where(tensor(hasSteps, { dtype: "bool", shape: [lengths.length, 1] }), best, 0);
}

/** α [T, B, 1]: the weights of a row's steps add up to 1, those of padding are 0. */
export function attentionWeights(
  outputs: Tensor,
  lengths: Int32Array,
  { kernel, bias, context }: AttentionParameters,
): Tensor {
  const [steps, batch, features] = outputs.shape;
  const hidden = tanh(linear(reshape(outputs, [steps * batch, features]), kernel, bias));
  const scores = reshape(matmul(hidden, context), [steps, batch, 1]);
  // an empty row has its zeros at step 0 to look at
  const valid = isValid(
    outputs,
    lengths.map((length) => Math.max(1, length)),
  );
  // a constant shift, which cancels
  const shift = withoutGradient(() => max(where(valid, scores, -Infinity), 0, { keepDims: true }));
  const weights = where(valid, exp(sub(where(valid, scores, shift), shift)), 0);
  return div(weights, sumOfSteps(weights));
}

/** Whether a step of a row is one of its own, [T, B, 1]. */
function isValid({ shape: [steps, batch] }: Tensor, lengths: Int32Array): Tensor {
  const valid = new Uint8Array(steps * batch);
  lengths.forEach((length, b) => {
    for (let t = 0; t < length; t++) valid[t * batch + b] = 1;
  });
  return tensor(valid, { dtype: "bool", shape: [steps, batch, 1] });
}

/** Steps of each row, at least 1, [B, 1]. */
const divisors = ({ dtype }: Tensor, lengths: Int32Array): Tensor =>
  tensor(
    Float64Array.from(lengths, (length) => Math.max(1, length)),
    { dtype, shape: [lengths.length, 1] },
  );

/**
 * Over the first axis of [T, B, n], [B, n]. A single column would be added up in another order than
 * one of many, and a row alone differ from the same row in a batch.
 */
function sumOfSteps(x: Tensor): Tensor {
  const [, batch, features] = x.shape;
  if (batch * features > 1) return sum(x, 0);
  return slice(sum(concat([x, x], 2), 0), [0, 0], [1, 1]);
}
