/**
 * @file The graph of a network: ops by the names and meanings that ONNX gives them, joined by named
 * values. It is plain JSON, so it is the configuration of a saved network too.
 */
import { type DType, FormatError, schema, sentence, UnsupportedError } from "../base/index.ts";
import { field, parseFields } from "../model/index.ts";

/** An input or output of a network. */
export type NetworkValue = {
  readonly name: string;
  readonly dtype: DType;
  /**
   * Sizes: text for one that is known by name, null for one that may be anything. Null instead of
   * the list: of any rank.
   */
  readonly shape: readonly (number | string | null)[] | null;
};

/** A setting of a node. Text "Infinity", "-Infinity" and "NaN" stand for these numbers in JSON. */
export type Attribute = number | string | readonly number[] | readonly string[] | NetworkGraph;

/** One op with its operands. */
export type NetworkNode = {
  /** Op, such as "MatMul" of ONNX or "Recurrent" of this package. */
  readonly op: string;
  /** Name in errors and traces. */
  readonly name: string;
  /** Values that it reads; "" where an optional one is absent. */
  readonly inputs: readonly string[];
  /** Values that it makes; "" where one is not wanted. */
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/**
 * Ops in an order in which each comes after those whose values it reads. The body of `If`, `Loop`
 * and `Scan` is a graph too, which also reads the values around it.
 */
export type NetworkGraph = {
  readonly inputs: readonly NetworkValue[];
  readonly outputs: readonly NetworkValue[];
  readonly nodes: readonly NetworkNode[];
};

/** Deepest nesting of graphs, and most nodes of all together. */
const MOST_DEPTH = 32;
const MOST_NODES = 100_000;

const dimension = (where: string, value: unknown): number | string | null =>
  value === null || typeof value === "string" ? value : schema.integer(0)(where, value);

const valueOf = (where: string, value: unknown): NetworkValue =>
  parseFields<NetworkValue>(where, value, {
    name: field.text,
    dtype: schema.choice("float32", "float64", "int32", "bool"),
    shape: (at, given) => (given === null ? null : field.list(dimension)(at, given)),
  });

/** A graph in a file. Throws FormatError that names what is wrong. */
export function graphFromJson(where: string, value: unknown): NetworkGraph {
  let nodes = 0;
  const graphOf = (at: string, json: unknown, depth: number): NetworkGraph => {
    if (depth > MOST_DEPTH)
      throw new FormatError(sentence(at, `at most ${MOST_DEPTH} graphs inside each other`, "more"));
    const attributes = (place: string, given: unknown): NetworkNode["attributes"] => {
      if (typeof given !== "object" || given === null || Array.isArray(given))
        throw new FormatError(sentence(place, "an object of attributes", JSON.stringify(given) ?? "nothing"));
      return Object.fromEntries(
        Object.entries(given).map(([name, attribute]) => [name, attributeOf(`${place} ${name}`, attribute, depth)]),
      );
    };
    const nodeOf = (place: string, given: unknown): NetworkNode => {
      if (++nodes > MOST_NODES) throw new FormatError(sentence(at, `at most ${MOST_NODES} nodes`, "more"));
      return parseFields<NetworkNode>(place, given, {
        op: field.text,
        name: field.text,
        inputs: field.list(field.text),
        outputs: field.list(field.text),
        attributes,
      });
    };
    return parseFields<NetworkGraph>(at, json, {
      inputs: field.list(valueOf),
      outputs: field.list(valueOf),
      nodes: field.list(nodeOf),
    });
  };
  const attributeOf = (at: string, given: unknown, depth: number): Attribute => {
    if (typeof given === "number" || typeof given === "string") return given;
    if (Array.isArray(given)) {
      const kind = typeof given[0];
      if (given.every((item) => typeof item === kind && (kind === "number" || kind === "string"))) return given;
    }
    if (typeof given === "object" && given !== null && !Array.isArray(given)) return graphOf(at, given, depth + 1);
    throw new FormatError(sentence(at, "a number, a text, a list of either, or a graph", JSON.stringify(given)));
  };
  return graphOf(where, value, 0);
}

/** Reads the settings of one node. Each method throws FormatError for a setting of another type. */
export class Attributes {
  readonly #node: NetworkNode;

  constructor(node: NetworkNode) {
    this.#node = node;
  }

  /** Place of an error: the op and its node. */
  get where(): string {
    return nodeName(this.#node);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#node.attributes, name);
  }

  number(name: string, missing?: number): number {
    const value = this.#get(name, missing);
    if (typeof value === "string" && /^(-?Infinity|NaN)$/.test(value)) return Number(value);
    if (typeof value !== "number") throw this.#error(name, "a number", value);
    return value;
  }

  /** A setting that is 0 or 1. */
  flag(name: string, missing = false): boolean {
    return this.number(name, missing ? 1 : 0) !== 0;
  }

  text(name: string, missing?: string): string {
    const value = this.#get(name, missing);
    if (typeof value !== "string") throw this.#error(name, "a text", value);
    return value;
  }

  /** A text that is one of several. Throws UnsupportedError for another one. */
  choice<const T extends string>(name: string, choices: readonly T[], missing?: NoInfer<T>): T {
    const value = this.text(name, missing);
    if (!choices.includes(value as T))
      throw new UnsupportedError(sentence(`${this.where} ${name}`, choices.join(", "), JSON.stringify(value)));
    return value as T;
  }

  numbers(name: string, missing?: readonly number[]): readonly number[] {
    const value = this.#get(name, missing);
    if (!Array.isArray(value) || value.some((item) => typeof item !== "number"))
      throw this.#error(name, "a list of numbers", value);
    return value as readonly number[];
  }

  texts(name: string, missing?: readonly string[]): readonly string[] {
    const value = this.#get(name, missing);
    if (!Array.isArray(value) || value.some((item) => typeof item !== "string"))
      throw this.#error(name, "a list of texts", value);
    return value as readonly string[];
  }

  graph(name: string): NetworkGraph {
    const value = this.#get(name, undefined);
    if (typeof value !== "object" || Array.isArray(value)) throw this.#error(name, "a graph", value);
    return value as NetworkGraph;
  }

  #get(name: string, missing: Attribute | undefined): Attribute {
    const value = this.has(name) ? this.#node.attributes[name] : missing;
    if (value === undefined) throw this.#error(name, "a value", undefined);
    return value;
  }

  #error(name: string, expected: string, got: unknown): FormatError {
    return new FormatError(
      sentence(`${this.where} ${name}`, expected, got === undefined ? "none" : JSON.stringify(got)),
    );
  }
}

/** The op and name of a node, for messages. */
export const nodeName = ({ op, name }: NetworkNode): string => (name === "" ? op : `${op} ${JSON.stringify(name)}`);
