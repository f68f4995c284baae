/** @file What it takes to turn one call of a layer of Keras into ops. */
import type { DType } from "../../base/index.ts";
import type { Builder, Value } from "./builder.ts";
import type { Config } from "./config.ts";
import type { LayerWeights } from "./weights.ts";

/** One call of a layer. */
export type LayerCall = {
  readonly builder: Builder;
  /** Beginning of the names of its values. */
  readonly at: string;
  readonly className: string;
  readonly config: Config;
  readonly weights: LayerWeights;
  /** Inputs, one after the other. */
  readonly inputs: readonly Value[];
  /** bool [B, T]: steps that recurrent layers leave out; undefined where they leave out none. */
  readonly mask: string | undefined;
  /** Values that it is called with by name: states, constants. */
  readonly states: readonly Value[];
  /** Other settings of the call, such as `axis` of an op. */
  readonly settings: Config;
  /** Major version of Keras; 2 for TensorFlow.js. */
  readonly keras: number;
  /** Calls another layer, which is a part of this one. */
  readonly callPart: (entry: PartCall) => readonly Value[];
};

/** A call of a layer inside of another one. */
export type PartCall = {
  /** The layer as it stands in the configuration. */
  readonly layer: Config["values"][string] | undefined;
  /** Place of its weights in files of Keras 3. */
  readonly path: string;
  readonly inputs: readonly Value[];
  readonly states?: readonly Value[];
  /** Mask of the call; undefined for none. */
  readonly mask: string | undefined;
  /** Settings that replace some of its own. */
  readonly settings?: Config["values"];
};

/** Turns a call into ops: adds nodes, and gives the values that the layer gives. */
export type LayerImporter = (call: LayerCall) => readonly Value[];
export type LayerImporters = Readonly<Record<string, LayerImporter>>;

/** A value of the same rank, type and mask as another one. */
export const like = (value: Value, name: string, changes: Partial<Value> = {}): Value => ({
  ...value,
  name,
  ...changes,
});

/** A value without a mask. */
export const plain = (name: string, rank: number, dtype: DType = "float32"): Value => ({
  name,
  rank,
  dtype,
  mask: undefined,
});

/** The value as float32. */
export function floats({ builder, at }: Pick<LayerCall, "builder" | "at">, value: Value): string {
  return value.dtype === "float32" ? value.name : builder.add(at, "Cast", [value.name], { to: 1 });
}
