import { checkInteger, checkOptions } from "../base/index.ts";
import { type Initializer, parameterSet, uniform } from "../rnn/index.ts";
import { gather, type TableInputs, type Tensor } from "../tensor/index.ts";
import type { Layer, LayerOptions } from "./layer.ts";
import { checkLayerInput } from "./layer-input.ts";

export type EmbeddingLayerOptions = LayerOptions & {
  /** Number of ids V, such as the size of a vocabulary. */
  readonly inputSize: number;
  /** Features E of an id. */
  readonly outputSize: number;
  /** Initial table. Default U(±sqrt(3 / E)), which has variance 1 / E. */
  readonly initializer?: Initializer | undefined;
};

export type EmbeddingLayer = Layer & {
  readonly inputSize: number;
  readonly outputSize: number;
  /** [V, E]. */
  readonly table: Tensor;
  /** Features of int32 ids: [...] gives [..., E]. Throws RangeError for ids outside 0 … V-1. */
  forward(ids: Tensor): Tensor;
  /**
   * Ids as inputs of a recurrent stack, which multiplies the table instead of the looked-up rows
   * where that is faster.
   */
  inputs(ids: Tensor): TableInputs;
};

/**
 * A table with a row of features for each id, as the parameter `embedding` [V, E]. Throws
 * RangeError for sizes below 1.
 */
export function embeddingLayer({
  inputSize,
  outputSize,
  initializer = uniform(Math.sqrt(3 / outputSize)),
  name = "embedding",
  ...build
}: EmbeddingLayerOptions): EmbeddingLayer {
  checkOptions("embeddingLayer", arguments[0], "random dtype initialize name inputSize outputSize initializer");
  checkInteger("embeddingLayer outputSize", outputSize, 1);
  const weights = parameterSet("embeddingLayer", () => ({ [name]: { shape: [inputSize, outputSize], initializer } }));
  weights.build(inputSize, build);
  const table = weights.parameters()[name];
  return {
    inputSize,
    outputSize,
    table,
    parameters: weights.parameters,
    forward(ids) {
      checkLayerInput("embeddingLayer", ids, { dtype: "int32" });
      return gather(table, ids);
    },
    inputs: (ids) => ({ table, ids }),
  };
}
