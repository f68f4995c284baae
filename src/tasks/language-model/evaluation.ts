import {
  checkInteger,
  DataError,
  kindError,
  mapTree,
  sentence,
  type Shape,
  type Tree,
  type TypedArray,
} from "../../base/index.ts";
import { mul, scope, sparseSoftmaxCrossEntropy, sum, type Tensor, tensor } from "../../tensor/index.ts";
import { readTokens, type TokenSource } from "../../data/index.ts";
import type { State } from "../../rnn/index.ts";
import { type Interruptible, interruptible } from "../../model/index.ts";
import { checkLanguageModel, type LanguageModel } from "./model.ts";

export type Evaluation = {
  /** Mean cross entropy per token, in nats. */
  readonly loss: number;
  readonly measures: {
    /** e^loss. */
    readonly perplexity: number;
    /**
     * Cross entropy per Unicode character of the text, in bits. For unit "char" it is loss / ln 2.
     */
    readonly bitsPerCharacter: number;
  };
  /** Tokens that were predicted: all but the first of each row. */
  readonly tokens: number;
};

export type EvaluateOptions = {
  /**
   * The text is cut into this many rows, which are read side by side, each from a zero state.
   * Default 16.
   */
  readonly batchSize?: number | undefined;
  /** Steps computed at once. Does not change the result beyond rounding. Default 64. */
  readonly sequenceLength?: number | undefined;
};

/** Defaults of `evaluate`. */
export const EVALUATE_DEFAULTS: { readonly batchSize: number; readonly sequenceLength: number } = {
  batchSize: 16,
  sequenceLength: 64,
};

/** `evaluate` as a generator that yields between pieces of the work, so that others may run. */
export function* evaluateInPieces(
  model: LanguageModel,
  ids: Int32Array | TokenSource,
  { batchSize = EVALUATE_DEFAULTS.batchSize, sequenceLength = EVALUATE_DEFAULTS.sequenceLength }: EvaluateOptions = {},
): Generator<void, Evaluation, undefined> {
  checkLanguageModel("evaluate", model);
  checkInteger("evaluate batchSize", batchSize, 1);
  checkInteger("evaluate sequenceLength", sequenceLength, 1);
  if (typeof ids === "string")
    throw kindError("evaluate", "token ids", ids, "encodeCorpus(model.vocabulary, text) gives them");
  if (ids.length < 2) throw new DataError(sentence("evaluate", "at least 2 tokens", String(ids.length)));
  const batch = Math.min(batchSize, Math.floor(ids.length / 2));
  const bounds = Array.from({ length: batch + 1 }, (_, row) => Math.floor((row * ids.length) / batch));
  const total = yield* totalLoss(model, ids, bounds, sequenceLength);
  const tokens = ids.length - batch;
  const loss = total / tokens;
  return {
    loss,
    measures: {
      perplexity: Math.exp(loss),
      bitsPerCharacter: total / Math.LN2 / (yield* predictedCharacters(model, ids, bounds)),
    },
    tokens,
  };
}

/**
 * Measures of a model's predictions of token ids. Every token counts, but for the first of each
 * row. With `signal` the answer is a promise, which rejects with the signal's reason when that
 * aborts.
 *
 * Throws DataError with fewer than two ids, RangeError for options.
 */
export const evaluate: Interruptible<LanguageModel, Int32Array | TokenSource, EvaluateOptions, Evaluation> =
  interruptible("evaluate", "batchSize sequenceLength", evaluateInPieces);

/** Sum of the losses of all tokens. Row `r` is the ids from `bounds[r]` to `bounds[r + 1]`. */
function* totalLoss(
  model: LanguageModel,
  ids: Int32Array | TokenSource,
  bounds: readonly number[],
  sequenceLength: number,
): Generator<void, number, undefined> {
  const batch = bounds.length - 1;
  const longest = Math.max(...bounds.slice(1).map((end, row) => end - bounds[row])) - 1;
  let total = 0;
  // numbers, since no scope can be open while others run
  let carried: Tree<Stored> | undefined;
  for (let start = 0; start < longest; start += sequenceLength) {
    const steps = Math.min(sequenceLength, longest - start);
    const inputs = new Int32Array(steps * batch);
    const targets = new Int32Array(steps * batch);
    const weights = new Float32Array(steps * batch);
    for (let row = 0; row < batch; row++) {
      const at = bounds[row] + start;
      const piece = readTokens(ids, at, Math.min(steps + 1, bounds[row + 1] - at));
      for (let t = 0; t + 1 < piece.length; t++) {
        inputs[t * batch + row] = piece[t];
        targets[t * batch + row] = piece[t + 1];
        weights[t * batch + row] = 1;
      }
    }
    total += scope(() => {
      const state = carried === undefined ? model.initialState(batch) : restored(carried);
      const result = model.forward(tensor(inputs, { shape: [steps, batch] }), state);
      const losses = sparseSoftmaxCrossEntropy(result.logits, tensor(targets));
      carried = mapTree(result.state as Tree<Tensor>, (part): Stored => [part.shape, part.values()]);
      return sum(mul(losses, tensor(weights))).item();
    });
    yield;
  }
  return total;
}

/** A part of a state: its shape and its elements. */
type Stored = readonly [shape: Shape, values: TypedArray];

const restored = (state: Tree<Stored>): State =>
  mapTree(state, ([shape, values]) => tensor(values, { shape: [...shape] })) as State;

/** Ids that are decoded at once. */
const DECODED = 65_536;

/** Unicode characters of all tokens but the first of each row. */
function* predictedCharacters(
  { vocabulary }: LanguageModel,
  ids: Int32Array | TokenSource,
  bounds: readonly number[],
): Generator<void, number, undefined> {
  if (vocabulary.unit === "char") return ids.length - (bounds.length - 1);
  let count = 0;
  for (let row = 0; row + 1 < bounds.length; row++) {
    const stream = vocabulary.decodeStream();
    for (let at = bounds[row] + 1; at < bounds[row + 1]; at += DECODED) {
      for (const id of readTokens(ids, at, Math.min(DECODED, bounds[row + 1] - at)))
        for (const _ of stream.push(id)) count++;
      yield;
    }
    for (const _ of stream.end()) count++;
  }
  return Math.max(1, count);
}
