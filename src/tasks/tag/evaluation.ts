/** @file How good a tagger is. */
import type { Pieces } from "#platform";
import { exampleBatches } from "../../data/index.ts";
import { isTagOf, OUTSIDE, type SpanF1, spanF1, tagsToSpans, tokenAccuracy } from "../../metrics/index.ts";
import { scope, withoutGradient } from "../../tensor/index.ts";
import type { Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import { tagInPieces } from "./answers.ts";
import { DataError, sentence } from "../../base/index.ts";
import { examplesFor } from "./examples.ts";
import type { Tagger, TaggerBatch } from "./model.ts";
import type { UnknownTag } from "./scheme.ts";
import { checkExamples, type TaggedExample } from "./words.ts";

/** On held-out sentences. */
export type TaggerEvaluation = {
  /** Mean over the tokens. */
  readonly loss: number;
  /** Share of tokens whose tag is right, and F1 over all spans. */
  readonly measures: { readonly accuracy: number; readonly f1: number };
  readonly spans: SpanF1;
  /**
   * Tags of the data that the model can't give, most frequent first. They count as mistakes, and
   * the loss leaves their sentences out.
   */
  readonly unknown: readonly UnknownTag[];
};

/** Sentences that are evaluated together, unless another number is asked for. */
export const EVALUATED = 64;

/** Tokens of a sentence. */
export const lengthOf = ({ tokens }: TaggedExample): number => tokens.length;

/** Sum over the tokens of sentences whose tags the model has. */
export function batchLoss(model: Tagger, batch: readonly TaggedExample[]): number {
  const known = knownTo(model, batch);
  if (known.length === 0) return 0;
  const read: TaggerBatch = model.batch(known.map(({ tokens }) => tokens));
  return model.loss(read, model.tagIds(known, read.steps)).item();
}

const knownTo = (model: Tagger, examples: readonly TaggedExample[]): TaggedExample[] =>
  examples.filter(({ tags }) => tags.every((tag) => model.hasTag(tag)));

/** Tokens of some sentences. */
export const tokensOf = (batch: readonly TaggedExample[]): number =>
  batch.reduce((sum, { tokens }) => sum + tokens.length, 0);

export type EvaluateOptions = {
  /** Sentences that are computed together. Default 64. */
  readonly batchSize?: number | undefined;
};

export function* evaluateInPieces(
  model: Tagger,
  examples: readonly TaggedExample[],
  { batchSize = EVALUATED }: EvaluateOptions,
): Pieces<TaggerEvaluation> {
  checkExamples("evaluateTagger", examples);
  const { examples: gold, unknown } = examplesFor(model, examples);
  checkTagged(model, gold, unknown);
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
    gold.map(({ tags }) =>
      tagsToSpans(
        tags.map((tag) => (isTagOf(scheme, tag) ? tag : OUTSIDE)),
        scheme,
      ),
    ),
    found.map((tagged) => tagged.spans),
  );
  const accuracy = tokenAccuracy(
    gold.map(({ tags }) => tags),
    found.map(({ tags }) => tags),
  );
  const tokens = tokensOf(knownTo(model, gold));
  // a mean over no sentence is not known
  const mean = tokens === 0 && tokensOf(gold) > 0 ? NaN : loss / Math.max(1, tokens);
  return { loss: mean, measures: { accuracy, f1: spans.micro.f1 }, spans, unknown };
}

/** Throws DataError where the model has none of the tags: they are of something else. */
function checkTagged(model: Tagger, gold: readonly TaggedExample[], unknown: readonly UnknownTag[]): void {
  const count = unknown.reduce((sum, one) => sum + one.count, 0);
  if (count === 0 || count < tokensOf(gold)) return;
  const [{ tag, place = "evaluateTagger" }] = unknown;
  throw new DataError(
    sentence(
      place,
      `tags of the model, such as ${JSON.stringify(model.config.tags.at(-1))}`,
      JSON.stringify(tag),
      "If the tags are in another column, choose it with --tag-column",
    ),
  );
}

/**
 * Mean loss of a token, accuracy and span F1 of a tagger on sentences with the right answer (which
 * may be in another scheme than the model's). Tags are found by Viterbi under the constraints of
 * the scheme. With `signal` the answer is a promise, which rejects with the signal's reason when
 * that aborts. Throws DataError where the model has none of the data's tags.
 */
export const evaluateTagger: Interruptible<Tagger, readonly TaggedExample[], EvaluateOptions, TaggerEvaluation> =
  interruptibleFor("tagger")("evaluateTagger", "batchSize sequenceLength", evaluateInPieces);
