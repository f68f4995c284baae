/** @file Collects the nodes, weights and constants of a network while layers become ops. */
import { type DType, FormatError, sentence, typedArray } from "../../base/index.ts";
import type { StoredArray } from "../../formats/index.ts";
import type { NamedArrays } from "../../layers/index.ts";
import type { Attribute, NetworkConstant, NetworkNode } from "../../network/index.ts";

/** A value that a layer gives, batch first. */
export type Value = {
  readonly name: string;
  readonly rank: number;
  readonly dtype: DType;
  /** bool [B, T]: which steps are there; undefined where all are. */
  readonly mask: string | undefined;
};

const MOST_NODES = 100_000;

export class Builder {
  readonly nodes: NetworkNode[] = [];
  readonly arrays: Record<string, StoredArray> = Object.create(null) as Record<string, StoredArray>;
  readonly constants: Record<string, NetworkConstant> = {};
  readonly frozen: string[] = [];
  readonly #names = new Set<string>();

  /** A name that no value has, like the one that is wanted. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}:${i}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a node of one output, and gives the output's name. */
  add(at: string, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.addMany(at, op, inputs, 1, attributes)[0];
  }

  /** Adds a node of several outputs. */
  addMany(
    at: string,
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    if (this.nodes.length >= MOST_NODES)
      throw new FormatError(sentence("importModel", `at most ${MOST_NODES} nodes`, "more"));
    const name = this.unique(`${at}/${op}`);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : this.unique(`${name}.${i}`)));
    this.nodes.push({ op, name, inputs, outputs, attributes });
    return outputs;
  }

  /** Another name of a value, by which it can be asked for. */
  alias(wanted: string, of: string): string {
    const name = this.unique(wanted);
    this.nodes.push({ op: "Identity", name, inputs: [of], outputs: [name], attributes: {} });
    return name;
  }

  /** Adds a weight once: a layer that is called twice has it twice. */
  weight(name: string, array: StoredArray, isFrozen: boolean): string {
    if (!Object.hasOwn(this.arrays, name)) {
      this.arrays[this.unique(name)] = array;
      if (isFrozen) this.frozen.push(name);
    }
    return name;
  }

  numbers(
    data: readonly number[],
    { dtype = "float32", shape = [data.length] }: { dtype?: DType; shape?: readonly number[] } = {},
  ): string {
    const name = `${dtype}[${shape.join(",")}] ${data.join(",")}`;
    if (!Object.hasOwn(this.constants, name)) {
      this.#names.add(name);
      this.constants[name] = { dtype, shape, data };
    }
    return name;
  }

  scalar(value: number, dtype: DType = "float32"): string {
    return this.numbers([value], { dtype, shape: [] });
  }

  integers(data: readonly number[]): string {
    return this.numbers(data, { dtype: "int32" });
  }

  contents(): { arrays: NamedArrays; constants: Record<string, NetworkConstant>; frozen: string[] } {
    return { arrays: Object.fromEntries(Object.entries(this.arrays)), constants: this.constants, frozen: this.frozen };
  }
}

/** Numbers of another array as float32, which networks compute in. */
export function asFloat32({ dtype, shape, data }: StoredArray): StoredArray {
  if (dtype === "float32") return { dtype, shape, data };
  const copy = typedArray("float32", data.length);
  copy.set(data);
  return { dtype: "float32", shape, data: copy };
}
