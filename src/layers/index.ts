export { embeddingLayer } from "./embedding-layer.ts";
export type { EmbeddingLayer, EmbeddingLayerOptions } from "./embedding-layer.ts";
export { parameterCount, parametersOf } from "./layer.ts";
export type { Layer, LayerOptions } from "./layer.ts";
export { layerNormLayer } from "./layer-norm-layer.ts";
export type { LayerNormLayer, LayerNormLayerOptions } from "./layer-norm-layer.ts";
export { linearLayer } from "./linear-layer.ts";
export type { LinearLayer, LinearLayerOptions } from "./linear-layer.ts";
export { arraysOf, loadParameters, misfitsOf, misfitText } from "./load-parameters.ts";
export type { LoadedParameters, LoadParametersOptions, NamedArrays } from "./load-parameters.ts";
export { recurrentStack, stackedCell, stackOf } from "./recurrent-stack.ts";
export type {
  RecurrentStack,
  RecurrentStackOptions,
  StackCell,
  StackResult,
  StackRunOptions,
  StackState,
  StackTrace,
} from "./recurrent-stack.ts";
