import type { FloatArray } from "./memory.ts";

/** Rounds the result of one operation to the precision of the arrays it works on. */
export type Round = (x: number) => number;

export const exactly: Round = (x) => x;

/**
 * 32-bit arrays round after every operation, as 32-bit hardware does; a 64-bit number needs
 * nothing.
 */
export const roundingFor = (array: FloatArray): Round => (array instanceof Float32Array ? Math.fround : exactly);
