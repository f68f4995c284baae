/** @file What a tagger sees of a word: its id, its characters, its shape. */
import { DataError, describe, kindError, sentence } from "../../base/index.ts";

/** A sentence with the right answer. */
export type TaggedExample = {
  /** Words and punctuation marks, in order; none is empty. */
  readonly tokens: readonly string[];
  /** One for each token. */
  readonly tags: readonly string[];
};

/** Place of an example, and of each of its tokens. */
type Place = { readonly place: string; readonly tokens?: ((t: number) => string) | undefined };

const places = new WeakMap<TaggedExample, Place>();

/**
 * Notes where an example stands, such as "names.conll line 7", for messages, and where each of its
 * tokens does. It is no part of the example.
 */
export function placed(
  example: TaggedExample,
  place: string | undefined,
  tokens?: (t: number) => string,
): TaggedExample {
  if (place !== undefined) places.set(example, { place, tokens });
  return example;
}

/** Place of an example, or undefined if it has none. */
export const placeOf = (example: TaggedExample): string | undefined => places.get(example)?.place;

/** Place of a token of an example, or that of the example, or undefined if it has none. */
export function tokenPlaceOf(example: TaggedExample, t: number): string | undefined {
  const found = places.get(example);
  return found?.tokens?.(t) ?? found?.place;
}

/** Notes for `example` the places of another. */
export function placedLike(example: TaggedExample, other: TaggedExample): TaggedExample {
  const found = places.get(other);
  if (found !== undefined) places.set(example, found);
  return example;
}

/**
 * Token for everything that is not in a table. A word that is spelled so is not known either.
 */
export const UNKNOWN_TOKEN = "<unk>";

/** Id of everything that is not in a table. */
export const UNKNOWN = 0;

/** Tokens and their ids; id 0 is for all that it does not have. */
export class TokenTable {
  readonly tokens: readonly string[];
  readonly #idOf: ReadonlyMap<string, number>;

  /** `tokens[0]` stands for what is not known. */
  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
    this.#idOf = new Map(tokens.map((token, id) => [token, id]));
  }

  get size(): number {
    return this.tokens.length;
  }

  idOf(token: string): number {
    return token === UNKNOWN_TOKEN ? UNKNOWN : (this.#idOf.get(token) ?? UNKNOWN);
  }
}

/**
 * The tokens that occur at least `minCount` times, most frequent first (ties by code unit), after
 * the one for all others.
 */
export function countedTable(tokens: Iterable<string>, minCount: number, maxSize: number): string[] {
  const counts = countsOf(tokens);
  counts.delete(UNKNOWN_TOKEN);
  const kept = [...counts].filter(([, count]) => count >= minCount);
  kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return [UNKNOWN_TOKEN, ...kept.slice(0, maxSize - 1).map(([token]) => token)];
}

export function countsOf(tokens: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Throws DataError for tokens that are not text or are empty. */
export function checkTokens(where: string, tokens: readonly string[]): void {
  tokens.forEach((token: unknown, i) => {
    if (typeof token !== "string" || token === "")
      throw new DataError(sentence(`${where} token ${i}`, "text that is not empty", describe(token)));
  });
}

/**
 * Longer words are cut to their first and last half of this: what matters of a word is at its ends.
 */
const MAX_CHARACTERS = 48;

/** The characters (code points) that a tagger reads of a word. */
export function charactersOf(word: string): string[] {
  const all = [...word];
  const half = MAX_CHARACTERS / 2;
  return all.length <= MAX_CHARACTERS ? all : [...all.slice(0, half), ...all.slice(-half)];
}

/** Number of shapes. */
export const SHAPES = 8;

/**
 * Shape of a word, as a number: other, lower case, Capital, CAPITALS, miXed, number, with
 * digits, punctuation.
 */
export function shapeOf(word: string): number {
  if (/^\p{P}+$/u.test(word)) return 7;
  // not one pattern for both: it would try each digit of a long word in turn
  const hasDigit = /\d/.test(word);
  if (hasDigit) return /^[\d.,:/-]+$/.test(word) ? 5 : 6;
  const lower = word.toLowerCase();
  if (!/\p{L}/u.test(word) || lower === word.toUpperCase()) return 0;
  if (lower === word) return 1;
  const [first, ...rest] = word;
  const tail = rest.join("");
  if (first !== first.toLowerCase() && tail === tail.toLowerCase()) return 2;
  return word === word.toUpperCase() ? 3 : 4;
}

/**
 * Throws DataError for no examples, or one whose tokens and tags differ in number, or that has
 * none.
 */
export function checkExamples(where: string, examples: readonly TaggedExample[]): void {
  if (!Array.isArray(examples)) throw kindError(`${where} examples`, "a list", examples);
  if (examples.length === 0) throw new DataError(sentence(`${where} examples`, "at least one", "none"));
  examples.forEach(({ tokens, tags }, i) => {
    if (tokens.length !== tags.length)
      throw new DataError(sentence(`${where} example ${i}`, `${tokens.length} tags`, String(tags.length)));
    checkTokens(`${where} example ${i}`, tokens);
  });
}
