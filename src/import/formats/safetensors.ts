import { kindOf, readSafetensorsLayout } from "../../formats/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import type { ElementType } from "../element-types.ts";
import { beginningOf, type FileBytes, onlyFile, type SourceFiles } from "../source.ts";
import { storedTensor } from "../stored-tensor.ts";
import type { Weights } from "../weights.ts";

const types: Readonly<Record<string, ElementType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  BOOL: "bool",
};

/** Whether the file begins with a length and a JSON header. */
export function isSafetensors(files: SourceFiles): boolean {
  const file = onlyFile(files);
  if (file === undefined || file.length < 10) return false;
  const bytes = beginningOf(file, 9);
  return bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
}

/**
 * A safetensors file (https://github.com/huggingface/safetensors), Unrolled's own among them.
 * Throws FormatError as `decodeSafetensors`.
 */
export function readSafetensors(files: SourceFiles): Weights {
  const file = onlyFile(files) as FileBytes;
  const where = "readWeights";
  const headerSize = new ByteCursor(where, beginningOf(file, 8)).uint32();
  const head = beginningOf(file, 8 + headerSize);
  const { entries, metadata } = readSafetensorsLayout(where, head, file.length);
  const isNative = "unrolled.format" in metadata;
  return {
    format: isNative ? "native" : "safetensors",
    metadata: (isNative ? { ...metadata, kind: kindOf(head) } : metadata) as Record<string, JsonValue>,
    tensors: entries.map(({ name, typeName, shape, begin, end }) =>
      storedTensor(where, { name, type: types[typeName], shape, bytes: () => file.view(begin, end) }),
    ),
  };
}
