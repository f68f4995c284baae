import { kindOf, readSafetensorsLayout } from "../../formats/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { ElementType } from "../element-types.ts";
import { onlyFile, type SourceFiles } from "../source.ts";
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
  const bytes = onlyFile(files);
  if (bytes === undefined || bytes.length < 10) return false;
  return bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
}

/**
 * A safetensors file (https://github.com/huggingface/safetensors), Unrolled's own among them.
 * Throws FormatError as `decodeSafetensors`.
 */
export function readSafetensors(files: SourceFiles): Weights {
  const bytes = onlyFile(files) as Uint8Array;
  const where = "readWeights";
  const { entries, metadata } = readSafetensorsLayout(where, bytes);
  const isNative = "unrolled.format" in metadata;
  return {
    format: isNative ? "native" : "safetensors",
    metadata: (isNative ? { ...metadata, kind: kindOf(bytes) } : metadata) as Record<string, JsonValue>,
    tensors: entries.map(({ name, typeName, type, shape, count, source }) => ({
      name,
      type: types[typeName],
      shape,
      read: () => ({ dtype: type.dtype, shape, data: type.read(source, count, `${where} tensor "${name}"`) }),
    })),
  };
}
