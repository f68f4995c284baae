/** @file The classes of inputs, all at once or while a sequence goes on. */
import type { Pieces } from "#platform";
import { checkFiniteAnswer, checkInteger, DataError, UnsupportedError, sentence } from "../../base/index.ts";
import { exampleBatches } from "../../data/index.ts";
import { CarriedState } from "../../rnn/index.ts";
import { scope, softmax, type Tensor, tensor } from "../../tensor/index.ts";
import { type Interruptible, oneAnswer } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import type { Classifier } from "./model.ts";
import type { ClassifierInput, EncodedInput } from "./inputs.ts";

export type Classification = {
  /** The most probable class. */
  readonly label: string;
  readonly probability: number;
  /** Probability of every class. */
  readonly probabilities: Readonly<Record<string, number>>;
};

export type ClassifyOptions = {
  /** Inputs that are read at once; does not change the result. Default 64. */
  readonly batchSize?: number | undefined;
};

function* classifyInPieces(
  model: Classifier,
  inputs: readonly ClassifierInput[],
  { batchSize = 64 }: ClassifyOptions,
): Pieces<Classification[]> {
  const answers: Classification[] = Array.from({ length: inputs.length });
  yield* forEachClassified(model, inputs, { batchSize }, (i, values) => {
    answers[i] = classificationOf(model, values);
  });
  return answers;
}

/**
 * The class of an input. Throws TypeError and DataError for one that the model can't read,
 * NotFiniteError where its numbers overflow. With `signal` the answer is a promise, which rejects
 * with the signal's reason when that aborts.
 */
export const classify: Interruptible<Classifier, ClassifierInput, ClassifyOptions, Classification> = interruptibleFor(
  "classifier",
)("classify", "batchSize", oneAnswer(classifyInPieces));

/**
 * The class of each input, in their order; else as `classify`, with the number of the input in
 * errors.
 */
export const classifyAll: Interruptible<Classifier, readonly ClassifierInput[], ClassifyOptions, Classification[]> =
  interruptibleFor("classifier")("classifyAll", "batchSize", classifyInPieces);

/**
 * Calls `visit` with the number of each input and the probabilities of the classes, in some order.
 * Throws as `classify`.
 */
export function* forEachClassified(
  model: Classifier,
  inputs: readonly ClassifierInput[],
  { batchSize = 64 }: ClassifyOptions,
  visit: (i: number, probabilities: Float32Array) => void,
): Pieces<void> {
  checkInteger("classify batchSize", batchSize, 1);
  const encoded: { readonly i: number; readonly sequence: EncodedInput }[] = [];
  for (const [i, input] of inputs.entries()) {
    encoded.push({ i, sequence: model.reader.encode(`classify input ${i + 1}`, input) });
    yield;
  }
  for (const batch of exampleBatches(encoded, { batchSize, lengthOf: ({ sequence }) => sequence.steps })) {
    const all = scope(() => probabilitiesOf(model.logits(model.batch(batch.map(({ sequence }) => sequence)))));
    const classes = model.labels.length;
    batch.forEach(({ i }, row) => visit(i, all.subarray(row * classes, (row + 1) * classes)));
    yield;
  }
}

function probabilitiesOf(logits: Tensor): Float32Array {
  const all = softmax(logits).values() as Float32Array;
  checkFiniteAnswer("classify", "probabilities", all);
  return all;
}

/** Index of the largest, of equal ones the first. */
export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function classificationOf({ labels }: Classifier, own: Float32Array): Classification {
  const best = indexOfLargest(own);
  return {
    label: labels[best],
    probability: own[best],
    probabilities: Object.fromEntries(labels.map((label, i) => [label, own[i]])),
  };
}

/** A sequence that is classified while it goes on. */
export type ClassifierStream = {
  /**
   * Reads more of the sequence - text that ends where a token ends, or rows of numbers - and tells
   * what it is as far as is known: what `classify` tells of all that was read. Throws DataError
   * before anything was read.
   */
  step(input: ClassifierInput): Classification;
};

/**
 * Classifies a sequence piece by piece. Throws UnsupportedError for a model that has to see the end
 * first: one that reads in both directions, or with a pooling other than "last"; or that reads
 * pictures.
 */
export function classifierStream(model: Classifier): ClassifierStream {
  const { pooling, bidirectional, input } = model.config;
  if (pooling !== "last" || bidirectional || input.kind === "images") {
    const got =
      input.kind === "images" ? "one of pictures" : bidirectional ? "one in both directions" : `pooling "${pooling}"`;
    const expected = `a classifier in one direction with pooling "last"`;
    const cure = input.kind === "images" ? undefined : 'Make it with bidirectional: false and pooling: "last"';
    throw new UnsupportedError(sentence("classifierStream", expected, got, cure));
  }
  const carried = new CarriedState();
  let latest: Classification | undefined;
  let left = input.kind === "text" && input.maxLength !== null ? input.maxLength : Infinity;
  return {
    step(piece) {
      const { steps, data } = model.reader.encode("classifierStream", piece);
      const read = Math.min(steps, left);
      left -= read;
      if (read > 0) {
        const { features } = model.reader;
        const shape = features === undefined ? [read, 1] : [read, 1, features];
        latest = scope(() => {
          const result = model.advance(tensor(data.subarray(0, read * (features ?? 1)), { shape }), carried.state);
          carried.carry(result.state);
          return classificationOf(model, probabilitiesOf(result.logits));
        });
      }
      if (latest === undefined) throw new DataError(sentence("classifierStream", "at least one time step", "none"));
      return latest;
    },
  };
}
