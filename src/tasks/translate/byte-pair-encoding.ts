/**
 * @file Byte-pair encoding (Sennrich, Haddow and Birch 2016): words in pieces that are learned from
 * text. Without merges, characters.
 */
import { checkChoice, checkInteger, DataError, FormatError, sentence } from "../../base/index.ts";
import { type Normalization, NORMALIZATIONS, normalized } from "../../data/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { asFormatError, field, parseFields } from "../../model/index.ts";

export type BytePairOptions = {
  /** Most merges to learn. 0 gives characters. */
  readonly merges: number;
  /** A pair that is seen less often isn't merged. Default 2. */
  readonly minCount?: number | undefined;
  /** Unicode form that text is brought to, here and in `encode`. Default "none". */
  readonly normalize?: Normalization | undefined;
};

/** The id of what the encoding doesn't know. */
export const UNKNOWN_ID = 0;
const UNKNOWN_TOKEN = "<unk>";
/** Text that an unknown character becomes. */
const REPLACEMENT = "\uFFFD";

/**
 * A space goes with the word after it; other white space stands alone. Pieces never merge with each
 * other, and joined they are the text.
 */
const PIECES = / ?[^\s]+|\s/gu;

/** Ids of two symbols that become one. */
type Merge = readonly [left: number, right: number];

/**
 * Text to ids and back. Tokens are `<unk>`, the characters by code point, then what each merge
 * makes.
 */
export class BytePairEncoding {
  /** Text of each id. */
  readonly tokens: readonly string[];
  /** Unicode form that `encode` brings text to. */
  readonly normalize: Normalization;
  readonly #characters: readonly string[];
  readonly #merges: readonly Merge[];
  readonly #idOf: ReadonlyMap<string, number>;
  /** Rank of each pair. */
  readonly #ranks = new Map<number, number>();
  readonly #known = new Map<string, readonly number[]>();

  /** Use `bytePairEncoding.train` or `bytePairEncoding.fromJSON`. */
  constructor(characters: readonly string[], merges: readonly Merge[], normalize: Normalization) {
    this.normalize = normalize;
    const tokens = [UNKNOWN_TOKEN, ...characters];
    this.#idOf = new Map(characters.map((character, i) => [character, i + 1]));
    merges.forEach(([left, right], rank) => {
      tokens.push(tokens[left] + tokens[right]);
      this.#ranks.set(pairKey(left, right), rank);
    });
    this.tokens = tokens;
    this.#characters = characters;
    this.#merges = merges;
  }

  get size(): number {
    return this.tokens.length;
  }

  /**
   * Ids of a text. Characters that were not in the training text become `UNKNOWN_ID`; for all
   * others decode(encode(text)) is the text, in the form of `normalize`.
   */
  encode(text: string): Int32Array {
    const ids: number[] = [];
    for (const [piece] of normalized(text, this.normalize).matchAll(PIECES)) {
      let known = this.#known.get(piece);
      if (known === undefined) {
        known = this.#merged(piece);
        if (this.#known.size < 100_000) this.#known.set(piece, known);
      }
      for (const id of known) ids.push(id);
    }
    return Int32Array.from(ids);
  }

  /** Text of ids; U+FFFD for `UNKNOWN_ID`. Throws RangeError for an id that doesn't exist. */
  decode(ids: ArrayLike<number>): string {
    let text = "";
    for (let i = 0; i < ids.length; i++) {
      const id = checkInteger(`BytePairEncoding.decode id ${i}`, ids[i], 0, this.size - 1);
      text += id === UNKNOWN_ID ? REPLACEMENT : this.tokens[id];
    }
    return text;
  }

  /** Plain JSON for `bytePairEncoding.fromJSON`. */
  toJSON(): JsonValue {
    return {
      characters: [...this.#characters],
      merges: this.#merges.map(([left, right]) => [left, right]),
      // left out as before there was a choice
      ...(this.normalize !== "none" && { normalize: this.normalize }),
    };
  }

  /**
   * Applies merges in the order in which they were learned, each everywhere from the left.
   * What a merge makes occurs in later merges only, so that a queue by rank and place finds the
   * same pairs in n log n, however long a piece without white space is.
   */
  #merged(piece: string): readonly number[] {
    const symbols = Int32Array.from(Array.from(piece, (character) => this.#idOf.get(character) ?? UNKNOWN_ID));
    const n = symbols.length;
    // symbols that are left, each with its neighbours
    const next = Int32Array.from(symbols, (_, i) => i + 1);
    const previous = Int32Array.from(symbols, (_, i) => i - 1);
    const queue = new PairQueue(n);
    const note = (i: number): void => {
      if (i < 0 || next[i] >= n) return;
      const rank = this.#ranks.get(pairKey(symbols[i], symbols[next[i]]));
      if (rank !== undefined) queue.push(rank, i);
    };
    for (let i = 0; i + 1 < n; i++) note(i);
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      const { rank, place } = at;
      const [left, right] = this.#merges[rank];
      const second = next[place];
      // a part of it has become another symbol since
      if (symbols[place] !== left || second >= n || symbols[second] !== right) continue;
      symbols[place] = this.#characters.length + 1 + rank;
      symbols[second] = GONE;
      next[place] = next[second];
      if (next[place] < n) previous[next[place]] = place;
      note(previous[place]);
      note(place);
    }
    return Array.from(symbols).filter((id) => id !== GONE);
  }
}

/** The second half of a symbol that was merged. */
const GONE = -1;

/** Pairs by rank, of one rank from the left: a binary heap. */
class PairQueue {
  /** rank · length + place. */
  readonly #keys: number[] = [];
  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
  }

  push(rank: number, place: number): void {
    const keys = this.#keys;
    const key = rank * this.#length + place;
    let i = keys.length;
    while (i > 0) {
      const above = (i - 1) >> 1;
      if (keys[above] <= key) break;
      keys[i] = keys[above];
      i = above;
    }
    keys[i] = key;
  }

  pop(): { readonly rank: number; readonly place: number } | undefined {
    const keys = this.#keys;
    const [first] = keys;
    const last = keys.pop();
    if (first === undefined || last === undefined) return undefined;
    if (keys.length > 0) {
      let i = 0;
      for (;;) {
        let below = 2 * i + 1;
        if (below >= keys.length) break;
        if (below + 1 < keys.length && keys[below + 1] < keys[below]) below++;
        if (keys[below] >= last) break;
        keys[i] = keys[below];
        i = below;
      }
      keys[i] = last;
    }
    const rank = Math.floor(first / this.#length);
    return { rank, place: first - rank * this.#length };
  }
}

/** Ids stay below 2^20, so a pair is one exact number. */
const MAX_TOKENS = 2 ** 20;
const pairKey = (left: number, right: number): number => left * MAX_TOKENS + right;

function replacePair(symbols: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      result.push(merged);
      i++;
    } else result.push(symbols[i]);
  }
  return result;
}

/** A piece in symbols, and how often it occurs. */
type CountedPiece = { symbols: number[]; readonly count: number };

/**
 * Learns an encoding from texts: again and again the pair of symbols that is most frequent inside a
 * piece becomes a symbol. Of equally frequent pairs, the one whose first symbol, then second, was
 * made first. The same texts give the same encoding, in whatever order they come. Throws DataError
 * when there are no characters.
 */
function train(
  texts: Iterable<string>,
  { merges, minCount = 2, normalize = "none" }: BytePairOptions,
): BytePairEncoding {
  const where = "bytePairEncoding.train";
  checkInteger(`${where} merges`, merges, 0, MAX_TOKENS / 2);
  checkInteger(`${where} minCount`, minCount, 1);
  checkChoice(`${where} normalize`, normalize, NORMALIZATIONS);
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [piece] of normalized(text, normalize).matchAll(PIECES)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const points = new Set<number>();
  for (const piece of counts.keys()) for (const character of piece) points.add(character.codePointAt(0) as number);
  if (points.size === 0) throw new DataError(sentence(where, "texts with at least one character", "none"));
  const characters = [...points].sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
  const idOf = new Map(characters.map((character, i) => [character, i + 1]));
  const pieces: CountedPiece[] = [...counts].map(([piece, count]) => ({
    symbols: Array.from(piece, (character) => idOf.get(character) as number),
    count,
  }));
  return new BytePairEncoding(characters, learnMerges(pieces, merges, minCount, characters.length + 1), normalize);
}

function learnMerges(pieces: readonly CountedPiece[], limit: number, minCount: number, firstId: number): Merge[] {
  const pairs = new Map<number, number>();
  /** Pieces that have, or had, a pair. */
  const places = new Map<number, Set<CountedPiece>>();
  const note = (piece: CountedPiece, sign: 1 | -1): void => {
    for (let i = 0; i + 1 < piece.symbols.length; i++) {
      const key = pairKey(piece.symbols[i], piece.symbols[i + 1]);
      pairs.set(key, (pairs.get(key) ?? 0) + sign * piece.count);
      const found = places.get(key);
      if (found === undefined) places.set(key, new Set([piece]));
      else if (sign === 1) found.add(piece);
    }
  };
  for (const piece of pieces) note(piece, 1);
  const merges: Merge[] = [];
  while (merges.length < limit) {
    let best = -1;
    let most = minCount - 1;
    for (const [key, count] of pairs) {
      if (count > most || (count === most && best >= 0 && key < best)) [best, most] = [key, count];
    }
    if (best < 0) break;
    const left = Math.floor(best / MAX_TOKENS);
    const right = best % MAX_TOKENS;
    for (const piece of places.get(best) ?? []) {
      note(piece, -1);
      piece.symbols = replacePair(piece.symbols, left, right, firstId + merges.length);
      note(piece, 1);
    }
    pairs.delete(best);
    places.delete(best);
    merges.push([left, right]);
  }
  return merges;
}

/** The encoding that `toJSON` gave. Throws FormatError for anything else. */
function fromJSON(value: unknown): BytePairEncoding {
  const where = "byte-pair encoding";
  const { characters, merges, normalize } = parseFields<{
    characters: readonly string[];
    merges: readonly (readonly number[])[];
    normalize: Normalization;
  }>(where, value, {
    characters: field.list((where, text) => field.text(where, text)),
    merges: field.list(field.list(field.integer)),
    normalize: (at, given = "none") => checkChoice(at, given, NORMALIZATIONS),
  });
  const distinct = new Set(characters);
  if (distinct.size !== characters.length || characters.some((character) => [...character].length !== 1))
    throw new FormatError(sentence(where, "distinct characters", "others"));
  return asFormatError(() => {
    const known = merges.map((merge, rank): Merge => {
      if (merge.length !== 2)
        throw new FormatError(sentence(`${where}: merges[${rank}]`, "two ids", `${merge.length}`));
      const [left, right] = merge.map((id) =>
        checkInteger(`${where}: merges[${rank}]`, id, 1, characters.length + rank),
      );
      return [left, right];
    });
    return new BytePairEncoding(characters, known, normalize);
  });
}

/** Byte-pair encodings: learned from texts, or from what was saved. */
export const bytePairEncoding: {
  readonly train: (texts: Iterable<string>, options: BytePairOptions) => BytePairEncoding;
  readonly fromJSON: (value: unknown) => BytePairEncoding;
} = { train, fromJSON };
