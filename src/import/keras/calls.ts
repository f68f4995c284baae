/** @file The calls of layers in a functional model, as Keras 3 and older ones write them. */
import { FormatError, sentence } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { isObject } from "./config.ts";

/** An output of a call of a layer. */
export type TensorRef = { readonly layer: string; readonly node: number; readonly index: number };

/** One call. */
export type InboundCall = {
  readonly inputs: readonly TensorRef[];
  readonly states: readonly TensorRef[];
  /** Masks that it is called with, one for each input; undefined where it has none of its own. */
  readonly masks: readonly (TensorRef | undefined)[];
  /** Other settings of the call; `constants` has its operands, null for those that are tensors. */
  readonly settings: { readonly [name: string]: JsonValue };
};

export const keyOf = ({ layer, node, index }: TensorRef): string => JSON.stringify([layer, node, index]);

const isSmall = (value: JsonValue | undefined): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0;

/** ["name", 0, 0], or the same with settings after it. */
const isPlainRef = (value: JsonValue): value is [string, number, number, ...JsonValue[]] =>
  Array.isArray(value) && value.length >= 3 && typeof value[0] === "string" && isSmall(value[1]) && isSmall(value[2]);

function refOf(where: string, value: JsonValue): TensorRef | undefined {
  if (isPlainRef(value)) return { layer: value[0], node: value[1], index: value[2] };
  if (!isObject(value) || value["class_name"] !== "__keras_tensor__") return undefined;
  const config = value["config"];
  const history = isObject(config) ? config["keras_history"] : undefined;
  if (history !== undefined && isPlainRef(history)) return refOf(where, history);
  throw new FormatError(sentence(where, "a tensor of the model", JSON.stringify(value).slice(0, 80)));
}

/** All tensors in lists and objects, in order. */
export function refsIn(where: string, value: JsonValue | undefined): TensorRef[] {
  if (value === undefined || value === null || typeof value !== "object") return [];
  const own = refOf(where, value);
  if (own !== undefined) return [own];
  return (Array.isArray(value) ? value : Object.values(value)).flatMap((item) => refsIn(where, item));
}

/** Operands in order, null for tensors. */
function constantsIn(where: string, value: JsonValue): JsonValue[] {
  if (Array.isArray(value) && refOf(where, value) === undefined)
    return value.flatMap((item) => constantsIn(where, item));
  return [typeof value === "object" ? null : value];
}

/** The calls of a layer. Throws FormatError for anything else. */
export function inboundCalls(where: string, nodes: readonly JsonValue[]): InboundCall[] {
  return nodes.map((node) => {
    if (isObject(node)) return callOf(where, node["args"] ?? [], node["kwargs"] ?? {});
    if (!Array.isArray(node)) throw new FormatError(sentence(where, "a call", JSON.stringify(node).slice(0, 80)));
    const refs = isPlainRef(node) ? [node] : node;
    const settings = refs.map((ref) => (Array.isArray(ref) ? ref[3] : undefined)).filter(isObject);
    return callOf(where, refs, Object.assign({}, ...settings) as JsonValue);
  });
}

function callOf(where: string, args: JsonValue, kwargs: JsonValue): InboundCall {
  if (!isObject(kwargs))
    throw new FormatError(sentence(where, "settings of a call", JSON.stringify(kwargs).slice(0, 80)));
  const { mask = null, initial_state = null, ...settings } = kwargs;
  const states = refsIn(where, initial_state);
  const masks = (Array.isArray(mask) && !isPlainRef(mask) ? mask : [mask]).map((one) => refsIn(where, one)[0]);
  return {
    inputs: refsIn(where, args),
    states,
    masks,
    settings: { ...settings, constants: constantsIn(where, args) },
  };
}
