/** @file How well a classifier does on examples with labels. */
import { carryOut, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import { DataError, describe, sentence } from "../../base/index.ts";
import {
  accuracy,
  type ClassificationReport,
  type ConfusionMatrix,
  confusionMatrix,
  precisionRecallF1,
  rocAuc,
} from "../../metrics/index.ts";
import type { Classifier, ClassifierExample } from "./classifier.ts";
import { classifyInPieces, type ClassifyOptions } from "./classify.ts";

export type ClassifierEvaluation = {
  readonly accuracy: number;
  /** Mean negative logarithm of the probability of the right class. */
  readonly loss: number;
  readonly report: ClassificationReport;
  readonly confusion: ConfusionMatrix;
  /** Of two classes, when both occur: the same for either of them. */
  readonly rocAuc: number | undefined;
};

/**
 * Measures of the classes that a model gives. With `signal` the answer is a promise, which rejects with the signal's reason when that aborts.
 * Throws DataError without examples, and for a label that the model lacks, with the number of the example.
 */
export function evaluateClassifier(
  model: Classifier,
  examples: readonly ClassifierExample[],
  options: ClassifyOptions & WithSignal,
): Promise<ClassifierEvaluation>;
export function evaluateClassifier(
  model: Classifier,
  examples: readonly ClassifierExample[],
  options?: ClassifyOptions & WithoutSignal,
): ClassifierEvaluation;
export function evaluateClassifier(
  model: Classifier,
  examples: readonly ClassifierExample[],
  { signal, ...options }: ClassifyOptions & MaybeSignal = {},
): ClassifierEvaluation | Promise<ClassifierEvaluation> {
  return carryOut(inPieces(model, examples, options), signal);
}

function* inPieces(
  model: Classifier,
  examples: readonly ClassifierExample[],
  options: ClassifyOptions,
): Pieces<ClassifierEvaluation> {
  const where = "evaluateClassifier";
  if (examples.length === 0) throw new DataError(sentence(where, "at least one example", "none"));
  const { labels } = model;
  examples.forEach(({ label }, i) => {
    if (!labels.includes(label))
      throw new DataError(
        sentence(`${where} example ${i + 1}`, `one of the model's ${labels.length} labels`, describe(label)),
      );
  });
  const found = yield* classifyInPieces(
    model,
    examples.map(({ input }) => input),
    options,
  );
  const actual = examples.map(({ label }) => label);
  const predicted = found.map(({ label }) => label);
  const confusion = confusionMatrix(actual, predicted, labels);
  const losses = found.map(({ probabilities }, i) => -Math.log(Math.max(probabilities[actual[i]], Number.MIN_VALUE)));
  const isBinary = labels.length === 2 && labels.every((label) => actual.includes(label));
  const isFirst = actual.map((label) => label === labels[0]);
  return {
    accuracy: accuracy(actual, predicted),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    report: precisionRecallF1(confusion),
    confusion,
    rocAuc: isBinary
      ? rocAuc(
          isFirst,
          found.map(({ probabilities }) => probabilities[labels[0]]),
        )
      : undefined,
  };
}
