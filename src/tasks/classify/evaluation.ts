/** @file How well a classifier does on examples with labels. */
import type { Pieces } from "#platform";
import { DataError, describe, sentence } from "../../base/index.ts";
import {
  accuracy,
  type ClassificationReport,
  classificationReport,
  type ConfusionMatrix,
  confusionMatrix,
  mostFrequent,
  othersName,
  rocAuc,
} from "../../metrics/index.ts";
import { normalized } from "../../data/index.ts";
import type { Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import type { Classifier, ClassifierExample } from "./model.ts";
import { type ClassifyOptions, forEachClassified, indexOfLargest } from "./answers.ts";

/** Label of the data that a model can't give, and the place of the first, where it is known. */
export type UnknownLabel = { readonly label: string; readonly count: number; readonly place: string | undefined };

export type ClassifierEvaluation = {
  /**
   * Mean negative logarithm of the probability of the right class, over the examples whose class
   * the model has.
   */
  readonly loss: number;
  readonly measures: { readonly accuracy: number };
  readonly report: ClassificationReport;
  /** Confusion matrix; with more than 1,000 classes, of the 999 largest and one for all others. */
  readonly confusion: ConfusionMatrix;
  /** Area under the ROC curve, for two classes that both occur; the same for either of them. */
  readonly rocAuc: number | undefined;
  /**
   * Labels of the data that the model can't give, most frequent first. They count as mistakes, and
   * are classes of the report and the matrix.
   */
  readonly unknown: readonly UnknownLabel[];
};

function* evaluateInPieces(
  model: Classifier,
  examples: readonly ClassifierExample[],
  options: ClassifyOptions,
): Pieces<ClassifierEvaluation> {
  const where = "evaluateClassifier";
  if (examples.length === 0) throw new DataError(sentence(where, "at least one example", "none"));
  const { labels } = model;
  const targets = examples.map(({ label }) => model.labelIndex(label));
  const unknown = unknownOf(model, examples, targets);
  const actual = targets.map((index, i) =>
    index === undefined ? normalized(examples[i].label, "nfc") : labels[index],
  );
  const predicted: string[] = Array.from({ length: examples.length });
  const losses = new Float64Array(examples.length);
  /** Probabilities of the first of two classes. */
  const scores: number[] = Array.from({ length: examples.length });
  const inputs = examples.map(({ input }) => input);
  // not the answers of `classify`: each holds a number for every class
  yield* forEachClassified(model, inputs, options, (i, own) => {
    predicted[i] = labels[indexOfLargest(own)];
    const target = targets[i];
    if (target !== undefined) losses[i] = -Math.log(Math.max(own[target], Number.MIN_VALUE));
    scores[i] = own[0];
  });
  const isFirst = targets.map((target) => target === 0);
  const isBinary = labels.length === 2 && unknown.length === 0 && isFirst.includes(true) && isFirst.includes(false);
  const all = [...labels, ...unknown.map(({ label }) => label)];
  return {
    loss: losses.reduce((sum, loss) => sum + loss, 0) / targets.filter((target) => target !== undefined).length,
    measures: { accuracy: accuracy(actual, predicted) },
    report: classificationReport(actual, predicted, all),
    confusion: confusionOf(actual, predicted, all),
    rocAuc: isBinary ? rocAuc(isFirst, scores) : undefined,
    unknown,
  };
}

/** Throws DataError where the model has none of the labels: they are of something else. */
function unknownOf(
  { labels }: Classifier,
  examples: readonly ClassifierExample[],
  targets: readonly (number | undefined)[],
): UnknownLabel[] {
  const found = new Map<string, { label: string; count: number; place: string | undefined }>();
  for (const [i, { label: given, place }] of examples.entries()) {
    if (targets[i] !== undefined) continue;
    const label = normalized(given, "nfc");
    const own = found.get(label);
    if (own === undefined) found.set(label, { label, count: 1, place });
    else own.count++;
  }
  if (targets.every((target) => target === undefined)) {
    const [{ label, place = "evaluateClassifier example 1" }] = examples;
    const hint = "If the labels are in another column, choose it with --label-column";
    throw new DataError(sentence(place, `one of the model's ${labels.length} labels`, describe(label), hint));
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count);
}

/**
 * Measures of the classes that a model gives. With `signal` the answer is a promise, which rejects
 * with the signal's reason when that aborts.
 *
 * Throws DataError without examples, and where the model has none of their labels.
 */
export const evaluateClassifier: Interruptible<
  Classifier,
  readonly ClassifierExample[],
  ClassifyOptions,
  ClassifierEvaluation
> = interruptibleFor("classifier")("evaluateClassifier", "batchSize", evaluateInPieces);

/** A matrix of more classes would take hundreds of megabytes. */
const MOST_CLASSES = 1000;

function confusionOf(
  actual: readonly string[],
  predicted: readonly string[],
  labels: readonly string[],
): ConfusionMatrix {
  if (labels.length <= MOST_CLASSES) return confusionMatrix(actual, predicted, labels);
  const counts = new Map<string, number>();
  for (const label of actual) counts.set(label, (counts.get(label) ?? 0) + 1);
  const kept = mostFrequent(
    labels.map((label) => counts.get(label) ?? 0),
    MOST_CLASSES - 1,
  ).map((i) => labels[i]);
  const others = othersName(labels, labels.length - kept.length);
  const known = new Set(kept);
  const grouped = (all: readonly string[]): string[] => all.map((label) => (known.has(label) ? label : others));
  return confusionMatrix(grouped(actual), grouped(predicted), [...kept, others]);
}
