import {
  checkOptions,
  checkChoice,
  checkInteger,
  DataError,
  FormatError,
  describe,
  kindError,
  sentence,
  valueError,
} from "../base/index.ts";
import { type Normalization, NORMALIZATIONS, normalized } from "./normalize.ts";
import { checkWellFormed, compareCodePoints, findLoneSurrogate, wordCutter } from "./text-units.ts";
import type { Unit } from "./text-units.ts";
import { byteCodec, charCodec, wordCodec } from "./token-codecs.ts";
import type { DecodeStream, EncodeStream, TokenCodec } from "./token-codecs.ts";

/**
 * The unknown token of a limited vocabulary, which replaces all other tokens. Always id 0. No text
 * contains it as one token.
 */
export const UNKNOWN_TOKEN = "<unk>";

/**
 * A vocabulary as plain JSON. Tokens are an array (never keys), so "__proto__" is an ordinary
 * token.
 */
export type VocabularyJSON = { unit: Unit; tokens?: string[]; unknown?: boolean; normalize?: Normalization };

/** Options of `buildVocabulary`. */
export type VocabularyOptions = {
  /**
   * Unit of text. "char": Unicode code points. "byte": the 256 bytes of UTF-8. "word": words, white
   * space runs, punctuation. Default "char".
   */
  unit?: Unit | undefined;
  /**
   * Most tokens, including the unknown token (>= 2): the most frequent are kept. Not for "byte".
   * Default: all.
   */
  maxSize?: number | undefined;
  /** Fewest occurrences of a token that is kept. Not for "byte". Default 1. */
  minCount?: number | undefined;
  /** Unicode form that text is brought to, here and in `encode`. Default "none". */
  normalize?: Normalization | undefined;
};

/**
 * The tokens of a model, and the conversion between text and ids. Created by `buildVocabulary` or
 * `vocabularyFromJSON`. Text is not changed but for its Unicode form, `normalize`: a byte order
 * mark and "\r\n" are kept, so decode(encode(text)) is the text in that form.
 */
export class Vocabulary {
  readonly unit: Unit;
  /** Token of each id. For "byte": the printable ASCII character, or "<0x0A>". */
  readonly tokens: readonly string[];
  /** Id of the unknown token; undefined if there is none. */
  readonly unknownId: number | undefined;
  /** Unicode form that `encode` brings text to. */
  readonly normalize: Normalization;
  readonly #codec: TokenCodec;
  readonly #idOf: Map<string, number>;

  /**
   * Internal: `tokens` are distinct and valid for `unit`; with `unknown`, tokens[0] is the unknown
   * token.
   */
  constructor(unit: Unit, tokens: readonly string[], unknown: boolean, normalize: Normalization) {
    this.unit = unit;
    this.normalize = normalize;
    this.tokens = Object.freeze(tokens.slice());
    this.unknownId = unknown ? 0 : undefined;
    this.#idOf = new Map(tokens.map((token, id) => [token, id]));
    this.#codec =
      unit === "byte" ? byteCodec() : (unit === "char" ? charCodec : wordCodec)(this.tokens, this.unknownId);
  }

  /** Number of tokens. */
  get size(): number {
    return this.tokens.length;
  }

  /** Whether `token` is one of `tokens`. */
  has(token: string): boolean {
    return this.#idOf.has(token);
  }

  /** Id of `token`; undefined if it is not one of `tokens`. */
  idOf(token: string): number | undefined {
    return this.#idOf.get(token);
  }

  /**
   * Ids of `text`, one per token; "" gives none. Unknown characters and words become `unknownId`
   * or, without one, throw DataError; so do lone surrogates, always. The error has the position
   * (UTF-16 index).
   */
  encode(text: string): Int32Array {
    return this.#codec.encode(normalized(checkText("vocabulary.encode", text), this.normalize));
  }

  /**
   * An encoder of text in pieces; the ids are those of the whole. Pieces may end anywhere except
   * inside a character (a surrogate pair) or, with `normalize`, before a mark of it.
   */
  encodeStream(): EncodeStream {
    const stream = this.#codec.encodeStream();
    return { ...stream, push: (piece) => stream.push(normalized(piece, this.normalize)) };
  }

  /**
   * Text of `ids`. Malformed UTF-8 (unit "byte") becomes U+FFFD. Throws RangeError for an id that
   * does not exist.
   */
  decode(ids: ArrayLike<number>): string {
    return this.#codec.decode(ids);
  }

  /**
   * A decoder of ids that come one at a time. Each `push` returns what is complete, never half a
   * character.
   */
  decodeStream(): DecodeStream {
    return this.#codec.decodeStream();
  }

  /** The vocabulary as plain JSON, for `vocabularyFromJSON`. */
  toJSON(): VocabularyJSON {
    const { unit, normalize } = this;
    return {
      unit,
      ...(unit !== "byte" && { tokens: this.tokens.slice(), unknown: this.unknownId !== undefined }),
      // left out as before there was a choice
      ...(normalize !== "none" && { normalize }),
    };
  }
}

/**
 * Builds the vocabulary of `text`, in time linear in its length. Text too long for memory may come
 * in pieces, which may end anywhere except inside a character (a surrogate pair) or, with
 * `normalize`, before a mark of it. Ids are
 * deterministic: characters in order of code point, words from the most frequent (ties by code
 * point). With `maxSize` or `minCount` id 0 is the unknown token. Throws DataError if the text is
 * empty or has a lone surrogate, or if no token is kept.
 */
export function buildVocabulary(
  text: string | Iterable<string>,
  { unit = "char", maxSize, minCount, normalize = "none" }: VocabularyOptions = {},
): Vocabulary {
  checkOptions("buildVocabulary", arguments[1], "unit maxSize minCount normalize");
  const where = "buildVocabulary";
  const pieces = typeof text === "object" && text !== null ? text : [checkText(where, text)];
  checkChoice(`${where} unit`, unit, UNITS);
  checkChoice(`${where} normalize`, normalize, NORMALIZATIONS);
  if (maxSize !== undefined) checkInteger(`${where} maxSize`, maxSize, 2);
  if (minCount !== undefined) checkInteger(`${where} minCount`, minCount, 1);
  const limited = maxSize !== undefined || minCount !== undefined;
  if (unit === "byte" && limited) {
    const hint = "It always has 256 tokens";
    throw valueError(where, `no maxSize or minCount with unit "byte"`, maxSize ?? minCount, hint);
  }
  const counter = unit === "char" ? characterCounter() : unit === "word" ? wordCounter() : undefined;
  let length = 0;
  for (const piece of pieces) {
    checkWellFormed(where, checkText(where, piece), length);
    length += piece.length;
    counter?.push(normalized(piece, normalize));
  }
  if (length === 0) throw new DataError(sentence(where, "text with at least one character", "empty text"));
  if (counter === undefined || unit === "byte") return byteVocabulary(normalize);
  const counts = counter.end();
  const order = [...counts].filter(([, count]) => count >= (minCount ?? 1));
  order.sort(([a, m], [b, n]) => n - m || compareCodePoints(a, b));
  const kept = order.slice(0, maxSize === undefined ? order.length : maxSize - 1).map(([token]) => token);
  if (kept.length === 0) {
    throw new DataError(sentence(where, `a token that occurs at least ${minCount} times`, "none", "Lower minCount"));
  }
  if (unit === "char") kept.sort(compareCodePoints);
  return new Vocabulary(unit, limited ? [UNKNOWN_TOKEN, ...kept] : kept, limited, normalize);
}

const UNITS: readonly Unit[] = ["char", "byte", "word"];
const KEYS = ["unit", "tokens", "unknown", "normalize"];

/**
 * Recreates a vocabulary from the result of `toJSON`. Throws FormatError if `value` is anything
 * else.
 */
export function vocabularyFromJSON(value: unknown): Vocabulary {
  const where = "vocabularyFromJSON";
  const wrong = (expected: string, got: unknown): FormatError =>
    new FormatError(sentence(where, expected, describe(got)));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong("an object { unit, tokens }", value);
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const key of fields.keys()) {
    if (!KEYS.includes(key)) throw wrong(`the keys ${KEYS.join()} only`, key);
  }
  const unit = fields.get("unit") as Unit;
  if (!UNITS.includes(unit)) throw wrong(`unit ${UNITS.join()}`, unit);
  const unknown = fields.get("unknown") ?? false;
  if (typeof unknown !== "boolean") throw wrong("unknown: a boolean", unknown);
  const normalize = (fields.get("normalize") ?? "none") as Normalization;
  if (!NORMALIZATIONS.includes(normalize)) throw wrong(NORMALIZATIONS.join(), normalize);
  const tokens = fields.get("tokens");
  if (unit === "byte") {
    if (tokens !== undefined || unknown) throw wrong(`no tokens with unit "byte"`, tokens ?? unknown);
    return byteVocabulary(normalize);
  }
  if (!Array.isArray(tokens) || tokens.length === 0) throw wrong("tokens: a list of at least one string", tokens);
  const seen = new Set<string>();
  for (let id = 0; id < tokens.length; id++) {
    const token: unknown = tokens[id];
    if (typeof token !== "string" || token === "" || findLoneSurrogate(token) >= 0)
      throw wrong(`tokens[${id}]: well-formed text, not empty`, token);
    if (seen.has(token)) throw wrong(`tokens[${id}]: a token that did not occur before`, token);
    seen.add(token);
    if (unknown && id === 0) {
      if (token !== UNKNOWN_TOKEN) throw wrong(`tokens[0]: "${UNKNOWN_TOKEN}"`, token);
      continue;
    }
    if (unit === "char" && token.length !== ((token.codePointAt(0) as number) > 0xffff ? 2 : 1)) {
      throw wrong(`tokens[${id}]: one character`, token);
    }
  }
  return new Vocabulary(unit, [...seen], unknown, normalize);
}

function byteVocabulary(normalize: Normalization): Vocabulary {
  const tokens = Array.from({ length: 256 }, (_, byte) =>
    byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  return new Vocabulary("byte", tokens, false, normalize);
}

/** A counter of the tokens of text in pieces. */
type Counter = { push(piece: string): void; end(): Map<string, number> };

function characterCounter(): Counter {
  const basic = new Float64Array(65536);
  const astral = new Map<number, number>();
  return {
    push(piece) {
      for (let i = 0; i < piece.length; i++) {
        const unit = piece.charCodeAt(i);
        if ((unit & 0xfc00) !== 0xd800) {
          basic[unit]++;
          continue;
        }
        const codePoint = piece.codePointAt(i++) as number;
        astral.set(codePoint, (astral.get(codePoint) ?? 0) + 1);
      }
    },
    end() {
      const counts = new Map<string, number>();
      basic.forEach((count, codePoint) => {
        if (count > 0) counts.set(String.fromCharCode(codePoint), count);
      });
      for (const [codePoint, count] of astral) counts.set(String.fromCodePoint(codePoint), count);
      return counts;
    },
  };
}

function wordCounter(): Counter {
  const counts = new Map<string, number>();
  const cutter = wordCutter((word) => {
    const count = counts.get(word);
    counts.set(count === undefined ? copied(word) : word, (count ?? 0) + 1);
  });
  return {
    push: (piece) => cutter.push(piece),
    end() {
      cutter.end();
      return counts;
    },
  };
}

/** A copy of `token`: a slice would keep the whole text in memory. */
const copied = (token: string): string => Array.from(token).join("");

function checkText(where: string, text: string): string {
  if (typeof text !== "string") throw kindError(where, "text (a string)", text);
  return text;
}
