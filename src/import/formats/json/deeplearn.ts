/**
 * @file Manifests of deeplearn.js and ml5: { name: { filename, shape } }, and a file of float32 for
 * each tensor.
 */
import { describe, FormatError, sentence } from "../../../base/index.ts";
import type { JsonValue } from "../../../formats/index.ts";
import { type FileBytes, namedFile, type SourceFiles } from "../../source.ts";
import { bytesOfTensor, checkedShape, checkNames, storedTensor } from "../../stored-tensor.ts";
import type { StoredTensor, Weights } from "../../weights.ts";
import { isObject, type JsonObject, type ParsedJson } from "./parsed.ts";

/** Whether JSON names a file and a shape for each tensor. */
export const isDeeplearn = (value: JsonValue): boolean => {
  if (!isObject(value)) return false;
  const [first] = Object.values(value);
  return isObject(first) && typeof first["filename"] === "string" && "shape" in first;
};

/**
 * Reads a manifest. Names are those of TensorFlow, from before and after 1.2. Throws FormatError
 * for a file that is not there or has another size, or that two tensors share.
 */
export function readDeeplearn({ where, value }: ParsedJson, files: SourceFiles): Weights {
  const taken = new Map<FileBytes, string>();
  const tensors = Object.entries(value as JsonObject).map(([name, entry]): StoredTensor => {
    const place = `${where} tensor ${JSON.stringify(name)}`;
    if (!isObject(entry) || typeof entry["filename"] !== "string")
      throw new FormatError(sentence(place, "{ filename, shape }", describe(entry)));
    const file = namedFile(place, files, entry["filename"]);
    const other = taken.get(file);
    if (other !== undefined)
      throw new FormatError(sentence(place, "a file of its own", `that of ${JSON.stringify(other)}`));
    taken.set(file, name);
    const shape = checkedShape(place, entry["shape"]);
    const expected = bytesOfTensor("float32", shape);
    if (file.length !== expected)
      throw new FormatError(
        sentence(place, `${expected} bytes in ${JSON.stringify(entry["filename"])}`, String(file.length)),
      );
    return storedTensor(where, { name, type: "float32", shape, bytes: () => file.view(0, expected) });
  });
  return { format: "deeplearn", tensors: checkNames(where, tensors), metadata: {} };
}
