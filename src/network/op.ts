/** @file What an op of a network is. */
import type { RandomStream } from "../base/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Attributes, NetworkGraph } from "./graph.ts";

/** Surroundings of an op: all that it sees besides its operands. */
export type OpContext = {
  readonly attributes: Attributes;
  /** Version of ONNX's operator set that the graph was written for. */
  readonly opset: number;
  /** Number of outputs that the node names. */
  readonly outputs: number;
  /** Whether a recurrent op gives its states after each step, [D, T·B, H], not after the last. */
  readonly everyState: boolean;
  /** Given while training: turns dropout on. */
  readonly random: RandomStream | undefined;
  /** Runs a body with values for its inputs, and gives its outputs. */
  readonly run: (graph: NetworkGraph, inputs: readonly Tensor[]) => Tensor[];
};

/** Values of a node's inputs; undefined where an optional one is absent. */
export type OpInputs = readonly (Tensor | undefined)[];

/**
 * Computes the outputs of a node, in the order of ONNX. It may leave out optional ones at the end
 * that the node does not name.
 */
export type Op = (inputs: OpInputs, context: OpContext) => Tensor | readonly (Tensor | undefined)[];

/** Ops by name. */
export type Ops = Readonly<Record<string, Op>>;
