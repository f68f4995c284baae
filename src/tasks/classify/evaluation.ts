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
import { type Interruptible, interruptible } from "../../model/index.ts";
import type { Classifier, ClassifierExample } from "./model.ts";
import { type ClassifyOptions, forEachClassified, indexOfLargest } from "./answers.ts";

export type ClassifierEvaluation = {
  /** Mean negative logarithm of the probability of the right class. */
  readonly loss: number;
  readonly measures: { readonly accuracy: number };
  readonly report: ClassificationReport;
  /** Confusion matrix; with more than 1,000 classes, of the 999 largest and one for all others. */
  readonly confusion: ConfusionMatrix;
  /** Area under the ROC curve, for two classes that both occur; the same for either of them. */
  readonly rocAuc: number | undefined;
};

function* evaluateInPieces(
  model: Classifier,
  examples: readonly ClassifierExample[],
  options: ClassifyOptions,
): Pieces<ClassifierEvaluation> {
  const where = "evaluateClassifier";
  if (examples.length === 0) throw new DataError(sentence(where, "at least one example", "none"));
  const { labels } = model;
  const targets = examples.map(({ label }, i) => {
    const index = model.labelIndex(label);
    if (index === undefined)
      throw new DataError(
        sentence(`${where} example ${i + 1}`, `one of the model's ${labels.length} labels`, describe(label)),
      );
    return index;
  });
  const actual = targets.map((index) => labels[index]);
  const predicted: string[] = Array.from({ length: examples.length });
  const losses = new Float64Array(examples.length);
  /** Probabilities of the first of two classes. */
  const scores: number[] = Array.from({ length: examples.length });
  const inputs = examples.map(({ input }) => input);
  // not the answers of `classify`: each holds a number for every class
  yield* forEachClassified(model, inputs, options, (i, own) => {
    predicted[i] = labels[indexOfLargest(own)];
    losses[i] = -Math.log(Math.max(own[targets[i]], Number.MIN_VALUE));
    scores[i] = own[0];
  });
  const isFirst = targets.map((target) => target === 0);
  const isBinary = labels.length === 2 && isFirst.includes(true) && isFirst.includes(false);
  return {
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    measures: { accuracy: accuracy(actual, predicted) },
    report: classificationReport(actual, predicted, labels),
    confusion: confusionOf(actual, predicted, labels),
    rocAuc: isBinary ? rocAuc(isFirst, scores) : undefined,
  };
}

/**
 * Measures of the classes that a model gives. With `signal` the answer is a promise, which rejects
 * with the signal's reason when that aborts.
 *
 * Throws DataError without examples, and for a label that the model lacks, with the number of the
 * example.
 */
export const evaluateClassifier: Interruptible<
  Classifier,
  readonly ClassifierExample[],
  ClassifyOptions,
  ClassifierEvaluation
> = interruptible("evaluateClassifier", "batchSize", evaluateInPieces);

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
