/** @file Choosing the next token from the scores of one step. */
import { checkInteger, checkNumber, checkOptions, exp, NotFiniteError, type RandomStream } from "../base/index.ts";

export type SamplingOptions = {
  /** Scores are divided by it. 0 always takes the best (greedy). Default 1. */
  readonly temperature?: number | undefined;
  /** Only the k best tokens stay. Default: all. */
  readonly topK?: number | undefined;
  /**
   * Only the smallest set of best tokens whose probability reaches p stays (Holtzman et al. 2020).
   * Default 1: all.
   */
  readonly topP?: number | undefined;
};

/** Throws TypeError or RangeError for options outside their range. */
export function checkSampling({ temperature = 1, topK, topP = 1 }: SamplingOptions): void {
  checkNumber("sampling temperature", temperature, 0);
  if (topK !== undefined) checkInteger("sampling topK", topK, 1);
  checkNumber("sampling topP", topP, Number.MIN_VALUE, 1);
}

const diverged = (score: number): NotFiniteError =>
  new NotFiniteError(`sampling: expected finite scores, got ${score}. The model has diverged`);

/** Index of the largest score, the first of equals. Throws NotFiniteError on NaN and Infinity. */
export function greedy(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (Number.isNaN(logits[i]) || logits[i] === Infinity) throw diverged(logits[i]);
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

/**
 * Draws an index with probability softmax(logits / temperature), after top-k and top-p. The same
 * stream gives the same index on every machine. Throws NotFiniteError on scores that are NaN or
 * Infinity, and where all are -Infinity.
 */
export function sampleToken(logits: ArrayLike<number>, random: RandomStream, options: SamplingOptions = {}): number {
  checkOptions("sampleToken", options, "temperature topK topP");
  checkSampling(options);
  const { temperature = 1, topK, topP = 1 } = options;
  const best = greedy(logits);
  if (!Number.isFinite(logits[best])) throw diverged(logits[best]);
  if (temperature === 0) return best;
  let order = Array.from({ length: logits.length }, (_, i) => i);
  if (topK !== undefined || topP < 1) order.sort((a, b) => logits[b] - logits[a] || a - b);
  if (topK !== undefined) order = order.slice(0, topK);
  const weights = order.map((i) => exp((logits[i] - logits[best]) / temperature));
  let total = weights.reduce((sum, w) => sum + w, 0);
  if (topP < 1) {
    let reached = 0;
    let count = 0;
    while (count < weights.length && reached < topP * total) reached += weights[count++];
    weights.length = count;
    total = reached;
  }
  let left = random.uniform() * total;
  for (let k = 0; k < weights.length; k++) {
    left -= weights[k];
    if (left < 0) return order[k];
  }
  return order[weights.length - 1];
}
