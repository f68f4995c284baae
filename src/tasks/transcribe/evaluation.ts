/** @file How good a transcriber is. */
import type { Pieces } from "#platform";
import { batchesInOrder } from "../../data/index.ts";
import { characterErrorRate, wordErrorRate } from "../../metrics/index.ts";
import type { Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import { ctcLogProbability } from "../../tensor/index.ts";
import { stepProbabilities } from "./answers.ts";
import { ctcGreedy } from "./ctc-decoding.ts";
import { type HeardUtterance, heardUtterance, lengthOf } from "./inputs.ts";
import type { Transcriber, Utterance } from "./model.ts";

/** On recordings whose text is known. */
export type TranscriberEvaluation = {
  /** Mean of -log P(text) / max(1, characters). */
  readonly loss: number;
  readonly measures: { readonly characterErrorRate: number; readonly wordErrorRate: number };
  /** Best paths, in the order of the recordings. */
  readonly texts: readonly string[];
};

export type EvaluateOptions = {
  /** Recordings that are computed together. Default 16. */
  readonly batchSize?: number | undefined;
};

function* evaluateInPieces(
  model: Transcriber,
  utterances: readonly Utterance[],
  { batchSize = 16 }: EvaluateOptions,
): Pieces<TranscriberEvaluation> {
  const held: HeardUtterance[] = [];
  for (const [i, one] of utterances.entries()) {
    held.push(heardUtterance(model, one, `recording ${i}`));
    yield;
  }
  return yield* measure(model, held, batchSize);
}

/** `evaluateTranscriber` on recordings that were heard before. */
export function* measure(
  model: Transcriber,
  held: readonly HeardUtterance[],
  batchSize: number,
): Pieces<TranscriberEvaluation> {
  let loss = 0;
  const texts: string[] = [];
  for (const batch of batchesInOrder(held, { batchSize, lengthOf })) {
    stepProbabilities(
      model,
      batch.map(({ heard }) => heard),
    ).forEach((steps, b) => {
      const { labels } = batch[b];
      loss -= ctcLogProbability(steps.data, labels, steps) / Math.max(1, labels.length);
      texts.push(model.textOf(ctcGreedy(steps).labels));
    });
    yield;
  }
  const references = held.map(({ text }) => text);
  return {
    loss: loss / held.length,
    measures: {
      characterErrorRate: characterErrorRate(references, texts),
      wordErrorRate: wordErrorRate(references, texts),
    },
    texts,
  };
}

/**
 * Loss and error rates of the best paths on recordings with their texts. With `signal` the answer
 * is a promise, which rejects with the signal's reason when that aborts.
 */
export const evaluateTranscriber: Interruptible<
  Transcriber,
  readonly Utterance[],
  EvaluateOptions,
  TranscriberEvaluation
> = interruptibleFor("transcriber")("evaluateTranscriber", "batchSize sequenceLength", evaluateInPieces);
