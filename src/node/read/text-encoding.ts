/**
 * @file Text from bytes. A byte order mark tells the encoding; else it is UTF-8, or UTF-16 where
 * every other byte of ASCII text is zero, or windows-1252 (of which Latin-1 is a part) where bytes
 * that are not UTF-8 stand singly among ASCII letters. Nothing becomes U+FFFD.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { DataError, sentence, valueError, warnOnce } from "../../base/index.ts";
import { otherFormat } from "./other-format.ts";

/** Decodes the bytes of one text, which come in pieces. */
export type TextReader = {
  /** Text up to the last whole character, without a byte order mark. */
  push(bytes: Uint8Array): string;
  /** The rest. Throws DataError where a character is cut off. */
  end(): string;
};

const HINT = "--encoding names another, such as windows-1252, euc-kr or shift_jis";

/** Bytes that windows-1252 has no character for. */
const UNDEFINED = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/**
 * A reader of one text. `where` begins errors and the line that says which encoding was taken,
 * where it is not UTF-8. `encoding` is a label of the Encoding Standard, such as "latin1"; default:
 * told by the bytes. Throws RangeError for an unknown label; the reader throws DataError for bytes
 * that are not of the encoding, with the line, and for a workbook or a PDF.
 */
export function textReader(where: string, encoding?: string): TextReader {
  let decoder = encoding === undefined ? undefined : decoderOf(where, encoding);
  /** Bytes that are no whole character yet, or may be the beginning of a byte order mark. */
  let rest: Uint8Array = new Uint8Array(0);
  let isBegin = true;
  let hasOnlyAscii = true;
  /** Line feeds before `rest`. */
  let lines = 0;

  const refuse = (bytes: Uint8Array, at: number): never => {
    const line = 1 + lines + count(bytes.subarray(0, at), 0x0a);
    const [expected, hint] =
      encoding === undefined ? ["UTF-8 text", HINT] : [`${encoding} text`, "--encoding names another, such as utf-8"];
    const hex = at < bytes.length ? ` (0x${bytes[at].toString(16)})` : "";
    throw new DataError(sentence(`${where} line ${line}`, expected, `other bytes${hex}`, hint));
  };
  const decoded = (bytes: Uint8Array, stream: boolean): string => {
    try {
      return (decoder as TextDecoder).decode(bytes, { stream });
    } catch {
      return refuse(bytes, bytes.length);
    }
  };
  /** Text of bytes that are not UTF-8 from `at` on. */
  const otherwise = (bytes: Uint8Array, at: number, stream: boolean): string => {
    if (!hasOnlyAscii || !isAscii(bytes.subarray(0, at)) || !isWestern(bytes)) return refuse(bytes, at);
    warnOnce(`${where} is not UTF-8 and is read as windows-1252 (Latin-1); --encoding names another`);
    decoder = new TextDecoder("windows-1252");
    return decoded(bytes, stream);
  };
  const begin = (isEnd: boolean): void => {
    const other = otherFormat(where, rest);
    if (other === "part" && !isEnd) return;
    const mark = markOf(rest);
    if (mark === "part" && !isEnd) return;
    isBegin = false;
    if (mark === "utf-8" && decoder === undefined) rest = rest.subarray(3);
    else if (mark === "utf-16le" || mark === "utf-16be") {
      // "utf-16" is a label of the little-endian one, whichever the file is
      if (decoder === undefined || decoder.encoding.startsWith("utf-16")) decoder = utf16(mark);
    } else decoder ??= zerosOf(rest);
  };
  const next = (bytes: Uint8Array, isEnd: boolean): string => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    if (isBegin) {
      begin(isEnd);
      if (isBegin) {
        rest = Uint8Array.from(rest);
        return "";
      }
    }
    const all = rest;
    const end = decoder !== undefined || isEnd ? all.length : all.length - unfinished(all);
    const whole = all.subarray(0, end);
    // the caller's bytes may be overwritten
    rest = Uint8Array.from(all.subarray(end));
    const isKnown = decoder !== undefined;
    const text = isKnown
      ? decoded(whole, !isEnd)
      : isUtf8(whole)
        ? Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString("utf8")
        : otherwise(whole, firstInvalid(whole), !isEnd);
    if (!isKnown) hasOnlyAscii &&= isAscii(whole);
    lines += count(whole, 0x0a);
    return text;
  };
  return { push: (bytes) => next(bytes, false), end: () => next(new Uint8Array(0), true) };
}

/** Text of bytes that are all there. Options and errors are those of `textReader`. */
export function textFrom(where: string, bytes: Uint8Array, encoding?: string): string {
  const reader = textReader(where, encoding);
  return reader.push(bytes) + reader.end();
}

function decoderOf(where: string, encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw valueError(
      `${where} encoding`,
      'the name of an encoding, such as "utf-8", "utf-16le", "windows-1252", "euc-kr" or "shift_jis"',
      encoding,
    );
  }
}

const utf16 = (name: "utf-16le" | "utf-16be"): TextDecoder => new TextDecoder(name, { fatal: true });

/** Encoding of a byte order mark; "part" where more bytes may make one. */
function markOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" | "part" | undefined {
  const [a, b, c] = bytes;
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  const isPart =
    a === undefined ||
    (b === undefined && (a === 0xff || a === 0xfe || a === 0xef)) ||
    (c === undefined && a === 0xef && b === 0xbb);
  return isPart ? "part" : undefined;
}

/** UTF-16 without a mark: zeros stand in even places only, or in odd ones only, and are many. */
function zerosOf(bytes: Uint8Array): TextDecoder | undefined {
  const most = Math.min(bytes.length, 65_536);
  const zeros = [0, 0];
  for (let i = 0; i < most; i++) if (bytes[i] === 0) zeros[i % 2]++;
  const [even, odd] = zeros;
  if (even + odd < 2 || (even > 0 && odd > 0) || (even + odd) * 10 < most) return undefined;
  return utf16(odd > 0 ? "utf-16le" : "utf-16be");
}

/**
 * Whether bytes are text of western Europe beyond doubt: ASCII letters, and few other bytes, which
 * are letters and signs of windows-1252 and mostly stand singly. In other alphabets and in the
 * double bytes of East Asia they stand in rows.
 */
function isWestern(bytes: Uint8Array): boolean {
  let [high, single, letters] = [0, 0, 0];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c) return false;
    if (byte < 0x80) {
      if (byte >= 0x41) letters++;
      continue;
    }
    if (UNDEFINED.includes(byte)) return false;
    high++;
    if (!(bytes[i - 1] >= 0x80) && !(bytes[i + 1] >= 0x80)) single++;
  }
  return letters > 0 && high * 3 <= bytes.length && single * 4 >= high * 3;
}

/** Place of the first byte that belongs to no character of UTF-8. */
function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = lengthOf(bytes[at]);
    if (length !== 1 && !isUtf8(bytes.subarray(at, at + length))) return at;
    if (length === 1 && bytes[at] >= 0x80) return at;
    at += length;
  }
  return at;
}

/** Bytes of a character that begins with this one. */
const lengthOf = (byte: number): number => (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1);

/** Bytes at the end that are the beginning of a character, 0 to 3. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

function count(bytes: Uint8Array, byte: number): number {
  let found = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) found++;
  return found;
}
