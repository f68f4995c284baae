/**
 * @file How text is cut into units, without allocating anything per character. Positions are UTF-16 indices (`text[position]`).
 * Text is never changed: no normalisation (NFC and NFD stay two spellings), no newline conversion, no case
 * folding, and a byte order mark is a character like any other.
 */
import { DataError, sentence } from "../base/index.ts";

/** What one token stands for. */
export type Unit = "char" | "byte" | "word";

const LETTER = 0;
const APOSTROPHE = 1;
const SPACE = 2;
const OTHER = 3;

const letterPattern = /[\p{L}\p{M}\p{N}_]/u;
const spacePattern = /\s/u;

/** "U+00E9" for a code point. */
export function codePointName(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * The error for half of a surrogate pair: it has no UTF-8 form, so two different ones would become one symbol. `offset` is where `text` begins in the whole.
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

/** Throws DataError when `text`, which begins at `offset` of the whole, has a lone surrogate. */
export function checkWellFormed(where: string, text: string, offset = 0): void {
  const position = findLoneSurrogate(text);
  if (position >= 0) throw loneSurrogateError(where, text, position, offset);
}

/** Order by code point. (`<` compares UTF-16 units, which puts U+10000 and above before U+E000.) */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // lift surrogates above every other unit
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

/**
 * Cuts well-formed `text` into word tokens and calls `visit(start, end)` for each, in order; together they are the whole text.
 * A token is a word (letters, marks, digits and "_", with single apostrophes inside: "don't"), a run
 * of white space, or one other character.
 */
export function forEachWord(text: string, visit: (start: number, end: number) => void): void {
  const classes = classesOfBasicPlane();
  const classAt = (i: number): number => {
    const unit = text.charCodeAt(i);
    return (unit & 0xfc00) === 0xd800 ? classify(text.codePointAt(i) as number) : classes[unit];
  };
  const widthAt = (i: number): number => ((text.charCodeAt(i) & 0xfc00) === 0xd800 ? 2 : 1);
  const n = text.length;
  for (let start = 0; start < n;) {
    const kind = classAt(start);
    let end = start + widthAt(start);
    if (kind === SPACE) {
      while (end < n && classAt(end) === SPACE) end++;
    } else if (kind === LETTER) {
      while (end < n) {
        const next = classAt(end);
        if (next === LETTER) end += widthAt(end);
        else if (next === APOSTROPHE && end + 1 < n && classAt(end + 1) === LETTER) end += 1;
        else break;
      }
    }
    visit(start, end);
    start = end;
  }
}

/** Cuts text that comes in pieces; a character is never in two of them. */
export type WordCutter = {
  push(piece: string): void;
  /** The text has ended. */
  end(): void;
};

/** Cuts as `forEachWord` cuts the whole text, and calls `visit` for each token, with its position in the whole. */
export function wordCutter(visit: (word: string, position: number) => void): WordCutter {
  /** What may belong to a token that goes on, and where it begins in the whole. */
  let held = "";
  let position = 0;
  const cut = (text: string, isLast: boolean): void => {
    let done = 0;
    forEachWord(text, (start, end) => {
      // whether a word goes on after an apostrophe is known two characters later
      if (!isLast && end > text.length - 2) return;
      visit(text.slice(start, end), position + start);
      done = end;
    });
    held = text.slice(done);
    position += done;
  };
  return { push: (piece) => cut(held + piece, false), end: () => cut(held, true) };
}
