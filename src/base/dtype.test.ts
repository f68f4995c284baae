import { expect, test } from "vitest";
import { bytesPerElement, type DType, dtypeOf, isFloat, typedArray, type TypedArray } from "./index.ts";

test.each([
  ["float32", Float32Array, true],
  ["float64", Float64Array, true],
  ["int32", Int32Array, false],
  ["bool", Uint8Array, false],
] as const)("%s", (dtype: DType, constructor, float) => {
  const array = typedArray(dtype, 3);
  expect(array).toBeInstanceOf(constructor);
  expect(Array.from(array)).toEqual([0, 0, 0]);
  expect(array.BYTES_PER_ELEMENT).toBe(bytesPerElement[dtype]);
  expect(dtypeOf(array)).toBe(dtype);
  expect(isFloat(dtype)).toBe(float);
});

test.each([Int8Array.of(1), Uint16Array.of(1), BigInt64Array.of(1n), new DataView(new ArrayBuffer(4))])(
  "%s has no dtype",
  (array) => {
    expect(() => dtypeOf(array as unknown as TypedArray)).toThrow(expect.objectContaining({ code: "ERR_KIND" }));
  },
);
