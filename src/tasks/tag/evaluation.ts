/** @file How good a tagger is. */
import type { Pieces } from "#platform";
import { exampleBatches } from "../../data/index.ts";
import { type SpanF1, spanF1, tagsToSpans, tokenAccuracy } from "../../metrics/index.ts";
import { scope, withoutGradient } from "../../tensor/index.ts";
import { type Interruptible, interruptible } from "../../model/index.ts";
import { tagInPieces } from "./answers.ts";
import { checkExamples, examplesFor, type Tagger, type TaggerBatch } from "./model.ts";
import type { TaggedExample } from "./words.ts";

/** On held-out sentences. */
export type TaggerEvaluation = {
  /** Mean over the tokens. */
  readonly loss: number;
  /** Share of tokens whose tag is right, and F1 over all spans. */
  readonly measures: { readonly accuracy: number; readonly f1: number };
  readonly spans: SpanF1;
};

/** Sentences that are evaluated together, unless another number is asked for. */
export const EVALUATED = 64;

/** Tokens of a sentence. */
export const lengthOf = ({ tokens }: TaggedExample): number => tokens.length;

/** Sum over the tokens. */
export function batchLoss(model: Tagger, batch: readonly TaggedExample[]): number {
  const read: TaggerBatch = model.batch(batch.map(({ tokens }) => tokens));
  return model.loss(read, model.tagIds(batch, read.steps)).item();
}

/** Tokens of some sentences. */
export const tokensOf = (batch: readonly TaggedExample[]): number =>
  batch.reduce((sum, { tokens }) => sum + tokens.length, 0);

export type EvaluateOptions = {
  /** Sentences that are computed together. Default 64. */
  readonly batchSize?: number;
};

export function* evaluateInPieces(
  model: Tagger,
  examples: readonly TaggedExample[],
  { batchSize = EVALUATED }: EvaluateOptions,
): Pieces<TaggerEvaluation> {
  checkExamples("evaluateTagger", examples);
  const gold = examplesFor(model, examples);
  let loss = 0;
  for (const batch of exampleBatches(gold, { batchSize, lengthOf })) {
    loss += scope(() => withoutGradient(() => batchLoss(model, batch)));
    yield;
  }
  const found = yield* tagInPieces(
    model,
    gold.map(({ tokens }) => tokens),
    { batchSize },
  );
  const { scheme } = model.config;
  const spans = spanF1(
    gold.map(({ tags }) => tagsToSpans(tags, scheme)),
    found.map((tagged) => tagged.spans),
  );
  const accuracy = tokenAccuracy(
    gold.map(({ tags }) => tags),
    found.map(({ tags }) => tags),
  );
  return { loss: loss / Math.max(1, tokensOf(gold)), measures: { accuracy, f1: spans.micro.f1 }, spans };
}

/**
 * Mean loss of a token, accuracy and span F1 of a tagger on sentences with the right answer (which
 * may be in another scheme than the model's). Tags are found by Viterbi under the constraints of
 * the scheme. With `signal` the answer is a promise, which rejects with the signal's reason when
 * that aborts.
 */
export const evaluateTagger: Interruptible<Tagger, readonly TaggedExample[], EvaluateOptions, TaggerEvaluation> =
  interruptible(evaluateInPieces);
