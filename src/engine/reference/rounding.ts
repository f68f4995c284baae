import type { FloatArray } from "./memory.ts";

/** Rounds the result of one operation to the precision of the arrays it works on. */
export type Round = (x: number) => number;

/** No rounding, for float64. */
export const exactly: Round = (x) => x;

/**
 * The rounding of operations on `array`: to float32 after each one, as 32-bit hardware does, or
 * none for float64.
 */
export const roundingFor = (array: FloatArray): Round => (array instanceof Float32Array ? Math.fround : exactly);
