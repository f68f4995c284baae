/** @file How many changes turn one sequence into another (Levenshtein 1966), and the error rates of transcripts that are made of it. */
import { DataError, sentence } from "../base/index.ts";

/** A cheapest way from a reference to a hypothesis. */
export type Edits = {
  readonly distance: number;
  readonly substitutions: number;
  /** Items of the hypothesis that the reference lacks. */
  readonly insertions: number;
  readonly deletions: number;
};

/**
 * The fewest substitutions, insertions and deletions that make `hypothesis` of `reference`. Items are compared with `===`; a text is taken by UTF-16 unit, so
 * give `[...text]` to count characters. Of equally cheap ways the one with the most substitutions counts.
 */
export function editDistance<T>(reference: ArrayLike<T>, hypothesis: ArrayLike<T>): Edits {
  const width = hypothesis.length + 1;
  // cost of the cheapest way to each prefix of the hypothesis, and the fewest deletions among the cheapest: what is inserted less what is deleted is fixed
  // by the lengths, so it has the most substitutions
  let cost = Int32Array.from({ length: width }, (_, j) => j);
  let deleted = new Int32Array(width);
  for (let i = 1; i <= reference.length; i++) {
    const next = { cost: new Int32Array(width), deleted: new Int32Array(width) };
    next.cost[0] = i;
    next.deleted[0] = i;
    for (let j = 1; j < width; j++) {
      const across = cost[j - 1] + (reference[i - 1] === hypothesis[j - 1] ? 0 : 1);
      const best = Math.min(across, cost[j] + 1, next.cost[j - 1] + 1);
      next.cost[j] = best;
      next.deleted[j] = Math.min(
        best === across ? deleted[j - 1] : Infinity,
        best === cost[j] + 1 ? deleted[j] + 1 : Infinity,
        best === next.cost[j - 1] + 1 ? next.deleted[j - 1] : Infinity,
      );
    }
    ({ cost, deleted } = next);
  }
  const [distance, deletions] = [cost[width - 1], deleted[width - 1]];
  const insertions = deletions + hypothesis.length - reference.length;
  return { distance, substitutions: distance - insertions - deletions, insertions, deletions };
}

/**
 * Edits over all pairs / characters (code points) of all references: 0 is perfect, and more than 1 is possible. Without any character in the references it
 * is 0, or Infinity where a hypothesis has some. Throws DataError for lists of different lengths.
 */
export const characterErrorRate = (references: readonly string[], hypotheses: readonly string[]): number =>
  errorRate("characterErrorRate", references, hypotheses, (text) => [...text]);

/** As `characterErrorRate`, over words, which white space separates. */
export const wordErrorRate = (references: readonly string[], hypotheses: readonly string[]): number =>
  errorRate("wordErrorRate", references, hypotheses, (text) => text.split(/\s+/u).filter((word) => word !== ""));

function errorRate(
  where: string,
  references: readonly string[],
  hypotheses: readonly string[],
  itemsOf: (text: string) => string[],
): number {
  if (references.length !== hypotheses.length)
    throw new DataError(sentence(where, `${references.length} hypotheses`, String(hypotheses.length)));
  let edits = 0;
  let items = 0;
  references.forEach((reference, i) => {
    const expected = itemsOf(reference);
    edits += editDistance(expected, itemsOf(hypotheses[i])).distance;
    items += expected.length;
  });
  return edits === 0 ? 0 : edits / items;
}
