/** @file Measures of predicted classes, with the conventions of scikit-learn. */
import { DataError, sentence, valueError } from "../base/index.ts";

/** Counts of actual against predicted classes. */
export type ConfusionMatrix = {
  /** The classes, in the order of rows and columns. */
  readonly labels: readonly string[];
  /** Number of examples of class i that were predicted as class j: `counts[i][j]`. */
  readonly counts: readonly (readonly number[])[];
};

/**
 * The confusion matrix of actual against predicted classes, as scikit-learn's `confusion_matrix`.
 * `labels` is the order of the classes; default: all that occur, sorted. Throws RangeError if the
 * lists differ in length or have a class that `labels` lacks.
 */
export function confusionMatrix(
  actual: readonly string[],
  predicted: readonly string[],
  labels: readonly string[] = [...new Set([...actual, ...predicted])].toSorted(),
): ConfusionMatrix {
  checkLengths("confusionMatrix", actual, predicted);
  const indexOf = new Map(labels.map((label, i) => [label, i]));
  const counts = labels.map(() => labels.map(() => 0));
  const at = (label: string): number => {
    const index = indexOf.get(label);
    if (index === undefined) throw valueError("confusionMatrix", `one of ${labels.length} labels`, label);
    return index;
  };
  actual.forEach((label, i) => counts[at(label)][at(predicted[i])]++);
  return { labels, counts };
}

/**
 * The matrix reduced to the `most - 1` classes with most examples, in order, and one for all
 * others. A matrix of at most `most` classes is returned unchanged.
 */
export function largestClasses(matrix: ConfusionMatrix, most: number): ConfusionMatrix {
  const { labels, counts } = matrix;
  if (labels.length <= most) return matrix;
  const kept = mostFrequent(
    counts.map((row) => total(row)),
    most - 1,
  );
  const rest = labels.map((_, i) => i).filter((i) => !kept.includes(i));
  const groups = [...kept.map((i) => [i]), rest];
  return {
    labels: [...kept.map((i) => labels[i]), othersName(labels, rest.length)],
    counts: groups.map((rows) =>
      groups.map((columns) => total(rows.map((i) => total(columns.map((j) => counts[i][j]))))),
    ),
  };
}

/** Indices of the `most` largest counts, ascending; among equals, the first. */
export const mostFrequent = (counts: readonly number[], most: number): number[] =>
  counts
    .map((_, i) => i)
    .sort((a, b) => counts[b] - counts[a] || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);

/** A name for `count` other classes, distinct from all labels. */
export function othersName(labels: readonly string[], count: number): string {
  const known = new Set(labels);
  let name = `(${count} other classes)`;
  while (known.has(name)) name = `(${name})`;
  return name;
}

/**
 * Accuracy: fraction of examples whose class was predicted. Throws RangeError if the lists differ
 * in length, DataError if they are empty.
 */
export function accuracy(actual: readonly string[], predicted: readonly string[]): number {
  checkLengths("accuracy", actual, predicted);
  if (actual.length === 0) throw new DataError(sentence("accuracy", "at least one example", "none"));
  return actual.reduce((right, label, i) => right + (label === predicted[i] ? 1 : 0), 0) / actual.length;
}

/**
 * Precision = correct / predicted, recall = correct / actual, F1 = their harmonic mean; 0 instead
 * of 0 / 0.
 */
export type PrecisionRecallF1 = { readonly precision: number; readonly recall: number; readonly f1: number };

/** Precision, recall and F1 of each class, and their averages. */
export type ClassificationReport = {
  /** Scores of each class; `support` is its number of examples. */
  readonly classes: readonly (PrecisionRecallF1 & { readonly label: string; readonly support: number })[];
  /** Mean over the classes. */
  readonly macro: PrecisionRecallF1;
  /** Mean over the classes, weighted by their support. */
  readonly weighted: PrecisionRecallF1;
  /**
   * Scores over all examples together. With one class per example, all three equal the accuracy.
   */
  readonly micro: PrecisionRecallF1;
};

/**
 * Precision, recall and F1 of each class and their averages, as scikit-learn's
 * `precision_recall_fscore_support` with `zero_division=0`.
 */
export function precisionRecallF1({ labels, counts }: ConfusionMatrix): ClassificationReport {
  const indices = labels.map((_, i) => i);
  return reportOf(labels, {
    right: indices.map((i) => counts[i][i]),
    predicted: indices.map((j) => total(counts.map((row) => row[j]))),
    support: counts.map((row) => total(row)),
  });
}

/**
 * The report of `precisionRecallF1`, computed without a confusion matrix, whose size is the square
 * of the number of classes. Throws RangeError if the lists differ in length or have a class that
 * `labels` lacks.
 */
export function classificationReport(
  actual: readonly string[],
  predicted: readonly string[],
  labels: readonly string[],
): ClassificationReport {
  const where = "classificationReport";
  checkLengths(where, actual, predicted);
  const indexOf = new Map(labels.map((label, i) => [label, i]));
  const at = (label: string): number => {
    const index = indexOf.get(label);
    if (index === undefined) throw valueError(where, `one of ${labels.length} labels`, label);
    return index;
  };
  const none = (): number[] => labels.map(() => 0);
  const counts = { right: none(), predicted: none(), support: none() };
  actual.forEach((label, i) => {
    const [from, to] = [at(label), at(predicted[i])];
    counts.support[from]++;
    counts.predicted[to]++;
    if (from === to) counts.right[from]++;
  });
  return reportOf(labels, counts);
}

/** For each class: correct predictions, predictions, and examples. */
type ClassCounts = Readonly<Record<"right" | "predicted" | "support", readonly number[]>>;

function reportOf(labels: readonly string[], { right, predicted, support }: ClassCounts): ClassificationReport {
  const classes = labels.map((label, i) => ({
    label,
    ...measures(right[i], predicted[i], support[i]),
    support: support[i],
  }));
  const averaged = (weights: readonly number[]): PrecisionRecallF1 => {
    const mean = (name: keyof PrecisionRecallF1): number =>
      ratio(total(classes.map((each, i) => each[name] * weights[i])), total(weights));
    return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
  };
  return {
    classes,
    macro: averaged(labels.map(() => 1)),
    weighted: averaged(support),
    micro: measures(total(right), total(predicted), total(support)),
  };
}

function measures(right: number, predicted: number, actual: number): PrecisionRecallF1 {
  return {
    precision: ratio(right, predicted),
    recall: ratio(right, actual),
    f1: ratio(2 * right, predicted + actual),
  };
}

/**
 * Area under the ROC curve: the probability that a positive example has a higher score than a
 * negative one, ties counting half (Mann and Whitney 1947). Equals scikit-learn's `roc_auc_score`.
 * Throws RangeError if the lists differ in length or a score is NaN, DataError unless there are
 * positive and negative examples.
 */
export function rocAuc(isPositive: readonly boolean[], scores: readonly number[]): number {
  checkLengths("rocAuc", isPositive, scores);
  const bad = scores.find((score) => Number.isNaN(score));
  if (bad !== undefined) throw valueError("rocAuc", "scores that are numbers", bad);
  const positives = isPositive.filter(Boolean).length;
  const negatives = isPositive.length - positives;
  if (positives === 0 || negatives === 0)
    throw new DataError(
      sentence("rocAuc", "positive and negative examples", `${positives} positive, ${negatives} negative`),
    );
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    // equal scores share the mean of their ranks from + 1 … to
    for (let i = from; i < to; i++) if (isPositive[order[i]]) rankSum += (from + 1 + to) / 2;
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function checkLengths(where: string, a: readonly unknown[], b: readonly unknown[]): void {
  if (a.length !== b.length) throw valueError(where, `two lists of one length (${a.length})`, b.length);
}
