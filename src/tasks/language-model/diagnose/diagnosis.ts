/** @file What `diagnose` tells. */

import type { Finding, Verdict } from "../../../train/index.ts";

/** Gradient of the last step's loss on its way back through time. */
export type GradientByStep = {
  /** Such as `rnn/0`. */
  readonly layer: string;
  /**
   * Norm of the gradient with respect to the layer's state after each step but the last, the first
   * step first. [T-1].
   */
  readonly norms: readonly number[];
};

/** Distribution of the values of a gate, or of another activation. */
export type GateSpread = {
  readonly layer: string;
  /** Name in a trace, such as "f". */
  readonly gate: string;
  /** Ends of the range: 0 and 1 for a gate, -1 and 1 for what goes through a tanh. */
  readonly range: readonly [low: number, high: number];
  /**
   * Shares of the values near the lower and the upper end: within 0.05, of the whole range for a
   * gate.
   */
  readonly low: number;
  readonly high: number;
  /** Shares of the values in 20 equal parts of the range, which add up to 1. */
  readonly histogram: readonly number[];
};

export type Diagnosis = {
  /** The worst of all findings. */
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly gradientByStep: readonly GradientByStep[];
  readonly gates: readonly GateSpread[];
  /** Norm of the gradient by path, as a mean over the batches. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  /**
   * Norm by path, without biases, of the last of several steps of the optimizer, all from the
   * weights as they are, over the norm of the weights.
   */
  readonly updateRatios: Readonly<Record<string, number>>;
};
