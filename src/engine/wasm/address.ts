/** @file Addresses in the linear memory, as a type apart from other numbers. */
import { bytesPerElement } from "../../base/index.ts";

declare const unit: unique symbol;

/** A byte address in the linear memory. Other numbers do not type-check as one. */
export type Address = number & { readonly [unit]: "address" };

/**
 * A number that is not an address: a count, a distance, a factor. An `Address` does not type-check
 * as one.
 */
export type Quantity = number & { readonly [unit]?: never };

/** Bytes of a float32, the only float that the kernels work on. */
export const BYTES: number = bytesPerElement.float32;

/** Address of the float32 or int32 that is `elements` elements further on. */
export const at = (address: Address, elements: number): Address => (address + elements * BYTES) as Address;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** The bits of `value`, rounded to float32, as an int32. */
export function bitsOf(value: number): number {
  float[0] = value;
  return word[0];
}
