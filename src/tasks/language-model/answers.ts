/** @file Text drawn from a language model. */
import { pacer } from "#platform";
import { checkInteger, checkOptions, randomStream, valueError } from "../../base/index.ts";
import { CarriedState, checkSampling, sampleToken, type SamplingOptions } from "../../rnn/index.ts";
import { scope, tensor, withoutGradient } from "../../tensor/index.ts";
import { checkLanguageModel, type LanguageModel } from "./model.ts";

export type GenerateOptions = SamplingOptions & {
  /** Tokens to draw. Default 200. */
  readonly maxLength?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Generation ends before the first of these strings. */
  readonly stop?: readonly string[] | undefined;
  /**
   * Ends the text, without an error, after the token that is being computed. Others have their turn
   * every few milliseconds meanwhile.
   */
  readonly signal?: AbortSignal | undefined;
};

/** Tokens of a prime that are read at once. */
const PIECE = 256;

/**
 * Continues `prime` with text drawn from the model, piece by piece as it is known. The same seed
 * and options give the same text. With an empty prime, the first token is drawn with equal
 * probabilities.
 *
 * Throws DataError for a character of `prime` that the vocabulary lacks, RangeError for options.
 */
export async function* generate(
  model: LanguageModel,
  prime: string,
  { maxLength = 200, seed = 0, stop = [], signal, ...sampling }: GenerateOptions = {},
): AsyncGenerator<string, void, undefined> {
  checkOptions("generate", arguments[2], "temperature topK topP maxLength seed stop signal");
  checkLanguageModel("generate", model);
  checkInteger("generate maxLength", maxLength);
  checkSampling(sampling);
  if (stop.includes("")) throw valueError("generate stop", "strings that are not empty", "");
  const random = randomStream(seed).named("sample");
  const { vocabulary } = model;
  const text = vocabulary.decodeStream();
  const held = stopFilter(stop);

  const carried = new CarriedState();
  const advance = (ids: Int32Array): Float32Array =>
    scope(() =>
      withoutGradient(() => {
        const state = carried.state ?? model.initialState(1);
        const result = model.forward(tensor(ids, { shape: [ids.length, 1] }), state);
        carried.carry(result.state);
        const all = result.logits.values() as Float32Array;
        return all.subarray(all.length - vocabulary.size);
      }),
    );

  const pace = pacer();
  const first = vocabulary.encode(prime);
  let logits: Float32Array = new Float32Array(vocabulary.size);
  try {
    for (let at = 0; at < first.length; at += PIECE) {
      logits = advance(first.subarray(at, at + PIECE));
      if (pace.isDue) await pace.rest();
      if (signal?.aborted) return;
    }
    for (let count = 0; count < maxLength && !signal?.aborted; count++) {
      const options = first.length === 0 && count === 0 ? {} : sampling;
      const id = sampleToken(logits, random, options);
      const { text: ready, ended } = held.push(text.push(id));
      if (ready !== "") yield ready;
      if (ended) return;
      if (count + 1 < maxLength) logits = advance(Int32Array.of(id));
      if (pace.isDue) await pace.rest();
    }
  } finally {
    carried.free();
  }
  const { text: ready, ended } = held.push(text.end());
  const rest = ready + (ended ? "" : held.end());
  if (rest !== "") yield rest;
}

/**
 * The whole texts that `generate` draws after each of `primes`, without them, one after another.
 */
export async function generateAll(
  model: LanguageModel,
  primes: readonly string[],
  options: GenerateOptions = {},
): Promise<string[]> {
  checkOptions("generateAll", options, "temperature topK topP maxLength seed stop signal");
  const texts: string[] = [];
  for (const prime of primes) {
    let text = "";
    for await (const piece of generate(model, prime, options)) text += piece;
    // an aborted `generate` ends with what it has
    options.signal?.throwIfAborted();
    texts.push(text);
  }
  return texts;
}

/** Passes text on, but holds back what may be the beginning of a stop string. */
function stopFilter(stop: readonly string[]): { push(piece: string): { text: string; ended: boolean }; end(): string } {
  let held = "";
  return {
    push(piece) {
      held += piece;
      const cut = Math.min(...stop.map((s) => held.indexOf(s)).filter((at) => at >= 0));
      if (cut !== Infinity) return { text: held.slice(0, cut), ended: true };
      let keep = 0;
      for (const s of stop) {
        for (let n = Math.min(s.length - 1, held.length); n > keep; n--) if (held.endsWith(s.slice(0, n))) keep = n;
      }
      const text = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { text, ended: false };
    },
    end: () => held,
  };
}
