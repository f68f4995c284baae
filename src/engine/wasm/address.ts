/** @file Addresses in the linear memory, which the compiler tells from other numbers. */
import { bytesPerElement } from "../../base/index.ts";

declare const unit: unique symbol;

/** Place in the linear memory, in bytes. No other number type-checks as one. */
export type Address = number & { readonly [unit]: "address" };

/** Number that is no address: a count, a distance, a factor. An `Address` does not type-check. */
export type Quantity = number & { readonly [unit]?: never };

/** Bytes of a float32, which is all that the kernels work on. */
export const BYTES: number = bytesPerElement.float32;

/** Address of the float32, or int32, so many elements further on. */
export const at = (address: Address, elements: number): Address => (address + elements * BYTES) as Address;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** Bits of `value`, rounded to float32, as an int32. */
export function bitsOf(value: number): number {
  float[0] = value;
  return word[0];
}
