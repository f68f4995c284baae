/** @file Makes the messages of an ONNX graph from plain values. */
import { type DType, encodeUtf8 } from "../../base/index.ts";
import type { StoredArray } from "../../formats/index.ts";
import {
  emptyAttribute,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./messages.ts";
import { ATTRIBUTE_TYPES } from "./write-model.ts";

/** Numbers of element types in onnx.proto. Our int32 is written as int64 where ONNX wants sizes. */
export const ONNX_TYPES: Readonly<Record<DType | "int64", number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** A tensor with its data; `type` says how integers are stored. */
export function tensorMessage(
  name: string,
  { dtype, shape, data }: StoredArray,
  type: DType | "int64" = dtype,
): OnnxTensor {
  const values = type === "int64" ? BigInt64Array.from(Array.from(data, BigInt)) : data;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  return {
    name,
    dims: [...shape],
    type: ONNX_TYPES[type],
    raw,
    floats: [],
    doubles: [],
    integers: [],
    external: new Map(),
  };
}

/** A list of 64-bit integers, such as a shape or axes. */
export const sizesMessage = (
  name: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): OnnxTensor => tensorMessage(name, { dtype: "int32", shape, data: Int32Array.from(values) }, "int64");

/** Forms in which an attribute can be given; a whole number is an integer unless it is wrapped. */
export type AttributeValue =
  | number
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | string
  | readonly number[]
  | readonly string[]
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxGraph };

function attributeMessage(name: string, value: AttributeValue): OnnxAttribute {
  const empty = emptyAttribute(name);
  const { float, floats, integer, integers, text, texts, tensor, graph } = ATTRIBUTE_TYPES;
  if (typeof value === "number") return { ...empty, type: integer, number: value };
  if (typeof value === "string") return { ...empty, type: text, text: encodeUtf8(value) };
  if ("float" in value) return { ...empty, type: float, number: value.float };
  if ("floats" in value) return { ...empty, type: floats, floats: [...value.floats] };
  if ("tensor" in value) return { ...empty, type: tensor, tensor: value.tensor };
  if ("graph" in value) return { ...empty, type: graph, graph: value.graph };
  if (value.every((item) => typeof item === "number")) return { ...empty, type: integers, integers: [...value] };
  return { ...empty, type: texts, texts: (value as readonly string[]).map((item) => encodeUtf8(item)) };
}

/** A node. Attributes that are undefined are left out. */
export const nodeMessage = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
  name = "",
): OnnxNode => ({
  name,
  op,
  domain: "",
  inputs: [...inputs],
  outputs: [...outputs],
  attributes: Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [attributeMessage(key, value)],
  ),
});

/** An input or output of a graph. */
export const valueMessage = (
  name: string,
  type: DType | "int64",
  shape: readonly (number | string | null)[] | undefined,
): OnnxValue => ({ name, type: ONNX_TYPES[type], shape: shape && [...shape] });
