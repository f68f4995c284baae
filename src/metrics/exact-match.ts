import { valueError } from "../base/index.ts";

/**
 * Fraction of predictions that equal their reference; NaN for empty lists. Throws RangeError if the
 * numbers differ.
 */
export function exactMatch(predictions: readonly string[], references: readonly string[]): number {
  if (predictions.length !== references.length)
    throw valueError("exactMatch", `${predictions.length} references`, references.length);
  return predictions.filter((prediction, i) => prediction === references[i]).length / predictions.length;
}
