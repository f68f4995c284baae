import type { Pieces } from "#platform";
import { checkFiniteAnswer, checkInteger } from "../../base/index.ts";
import { exampleBatches } from "../../data/index.ts";
import { type Span, tagsToSpans } from "../../metrics/index.ts";
import {
  crfLogNormalizer,
  crfMarginals,
  crfViterbi,
  logSoftmax,
  scope,
  type Tensor,
  withoutGradient,
  zeros,
} from "../../tensor/index.ts";
import { type Interruptible, oneAnswer } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import type { Tagger } from "./model.ts";

/** Sentence with the tags that a tagger gives it. */
export type TaggedSentence = {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
  /** Spans that the tags stand for, tokens from `start` up to and without `end`. */
  readonly spans: readonly Span[];
  /** The log-probability of all tags together. */
  readonly score: number;
  /**
   * Probabilities by token: that of each of the model's tags, in the order of `model.config.tags`,
   * over all ways to tag the sentence.
   */
  readonly probabilities: readonly Float64Array[];
};

export type TagOptions = {
  /** Only tags in an order that the scheme allows. Default true. */
  readonly constrained?: boolean | undefined;
  /** Sentences that are computed together, which changes no result. Default 64. */
  readonly batchSize?: number | undefined;
};

/** `tagAll` as a generator that yields between batches. */
export function* tagInPieces(
  model: Tagger,
  sentences: readonly (readonly string[])[],
  { constrained = true, batchSize = 64 }: TagOptions,
): Pieces<TaggedSentence[]> {
  checkInteger("tagAll batchSize", batchSize, 1);
  const results: TaggedSentence[] = Array.from({ length: sentences.length });
  const places = sentences.map((tokens, at) => ({ tokens, at }));
  for (const batch of exampleBatches(places, { batchSize, lengthOf: ({ tokens }) => tokens.length })) {
    const own = batch.map(({ tokens }) => tokens);
    const found = scope(() => withoutGradient(() => tagBatch(model, own, constrained)));
    batch.forEach(({ at }, b) => (results[at] = found[b]));
    yield;
  }
  return results;
}

/**
 * The most probable tags of a sentence, given as its tokens. With `signal` the answer is a promise,
 * which rejects with the signal's reason when that aborts.
 *
 * Throws DataError for tokens that are empty, NotFiniteError where its numbers overflow.
 */
export const tag: Interruptible<Tagger, readonly string[], TagOptions, TaggedSentence> = interruptibleFor("tagger")(
  "tag",
  "constrained batchSize",
  oneAnswer(tagInPieces),
);

/** Tags of many sentences; see `tag`. */
export const tagAll: Interruptible<Tagger, readonly (readonly string[])[], TagOptions, TaggedSentence[]> =
  interruptibleFor("tagger")("tagAll", "constrained batchSize", tagInPieces);

function tagBatch(model: Tagger, sentences: readonly (readonly string[])[], constrained: boolean): TaggedSentence[] {
  const batch = model.batch(sentences);
  const { tags: names, scheme } = model.config;
  const K = names.length;
  const crf = model.crf();
  const raw = batch.steps === 0 ? zeros([0, sentences.length, K]) : model.emissions(batch);
  const emissions = crf || raw.size === 0 ? raw : logSoftmax(raw);
  // without a CRF the order of tags has no score, and the sum over all paths is 1
  const scores = { ...(crf ?? { transitions: zeros([K, K]) }), lengths: batch.lengths };
  const paths = crfViterbi(emissions, { ...scores, ...(constrained && { constraints: model.constraints }) });
  const sums = crfLogNormalizer(emissions, scores);
  const marginals = readMarginals(emissions, scores);
  checkFiniteAnswer("tag", "probabilities", marginals);
  return sentences.map((tokens, b) => {
    const tags = Array.from(paths[b].tags, (id) => names[id]);
    const probabilities = tokens.map((_, t) => {
      const from = (t * sentences.length + b) * K;
      return Float64Array.from(marginals.subarray(from, from + K));
    });
    return { tokens, tags, spans: tagsToSpans(tags, scheme), score: paths[b].score - sums[b], probabilities };
  });
}

const readMarginals = (emissions: Tensor, scores: Parameters<typeof crfMarginals>[1]): Float32Array =>
  crfMarginals(emissions, scores).values() as Float32Array;
