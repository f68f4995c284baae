/** @file Pairs of texts as ids, and batches of them. */
import { padSequences } from "../../data/index.ts";
import type { Pair, Translator } from "./model.ts";

/** Ids of pairs, time-major and padded. */
export type TranslationBatch = {
  readonly source: Int32Array;
  readonly sourceLengths: Int32Array;
  /** [T, B]: what the decoder reads. */
  readonly inputs: Int32Array;
  /** [T, B]: what it has to say. */
  readonly targets: Int32Array;
  readonly targetLengths: Int32Array;
  /** Number of the batch among all batches of the training, counted from 0. */
  readonly index: number;
  /** Number of its first row in the whole batch, of which it may be a part. */
  readonly firstRow: number;
};

/** A pair as ids, with where it stands, for messages. */
export type Example = { readonly source: Int32Array; readonly target: Int32Array; readonly place: string };

/** The pairs as ids. Throws as the encodings do. */
export const examplesOf = (model: Translator, pairs: readonly Pair[]): Example[] =>
  pairs.map(({ source, target, place }, i) => ({
    source: model.sourceIds(source),
    target: model.targetIds(target),
    place: place ?? `pair ${i + 1}`,
  }));

/** Number of tokens that the decoder has to say. */
export const tokensOf = ({ targetLengths }: TranslationBatch): number => targetLengths.reduce((sum, n) => sum + n, 0);

/** Tokens of both texts. */
export const lengthOf = ({ source, target }: Example): number => source.length + target.length;

/** Inputs of the decoder: the start, then all but the last token. */
function startingWith(start: number, target: Int32Array): Int32Array {
  const inputs = new Int32Array(target.length);
  inputs[0] = start;
  inputs.set(target.subarray(0, -1), 1);
  return inputs;
}

/**
 * Examples side by side; `index` is the number of the batch, `firstRow` that of the first example
 * in it.
 */
export function batchOf(
  model: Translator,
  examples: readonly Example[],
  { index = 0, firstRow = 0 }: { readonly index?: number | undefined; readonly firstRow?: number | undefined } = {},
): TranslationBatch {
  const timeMajor = { timeMajor: true };
  const source = padSequences(
    examples.map((example) => example.source),
    timeMajor,
  );
  const targets = padSequences(
    examples.map(({ target }) => target),
    timeMajor,
  );
  const inputs = padSequences(
    examples.map(({ target }) => startingWith(model.start, target)),
    timeMajor,
  );
  return {
    source: source.data,
    sourceLengths: source.lengths,
    inputs: inputs.data,
    targets: targets.data,
    targetLengths: targets.lengths,
    index,
    firstRow,
  };
}
