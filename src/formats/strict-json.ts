/**
 * @file A JSON reader for untrusted text. It is stricter than JSON.parse, which keeps the last of
 * two equal keys, rounds large integers silently, accepts "__proto__" as a key, and has no limit of
 * depth or size.
 */
import { checkInteger, checkOptions, decodeUtf8, encodeUtf8, FormatError, kindError, sentence } from "../base/index.ts";
import { FORBIDDEN_KEYS, invalidUtf8Offset, isWellFormed } from "./json-text.ts";

/** A JSON value. Objects have a null prototype. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** Limits of `parseStrictJson`. */
export type StrictJsonOptions = {
  /** Largest input in bytes (for text: in UTF-16 units). Default 25,000,000. */
  maxBytes?: number | undefined;
  /** Largest depth of nested arrays and objects, at most 512. Default 64. */
  maxDepth?: number | undefined;
  /**
   * Largest number of values, because an empty list of 2 bytes takes 16 times that in memory.
   * Default 1,000,000.
   */
  maxValues?: number | undefined;
  /** Beginning of error messages. Default "parseStrictJson". */
  where?: string | undefined;
};

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const hexPattern = /^[0-9a-fA-F]{4}$/;
const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/**
 * Parses JSON text (or its UTF-8 bytes). Throws FormatError, with the offset (in bytes for bytes,
 * otherwise in UTF-16 units), for anything that JSON forbids. Also for: a byte order mark,
 * duplicate keys, the keys "__proto__", "constructor" and "prototype", integers beyond 2^53 - 1,
 * numbers that overflow, invalid UTF-8, lone surrogates, and input beyond the limits.
 */
export function parseStrictJson(
  input: string | Uint8Array,
  { maxBytes = 25_000_000, maxDepth = 64, maxValues = 1_000_000, where = "parseStrictJson" }: StrictJsonOptions = {},
): JsonValue {
  checkOptions("parseStrictJson", arguments[1], "maxBytes maxDepth maxValues where");
  checkInteger(`${where} maxBytes`, maxBytes, 1);
  checkInteger(`${where} maxDepth`, maxDepth, 0, 512);
  checkInteger(`${where} maxValues`, maxValues, 1);
  if (typeof input !== "string" && !(input instanceof Uint8Array))
    throw kindError(where, "text or a Uint8Array", input);
  if (input.length > maxBytes) {
    throw new FormatError(sentence(where, `at most ${maxBytes} bytes of JSON`, String(input.length)));
  }
  const text = typeof input === "string" ? input : textOf(where, input);
  return new Reader(text, typeof input !== "string", maxDepth, maxValues, where).document();
}

function textOf(where: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw new FormatError(sentence(where, "UTF-8", `an invalid byte at offset ${invalidUtf8Offset(bytes)}`));
  }
}

/** Recursive descent; the depth limit bounds the recursion. */
class Reader {
  readonly #text: string;
  readonly #inBytes: boolean;
  readonly #maxDepth: number;
  readonly #maxValues: number;
  readonly #where: string;
  #at = 0;
  #values = 0;

  constructor(text: string, inBytes: boolean, maxDepth: number, maxValues: number, where: string) {
    this.#text = text;
    this.#inBytes = inBytes;
    this.#maxDepth = maxDepth;
    this.#maxValues = maxValues;
    this.#where = where;
  }

  document(): JsonValue {
    if (this.#text.charCodeAt(0) === 0xfeff) this.#fail("JSON", "a byte order mark");
    this.#space();
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail("the end", this.#here());
    return value;
  }

  #value(depth: number): JsonValue {
    if (++this.#values > this.#maxValues) this.#fail(`at most ${this.#maxValues} values`, "more");
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth + 1);
      case "[":
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    this.#enter(depth);
    const object = Object.create(null) as Record<string, JsonValue>;
    if (this.#skip("}")) return object;
    do {
      this.#space();
      const start = this.#at;
      if (this.#text[start] !== '"') this.#fail("a key in double quotes", this.#here());
      const key = this.#string();
      if (FORBIDDEN_KEYS.has(key)) this.#fail("an ordinary key", `the key "${key}"`, start);
      if (Object.hasOwn(object, key))
        this.#fail("distinct keys", `the key ${JSON.stringify(key.slice(0, 100))} again`, start);
      if (!this.#skip(":")) this.#fail('":"', this.#here());
      this.#space();
      object[key] = this.#value(depth);
    } while (this.#skip(","));
    if (!this.#skip("}")) this.#fail('"," or "}"', this.#here());
    return object;
  }

  #array(depth: number): JsonValue {
    this.#enter(depth);
    const array: JsonValue[] = [];
    if (this.#skip("]")) return array;
    do {
      this.#space();
      array.push(this.#value(depth));
    } while (this.#skip(","));
    if (!this.#skip("]")) this.#fail('"," or "]"', this.#here());
    return array;
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) this.#fail(`a depth of at most ${this.#maxDepth}`, String(depth));
    this.#at++;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at++;
    const parts: string[] = [];
    for (let from = this.#at; ;) {
      const unit = text.charCodeAt(this.#at);
      if (unit === 0x22) {
        parts.push(text.slice(from, this.#at++));
        break;
      }
      if (unit === 0x5c) {
        parts.push(text.slice(from, this.#at));
        parts.push(this.#escape());
        from = this.#at;
      } else if (unit >= 0x20) {
        this.#at++;
      } else if (this.#at >= text.length) {
        this.#fail("a closing quote", "the end");
      } else {
        this.#fail("control characters escaped", this.#here());
      }
    }
    const value = parts.join("");
    if (!isWellFormed(value)) this.#fail("well-formed text", "a string with a lone surrogate", start);
    return value;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1];
    if (letter === "u") {
      const hex = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!hexPattern.test(hex)) this.#fail("four hexadecimal digits", JSON.stringify(hex));
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const character = escapes.get(letter);
    if (character === undefined) this.#fail("an escape sequence of JSON", this.#here());
    this.#at += 2;
    return character;
  }

  #number(): number {
    numberPattern.lastIndex = this.#at;
    const digits = numberPattern.exec(this.#text)?.[0];
    if (digits === undefined) this.#fail("a value", this.#here());
    const value = Number(digits);
    const shown = digits.length > 40 ? `${digits.slice(0, 40)}…` : digits;
    if (!Number.isFinite(value)) this.#fail("a number that fits float64", shown);
    if (!/[.eE]/.test(digits) && !Number.isSafeInteger(value)) this.#fail("an integer of at most 2^53 - 1", shown);
    this.#at += digits.length;
    return value;
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("a value", this.#here());
    this.#at += word.length;
    return value;
  }

  #skip(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #here(): string {
    return this.#at < this.#text.length
      ? JSON.stringify(String.fromCodePoint(this.#text.codePointAt(this.#at) as number))
      : "the end";
  }

  #fail(expected: string, got: string, at: number = this.#at): never {
    const offset = this.#inBytes ? encodeUtf8(this.#text.slice(0, at)).length : at;
    throw new FormatError(sentence(this.#where, expected, `${got} at offset ${offset}`));
  }
}
