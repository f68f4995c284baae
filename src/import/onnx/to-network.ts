/** @file An ONNX graph as a network: constants apart, choices that are known made, names unique. */
import {
  decodeUtf8,
  type DType,
  FormatError,
  isFloat,
  sentence,
  typedArray,
  UnsupportedError,
} from "../../base/index.ts";
import { parseStrictJson, type StoredArray } from "../../formats/index.ts";
import {
  type Attribute,
  evaluateNode,
  isKnownOp,
  type NetworkConstant,
  type NetworkContents,
  type NetworkGraph,
  type NetworkNode,
  type NetworkValue,
} from "../../network/index.ts";
import { dtypeAfterReading } from "../element-types.ts";
import type { SourceFiles } from "../source.ts";
import { FORGET_BIAS } from "./export/graph-builder.ts";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxValue } from "./messages.ts";
import { clampToInt32, elementTypeOf, storedTensor } from "./tensors.ts";

export type OnnxImportOptions = {
  /**
   * Numbers of inputs that are always the same, such as `{ sr: 16000 }`; what depends on them alone
   * is computed once. Default: none.
   */
  readonly fixed?: Readonly<Record<string, number | readonly number[]>> | undefined;
};

/** Operands by their place that hold weights, and those that training leaves alone. */
const WEIGHTS: Readonly<Record<string, { readonly trained: readonly number[]; readonly frozen?: readonly number[] }>> =
  {
    BatchNormalization: { trained: [1, 2], frozen: [3, 4] },
    Conv: { trained: [1, 2] },
    ConvTranspose: { trained: [1, 2] },
    GRU: { trained: [1, 2, 3] },
    Gemm: { trained: [1, 2] },
    InstanceNormalization: { trained: [1, 2] },
    LSTM: { trained: [1, 2, 3, 7] },
    LayerNormalization: { trained: [1, 2] },
    MatMul: { trained: [0, 1] },
    PRelu: { trained: [1] },
    RNN: { trained: [1, 2, 3] },
  };

/** Largest constant that is computed from others while a file is read. */
const MOST_FOLDED = 100_000;
/** Operator sets that are understood. */
const OPSETS = { oldest: 7, newest: 24 };

/** Names of values: those of a body hide those around it. */
type Scope = { readonly names: Map<string, string>; readonly around: Scope | undefined };

/** The parts of a network. Throws FormatError, and UnsupportedError that names every missing op. */
export function toNetwork(
  where: string,
  { graph, opsets, ...model }: OnnxModel,
  files: SourceFiles,
  { fixed = {} }: OnnxImportOptions = {},
): NetworkContents {
  if (graph === undefined) throw new FormatError(sentence(where, "a graph", "none"));
  const opset = opsets.get("") ?? opsets.get("ai.onnx") ?? 1;
  if (opset < OPSETS.oldest || opset > OPSETS.newest)
    throw new UnsupportedError(
      sentence(
        where,
        `operator set ${OPSETS.oldest} to ${OPSETS.newest}`,
        String(opset),
        "Export the model with a newer one",
      ),
    );
  refuseMissing(where, graph, model.functions);
  const forgetBias = parseForgetBias(model.metadata.get(FORGET_BIAS));
  return new Translation(where, files, opset, forgetBias).translate(graph, fixed, {
    format: "onnx",
    producer: model.producer,
    producerVersion: model.producerVersion,
    ...Object.fromEntries(model.metadata),
  });
}

const nameOf = ({ domain, op }: OnnxNode): string => (domain === "" || domain === "ai.onnx" ? op : `${domain}.${op}`);

/** Ops that exist in a file only, and are gone in the network. */
const TRANSLATED = new Set(["Constant"]);

/** Throws UnsupportedError that names every op that is not known, and its nodes. */
function refuseMissing(where: string, graph: OnnxGraph, functions: readonly string[]): void {
  const missing = new Map<string, string[]>();
  const visit = ({ nodes, isSparse }: OnnxGraph): void => {
    if (isSparse) missing.set("sparse initializers", []);
    for (const node of nodes) {
      const op = nameOf(node);
      if (!isKnownOp(op) && !TRANSLATED.has(op))
        missing.set(op, [...(missing.get(op) ?? []), node.name || node.outputs[0]]);
      for (const attribute of node.attributes) if (attribute.graph) visit(attribute.graph);
    }
  };
  visit(graph);
  if (missing.size === 0) return;
  const named = [...missing].map(([op, nodes]) => {
    const shown = nodes.slice(0, 3).map((name) => JSON.stringify(name));
    const more = nodes.length > 3 ? `, and ${nodes.length - 3} more` : "";
    return nodes.length === 0 ? op : `${op} (${shown.join(", ")}${more})`;
  });
  const own = functions.length > 0 ? ". The file defines functions, which an export can inline" : "";
  throw new UnsupportedError(sentence(where, "ops that are known", named.join("; ") + own));
}

class Translation {
  readonly #where: string;
  readonly #files: SourceFiles;
  readonly #opset: number;
  readonly #forgetBias: ReadonlyMap<string, number>;
  readonly #used = new Set<string>();
  readonly #arrays: Record<string, StoredArray> = {};
  readonly #constants = new Map<string, NetworkConstant>();
  /** Floating point tensors, whose use decides whether they are weights. */
  readonly #floats = new Map<string, { array: StoredArray; isInitializer: boolean }>();
  readonly #frozen = new Set<string>();
  readonly #weights = new Set<string>();

  constructor(where: string, files: SourceFiles, opset: number, forgetBias: ReadonlyMap<string, number>) {
    this.#where = where;
    this.#forgetBias = forgetBias;
    this.#files = files;
    this.#opset = opset;
  }

  translate(
    graph: OnnxGraph,
    fixed: NonNullable<OnnxImportOptions["fixed"]>,
    metadata: Record<string, string>,
  ): NetworkContents {
    const scope: Scope = { names: new Map(), around: undefined };
    const given = new Set(graph.initializers.map(({ name }) => name));
    const inputs = graph.inputs.filter(({ name }) => !given.has(name)).map((value) => this.#valueOf(value));
    const unknown = Object.keys(fixed).find((name) => !inputs.some((input) => input.name === name));
    if (unknown !== undefined)
      throw new FormatError(
        sentence(
          `${this.#where} fixed`,
          `names of ${inputs.map(({ name }) => name).join(", ")}`,
          JSON.stringify(unknown),
        ),
      );
    for (const { name, dtype } of inputs) {
      this.#declare(scope, name);
      if (!Object.hasOwn(fixed, name)) continue;
      const value = fixed[name];
      const data = typeof value === "number" ? [value] : [...value];
      this.#constants.set(name, { dtype, shape: typeof value === "number" ? [] : [data.length], data });
    }
    const nodes = this.#body(graph, scope);
    const outputs = graph.outputs.map((value) => this.#valueOf(value));
    // outputs keep the names of the file, also where they are another value
    for (const { name } of outputs) {
      const source = this.#resolve(scope, name);
      if (source !== name) nodes.push({ op: "Identity", name, inputs: [source], outputs: [name], attributes: {} });
    }
    this.#sortFloats(nodes);
    return {
      graph: { inputs: inputs.filter(({ name }) => !Object.hasOwn(fixed, name)), outputs, nodes },
      opset: this.#opset,
      arrays: this.#arrays,
      frozen: [...this.#frozen].filter((name) => Object.hasOwn(this.#arrays, name)),
      constants: Object.fromEntries(this.#usedConstants(nodes, outputs)),
      metadata,
    };
  }

  /** The nodes of a graph, constants taken out of it and choices made. */
  #body(graph: OnnxGraph, scope: Scope): NetworkNode[] {
    for (const initializer of graph.initializers) {
      const name = this.#declare(scope, initializer.name);
      this.#keep(name, storedTensor(this.#where, initializer, this.#files).read(), true);
    }
    return graph.nodes.flatMap((node) => this.#node(node, scope));
  }

  #node(node: OnnxNode, scope: Scope): NetworkNode[] {
    const op = nameOf(node);
    const at = `${this.#where} ${op} ${JSON.stringify(node.name || node.outputs[0])}`;
    if (op === "Constant") {
      this.#keep(this.#declare(scope, node.outputs[0]), constantOf(at, node, this.#files), false);
      return [];
    }
    const inputs = node.inputs.map((name) => (name === "" ? "" : this.#resolve(scope, name)));
    if (op === "If") {
      const condition = this.#constants.get(inputs[0]);
      if (condition !== undefined) return this.#inline(node, scope, condition.data[0] !== 0);
    }
    if (op === "Identity" && this.#isKnown(inputs[0])) {
      scope.names.set(node.outputs[0], inputs[0]);
      return [];
    }
    const weights = WEIGHTS[op];
    const { trained = [], frozen = [] } = Object.hasOwn(WEIGHTS, op) ? weights : {};
    for (const i of [...trained, ...frozen]) if (inputs[i]) this.#weights.add(inputs[i]);
    for (const i of frozen) if (inputs[i]) this.#frozen.add(inputs[i]);
    const attributes: Record<string, Attribute> = Object.fromEntries(
      node.attributes.flatMap((attribute) => this.#attribute(at, attribute, scope)),
    );
    const outputs = node.outputs.map((name) => (name === "" ? "" : this.#declare(scope, name)));
    const forgetBias = op === "LSTM" ? this.#forgetBias.get(node.name) : undefined;
    if (forgetBias !== undefined) attributes["forget_bias"] = forgetBias;
    const translated = { op, name: node.name, inputs, outputs, attributes };
    return this.#isFolded(translated) ? [] : [translated];
  }

  /** The nodes of the branch that a known condition chooses, whose results get the node's names. */
  #inline(node: OnnxNode, scope: Scope, isTrue: boolean): NetworkNode[] {
    const name = isTrue ? "then_branch" : "else_branch";
    const branch = node.attributes.find((attribute) => attribute.name === name)?.graph;
    if (branch === undefined)
      throw new FormatError(sentence(`${this.#where} If ${JSON.stringify(node.name)}`, name, "none"));
    const inside: Scope = { names: new Map(), around: scope };
    const nodes = this.#body(branch, inside);
    node.outputs.forEach((output, i) => {
      if (output !== "") scope.names.set(output, this.#resolve(inside, branch.outputs[i]?.name ?? ""));
    });
    return nodes;
  }

  #attribute(where: string, attribute: OnnxAttribute, scope: Scope): [string, Attribute][] {
    const { name, number, text, tensor, graph, floats, integers, texts } = attribute;
    const at = `${where} ${name}`;
    if (attribute.reference !== "")
      throw new UnsupportedError(sentence(at, "a value", "a reference to a function's attribute"));
    if (graph !== undefined) return [[name, this.#graph(graph, scope)]];
    if (tensor !== undefined) {
      // of ConstantOfShape: one number
      const { dtype, data } = storedTensor(at, tensor, this.#files).read();
      if (data.length !== 1) throw new UnsupportedError(sentence(at, "a tensor of one number", `${data.length}`));
      return [
        [name, asJson(data[0])],
        ["dtype", dtype],
      ];
    }
    if (text !== undefined) return [[name, decodeUtf8(text)]];
    if (number !== undefined) return [[name, asJson(number)]];
    if (texts.length > 0 || attribute.type === 8) return [[name, texts.map((bytes) => decodeUtf8(bytes))]];
    if (floats.length > 0 || attribute.type === 6) return [[name, floats]];
    return attribute.type === 7 || integers.length > 0 ? [[name, integers]] : [[name, 0]];
  }

  /** A body, whose inputs and values have names of their own. */
  #graph(graph: OnnxGraph, scope: Scope): NetworkGraph {
    const inside: Scope = { names: new Map(), around: scope };
    const inputs = graph.inputs.map((value) => ({ ...this.#valueOf(value), name: this.#declare(inside, value.name) }));
    const nodes = this.#body(graph, inside);
    const outputs = graph.outputs.map((value) => ({
      ...this.#valueOf(value),
      name: this.#resolve(inside, value.name),
    }));
    return { inputs, outputs, nodes };
  }

  #valueOf({ name, type, shape }: OnnxValue): NetworkValue {
    const at = `${this.#where} value ${JSON.stringify(name)}`;
    // bodies may leave types out
    const dtype: DType = type === 0 ? "float32" : dtypeAfterReading(elementTypeOf(at, type));
    return { name, dtype, shape: shape ?? null };
  }

  /** Gives a value of the file a name that no other has. */
  #declare(scope: Scope, name: string): string {
    if (scope.names.has(name)) throw new FormatError(sentence(this.#where, "each value once", JSON.stringify(name)));
    let unique = name;
    for (let i = 2; this.#used.has(unique); i++) unique = `${name}:${i}`;
    this.#used.add(unique);
    scope.names.set(name, unique);
    return unique;
  }

  #resolve(scope: Scope, name: string): string {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.around) {
      const found = at.names.get(name);
      if (found !== undefined) return found;
    }
    throw new FormatError(sentence(this.#where, "values that nodes before have made", JSON.stringify(name)));
  }

  /** Keeps a constant: one of floating point may turn out to be a weight. */
  #keep(name: string, array: StoredArray, isInitializer: boolean): void {
    if (isFloat(array.dtype)) this.#floats.set(name, { array, isInitializer });
    if (array.data.length <= MOST_FOLDED || !isFloat(array.dtype))
      this.#constants.set(name, { dtype: array.dtype, shape: [...array.shape], data: Array.from(array.data) });
  }

  #isKnown(name: string): boolean {
    return this.#constants.has(name) || this.#floats.has(name);
  }

  /** Whether the node was computed, because all that it reads is known and is no weight. */
  #isFolded(node: NetworkNode): boolean {
    const isBody = Object.values(node.attributes).some((value) => typeof value === "object" && "nodes" in value);
    if (isBody || node.op === "Dropout" || node.inputs.length === 0) return false;
    const inputs = node.inputs.map((name) => (name === "" ? undefined : this.#constants.get(name)));
    if (node.inputs.some((name, i) => name !== "" && inputs[i] === undefined)) return false;
    if (node.inputs.some((name) => this.#mayBeWeight(name))) return false;
    const results = evaluateNode(node, inputs, this.#opset, MOST_FOLDED);
    if (results === undefined) return false;
    results.forEach((result, i) => {
      if (result !== undefined) this.#constants.set(node.outputs[i], result);
    });
    return true;
  }

  /** Whether a constant is large enough to be a weight, or is used as one. */
  #mayBeWeight(name: string): boolean {
    const float = this.#floats.get(name);
    return float !== undefined && (this.#weights.has(name) || float.array.data.length > 1);
  }

  /** Puts each float where it belongs: weights to the arrays, the others to the constants. */
  #sortFloats(nodes: readonly NetworkNode[]): void {
    const used = new Set(namesIn(nodes));
    for (const [name, { array, isInitializer }] of this.#floats) {
      if (!used.has(name)) continue;
      const isWeight = this.#weights.has(name) || array.data.length > 1 || (isInitializer && array.shape.length > 0);
      if (isWeight && array.data.every((value: number) => Number.isFinite(value))) {
        this.#arrays[name] = array;
        this.#constants.delete(name);
      } else if (!this.#constants.has(name))
        throw new FormatError(sentence(this.#where, "finite weights", `others in ${JSON.stringify(name)}`));
    }
  }

  #usedConstants(nodes: readonly NetworkNode[], outputs: readonly NetworkValue[]): [string, NetworkConstant][] {
    const used = new Set([...namesIn(nodes), ...outputs.map(({ name }) => name)]);
    return [...this.#constants].filter(([name]) => used.has(name));
  }
}

/** Values that nodes read, in bodies too. */
function namesIn(nodes: readonly NetworkNode[]): string[] {
  return nodes.flatMap(({ inputs, attributes }) => [
    ...inputs,
    ...Object.values(attributes).flatMap((value) =>
      typeof value === "object" && "nodes" in value
        ? [...namesIn(value.nodes), ...value.outputs.map(({ name }) => name)]
        : [],
    ),
  ]);
}

/** Forget biases by node, as `exportOnnx` notes them; none where the text is anything else. */
function parseForgetBias(text: string | undefined): ReadonlyMap<string, number> {
  if (text === undefined) return new Map();
  const value = parseStrictJson(text, { where: FORGET_BIAS });
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}

const asJson = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** The value of a Constant node. */
function constantOf(where: string, { attributes }: OnnxNode, files: SourceFiles): StoredArray {
  const [attribute] = attributes;
  if (attribute?.tensor !== undefined) return storedTensor(where, attribute.tensor, files).read();
  const list = (dtype: DType, values: readonly number[], shape: readonly number[]): StoredArray => {
    const data = typedArray(dtype, values.length);
    data.set(values);
    return { dtype, shape, data };
  };
  switch (attribute?.name) {
    case "value_float":
      return list("float32", [attribute.number ?? 0], []);
    case "value_floats":
      return list("float32", attribute.floats, [attribute.floats.length]);
    case "value_int":
      return list("int32", [clampToInt32(attribute.number ?? 0)], []);
    case "value_ints":
      return list("int32", attribute.integers.map(clampToInt32), [attribute.integers.length]);
    default:
      throw new UnsupportedError(sentence(where, "a value of numbers", attribute?.name ?? "none"));
  }
}
