/** @file The entry `unrolled/import`: models of other frameworks, read and written. */
export {
  averagePool,
  convolution,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  transposedConvolution,
} from "../tensor/index.ts";
export type {
  AveragePoolOptions,
  ConvolutionOptions,
  MaxPoolOptions,
  TransposedConvolutionOptions,
  WindowOptions,
} from "../tensor/index.ts";
export type { ElementType } from "./element-types.ts";
export { exportOnnx } from "./onnx/export/export-onnx.ts";
export type { ExportOnnxOptions } from "./onnx/export/export-onnx.ts";
export { importModel } from "./import-model.ts";
export type { ImportModelOptions } from "./import-model.ts";
export { readWeights } from "./read-weights.ts";
export type { FileBytes, ModelSource } from "./source.ts";
export { arraysIn } from "./weights.ts";
export type { StoredTensor, Weights, WeightsFormat } from "./weights.ts";
export { network, networkKinds } from "../network/index.ts";
export type {
  Attribute,
  Network,
  NetworkConstant,
  NetworkContents,
  NetworkGraph,
  NetworkNode,
  NetworkRunOptions,
  NetworkValue,
} from "../network/index.ts";
