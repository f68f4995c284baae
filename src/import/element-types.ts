/** @file Element types in files of other frameworks. All are little-endian. */
import { bytesPerElement, type DType, FormatError, sentence, typedArray, type TypedArray } from "../base/index.ts";

/** An element type as files have it; `float8` types and complex numbers are not read. */
export type ElementType =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bfloat16"
  | "float16"
  | "float32"
  | "float64";

type Reader = {
  readonly bytes: number;
  readonly dtype: DType;
  readonly get: (view: DataView, at: number) => number;
};

const long =
  (signed: boolean) =>
  (view: DataView, at: number): number => {
    const low = view.getUint32(at, true);
    const high = signed ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
    return high * 2 ** 32 + low;
  };

function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Scratch in which the bits of a bfloat16, the upper half of a float32, become a number. */
const word = new DataView(new ArrayBuffer(4));
function brainHalf(bits: number): number {
  word.setUint32(0, bits * 65_536);
  return word.getFloat32(0);
}

const readers: Readonly<Record<ElementType, Reader>> = {
  bool: { bytes: 1, dtype: "bool", get: (view, at) => view.getUint8(at) },
  int8: { bytes: 1, dtype: "int32", get: (view, at) => view.getInt8(at) },
  uint8: { bytes: 1, dtype: "int32", get: (view, at) => view.getUint8(at) },
  int16: { bytes: 2, dtype: "int32", get: (view, at) => view.getInt16(at, true) },
  uint16: { bytes: 2, dtype: "int32", get: (view, at) => view.getUint16(at, true) },
  int32: { bytes: 4, dtype: "int32", get: (view, at) => view.getInt32(at, true) },
  uint32: { bytes: 4, dtype: "int32", get: (view, at) => view.getUint32(at, true) },
  int64: { bytes: 8, dtype: "int32", get: long(true) },
  uint64: { bytes: 8, dtype: "int32", get: long(false) },
  bfloat16: { bytes: 2, dtype: "float32", get: (view, at) => brainHalf(view.getUint16(at, true)) },
  float16: { bytes: 2, dtype: "float32", get: (view, at) => half(view.getUint16(at, true)) },
  float32: { bytes: 4, dtype: "float32", get: (view, at) => view.getFloat32(at, true) },
  float64: { bytes: 8, dtype: "float64", get: (view, at) => view.getFloat64(at, true) },
};

/** Whether a name is that of an element type that can be read. */
export const isElementType = (name: string): name is ElementType => Object.hasOwn(readers, name);

/** Bytes of an element in a file. */
export const bytesOfElement = (type: ElementType): number => readers[type].bytes;

/** Bytes of an element after reading. */
export const bytesPerElementRead = (type: ElementType): number => bytesPerElement[readers[type].dtype];

/** The element type of arrays after reading. */
export const dtypeAfterReading = (type: ElementType): DType => readers[type].dtype;

/** Arrays over memory, for the types that they hold as files do. */
const views: Partial<Record<ElementType, (memory: ArrayBuffer, at: number, count: number) => TypedArray>> = {
  float32: (memory, at, count) => new Float32Array(memory, at, count),
  float64: (memory, at, count) => new Float64Array(memory, at, count),
  int32: (memory, at, count) => new Int32Array(memory, at, count),
};

/**
 * Reads `count` elements; `bytes` has at least as many. The array is over the memory of `bytes`
 * where they are what it holds, and a new one otherwise. `place` gives the index in the file of
 * each element, for arrays that are not row-major; default: the same. Throws FormatError for
 * integers beyond 32 bits and for bytes other than 0 and 1 as bool; messages begin with `where`.
 */
export function readElements(
  where: string,
  type: ElementType,
  bytes: Uint8Array,
  count: number,
  place?: (index: number) => number,
): TypedArray {
  const { bytes: each, dtype, get } = readers[type];
  const view = place === undefined ? views[type] : undefined;
  if (view !== undefined && bytes.byteOffset % each === 0 && bytes.buffer instanceof ArrayBuffer)
    return view(bytes.buffer, bytes.byteOffset, count);
  const out = typedArray(dtype, count);
  if (view !== undefined) {
    new Uint8Array(out.buffer).set(bytes.subarray(0, count * each));
    return out;
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++) {
    const value = get(data, (place?.(i) ?? i) * each);
    if (dtype === "int32" && (value > 2_147_483_647 || value < -2_147_483_648))
      throw new FormatError(sentence(where, "integers that fit 32 bits", `${value} at element ${i}`));
    if (dtype === "bool" && value > 1)
      throw new FormatError(sentence(where, "bytes 0 or 1", `${value} at element ${i}`));
    out[i] = value;
  }
  return out;
}
