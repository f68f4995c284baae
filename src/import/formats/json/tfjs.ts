/**
 * @file Models of TensorFlow.js: `model.json` with a manifest of weights, and the files (shards)
 * that hold them one after the other.
 */
import { describe, FormatError, sentence, UnsupportedError } from "../../../base/index.ts";
import type { JsonValue } from "../../../formats/index.ts";
import type { ElementType } from "../../element-types.ts";
import { type FileBytes, namedFile, type SourceFiles } from "../../source.ts";
import { bytesOfTensor, checkedShape, checkNames, storedTensor } from "../../stored-tensor.ts";
import type { StoredTensor, Weights } from "../../weights.ts";
import { isObject, type JsonObject, type ParsedJson } from "./parsed.ts";

/** Element types by their names in manifests. */
const types: Readonly<Record<string, ElementType>> = {
  float32: "float32",
  int32: "int32",
  bool: "bool",
  uint8: "uint8",
  uint16: "uint16",
  float16: "float16",
};

const isGroups = (value: JsonValue | undefined): value is JsonObject[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((group) => isObject(group) && Array.isArray(group["paths"]) && Array.isArray(group["weights"]));

/** Whether JSON has a manifest of weights, or is one. */
export const isTfjs = (value: JsonValue): boolean =>
  isGroups(value) || (isObject(value) && (isGroups(value["weightsManifest"]) || "modelTopology" in value));

/**
 * Reads the manifest. The topology and all else of the model are metadata. Quantised weights become
 * the numbers that they stand for. Throws FormatError where shards are missing or have other sizes,
 * UnsupportedError for texts and complex numbers.
 */
export function readTfjs({ where, value }: ParsedJson, files: SourceFiles): Weights {
  const groups = isObject(value) ? value["weightsManifest"] : value;
  if (!isGroups(groups))
    throw new FormatError(sentence(`${where} weightsManifest`, "a list of { paths, weights }", describe(groups)));
  const taken = new Set<FileBytes>();
  const tensors = groups.flatMap((group, i) => tensorsOf(`${where} group ${i}`, group, files, taken));
  const { weightsManifest: _, ...metadata } = isObject(value) ? value : {};
  return { format: "tfjs", tensors: checkNames(where, tensors), metadata };
}

function tensorsOf(where: string, group: JsonObject, files: SourceFiles, taken: Set<FileBytes>): StoredTensor[] {
  const shards = (group["paths"] as JsonValue[]).map((path) => {
    if (typeof path !== "string") throw new FormatError(sentence(where, "paths of files", describe(path)));
    const file = namedFile(where, files, path);
    if (taken.has(file)) throw new FormatError(sentence(where, "each file once", `${JSON.stringify(path)} twice`));
    taken.add(file);
    return file;
  });
  const size = shards.reduce((sum, { length }) => sum + length, 0);
  let at = 0;
  const tensors = (group["weights"] as JsonValue[]).map((entry) => {
    const weight = weightOf(where, entry);
    const begin = at;
    const end = (at += bytesOfTensor(weight.type, weight.shape));
    return storedWeight(where, weight, () => joined(where, shards, begin, end));
  });
  if (at !== size) throw new FormatError(sentence(where, `${at} bytes of weights in its files`, String(size)));
  return tensors;
}

/** Bytes of a range of files that follow each other. */
function joined(where: string, shards: readonly FileBytes[], begin: number, end: number): Uint8Array {
  let offset = 0;
  for (const shard of shards) {
    if (begin >= offset && end <= offset + shard.length) return shard.view(begin - offset, end - offset);
    offset += shard.length;
  }
  if (end > offset) throw new FormatError(sentence(where, `${end} bytes`, String(offset)));
  const bytes = new Uint8Array(end - begin);
  offset = 0;
  for (const shard of shards) {
    const [from, to] = [Math.max(begin, offset), Math.min(end, offset + shard.length)];
    if (from < to) bytes.set(shard.view(from - offset, to - offset), from - begin);
    offset += shard.length;
  }
  return bytes;
}

type Quantization = { readonly scale: number; readonly min: number };

/** A weight in a manifest. */
type Weight = {
  readonly name: string;
  readonly shape: readonly number[];
  /** Element type in the file. */
  readonly type: ElementType;
  /** Element type of the numbers that quantised ones stand for. */
  readonly dtype: string;
  readonly quantization: Quantization | undefined;
};

function weightOf(where: string, entry: JsonValue): Weight {
  if (!isObject(entry) || typeof entry["name"] !== "string")
    throw new FormatError(sentence(where, "weights with names", describe(entry)));
  const { name, dtype, quantization } = entry;
  const place = `${where} ${JSON.stringify(name)}`;
  const shape = checkedShape(place, entry["shape"]);
  if (quantization !== undefined && !isObject(quantization))
    throw new FormatError(sentence(place, "a quantization { dtype, scale, min }", describe(quantization)));
  const stored = quantization === undefined ? dtype : quantization["dtype"];
  const type = typeof stored === "string" && Object.hasOwn(types, stored) ? types[stored] : undefined;
  if (type === undefined || typeof dtype !== "string" || !Object.hasOwn(types, dtype))
    throw new UnsupportedError(sentence(place, `numbers of ${Object.keys(types).join(", ")}`, describe(stored)));
  const isScaled = quantization !== undefined && type !== "float16";
  if (!isScaled) return { name, shape, type, dtype, quantization: undefined };
  const { scale, min } = quantization;
  const isRight = (type === "uint8" || type === "uint16") && (dtype === "float32" || dtype === "int32");
  if (!isRight || !Number.isFinite(scale) || !Number.isFinite(min))
    throw new FormatError(
      sentence(place, "uint8 or uint16 with finite scale and min", `${type}, ${describe(scale)} and ${describe(min)}`),
    );
  return { name, shape, type, dtype, quantization: { scale: scale as number, min: min as number } };
}

function storedWeight(where: string, weight: Weight, bytes: () => Uint8Array): StoredTensor {
  const { name, shape, type, dtype, quantization } = weight;
  const stored = storedTensor(where, { name, type, shape, bytes });
  if (quantization === undefined) return stored;
  const { scale, min } = quantization;
  return {
    ...stored,
    read() {
      const codes = stored.read().data;
      if (dtype === "float32")
        return { dtype: "float32", shape, data: Float32Array.from(codes, (code) => code * scale + min) };
      return { dtype: "int32", shape, data: Int32Array.from(codes, (code) => Math.round(code * scale + min)) };
    },
  };
}
