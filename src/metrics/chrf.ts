import { checkOptions, checkInteger, checkNumber, valueError } from "../base/index.ts";
import { countNgrams, overlap } from "./ngrams.ts";

/** Options of `chrF`. */
export type ChrFOptions = {
  /** Longest n-gram of characters. Default 6. */
  readonly order?: number | undefined;
  /** Weight β: recall counts β² times as much as precision. Default 2. */
  readonly beta?: number | undefined;
};

/**
 * chrF of a corpus, 0 to 100 (Popović 2015): the F-score of character n-grams, without white space,
 * with precision and recall averaged over n. As in sacreBLEU, averages exclude an n for which
 * hypotheses or references are too short. Throws RangeError if the numbers of texts differ.
 */
export function chrF(
  hypotheses: readonly string[],
  references: readonly string[],
  { order = 6, beta = 2 }: ChrFOptions = {},
): number {
  checkOptions("chrF", arguments[2], "order beta");
  if (hypotheses.length !== references.length)
    throw valueError("chrF", `${hypotheses.length} references`, references.length);
  checkInteger("chrF order", order, 1);
  checkNumber("chrF beta", beta, 0);
  const own = new Float64Array(order);
  const other = new Float64Array(order);
  const matched = new Float64Array(order);
  hypotheses.forEach((hypothesis, i) => {
    const characters = charactersOf(hypothesis);
    const expected = charactersOf(references[i]);
    for (let n = 1; n <= order; n++) {
      // as in sacreBLEU, n-grams don't count if the reference is too short to have any
      if (expected.length >= n) own[n - 1] += Math.max(0, characters.length - n + 1);
      other[n - 1] += Math.max(0, expected.length - n + 1);
      matched[n - 1] += overlap(countNgrams(characters, n), countNgrams(expected, n));
    }
  });
  let precision = 0;
  let recall = 0;
  let orders = 0;
  for (let n = 0; n < order; n++) {
    if (own[n] === 0 || other[n] === 0) continue;
    precision += matched[n] / own[n];
    recall += matched[n] / other[n];
    orders++;
  }
  if (precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  return (100 * (1 + beta * beta) * p * r) / (beta * beta * p + r);
}

const charactersOf = (text: string): string[] => Array.from(text.replaceAll(/\s+/gu, ""));
