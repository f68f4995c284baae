/** @file A model that is a graph of ops, as imported files are. */
import {
  checkOptions,
  type DType,
  dtypeError,
  FormatError,
  isFloat,
  kindError,
  type RandomStream,
  schema,
  sentence,
  shapeError,
  sizeOf,
  typedArray,
  valueError,
} from "../base/index.ts";
import type { JsonValue, StoredArray } from "../formats/index.ts";
import type { NamedArrays } from "../layers/index.ts";
import { field, type ModelKinds, parseFields, type SavedModel } from "../model/index.ts";
import type { Parameters } from "../rnn/index.ts";
import { outsideScopes, reshape, Tensor, tensor } from "../tensor/index.ts";
import { graphFromJson, type NetworkGraph, type NetworkValue } from "./graph.ts";
import { ops } from "./ops/index.ts";
import { runGraph } from "./run-graph.ts";
import { lastOf, Steps } from "./steps.ts";

/** Numbers that a graph reads and that are never trained: sizes, axes, masks. */
export type NetworkConstant = {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
};

export type NetworkContents = {
  readonly graph: NetworkGraph;
  /** Version of ONNX's operator set by which ops are meant. */
  readonly opset: number;
  /** Weights by name, finite and floating point. */
  readonly arrays: NamedArrays;
  /** Names of weights that training leaves alone, such as means of a batch normalisation. */
  readonly frozen?: readonly string[] | undefined;
  readonly constants?: Readonly<Record<string, NetworkConstant>> | undefined;
  /** Other facts about it, such as the framework that wrote the file. Plain JSON. */
  readonly metadata?: Readonly<Record<string, JsonValue>> | undefined;
};

export type NetworkRunOptions = {
  /** Given while training: turns dropout on. */
  readonly random?: RandomStream | undefined;
  /** Values that are wanted: outputs, or any value inside. Default: all outputs. */
  readonly outputs?: readonly string[] | undefined;
};

/** A network of ops with its weights. */
export type Network = SavedModel & {
  readonly kind: "network";
  readonly inputs: readonly NetworkValue[];
  readonly outputs: readonly NetworkValue[];
  readonly graph: NetworkGraph;
  /** Other facts about it, such as the framework that wrote the file. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** Weights that are trained; `parameters` has those that are not, too. */
  trainable(): Parameters;
  /**
   * Computes outputs from inputs, by their names. Throws RangeError and TypeError for inputs that
   * do not fit, UnsupportedError for what an op cannot do; messages name the node.
   */
  run(inputs: Readonly<Record<string, Tensor>>, options?: NetworkRunOptions): Record<string, Tensor>;
  /**
   * Takes many steps of a network that takes one at a time, such as a block of sound: inputs and
   * outputs are [T, B, ...], states are those before the first step and after the last. It gives
   * what T runs would, and is faster: what does not depend on the state is computed for all steps
   * together.
   *
   * Throws UnsupportedError, with the node, where the state meets the steps in an op that is not
   * recurrent.
   */
  runSteps(inputs: Readonly<Record<string, Tensor>>, options: NetworkStepsOptions): Record<string, Tensor>;
};

export type NetworkStepsOptions = {
  /** Output that becomes each state's input of the next step, by the names of the inputs. */
  readonly states: Readonly<Record<string, string>>;
};

/** Numbers that JSON has no form for are texts. */
const numberFromJson = (where: string, value: unknown): number => {
  if (typeof value === "number") return value;
  if (value === "Infinity" || value === "-Infinity" || value === "NaN") return Number(value);
  throw kindError(where, "a number", value);
};
const numberToJson = (value: number): JsonValue => (Number.isFinite(value) ? value : String(value));

/** A network from its parts. Throws FormatError for constants that do not fit their shape. */
export function network({
  graph,
  opset,
  arrays,
  frozen = [],
  constants = {},
  metadata = {},
}: NetworkContents): Network {
  checkOptions("network", arguments[0], "graph opset arrays frozen constants metadata");
  const weights: Record<string, Tensor> = {};
  const known = new Map<string, Tensor>();
  outsideScopes(() => {
    for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
      if (!isFloat(dtype)) throw valueError(`network ${JSON.stringify(name)}`, "weights of float32 or float64", dtype);
      weights[name] = tensor(data, { shape, dtype });
      known.set(name, weights[name]);
    }
    for (const [name, { dtype, shape, data }] of Object.entries(constants)) {
      const where = `network constant ${JSON.stringify(name)}`;
      if (sizeOf(shape) !== data.length)
        throw new FormatError(sentence(where, `${sizeOf(shape)} numbers`, String(data.length)));
      const values = typedArray(dtype, data.length);
      values.set(data);
      known.set(name, tensor(values, { shape, dtype }));
    }
  });
  const fixed = new Set(frozen);
  const without = (isLeftOut: (name: string) => boolean): Parameters =>
    Object.fromEntries(Object.entries(weights).filter(([name]) => !isLeftOut(name)));
  return {
    kind: "network",
    inputs: graph.inputs,
    outputs: graph.outputs,
    graph,
    metadata,
    parameters: () => weights,
    trainable: () => without((name) => fixed.has(name)),
    configuration: () => ({
      opset,
      graph: graph as unknown as JsonValue,
      weights: Object.fromEntries(
        Object.entries(weights).map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]),
      ),
      frozen: [...frozen],
      constants: Object.fromEntries(
        Object.entries(constants).map(([name, { dtype, shape, data }]) => [
          name,
          { dtype, shape: [...shape], data: data.map(numberToJson) },
        ]),
      ),
      metadata: metadata as JsonValue,
    }),
    run(inputs, { random, outputs = graph.outputs.map(({ name }) => name) } = {}) {
      checkOptions("network.run", arguments[1], "random outputs");
      const values = new Map([...known, ...givenInputs(graph.inputs, inputs)]);
      const results = runGraph(graph, values, outputs, { ops, opset, random });
      return Object.fromEntries(outputs.map((name, i) => [name, results[i]]));
    },
    runSteps(inputs, options) {
      checkOptions("network.runSteps", options, "states");
      const { states } = options;
      const names = graph.outputs.map(({ name }) => name);
      const folded = Object.keys(inputs).filter((name) => !Object.hasOwn(states, name));
      const steps = stepsOf(inputs, folded);
      const single = Object.entries(inputs).map(([name, value]): [string, Tensor] => [
        name,
        folded.includes(name) ? reshape(value, [value.shape[0] * value.shape[1], ...value.shape.slice(2)]) : value,
      ]);
      const given = givenInputs(graph.inputs, Object.fromEntries(single));
      const plan = new Steps(steps, folded, Object.keys(states));
      const results = runGraph(graph, new Map([...known, ...given]), names, {
        ops,
        opset,
        random: undefined,
        steps: plan,
      });
      return Object.fromEntries(
        names.map((name, i) => {
          const { shape } = results[i];
          const state = Object.keys(states).find((input) => states[input] === name);
          if (state !== undefined) return [name, lastOf(name, results[i], inputs[state], steps)];
          const isFolded = plan.isFolded(name);
          return [name, isFolded ? reshape(results[i], [steps, shape[0] / steps, ...shape.slice(1)]) : results[i]];
        }),
      );
    },
  };
}

/** Steps T of inputs [T, B, ...]. Throws RangeError where they differ. */
function stepsOf(inputs: Readonly<Record<string, Tensor>>, folded: readonly string[]): number {
  const counts = folded.map((name) => {
    const value: unknown = inputs[name];
    const at = `network.runSteps ${JSON.stringify(name)}`;
    if (!(value instanceof Tensor)) throw kindError(at, "a tensor [T, B, ...]", value);
    if (value.rank < 2 || value.shape[0] === 0) throw shapeError(at, "[T, B, ...], T at least 1", value.shape);
    return value.shape[0];
  });
  const [first] = counts;
  if (first === undefined || counts.some((count) => count !== first))
    throw valueError("network.runSteps", "inputs of as many steps", counts);
  return first;
}

/** The inputs of a run, checked. */
function givenInputs(
  declared: readonly NetworkValue[],
  inputs: Readonly<Record<string, Tensor>>,
): [name: string, value: Tensor][] {
  const where = "network.run";
  const names = declared.map(({ name }) => name);
  const other = Object.keys(inputs).find((name) => !names.includes(name));
  if (other !== undefined) throw valueError(where, `inputs of the names ${names.join(", ")}`, other);
  return declared.map(({ name, dtype, shape }) => {
    const at = `${where} ${JSON.stringify(name)}`;
    const value: unknown = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (!(value instanceof Tensor)) throw kindError(at, `a ${dtype} tensor`, value);
    if (value.dtype !== dtype) throw dtypeError(at, dtype, value.dtype);
    const fits =
      shape === null ||
      (shape.length === value.rank && shape.every((size, i) => typeof size !== "number" || size === value.shape[i]));
    if (!fits) throw shapeError(at, `[${shape.map((size) => size ?? "any").join(", ")}]`, value.shape);
    return [name, value];
  });
}

type Config = Omit<NetworkContents, "arrays" | "frozen" | "constants" | "metadata"> & {
  readonly weights: Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] }>>;
  readonly frozen: readonly string[];
  readonly constants: Readonly<Record<string, NetworkConstant>>;
  readonly metadata: Readonly<Record<string, JsonValue>>;
};

const dtypeField = schema.choice("float32", "float64", "int32", "bool");
const shapeField = field.list(schema.integer(0, 2 ** 31 - 1));

/** A network in a file, whose weights are zero. Throws FormatError. */
function networkFromConfig(configuration: JsonValue): Network {
  const where = "network";
  const config = parseFields<Config>(where, configuration, {
    opset: schema.integer(1),
    graph: graphFromJson,
    weights: schema.dictionary((at, value) =>
      parseFields<{ dtype: DType; shape: readonly number[] }>(at, value, { dtype: dtypeField, shape: shapeField }),
    ),
    frozen: field.list(field.text),
    constants: schema.dictionary((at, value) =>
      parseFields<NetworkConstant>(at, value, {
        dtype: dtypeField,
        shape: shapeField,
        data: field.list(numberFromJson),
      }),
    ),
    metadata: (_, value) => value as Record<string, JsonValue>,
  });
  const arrays = Object.fromEntries(
    Object.entries(config.weights).map(([name, { dtype, shape }]): [string, StoredArray] => [
      name,
      { dtype, shape, data: typedArray(dtype, sizeOf(shape)) },
    ]),
  );
  const { opset, graph, frozen, constants, metadata } = config;
  return network({ opset, graph, arrays, frozen, constants, metadata });
}

/** Builder of networks for `decodeModel` and `loadModel`. */
export const networkKinds: ModelKinds<Network> = { network: networkFromConfig };
