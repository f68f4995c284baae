/**
 * @file The optimizer contract. States are plain data, so they can be saved, averaged and restored.
 */
import type { Tensor } from "../tensor/index.ts";

/**
 * Named tensors; a name is the "/"-joined path of the parameter. Gradients have the same form and
 * the same names.
 */
export type Parameters = Readonly<Record<string, Tensor>>;

/** The state of an optimizer between steps. */
export type OptimizerState = {
  /** Number of updates so far. */
  readonly step: number;
  /**
   * Tensors by slot name and parameter name, each with the parameter's shape and dtype. They belong
   * to no scope.
   */
  readonly slots: Readonly<Record<string, Readonly<Record<string, Tensor>>>>;
};

/**
 * All hyper-parameters, as plain JSON. `optimizerFromConfig(name, config)` recreates the optimizer.
 */
export type OptimizerConfig = Readonly<Record<string, number | string | boolean>>;

/** Options of one update. */
export type UpdateOptions = {
  /**
   * Learning rate of this step, such as a schedule's value, finite and >= 0. Default: the
   * configured one.
   */
  readonly learningRate?: number | undefined;
  /**
   * Factor of every gradient, applied first: from `clipScale`, or 1/n for the mean of n batches.
   * Finite and >= 0. Default 1.
   */
  readonly gradientScale?: number | undefined;
};

/** An optimizer over named parameters. */
export interface Optimizer {
  readonly name: string;
  readonly config: OptimizerConfig;

  /**
   * The state before the first step. Throws TypeError for a parameter that is not floating point.
   */
  init(parameters: Parameters): OptimizerState;

  /**
   * Does one step: writes parameters and slots in place, and returns the state for the next update,
   * with `step + 1` and the same slots. Gradients are only read.
   *
   * Throws before anything is written. TypeError: a state, gradient or slot is missing or has
   * another dtype. RangeError: one has another shape or no parameter, the state is not the newest,
   * or an option is out of range. Values are not checked: see `clipScale` for NaN.
   */
  update(parameters: Parameters, gradients: Parameters, state: OptimizerState, options?: UpdateOptions): OptimizerState;
}
