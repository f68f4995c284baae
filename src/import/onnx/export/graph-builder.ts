/** @file An ONNX graph that grows node by node. */
import type { DType } from "../../../base/index.ts";
import type { StoredArray } from "../../../formats/index.ts";
import type { NamedArrays } from "../../../layers/index.ts";
import { type AttributeValue, nodeMessage, sizesMessage, tensorMessage, valueMessage } from "../build.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from "../messages.ts";

type Attributes = Readonly<Record<string, AttributeValue | undefined>>;
type Sizes = readonly (number | string | null)[];

/** Key of the metadata that says which nodes have a forget bias in their second bias. */
export const FORGET_BIAS = "unrolled.forget_bias";

/** A graph with its weights; methods give the names of the values that they add. */
export class GraphBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors = new Map<string, OnnxTensor>();
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #opset: number;
  readonly #forgetBias: Record<string, number> = {};
  #count = 0;

  constructor(opset: number) {
    this.#opset = opset;
  }

  /** An input of the graph; text in a shape names a size that each run chooses. */
  input(name: string, type: DType | "int64", shape: Sizes): string {
    this.#inputs.push(valueMessage(name, type, shape));
    return name;
  }

  /** Makes a value an output, under this name. */
  output(name: string, value: string, type: DType | "int64", shape: Sizes): void {
    this.#nodes.push(nodeMessage("Identity", [value], [name], {}, `output ${name}`));
    this.#outputs.push(valueMessage(name, type, shape));
  }

  weight(name: string, array: StoredArray): string {
    this.#tensors.set(name, tensorMessage(name, array));
    return name;
  }

  /** A list of sizes, or with `shape` [] one, as 64-bit integers. */
  sizes(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const name = `sizes ${values.join(" ")}${shape.length === 0 ? " scalar" : ""}`;
    this.#tensors.set(name, sizesMessage(name, values, shape));
    return name;
  }

  /** A number as a scalar. */
  scalar(value: number, dtype: DType): string {
    const name = `${dtype} ${value}`;
    const data =
      dtype === "int32" ? Int32Array.of(value) : dtype === "float64" ? Float64Array.of(value) : Float32Array.of(value);
    this.#tensors.set(name, tensorMessage(name, { dtype, shape: [], data }));
    return name;
  }

  /** Adds a node with one output. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, name = ""): string {
    return this.nodes(op, inputs, attributes, 1, name)[0];
  }

  /** Adds a node with several outputs. */
  nodes(op: string, inputs: readonly string[], attributes: Attributes, outputs: number, name = ""): string[] {
    const id = this.#count++;
    const base = name === "" ? `${op} ${id}` : name;
    const names = Array.from({ length: outputs }, (_, i) => `${base} > ${i}`);
    this.#nodes.push(nodeMessage(op, inputs, names, attributes, base));
    return names;
  }

  /** x · kernel + bias over the last axis. */
  linear(x: string, kernel: string, bias: string | undefined): string {
    const product = this.node("MatMul", [x, kernel]);
    return bias === undefined ? product : this.node("Add", [product, bias]);
  }

  /** A reduction over one axis, which is gone then. */
  reduce(op: "ReduceMax" | "ReduceSum", x: string, axis: number): string {
    // axes became an operand: of ReduceSum in operator set 13, of the others in 18
    const isOperand = op === "ReduceSum" || this.#opset >= 18;
    return this.node(op, isOperand ? [x, this.sizes([axis])] : [x], {
      axes: isOperand ? undefined : [axis],
      keepdims: 0,
    });
  }

  /** Notes that the second bias of a node's forget gates has this number in it. */
  noteForgetBias(node: string, value: number): void {
    if (value !== 0) this.#forgetBias[node] = value;
  }

  /** Facts about nodes that only this package reads, for the file's metadata. */
  notes(): Map<string, string> {
    const isEmpty = Object.keys(this.#forgetBias).length === 0;
    return new Map(isEmpty ? [] : [[FORGET_BIAS, JSON.stringify(this.#forgetBias)]]);
  }

  finish(name: string): OnnxGraph {
    return {
      name,
      nodes: this.#nodes,
      initializers: [...this.#tensors.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
      isSparse: false,
    };
  }
}

/** Adds a model to a graph. `arrays` are its parameters. */
export type AddModel<M> = (where: string, graph: GraphBuilder, model: M, arrays: NamedArrays) => void;
