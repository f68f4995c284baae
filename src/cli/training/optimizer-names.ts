/** @file Names of the update rules, for options. */
import type { optimizers } from "unrolled";

export type OptimizerName = keyof typeof optimizers;

/** The library's, which is not loaded for their names. */
export const OPTIMIZERS: Readonly<Record<OptimizerName, true>> = {
  sgd: true,
  momentum: true,
  nesterov: true,
  rmsprop: true,
  adagrad: true,
  adam: true,
  adamw: true,
};
