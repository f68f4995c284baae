import { checkOptions, log, exp, valueError } from "../base/index.ts";
import { countNgrams, overlap } from "./ngrams.ts";

/** Options of `bleu`. */
export type BleuOptions = {
  /** Tokenizer. Default: splits at white space, as sacreBLEU's tokenizer "none". */
  readonly tokenize?: ((text: string) => readonly string[]) | undefined;
  /**
   * Smoothing of precisions without a match. "exp": the k-th of them counts as 1 / (2^k total), as
   * in sacreBLEU. "none": they are 0. Default "exp".
   */
  readonly smoothing?: "exp" | "none" | undefined;
  /**
   * Whether the mean leaves out the orders of which the hypotheses have no n-gram, since all of
   * them are shorter: sacreBLEU's effective order, without which texts of one word have a BLEU of
   * 0. Default false.
   */
  readonly effectiveOrder?: boolean | undefined;
};

/** A BLEU score and its parts. */
export type Bleu = {
  /** BLEU, 0 to 100. */
  readonly score: number;
  /** Precisions of 1- to 4-grams, 0 to 100. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  /** Number of tokens of the hypotheses, and of the references closest in length. */
  readonly lengths: { readonly hypotheses: number; readonly references: number };
};

const ORDER = 4;

/** The tokens of a text, split at white space. */
export const whiteSpaceTokens = (text: string): readonly string[] => text.split(/\s+/u).filter((token) => token !== "");

/**
 * BLEU of a corpus (Papineni et al. 2002) by sacreBLEU's formula (Post 2018): clipped precisions of
 * 1- to 4-grams over all hypotheses, their geometric mean, times the brevity penalty. Each
 * hypothesis has one reference or a list. Scores are comparable only with the same tokenization
 * (13a is not included). Throws RangeError if the numbers of texts differ.
 */
export function bleu(
  hypotheses: readonly string[],
  references: readonly (string | readonly string[])[],
  { tokenize = whiteSpaceTokens, smoothing = "exp", effectiveOrder = false }: BleuOptions = {},
): Bleu {
  checkOptions("bleu", arguments[2], "tokenize smoothing effectiveOrder");
  if (hypotheses.length !== references.length)
    throw valueError("bleu", `${hypotheses.length} references`, references.length);
  const matches = new Float64Array(ORDER);
  const totals = new Float64Array(ORDER);
  const lengths = { hypotheses: 0, references: 0 };
  hypotheses.forEach((hypothesis, i) => {
    const tokens = tokenize(hypothesis);
    const reference = references[i];
    const others = (typeof reference === "string" ? [reference] : reference).map(tokenize);
    lengths.hypotheses += tokens.length;
    lengths.references += closest(tokens.length, others);
    for (let n = 1; n <= ORDER; n++) {
      totals[n - 1] += Math.max(0, tokens.length - n + 1);
      matches[n - 1] += overlap(countNgrams(tokens, n), most(others.map((other) => countNgrams(other, n))));
    }
  });
  return scored(matches, totals, lengths, { smoothing, effectiveOrder });
}

function scored(
  matches: Float64Array,
  totals: Float64Array,
  lengths: Bleu["lengths"],
  { smoothing, effectiveOrder }: Required<Pick<BleuOptions, "smoothing" | "effectiveOrder">>,
): Bleu {
  const brevityPenalty =
    lengths.hypotheses >= lengths.references
      ? 1
      : lengths.hypotheses === 0
        ? 0
        : exp(1 - lengths.references / lengths.hypotheses);
  let smoothed = 1;
  const precisions = Array.from(matches, (count, i) => {
    if (totals[i] === 0 || !matches.some((matched) => matched > 0)) return 0;
    if (count > 0) return (100 * count) / totals[i];
    if (smoothing === "none") return 0;
    smoothed *= 2;
    return 100 / (smoothed * totals[i]);
  });
  const counted = effectiveOrder ? precisions.filter((_, i) => totals[i] > 0) : precisions;
  const score =
    counted.length === 0 || counted.includes(0)
      ? 0
      : brevityPenalty * exp(counted.reduce((sum, p) => sum + log(p), 0) / counted.length);
  return { score, precisions, brevityPenalty, lengths };
}

/** Length of the reference closest in length; the shorter one of two. */
function closest(length: number, references: readonly (readonly string[])[]): number {
  let best = Infinity;
  for (const { length: other } of references) {
    const nearer = Math.abs(other - length) - Math.abs(best - length);
    if (best === Infinity || nearer < 0 || (nearer === 0 && other < best)) best = other;
  }
  return best === Infinity ? 0 : best;
}

/** The largest count of each n-gram in any reference. */
function most(counts: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  if (counts.length === 1) return counts[0];
  const result = new Map<string, number>();
  for (const each of counts) for (const [gram, count] of each) result.set(gram, Math.max(count, result.get(gram) ?? 0));
  return result;
}
