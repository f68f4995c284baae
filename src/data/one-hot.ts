import { checkInteger, checkOptions, valueError } from "../base/index.ts";

/** Options of `oneHotArray`. */
export type OneHotOptions = {
  /** Value at each id. Default 1. */
  onValue?: number | undefined;
  /** Value everywhere else. Default 0. */
  offValue?: number | undefined;
};

/**
 * One-hot rows of `depth` values, [n, depth], row-major: `onValue` at the id, `offValue` elsewhere.
 * Throws RangeError for an id outside [0, depth).
 */
export function oneHotArray(
  ids: ArrayLike<number>,
  depth: number,
  { onValue = 1, offValue = 0 }: OneHotOptions = {},
): Float32Array {
  checkOptions("oneHotArray", arguments[2], "onValue offValue");
  checkInteger("oneHotArray depth", depth, 1);
  const out = new Float32Array(ids.length * depth);
  if (offValue !== 0) out.fill(offValue);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (!Number.isInteger(id) || id < 0 || id >= depth) {
      throw valueError("oneHotArray", `an id in [0, ${depth - 1}] at index ${i}`, id);
    }
    out[i * depth + id] = onValue;
  }
  return out;
}
