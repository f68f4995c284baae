/**
 * @file The element types of safetensors that can be read, and their conversion to `DType`. Files
 * are little-endian.
 */
import { FormatError, sentence, typedArray } from "../base/index.ts";
import type { DType, TypedArray } from "../base/index.ts";

/** An element type in a file. */
export type StoredType = {
  /** Bytes per element in the file. */
  readonly bytes: number;
  /** Element type after reading. */
  readonly dtype: DType;
  /**
   * Reads `count` elements into a new array. `bytes` has exactly their bytes, at any alignment.
   * `where` names the tensor in errors.
   */
  read(bytes: Uint8Array, count: number, where: string): TypedArray;
};

/** Name in files of each `DType`. */
export const storedNames: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  bool: "BOOL",
};

/** Element types that can be read, by their name in files. */
export const storedTypes: ReadonlyMap<string, StoredType> = new Map<string, StoredType>([
  ["F32", same("float32", 4)],
  ["F64", same("float64", 8)],
  ["I32", same("int32", 4)],
  ["BOOL", { bytes: 1, dtype: "bool", read: readBool }],
  ["F16", { bytes: 2, dtype: "float32", read: readHalf }],
  ["BF16", { bytes: 2, dtype: "float32", read: readBrainHalf }],
  ["I64", { bytes: 8, dtype: "int32", read: readLong }],
]);

/** A view of the bytes of `array`. */
export function bytesOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function same(dtype: DType, bytesEach: number): StoredType {
  return {
    bytes: bytesEach,
    dtype,
    // copies, because the file's bytes may be unaligned or in a buffer shared with others
    read(bytes, count) {
      const out = typedArray(dtype, count);
      bytesOf(out).set(bytes);
      return out;
    },
  };
}

function readBool(bytes: Uint8Array, count: number, where: string): Uint8Array {
  for (let i = 0; i < count; i++) {
    if (bytes[i] > 1) throw new FormatError(sentence(where, "bytes 0 or 1", `${bytes[i]} at element ${i}`));
  }
  return Uint8Array.from(bytes);
}

function readHalf(bytes: Uint8Array, count: number): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const half = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent < 31
          ? (1024 + fraction) * 2 ** (exponent - 25)
          : fraction === 0
            ? Infinity
            : NaN;
    out[i] = half & 0x8000 ? -size : size;
  }
  return out;
}

/** Reads bfloat16, which is the upper half of a float32. */
function readBrainHalf(bytes: Uint8Array, count: number): Float32Array {
  const out = new Float32Array(count);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < count; i++) words[i] = (bytes[2 * i] << 16) | (bytes[2 * i + 1] << 24);
  return out;
}

function readLong(bytes: Uint8Array, count: number, where: string): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const low = view.getInt32(8 * i, true);
    if (view.getInt32(8 * i + 4, true) !== low >> 31) {
      throw new FormatError(
        sentence(where, "64-bit integers that fit 32 bits", `${view.getBigInt64(8 * i, true)} at element ${i}`),
      );
    }
    out[i] = low;
  }
  return out;
}
