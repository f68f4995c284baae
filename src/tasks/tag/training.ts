import { carryOut, inPieces, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import { checkInteger, checkNumber, type RandomStream, randomStream } from "../../base/index.ts";
import { exampleBatches, largestBatch } from "../../data/index.ts";
import { describeBatch } from "../largest-example.ts";
import { type SpanF1, spanF1, tagsToSpans, tokenAccuracy } from "../../metrics/index.ts";
import { div, scope, withoutGradient } from "../../tensor/index.ts";
import type { Measured, OwnTask } from "../../train/index.ts";
import { tagInPieces } from "./answers.ts";
import { checkExamples, examplesFor, type Tagger, type TaggerBatch } from "./model.ts";
import { countsOf, placed, placeOf, type TaggedExample, UNKNOWN } from "./words.ts";

export type TaggerTaskOptions = {
  readonly training: readonly TaggedExample[];
  /** Held out. Default: none, and no evaluations. */
  readonly validation?: readonly TaggedExample[] | undefined;
  /** Sentences of a step. Default 32. */
  readonly batchSize?: number;
  /**
   * α: while training, a word that occurs n times is taken for an unknown one with probability α / (α + n), so that the model learns what to make of words
   * that it does not know (Kiperwasser and Goldberg 2016). Default 0.25.
   */
  readonly wordDropout?: number;
  /** Of the order of the sentences. Default 0. */
  readonly seed?: number;
};

/** On held-out sentences. */
export type TaggerEvaluation = Measured & {
  /** Share of tokens whose tag is right. */
  readonly accuracy: number;
  /** Over all spans. */
  readonly f1: number;
  readonly spans: SpanF1;
  /** Accuracy and F1 once more, for logs. */
  readonly measures: Readonly<Record<string, number>>;
};

/** A tagger with its data, for `trainOn`. Throws DataError for sentences that the model can't read, RangeError for options. */
export function taggerTask(
  model: Tagger,
  { training, validation, batchSize = 32, wordDropout = 0.25, seed = 0 }: TaggerTaskOptions,
): OwnTask<readonly TaggedExample[]> {
  const where = "taggerTask";
  checkInteger(`${where} batchSize`, batchSize, 1);
  checkNumber(`${where} wordDropout`, wordDropout, 0);
  checkInteger(`${where} seed`, seed);
  checkExamples(`${where} training`, training);
  const examples = readable(model, training);
  const held = validation && validation.length > 0 ? readable(model, validation) : undefined;
  const counts = countsOf(examples.flatMap(({ tokens }) => tokens.map((token) => String(model.wordId(token)))));
  const rates = Float64Array.from(model.words.tokens, (_, id) => {
    const n = counts.get(String(id)) ?? 0;
    return wordDropout === 0 ? 0 : wordDropout / (wordDropout + n);
  });
  const order = randomStream(seed).named("shuffle");
  return {
    parameters: model.parameters(),
    batches: (index) =>
      exampleBatches(examples, { batchSize, lengthOf: ({ tokens }) => tokens.length, random: order.at(index) }),
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
    ...(held && { evaluate: (signal) => inPieces(evaluateInPieces(model, held), signal) }),
    fingerprint: {
      model: model.configuration(),
      training: hashOf(examples),
      validation: held ? hashOf(held) : null,
      batchSize,
      wordDropout,
      seed,
    },
  };
}

function readable(model: Tagger, examples: readonly TaggedExample[]): TaggedExample[] {
  const found = examplesFor(model, examples)
    .map((example, i) => placed(example, placeOf(examples[i]) ?? `sentence ${i + 1}`))
    .filter(({ tokens }) => tokens.length > 0);
  // now and not in the middle of training; one by one, since one may be long
  for (const example of found) model.tagIds([example], example.tokens.length);
  return found;
}

/** Sentences that are evaluated together, unless another number is asked for. */
const EVALUATED = 64;

const lengthOf = ({ tokens }: TaggedExample): number => tokens.length;

/** Sum over the tokens. */
function batchLoss(model: Tagger, batch: readonly TaggedExample[]): number {
  const read: TaggerBatch = model.batch(batch.map(({ tokens }) => tokens));
  return model.loss(read, model.tagIds(batch, read.steps)).item();
}

const tokensOf = (batch: readonly TaggedExample[]): number => batch.reduce((sum, { tokens }) => sum + tokens.length, 0);

function dropWords(ids: Int32Array, rates: Float64Array, random: RandomStream): Int32Array {
  return ids.map((id) => (id !== UNKNOWN && rates[id] > 0 && random.uniform() < rates[id] ? UNKNOWN : id));
}

/** FNV-1a, twice, over the words and tags: to see that a resumed run has the same data. */
function hashOf(examples: readonly TaggedExample[]): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const { tokens, tags } of examples) {
    const text = JSON.stringify([tokens, tags]);
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
      b = Math.imul(b ^ text.charCodeAt(i), 0x01000193) + i;
    }
  }
  return [a, b].map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * Mean loss of a token, accuracy and span F1 of a tagger on sentences with the right answer (which may be in another scheme than the model's).
 * Tags are found by Viterbi under the constraints of the scheme. With `signal` the answer is a promise, which rejects with the signal's reason when that
 * aborts.
 */
export function evaluateTagger(
  model: Tagger,
  examples: readonly TaggedExample[],
  options: EvaluateOptions & WithSignal,
): Promise<TaggerEvaluation>;
export function evaluateTagger(
  model: Tagger,
  examples: readonly TaggedExample[],
  options?: EvaluateOptions & WithoutSignal,
): TaggerEvaluation;
export function evaluateTagger(
  model: Tagger,
  examples: readonly TaggedExample[],
  { signal, ...options }: EvaluateOptions & MaybeSignal = {},
): TaggerEvaluation | Promise<TaggerEvaluation> {
  return carryOut(evaluateInPieces(model, examples, options), signal);
}

type EvaluateOptions = {
  /** Sentences that are computed together. Default 64. */
  readonly batchSize?: number;
};

function* evaluateInPieces(
  model: Tagger,
  examples: readonly TaggedExample[],
  { batchSize = EVALUATED }: EvaluateOptions = {},
): Pieces<TaggerEvaluation> {
  checkExamples("evaluateTagger", examples);
  const gold = examplesFor(model, examples);
  let loss = 0;
  for (const batch of exampleBatches(gold, { batchSize, lengthOf: ({ tokens }) => tokens.length })) {
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
  const f1 = spans.micro.f1;
  return { loss: loss / Math.max(1, tokensOf(gold)), accuracy, f1, spans, measures: { accuracy, f1 } };
}
