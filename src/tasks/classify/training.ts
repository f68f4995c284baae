/** @file Training of a classifier. */
import { inPieces, type Pieces } from "#platform";
import {
  checkOptions,
  checkInteger,
  checkNumber,
  DataError,
  describe,
  kindError,
  randomStream,
  sentence,
  type TypedArray,
  warnOnce,
} from "../../base/index.ts";
import { exampleBatches, largestBatch, shardBatches, WHOLE } from "../../data/index.ts";
import { mean, mul, scope, sparseSoftmaxCrossEntropy, type Tensor, tensor } from "../../tensor/index.ts";
import type { Measured, OwnTask } from "../../train/index.ts";
import { augmented, type ImageAugmentation, checkAugment } from "./augment.ts";
import type { Classifier, ClassifierExample } from "./model.ts";
import { bitsOf, hashOf } from "../data-hash.ts";
import { describeBatch } from "../largest-example.ts";
import { type ClassifierInput, type EncodedInput, type Picture, DEFAULT_MAX_LENGTH, UNITS } from "./inputs.ts";

export type ClassifierTaskOptions = {
  readonly training: readonly ClassifierExample[];
  /** Held out: loss and accuracy on them are measured. Default: none. */
  readonly validation?: readonly ClassifierExample[] | undefined;
  /** Default 32. */
  readonly batchSize?: number | undefined;
  /** Seed of the order of the examples. Default 0. */
  readonly seed?: number | undefined;
  /**
   * Weight of an example by its class; "balanced" is n / (classes · examples of the class),
   * as in scikit-learn, so that each class counts the same. Made so that their mean over the
   * training examples is 1: a batch divides by its examples, so that they also act in a batch of
   * one, and an epoch's loss is the weighted mean. Default: all count 1.
   */
  readonly classWeights?: "balanced" | Readonly<Record<string, number>> | undefined;
  /** Pictures only: changes them at random while training. Default: as they are. */
  readonly augment?: ImageAugmentation | undefined;
};

/** An example as the loss takes it. */
export type PreparedExample = {
  /** Place of the example, such as "mails.csv line 7", if known. */
  readonly place?: string | undefined;
  readonly input: ClassifierInput;
  readonly encoded: EncodedInput;
  /** Index of its label. */
  readonly target: number;
};

/**
 * A classifier with its examples, for `trainOn`. Throws DataError for no examples, a label that the
 * model lacks, an input that it can't read, with the number of the example.
 */
export function classifierTask(model: Classifier, options: ClassifierTaskOptions): OwnTask<readonly PreparedExample[]> {
  checkOptions("classifierTask", options, "training validation batchSize seed classWeights augment");
  const where = "classifierTask";
  const { batchSize = 32, seed = 0, augment, classWeights } = options;
  checkInteger(`${where} batchSize`, batchSize, 1);
  if (options.training.length === 0) throw new DataError(sentence(`${where} training`, "at least one example", "none"));
  const training = prepare(model, `${where} training example`, options.training);
  const validation = prepare(model, `${where} validation example`, options.validation ?? []);
  tellCut(model, [...training, ...validation]);
  const weights = weightsOf(model, classWeights, training);
  const order = randomStream(checkInteger(`${where} seed`, seed)).named("shuffle");
  if (augment !== undefined) {
    checkAugment(`${where} augment`, augment);
    if (model.config.input.kind !== "images")
      throw kindError(`${where} augment`, "a classifier of pictures", model.config.input.kind);
  }
  const lengthOf = ({ encoded }: PreparedExample): number => encoded.steps;
  return {
    parameters: model.parameters(),
    batches: (index, shard = WHOLE) =>
      shardBatches(exampleBatches(training, { batchSize, lengthOf, random: order.at(index) }), shard),
    loss(batch, { random }) {
      const moved = random.named("augment");
      const sequences =
        augment === undefined
          ? batch.map(({ encoded }) => encoded)
          : batch.map(({ input }) => model.reader.encode(where, augmented(input as Picture, augment, moved)));
      const logits = model.logits(model.batch(sequences), random.named("dropout"));
      return {
        value: meanOf(sparseSoftmaxCrossEntropy(logits, targetsOf(batch)), batch, weights),
        weight: batch.length,
      };
    },
    tokens: (batch) => batch.length,
    rehearsal() {
      const largest = largestBatch(exampleBatches(training, { batchSize, lengthOf }), lengthOf);
      const held = largestBatch(exampleBatches(validation, { batchSize, lengthOf }), lengthOf);
      return {
        batches: [largest],
        evaluate: held.length === 0 ? undefined : () => void measuredBatch(model, held),
        largest: describeBatch(largest, lengthOf, nounOf(model)),
        cures: model.config.input.kind === "text" ? ["maxLength", "batchSize"] : ["batchSize"],
      };
    },
    ...(validation.length > 0 && {
      evaluate: (signal) => inPieces(measured(model, validation, { batchSize, weights }), signal),
    }),
    fingerprint: {
      batchSize,
      taskSeed: seed,
      training: checksum(training),
      validation: checksum(validation),
      classWeights: weights === undefined ? null : [...weights],
      augment: augment === undefined ? null : { shift: augment.shift ?? 0, affine: augment.affine ?? 0 },
    },
  };
}

/** One line for texts of which only the beginning is read, unless somebody has said how much. */
function tellCut({ config: { input } }: Classifier, examples: readonly PreparedExample[]): void {
  if (input.kind !== "text" || input.maxLength !== DEFAULT_MAX_LENGTH[input.vocabulary.unit]) return;
  const cut = examples.filter(({ encoded }) => encoded.cutFrom !== undefined);
  if (cut.length === 0) return;
  const whole = (n: number): string => n.toLocaleString("en-US");
  const lengthOf = ({ encoded }: PreparedExample): number => encoded.cutFrom ?? 0;
  const longest = cut.reduce((best, example) => (lengthOf(example) > lengthOf(best) ? example : best));
  const unit = UNITS[input.vocabulary.unit];
  warnOnce(
    `of ${whole(cut.length)} of the ${whole(examples.length)} texts only the first ${whole(input.maxLength)} ${unit} are read; the longest has ${whole(lengthOf(longest))} (${longest.place}). Another maxLength (--max-length) reads more`,
  );
}

/** Number of examples, and a hash of all inputs and their classes. */
const checksum = (examples: readonly PreparedExample[]): string => {
  const lists = examples.flatMap(({ encoded, target }) => [bitsOf(encoded.data), [target, encoded.steps]]);
  return `${examples.length}-${hashOf(lists).toString(16)}`;
};

const targetsOf = (batch: readonly PreparedExample[]): Tensor => tensor(Int32Array.from(batch, ({ target }) => target));

/**
 * Σ weight · loss by the number of examples: a mean by the batch's own weights would undo those of
 * a batch of one.
 */
function meanOf(losses: Tensor, batch: readonly PreparedExample[], weights: readonly number[] | undefined): Tensor {
  return mean(weights === undefined ? losses : mul(losses, tensor(batch.map(({ target }) => weights[target]))));
}

/** Encoded once. */
function prepare(model: Classifier, where: string, examples: readonly ClassifierExample[]): PreparedExample[] {
  return examples.map(({ input, label, place }, i) => {
    const at = place ?? `${where} ${i + 1}`;
    const target = model.labelIndex(label);
    if (target === undefined)
      throw new DataError(sentence(at, `one of the model's ${model.labels.length} labels`, describe(label)));
    return { input, encoded: model.reader.encode(at, input), target, place: place ?? `example ${i + 1}` };
  });
}

/** Weights of the classes, whose mean over the training examples is 1. */
function weightsOf(
  { labels }: Classifier,
  given: ClassifierTaskOptions["classWeights"],
  training: readonly PreparedExample[],
): readonly number[] | undefined {
  if (given === undefined) return undefined;
  if (given === "balanced") {
    const counts = labels.map(() => 0);
    for (const { target } of training) counts[target]++;
    // a class without examples has no use for its weight
    return counts.map((count) => (count === 0 ? 1 : training.length / (labels.length * count)));
  }
  const where = "classifierTask classWeights";
  const known = new Set(labels);
  const unknown = Object.keys(given).find((label) => !known.has(label));
  if (unknown !== undefined) throw new DataError(sentence(where, "labels of the model", describe(unknown)));
  const weights = labels.map((label) =>
    Object.hasOwn(given, label) ? checkNumber(`${where}: ${label}`, given[label], 0) : 1,
  );
  const total = training.reduce((sum, { target }) => sum + weights[target], 0);
  if (total === 0) throw new DataError(sentence(where, "a weight above 0 for a class that has examples", "0 for all"));
  return weights.map((weight) => (weight * training.length) / total);
}

/** Loss and scores of each example. */
function measuredBatch(
  model: Classifier,
  batch: readonly PreparedExample[],
): { readonly losses: TypedArray; readonly logits: TypedArray } {
  const scores = model.logits(model.batch(batch.map(({ encoded }) => encoded)));
  return { losses: sparseSoftmaxCrossEntropy(scores, targetsOf(batch)).values(), logits: scores.values() };
}

/** Noun for the time steps of an example. */
const nounOf = ({ config: { input }, vocabulary }: Classifier): string =>
  input.kind === "text" ? UNITS[vocabulary?.unit ?? "word"] : input.kind === "images" ? "time steps" : "rows";

/** Mean loss and accuracy. */
function* measured(
  model: Classifier,
  examples: readonly PreparedExample[],
  { batchSize, weights }: { readonly batchSize: number; readonly weights: readonly number[] | undefined },
): Pieces<Measured> {
  let [lossSum, weightSum, right] = [0, 0, 0];
  for (const batch of exampleBatches(examples, { batchSize, lengthOf: ({ encoded }) => encoded.steps })) {
    const { losses, logits } = scope(() => measuredBatch(model, batch));
    batch.forEach(({ target }, i) => {
      const weight = weights?.[target] ?? 1;
      lossSum += weight * losses[i];
      weightSum += weight;
      if (indexOfLargest(logits, i * model.labels.length, model.labels.length) === target) right++;
    });
    yield;
  }
  return { loss: weightSum === 0 ? 0 : lossSum / weightSum, measures: { accuracy: right / examples.length } };
}

function indexOfLargest(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[from + i] > values[from + best]) best = i;
  return best;
}
