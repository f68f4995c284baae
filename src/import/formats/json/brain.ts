/**
 * @file Networks of brain.js as `toJSON` writes them: matrices { rows, columns, weights } in
 * objects and lists.
 */
import { describe, FormatError, sentence, UnsupportedError } from "../../../base/index.ts";
import type { JsonValue } from "../../../formats/index.ts";
import { checkNames, checkSizes } from "../../stored-tensor.ts";
import type { StoredTensor, Weights } from "../../weights.ts";
import { isObject, type JsonObject, type ParsedJson } from "./parsed.ts";

const RECURRENT = new Set(["RNN", "LSTM", "GRU", "RNNTimeStep", "LSTMTimeStep", "GRUTimeStep"]);
const OTHERS = new Set(["NeuralNetwork", "NeuralNetworkGPU", "AE", "FeedForward", "Recurrent"]);
const MAX_DEPTH = 8;

/** Whether JSON is a network of brain.js. */
export const isBrain = (value: JsonValue): boolean =>
  isObject(value) && typeof value["type"] === "string" && (RECURRENT.has(value["type"]) || OTHERS.has(value["type"]));

/**
 * Reads a recurrent network. Tensors are named by the keys that lead to them, such as
 * "hiddenLayers.0.inputMatrix"; type and options are metadata. Throws UnsupportedError for networks
 * without recurrence.
 */
export function readBrain({ where, value }: ParsedJson): Weights {
  const network = value as JsonObject;
  if (!RECURRENT.has(String(network["type"])))
    throw new UnsupportedError(
      sentence(where, "a recurrent network of brain.js", String(network["type"]), "Train it here: unrolled train"),
    );
  if (!Array.isArray(network["hiddenLayers"]) || network["output"] === undefined)
    throw new FormatError(sentence(where, "hiddenLayers and output of brain.js", "other JSON"));
  const tensors: StoredTensor[] = [];
  const metadata = plainPart(where, network, "", tensors, 0);
  return { format: "brain", tensors: checkNames(where, tensors), metadata: metadata as JsonObject };
}

/** Returns a value without its matrices, which are added to the tensors. */
function plainPart(where: string, value: JsonValue, name: string, tensors: StoredTensor[], depth: number): JsonValue {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return value;
  const inside = (item: JsonValue, key: string): JsonValue =>
    plainPart(where, item, name === "" ? key : `${name}.${key}`, tensors, depth + 1);
  if (Array.isArray(value)) return value.map((item, i) => inside(item, String(i)));
  const plain: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (isObject(item) && "rows" in item) tensors.push(matrix(where, name === "" ? key : `${name}.${key}`, item));
    else plain.push([key, inside(item, key)]);
  }
  return Object.fromEntries(plain);
}

/** A matrix. Its numbers are float32, unless one of them has more digits. */
function matrix(where: string, name: string, { rows, columns, weights }: JsonObject): StoredTensor {
  const place = `${where} ${name}`;
  const shape = [rows, columns].map((n) => {
    if (!Number.isSafeInteger(n) || (n as number) < 0)
      throw new FormatError(sentence(place, "a number of rows and columns", describe(n)));
    return n as number;
  });
  checkSizes(place, shape);
  const count = shape[0] * shape[1];
  if (!Array.isArray(weights) || weights.length !== count)
    throw new FormatError(
      sentence(place, `${count} weights`, Array.isArray(weights) ? String(weights.length) : describe(weights)),
    );
  const bad = weights.findIndex((weight) => typeof weight !== "number");
  if (bad >= 0) throw new FormatError(sentence(`${place} weight ${bad}`, "a number", describe(weights[bad])));
  const numbers = weights as number[];
  const type = numbers.every((x) => Math.fround(x) === x) ? "float32" : "float64";
  return {
    name,
    type,
    shape,
    read: () => ({
      dtype: type,
      shape,
      data: type === "float32" ? Float32Array.from(numbers) : Float64Array.from(numbers),
    }),
  };
}
