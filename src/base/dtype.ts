import { kindError } from "./errors.ts";

/** Element types. `bool` is stored as one byte, 0 or 1. */
export type DType = "float32" | "float64" | "int32" | "bool";
/** Element types that have gradients. */
export type FloatDType = "float32" | "float64";
/** Typed arrays that hold elements: one class per `DType`, `Uint8Array` for `bool`. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

/** A zeroed typed array for `length` elements of `dtype`. */
export function typedArray(dtype: DType, length: number): TypedArray {
  return new constructors[dtype](length);
}

/**
 * The dtype that is stored in arrays of `array`'s class. Throws TypeError for other typed arrays.
 */
export function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Uint8Array) return "bool";
  throw kindError("tensor", "a Float32Array, Float64Array, Int32Array or Uint8Array (bool)", array);
}

export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int32: 4, bool: 1 };

export const isFloat = (dtype: DType): dtype is FloatDType => dtype === "float32" || dtype === "float64";
