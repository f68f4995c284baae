import { inPieces } from "#platform";
import { checkOptions, checkInteger, checkNumber, type RandomStream, randomStream } from "../../base/index.ts";
import { exampleBatches, largestBatch, shardBatches, WHOLE } from "../../data/index.ts";
import { twoHashesOf } from "../data-hash.ts";
import { describeBatch } from "../largest-example.ts";
import { div } from "../../tensor/index.ts";
import type { OwnTask } from "../../train/index.ts";
import { batchLoss, EVALUATED, evaluateInPieces, lengthOf, tokensOf } from "./evaluation.ts";
import { examplesFor } from "./examples.ts";
import type { Tagger } from "./model.ts";
import { unknownTagError } from "./scheme.ts";
import { checkExamples, countsOf, placed, placeOf, type TaggedExample, UNKNOWN } from "./words.ts";

export type TaggerTaskOptions = {
  readonly training: readonly TaggedExample[];
  /** Held out. Default: none, and no evaluations. */
  readonly validation?: readonly TaggedExample[] | undefined;
  /** Sentences of a step. Default 32. */
  readonly batchSize?: number | undefined;
  /**
   * α: while training, a word that occurs n times is taken for an unknown one with probability α /
   * (α + n), so that the model learns what to make of words that it does not know (Kiperwasser and
   * Goldberg 2016). Default 0.25.
   */
  readonly wordDropout?: number | undefined;
  /** Seed of the order of the sentences. Default 0. */
  readonly seed?: number | undefined;
};

/**
 * A tagger with its data, for `trainOn`. Throws DataError for sentences that the model can't read,
 * RangeError for options.
 */
export function taggerTask(
  model: Tagger,
  { training, validation, batchSize = 32, wordDropout = 0.25, seed = 0 }: TaggerTaskOptions,
): OwnTask<readonly TaggedExample[]> {
  checkOptions("taggerTask", arguments[1], "training validation batchSize wordDropout seed");
  const where = "taggerTask";
  checkInteger(`${where} batchSize`, batchSize, 1);
  checkNumber(`${where} wordDropout`, wordDropout, 0);
  checkInteger(`${where} seed`, seed);
  checkExamples(`${where} training`, training);
  const examples = readable(model, training);
  const held =
    validation && validation.length > 0 ? filled(examplesFor(model, validation).examples, validation) : undefined;
  const counts = countsOf(examples.flatMap(({ tokens }) => tokens.map((token) => String(model.wordId(token)))));
  const rates = Float64Array.from(model.words.tokens, (_, id) => {
    const n = counts.get(String(id)) ?? 0;
    return wordDropout === 0 ? 0 : wordDropout / (wordDropout + n);
  });
  const order = randomStream(seed).named("shuffle");
  return {
    parameters: model.parameters(),
    batches: (index, shard = WHOLE) =>
      shardBatches(exampleBatches(examples, { batchSize, lengthOf, random: order.at(index) }), shard),
    loss(batch, { random }) {
      const read = model.batch(batch.map(({ tokens }) => tokens));
      const words = dropWords(read.words, rates, random.named("words"));
      const total = model.loss({ ...read, words }, model.tagIds(batch, read.steps), random);
      const tokens = tokensOf(batch);
      return { value: div(total, tokens), weight: tokens };
    },
    tokens: tokensOf,
    rehearsal() {
      const largest = largestBatch(exampleBatches(examples, { batchSize, lengthOf }), lengthOf);
      const heldBatch = largestBatch(exampleBatches(held ?? [], { batchSize: EVALUATED, lengthOf }), lengthOf);
      return {
        batches: [largest],
        evaluate: heldBatch.length === 0 ? undefined : () => void batchLoss(model, heldBatch),
        largest: describeBatch(
          largest.map((example) => ({ length: example.tokens.length, place: placeOf(example) })),
          ({ length }) => length,
          "tokens",
        ),
        cures: ["batchSize"],
      };
    },
    ...(held && { evaluate: (signal) => inPieces(evaluateInPieces(model, held, {}), signal) }),
    fingerprint: {
      model: model.configuration(),
      training: checksum(examples),
      validation: held ? checksum(held) : null,
      batchSize,
      wordDropout,
      seed,
    },
  };
}

/** Sentences with tags that the model has. Throws DataError for others. */
function readable(model: Tagger, given: readonly TaggedExample[]): TaggedExample[] {
  const { examples, unknown } = examplesFor(model, given);
  if (unknown.length > 0) throw unknownTagError(model.config.tags, unknown[0]);
  return filled(examples, given);
}

/** Sentences that are not empty, with their places. */
const filled = (examples: readonly TaggedExample[], given: readonly TaggedExample[]): TaggedExample[] =>
  examples
    .map((example, i) => placed(example, placeOf(given[i]) ?? `sentence ${i + 1}`))
    .filter(({ tokens }) => tokens.length > 0);

function dropWords(ids: Int32Array, rates: Float64Array, random: RandomStream): Int32Array {
  return ids.map((id) => (id !== UNKNOWN && rates[id] > 0 && random.uniform() < rates[id] ? UNKNOWN : id));
}

/** Hashes of the words and tags as text. */
const checksum = (examples: readonly TaggedExample[]): string =>
  twoHashesOf(
    examples.map(({ tokens, tags }) => {
      const text = JSON.stringify([tokens, tags]);
      return Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
    }),
    (hash, code, at) => Math.imul(hash ^ code, 0x01000193) + at,
  );
