/** @file Reading numbers and texts of a binary file one after the other, within its bounds. */
import { decodeUtf8, FormatError, sentence } from "../base/index.ts";

/** A place in bytes that moves on as they are read. Each method throws FormatError at the end. */
export class ByteCursor {
  readonly where: string;
  readonly bytes: Uint8Array;
  at: number;
  readonly #view: DataView;

  /** `where` names the file, and what in it, in errors. */
  constructor(where: string, bytes: Uint8Array, at = 0) {
    this.where = where;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The next `count` bytes, not copied. */
  take(count: number, what = "bytes"): Uint8Array {
    if (!Number.isSafeInteger(count) || count < 0 || count > this.left)
      throw this.error(`${count} ${what} at offset ${this.at}`, `${this.left} that are left`, "The file is cut off");
    const taken = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  /** The next `count` bytes as UTF-8. Throws FormatError for others. */
  text(count: number, what = "text"): string {
    const { at } = this;
    const bytes = this.take(count, `bytes of ${what}`);
    try {
      return decodeUtf8(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw this.error(`${what} in UTF-8 at offset ${at}`, "other bytes");
    }
  }

  /** Goes on at an offset from the beginning. */
  seek(offset: number, what = "data"): this {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > this.bytes.length)
      throw this.error(`${what} at an offset up to ${this.bytes.length}`, String(offset));
    this.at = offset;
    return this;
  }

  uint8(): number {
    return this.take(1)[0];
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  float32(): number {
    return this.#view.getFloat32(this.#skip(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  /** An unsigned number of 64 bits, which must be below 2^53. */
  uint64(): number {
    const at = this.#skip(8);
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw this.error(`a number below 2^53 at offset ${at}`, String(value));
    return value;
  }

  /** An unsigned number in groups of 7 bits, the lowest first, which must be below 2^53. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 128) {
      const byte = this.uint8();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw this.error("a number below 2^53", "a larger one");
  }

  /** An error about this file. */
  error(expected: string, got: string, hint?: string): FormatError {
    return new FormatError(sentence(this.where, expected, got, hint));
  }

  #skip(count: number): number {
    const { at } = this;
    this.take(count);
    return at;
  }
}
