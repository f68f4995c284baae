/**
 * @file Edit distance between sequences (Levenshtein 1966), and the error rates of transcripts
 * computed from it.
 */
import { DataError, sentence } from "../base/index.ts";

/** Numbers of edits that turn a reference into a hypothesis. */
export type Edits = {
  readonly distance: number;
  readonly substitutions: number;
  /** Number of items of the hypothesis that the reference lacks. */
  readonly insertions: number;
  readonly deletions: number;
};

/**
 * Counts the fewest substitutions, insertions and deletions that turn `reference` into
 * `hypothesis`. Items are compared with `===`. Text is compared by UTF-16 units, so pass
 * `[...text]` to count characters. Among equal distances, the one with the most substitutions
 * counts. Time is proportional to length times distance (Ukkonen 1985): linear in the length for
 * similar texts, the product of both lengths for texts with nothing in common.
 */
export function editDistance<T>(reference: ArrayLike<T>, hypothesis: ArrayLike<T>): Edits {
  const longest = Math.max(reference.length, hypothesis.length);
  // a path of distance d leaves the diagonal by at most d, so a band of d on both sides contains
  // all cheapest paths
  const difference = Math.abs(reference.length - hypothesis.length);
  for (let band = Math.max(FIRST_BAND, difference); band < longest; band *= 2) {
    const edits = editsWithin(reference, hypothesis, band);
    if (edits.distance <= band) return edits;
  }
  return editsWithin(reference, hypothesis, longest);
}

const FIRST_BAND = 32;
/** Cost of cells outside of the band. */
const FAR = 2 ** 30;

/** The edits of the cheapest path that stays within `band` of the diagonal. */
function editsWithin<T>(reference: ArrayLike<T>, hypothesis: ArrayLike<T>, band: number): Edits {
  const width = hypothesis.length + 1;
  // cost of the cheapest path to each prefix of the hypothesis, and the fewest deletions among the
  // cheapest. Insertions minus deletions are fixed by the lengths, so this path has the most
  // substitutions
  let cost = Int32Array.from({ length: width }, (_, j) => (j <= band ? j : FAR));
  let deleted = new Int32Array(width);
  let nextCost = new Int32Array(width).fill(FAR);
  let nextDeleted = new Int32Array(width);
  for (let i = 1; i <= reference.length; i++) {
    const [first, last] = [Math.max(1, i - band), Math.min(width - 1, i + band)];
    // left of the band; cells to the right of it were never written
    nextCost[first - 1] = i <= band ? i : FAR;
    nextDeleted[first - 1] = i;
    for (let j = first; j <= last; j++) {
      const across = cost[j - 1] + (reference[i - 1] === hypothesis[j - 1] ? 0 : 1);
      const [above, before] = [cost[j] + 1, nextCost[j - 1] + 1];
      const best = Math.min(across, above, before);
      let fewest = best === across ? deleted[j - 1] : FAR;
      if (best === above && deleted[j] + 1 < fewest) fewest = deleted[j] + 1;
      if (best === before && nextDeleted[j - 1] < fewest) fewest = nextDeleted[j - 1];
      nextCost[j] = best;
      nextDeleted[j] = fewest;
    }
    [cost, nextCost] = [nextCost, cost];
    [deleted, nextDeleted] = [nextDeleted, deleted];
  }
  const [distance, deletions] = [cost[width - 1], deleted[width - 1]];
  const insertions = deletions + hypothesis.length - reference.length;
  return { distance, substitutions: distance - insertions - deletions, insertions, deletions };
}

/**
 * Character error rate: edits over all pairs / characters (code points) of all references. 0 is
 * perfect; more than 1 is possible. If the references have no characters, it is 0, or Infinity if a
 * hypothesis has some. Throws DataError for lists of different lengths.
 */
export const characterErrorRate = (references: readonly string[], hypotheses: readonly string[]): number =>
  errorRate("characterErrorRate", references, hypotheses, (text) => [...text]);

/** Word error rate: `characterErrorRate` over words, separated by white space. */
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
