/** @file The entry `unrolled/import`: models of other frameworks, read and written. */
export type { ElementType } from "./element-types.ts";
export { readWeights } from "./read-weights.ts";
export type { FileBytes, ModelSource } from "./source.ts";
export { arraysIn } from "./weights.ts";
export type { StoredTensor, Weights, WeightsFormat } from "./weights.ts";
