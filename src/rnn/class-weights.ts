import { checkInteger, DataError, sentence } from "../base/index.ts";

/**
 * Weights under which every class counts alike, however many examples it has: n / (k · count),
 * "balanced" in scikit-learn. Their mean over the examples is 1. With `const weights =
 * gather(tensor(classWeights(labels)), targets)`, the loss of a batch is `mean(mul(losses,
 * weights))`, which acts in small batches too, or `weightedMean(losses, weights)`, which divides by
 * the batch's own weights: in a batch of one class they then change nothing.
 *
 * @param labels of all examples, integers from 0 on
 * @param classes k; the largest label and one more by default
 * Throws TypeError or RangeError for labels, DataError without any, or for a class that has none.
 */
export function classWeights(labels: Iterable<number>, classes?: number): number[] {
  const where = "classWeights";
  if (classes !== undefined) checkInteger(`${where} classes`, classes, 1);
  const counts: number[] = new Array<number>(classes ?? 0).fill(0);
  let n = 0;
  for (const label of labels) {
    checkInteger(`${where} labels[${n}]`, label, 0, classes === undefined ? LARGEST : classes - 1);
    while (counts.length <= label) counts.push(0);
    counts[label]++;
    n++;
  }
  if (n === 0) throw new DataError(sentence(where, "at least one label", "none"));
  const missing = counts.indexOf(0);
  if (missing >= 0) throw new DataError(sentence(where, "examples of every class", `none of class ${missing}`));
  return counts.map((count) => n / (counts.length * count));
}

/** There is a place for each class: what is larger is no label. */
const LARGEST = 2 ** 24 - 1;
