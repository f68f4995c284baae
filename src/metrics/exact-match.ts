import { valueError } from "../base/index.ts";

/**
 * Share of predictions that are the reference, 0 to 1; NaN for none at all. Throws RangeError when
 * the numbers differ.
 */
export function exactMatch(predictions: readonly string[], references: readonly string[]): number {
  if (predictions.length !== references.length)
    throw valueError("exactMatch", `${predictions.length} references`, references.length);
  return predictions.filter((prediction, i) => prediction === references[i]).length / predictions.length;
}
