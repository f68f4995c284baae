/**
 * @file The optimizer contract: plain data in, plain data out, so that its state can be saved,
 * averaged and restored.
 */
import type { Tensor } from "../tensor/index.ts";

/**
 * Named tensors; a name is the "/"-joined path of the parameter. Gradients have the same form and
 * the same names.
 */
export type Parameters = Readonly<Record<string, Tensor>>;

/** What an optimizer remembers between steps. */
export type OptimizerState = {
  /** Updates done so far. */
  readonly step: number;
  /**
   * Slot name -> parameter name -> tensor of the parameter's shape and dtype. These belong to no
   * scope.
   */
  readonly slots: Readonly<Record<string, Readonly<Record<string, Tensor>>>>;
};

/**
 * Every hyper-parameter, as plain JSON. `optimizerFromConfig(name, config)` makes the same
 * optimizer again.
 */
export type OptimizerConfig = Readonly<Record<string, number | string | boolean>>;

export type UpdateOptions = {
  /** Replaces the configured learning rate in this step: a schedule's value. Finite, >= 0. */
  readonly learningRate?: number | undefined;
  /**
   * Multiplies every gradient, before all else: `clipScale`, or 1/n for the mean of n batches.
   * Default 1. Finite, >= 0.
   */
  readonly gradientScale?: number | undefined;
};

export interface Optimizer {
  readonly name: string;
  readonly config: OptimizerConfig;

  /**
   * The state before the first step. Throws TypeError for a parameter that is not floating point.
   */
  init(parameters: Parameters): OptimizerState;

  /**
   * One step. Writes parameters and slots in place and returns the state with `step + 1` and the
   * same slots, from which the next update must go on. Gradients are only read.
   *
   * Throws before anything is written: TypeError for a missing state, gradient or slot or one of
   * another dtype, RangeError for one of another shape or without a parameter, for a state that an
   * update has gone on from already, or for options. The values are not looked at: see `clipScale`
   * for NaN.
   */
  update(parameters: Parameters, gradients: Parameters, state: OptimizerState, options?: UpdateOptions): OptimizerState;
}
