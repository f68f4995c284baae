/**
 * @file Tokenization of text into units, without allocations per character. Positions are UTF-16
 * indices (`text[position]`). Text is never changed: no normalisation (see normalize.ts),
 * no newline conversion, no case folding, and a byte order mark is an ordinary character.
 */
import { DataError, sentence } from "../base/index.ts";

/** Unit of text that a token stands for. */
export type Unit = "char" | "byte" | "word";

const LETTER = 0;
const APOSTROPHE = 1;
const SPACE = 2;
const OTHER = 3;

const letterPattern = /[\p{L}\p{M}\p{N}_]/u;
const spacePattern = /\s/u;

/** A code point as text, such as "U+00E9". */
export function codePointName(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * The error for a lone surrogate, which has no UTF-8 form, so that different ones would become the
 * same symbol. `offset` is the position of `text` in the whole.
 */
export function loneSurrogateError(where: string, text: string, position: number, offset = 0): DataError {
  return new DataError(
    sentence(
      where,
      "well-formed text",
      `a lone surrogate ${codePointName(text.charCodeAt(position))} at position ${offset + position}`,
      "Text that was cut inside a character, or was not UTF-8, looks like this",
    ),
  );
}

/** Position of the first lone surrogate, or -1. */
export function findLoneSurrogate(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) !== 0xd800) continue;
    if (unit >= 0xdc00 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) return i;
    i++;
  }
  return -1;
}

/** Throws DataError if `text`, at `offset` in the whole, has a lone surrogate. */
export function checkWellFormed(where: string, text: string, offset = 0): void {
  const position = findLoneSurrogate(text);
  if (position >= 0) throw loneSurrogateError(where, text, position, offset);
}

/**
 * Compares two texts by code points. (`<` compares UTF-16 units, which puts U+10000 and above
 * before U+E000.)
 */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // move surrogates above all other units
    if (x >= 0xd800) x = x < 0xe000 ? x + 0x2000 : x - 0x800;
    if (y >= 0xd800) y = y < 0xe000 ? y + 0x2000 : y - 0x800;
    return x - y;
  }
  return a.length - b.length;
}

let basicPlane: Uint8Array | undefined;

function classify(codePoint: number): number {
  if (codePoint === 0x27 || codePoint === 0x2019) return APOSTROPHE;
  const character = String.fromCodePoint(codePoint);
  if (letterPattern.test(character)) return LETTER;
  return spacePattern.test(character) ? SPACE : OTHER;
}

function classesOfBasicPlane(): Uint8Array {
  if (basicPlane === undefined) {
    basicPlane = new Uint8Array(65536);
    for (let unit = 0; unit < 65536; unit++) basicPlane[unit] = classify(unit);
  }
  return basicPlane;
}

/** A tokenizer of text in pieces, which are not split inside a character. */
export type WordCutter = {
  push(piece: string): void;
  /** Visits the last token: the text has ended. */
  end(): void;
};

/**
 * Splits well-formed text into word tokens and calls `visit` for each, in order, with its position
 * in the whole; together they are the whole text. A token is a word (letters, marks, digits and
 * "_", with single apostrophes inside: "don't"), a run of white space, or one other character.
 * Reads each character once.
 */
export function wordCutter(visit: (word: string, position: number) => void): WordCutter {
  const classes = classesOfBasicPlane();
  /** Kind of the open token, or undefined. */
  let open: typeof LETTER | typeof SPACE | undefined;
  /** Earlier pieces of the open token, joined once. */
  let parts: string[] = [];
  /**
   * An apostrophe after letters at the end of the last piece, which belongs to the word if a letter
   * follows.
   */
  let apostrophe = "";
  /** Position in the whole of the open token or, without one, of the next. */
  let position = 0;
  const emit = (word: string): void => {
    if (word === "") return;
    visit(word, position);
    position += word.length;
  };
  const close = (last: string): void => {
    const word = parts.length === 0 ? last : parts.join("") + last;
    parts = [];
    open = undefined;
    emit(word);
  };
  return {
    push(piece) {
      // start in this piece of the open token, or of the next one
      let start = 0;
      for (let i = 0; i < piece.length;) {
        const unit = piece.charCodeAt(i);
        const isPair = (unit & 0xfc00) === 0xd800;
        const kind = isPair ? classify(piece.codePointAt(i) as number) : classes[unit];
        const end = i + (isPair ? 2 : 1);
        if (apostrophe !== "") {
          if (kind === LETTER) parts.push(apostrophe);
          else {
            close("");
            emit(apostrophe);
          }
          apostrophe = "";
        }
        if (kind === open) {
          i = end;
          continue;
        }
        if (open === LETTER && kind === APOSTROPHE) {
          if (end === piece.length) {
            parts.push(piece.slice(start, i));
            apostrophe = piece.slice(i, end);
            return;
          }
          const next = piece.charCodeAt(end);
          const follows = (next & 0xfc00) === 0xd800 ? classify(piece.codePointAt(end) as number) : classes[next];
          if (follows === LETTER) {
            i = end;
            continue;
          }
        }
        if (open !== undefined) close(piece.slice(start, i));
        start = i;
        if (kind === LETTER || kind === SPACE) open = kind;
        else {
          emit(piece.slice(i, end));
          start = end;
        }
        i = end;
      }
      if (open !== undefined && start < piece.length) parts.push(piece.slice(start));
    },
    end() {
      if (open !== undefined) close("");
      emit(apostrophe);
      apostrophe = "";
      position = 0;
    },
  };
}
