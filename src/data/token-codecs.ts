/**
 * @file Conversion between text and ids for each unit. Codecs rely on a token list that
 * `vocabulary.ts` has checked.
 */
import { checkInteger, DataError, describe, encodeUtf8, sentence, valueError } from "../base/index.ts";
import { checkWellFormed, codePointName, loneSurrogateError, wordCutter } from "./text-units.ts";

/** A decoder of ids that come one at a time. */
export type DecodeStream = {
  /**
   * The text that `id` completes; "" while a UTF-8 sequence is incomplete. Throws RangeError for an
   * id that does not exist.
   */
  push(id: number): string;
  /**
   * The rest: "", or U+FFFD for an incomplete UTF-8 sequence. The stream can then be used again.
   */
  end(): string;
};

/** An encoder of text that comes in pieces. */
export type EncodeStream = {
  /**
   * The ids that `piece` completes. Throws DataError as `encode`, with the position in the whole
   * text.
   */
  push(piece: string): Int32Array;
  /** The remaining ids. */
  end(): Int32Array;
};

/** Encoding and decoding for one unit. */
export type TokenCodec = {
  encode(text: string): Int32Array;
  encodeStream(): EncodeStream;
  decode(ids: ArrayLike<number>): string;
  decodeStream(): DecodeStream;
};

const ENCODE = "vocabulary.encode";
const DECODE = "vocabulary.decode";

function unknownError(kind: string, symbol: string, position: number, known: number): DataError {
  const code = kind === "character" ? ` (${codePointName(symbol.codePointAt(0) as number)})` : "";
  return new DataError(
    sentence(
      ENCODE,
      `a ${kind} of the vocabulary (${known} known)`,
      `${describe(symbol)}${code} at position ${position}`,
      `Build the vocabulary from text that contains it${kind === "word" ? ", pass maxSize to get an unknown token," : ""} or use unit "byte"`,
    ),
  );
}

/**
 * A codec with the code points `tokens`. Others become `unknownId`; without one, encoding them
 * throws DataError.
 */
export function charCodec(tokens: readonly string[], unknownId: number | undefined): TokenCodec {
  // two tables, so that most characters cost one array read
  const basic = new Int32Array(65536).fill(-1);
  const astral = new Map<number, number>();
  tokens.forEach((token, id) => {
    if (id === unknownId) return;
    const codePoint = token.codePointAt(0) as number;
    if (codePoint < 65536) basic[codePoint] = id;
    else astral.set(codePoint, id);
  });
  const encode = (text: string, offset = 0): Int32Array => {
    const ids = new Int32Array(text.length);
    let n = 0;
    for (let i = 0; i < text.length; i++) {
      let codePoint = text.charCodeAt(i);
      const position = offset + i;
      if ((codePoint & 0xf800) === 0xd800) {
        const low = text.charCodeAt(i + 1);
        if (codePoint >= 0xdc00 || (low & 0xfc00) !== 0xdc00) throw loneSurrogateError(ENCODE, text, i, offset);
        codePoint = ((codePoint - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
        i++;
      }
      const id = (codePoint < 65536 ? basic[codePoint] : (astral.get(codePoint) ?? -1)) as number;
      if (id >= 0) ids[n++] = id;
      else if (unknownId !== undefined) ids[n++] = unknownId;
      else throw unknownError("character", String.fromCodePoint(codePoint), position, tokens.length);
    }
    return n === ids.length ? ids : ids.slice(0, n);
  };
  return { encode, encodeStream: () => pieceByPiece(encode), ...joining(tokens) };
}

/** An encoder for units that never span two pieces. */
function pieceByPiece(encode: (piece: string, offset: number) => Int32Array): EncodeStream {
  let offset = 0;
  return {
    push(piece) {
      const ids = encode(piece, offset);
      offset += piece.length;
      return ids;
    },
    end: () => new Int32Array(0),
  };
}

/** A growing list of ids. */
class IdList {
  #ids: Int32Array;
  #length = 0;

  constructor(expected: number) {
    this.#ids = new Int32Array(expected);
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length++] = id;
  }

  /** Returns all ids and empties the list. */
  take(): Int32Array {
    const taken = this.#ids.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }
}

/**
 * A codec with the words `tokens`. Others become `unknownId`; without one, encoding them throws
 * DataError.
 */
export function wordCodec(tokens: readonly string[], unknownId: number | undefined): TokenCodec {
  const idOf = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (id !== unknownId) idOf.set(token, id);
  });
  const known = (word: string, position: number): number => {
    const id = idOf.get(word) ?? unknownId;
    if (id === undefined) throw unknownError("word", word, position, tokens.length);
    return id;
  };
  const encoder = (expected: number) => {
    const ids = new IdList(expected);
    const cutter = wordCutter((word, position) => ids.push(known(word, position)));
    let offset = 0;
    return {
      add: (piece: string): void => {
        checkWellFormed(ENCODE, piece, offset);
        offset += piece.length;
        cutter.push(piece);
      },
      take: () => ids.take(),
      end: () => {
        cutter.end();
        return ids.take();
      },
    };
  };
  return {
    encode(text) {
      const { add, end } = encoder(Math.max(16, text.length >>> 1));
      add(text);
      return end();
    },
    encodeStream() {
      const { add, take, end } = encoder(1024);
      return {
        push(piece) {
          add(piece);
          return take();
        },
        end,
      };
    },
    ...joining(tokens),
  };
}

/** Decoding for units whose tokens are complete texts. */
function joining(tokens: readonly string[]): Omit<TokenCodec, "encode" | "encodeStream"> {
  return {
    decode(ids) {
      let text = "";
      // in pieces, because a string grown token by token is a tree as deep as the text is long
      for (let from = 0; from < ids.length; from += 4096) {
        const piece: string[] = [];
        const to = Math.min(ids.length, from + 4096);
        for (let i = from; i < to; i++) piece.push(tokens[checkId(ids[i], tokens.length, i)]);
        text += piece.join("");
      }
      return text;
    },
    decodeStream: () => ({
      push: (id) => tokens[checkId(id, tokens.length)],
      end: () => "",
    }),
  };
}

/**
 * A codec of the 256 byte values. Text is encoded as UTF-8; malformed UTF-8 is decoded as U+FFFD.
 */
export function byteCodec(): TokenCodec {
  const encode = (text: string, offset = 0): Int32Array => {
    checkWellFormed(ENCODE, text, offset);
    return new Int32Array(encodeUtf8(text));
  };
  return {
    encode,
    encodeStream: () => pieceByPiece(encode),
    decode(ids) {
      const bytes = new Uint8Array(ids.length);
      for (let i = 0; i < ids.length; i++) bytes[i] = checkId(ids[i], 256, i);
      return utf8().decode(bytes);
    },
    decodeStream() {
      const decoder = utf8();
      const one = new Uint8Array(1);
      return {
        push(id) {
          one[0] = checkId(id, 256);
          return decoder.decode(one, { stream: true });
        },
        end: () => decoder.decode(),
      };
    },
  };
}

// ignoreBOM means "do not strip it": U+FEFF survives a round trip
const utf8 = (): TextDecoder => new TextDecoder("utf-8", { ignoreBOM: true });

function checkId(id: number, size: number, position?: number): number {
  if (Number.isInteger(id) && id >= 0 && id < size) return id;
  if (typeof id !== "number") checkInteger(DECODE, id, 0, size - 1);
  throw valueError(DECODE, `an id in [0, ${size - 1}]${position === undefined ? "" : ` at index ${position}`}`, id);
}
