import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../base/index.ts";
import { parseStrictJson, writeStrictJson } from "./index.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const forbidden = new Set(["__proto__", "constructor", "prototype", "toJSON"]);
const key = fc.string({ unit: "binary" }).filter((k) => !forbidden.has(k));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.constantFrom(null, true, false, 0, -0, 1e20, 2 ** 53 - 1, 2 ** 53 + 2, 1e300, -1e21, 5e-324),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "binary" }),
    fc.array(tie("value")),
    fc.dictionary(key, tie("value")),
  ),
})).value;

test("what is written is read back, from text and from bytes", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = writeStrictJson(value);
      expect(parseStrictJson(text)).toEqual(value);
      expect(parseStrictJson(utf8(text))).toEqual(value);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("reads what JSON.stringify writes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      try {
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      } catch (error) {
        // stricter only in what it says
        expect(error).toBeInstanceOf(FormatError);
        expect((error as Error).message).toMatch(/2\^53|ordinary key|lone surrogate/);
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});

test("agrees with JSON.parse on damaged text, or is stricter; never another error", () => {
  const alphabet = fc.constantFrom(...'{}[]:,"\\/ \n\t0123456789-+.eEtruefalsn\u0001\ufeff', "null", "\\u00e9", '"a":');
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      let value: unknown;
      try {
        value = parseStrictJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        return;
      }
      expect(value).toEqual(JSON.parse(text));
    }),
    { seed: 3, numRuns: 20_000 },
  );
});

test.each<[string, string | Uint8Array, RegExp]>([
  ["nothing", "", /a value, got the end at offset 0/],
  ["space only", " \n", /got the end at offset 2/],
  ["a duplicate key", '{"a":1,"a":2}', /distinct keys, got the key "a" again at offset 7/],
  ["a duplicate key in escapes", '{"a":1,"\\u0061":2}', /distinct keys/],
  ["__proto__", '{"__proto__":1}', /ordinary key, got the key "__proto__" at offset 1/],
  ["__proto__ in escapes", '{"\\u005f_proto__":1}', /ordinary key/],
  ["constructor", '[{"constructor":1}]', /ordinary key/],
  ["prototype", '{"a":{"prototype":1}}', /ordinary key/],
  ["2^53", "[9007199254740992]", /2\^53 - 1, got 9007199254740992 at offset 1/],
  ["-2^53", "-9007199254740992", /2\^53/],
  ["a long integer", "1".repeat(400), /fits float64/],
  ["overflow", "1e400", /fits float64, got 1e400/],
  ["a BOM", "\ufeff{}", /byte order mark/],
  ["a BOM in bytes", bytes(0xef, 0xbb, 0xbf, 0x31), /byte order mark at offset 0/],
  ["trailing data", "{} x", /the end, got "x" at offset 3/],
  ["two values", "1 2", /the end/],
  ["a raw lone surrogate", '"a\ud800"', /lone surrogate at offset 0/],
  ["an escaped lone surrogate", '["\\ud800"]', /lone surrogate at offset 1/],
  ["a swapped pair", '"\\udc00\\ud800"', /lone surrogate/],
  ["two low halves", '"\\udc00\\udc00"', /lone surrogate/],
  ["a raw newline", '"a\nb"', /control characters escaped, got "\\n" at offset 2/],
  ["an open string", '"abc', /closing quote, got the end/],
  ["a bad escape", '"\\x41"', /escape sequence/],
  ["short hex", '"\\u12"', /four hexadecimal digits/],
  ["signed hex", '"\\u+123"', /four hexadecimal digits/],
  ["a comma too many", "[1,]", /a value, got "\]" at offset 3/],
  ["a comma in an object", '{"a":1,}', /a key in double quotes, got "}"/],
  ["a comma missing", "[1 2]", /"," or "\]", got "2"/],
  ["a colon missing", '{"a" 1}', /":", got "1"/],
  ["single quotes", "{'a':1}", /double quotes/],
  ["a leading zero", "01", /the end, got "1"/],
  ["a leading plus", "+1", /a value/],
  ["a bare point", "1.", /the end, got "\."/],
  ["NaN", "NaN", /a value/],
  ["a comment", "/* */1", /a value/],
  ["a no-break space", "\u00a01", /a value/],
  ["depth 65", "[".repeat(65) + "]".repeat(65), /depth of at most 64, got 65 at offset 64/],
  ["depth 100,000", "[".repeat(100_000), /depth of at most 64/],
  ["depth in objects", '{"a":'.repeat(65), /depth of at most 64/],
  ["an offset in bytes", utf8('["é😀" x'), /got "x" at offset 10/],
  ["a stray continuation byte", bytes(0x22, 0x80, 0x22), /UTF-8, got an invalid byte at offset 1/],
  ["an overlong form", bytes(0x22, 0xc0, 0x80, 0x22), /offset 1/],
  ["an overlong form of 3", bytes(0x22, 0xe0, 0x80, 0x80, 0x22), /offset 1/],
  ["a surrogate in UTF-8", bytes(0x22, 0xed, 0xa0, 0x80, 0x22), /offset 1/],
  ["above U+10FFFF", bytes(0x22, 0x22, 0xf4, 0x90, 0x80, 0x80), /offset 2/],
  ["a cut sequence", bytes(0x22, 0x41, 0xe2, 0x82), /offset 2/],
])("refuses %s", (_, input, message) => {
  expect(() => parseStrictJson(input)).toThrow(FormatError);
  expect(() => parseStrictJson(input)).toThrow(message);
});

describe("limits", () => {
  test("each at its edge", () => {
    expect(parseStrictJson("[".repeat(64) + "]".repeat(64))).toBeDefined();
    expect(parseStrictJson("9007199254740991")).toBe(2 ** 53 - 1);
    expect(parseStrictJson("[1,2]", { maxBytes: 5, maxValues: 3, maxDepth: 1 })).toEqual([1, 2]);
    expect(() => parseStrictJson("[1,2]", { maxBytes: 4 })).toThrow(/at most 4 bytes of JSON, got 5/);
    expect(() => parseStrictJson("[1,2]", { maxValues: 2 })).toThrow(/at most 2 values/);
    expect(() => parseStrictJson("[1,2]", { maxDepth: 0 })).toThrow(FormatError);
    expect(() => parseStrictJson("1", { maxDepth: 1e6 })).toThrow(RangeError);
    expect(() => parseStrictJson(1 as unknown as string)).toThrow(TypeError);
  });

  test("objects have no prototype, and Object.prototype stays as it is", () => {
    const value = parseStrictJson('{"toString":1,"a":{}}') as Record<string, object>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.getPrototypeOf(value.a)).toBeNull();
    expect("valueOf" in value).toBe(false);
  });

  test("a long string takes linear time", () => {
    const time = (n: number): number => {
      const text = `"${"\\n".repeat(n)}"`;
      const start = performance.now();
      expect(parseStrictJson(text)).toHaveLength(n);
      return performance.now() - start;
    };
    time(10_000);
    const small = Math.min(time(100_000), time(100_000));
    expect(Math.min(time(400_000), time(400_000))).toBeLessThan(12 * small + 20);
  });
});

describe("writeStrictJson", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  test.each<[string, unknown, RegExp]>([
    ["NaN", { a: [1, { b: NaN }] }, /^here a\[1\]\.b: expected a finite number, got NaN/],
    ["infinity", -Infinity, /^here: expected a finite number, got -Infinity/],
    ["a function", { f: () => 1 }, /^here f: expected a value that JSON has/],
    ["a bigint", [1n], /^here \[0\]: /],
    ["undefined in a list", [undefined], /^here \[0\]: /],
    ["a hole", new Array(1), /^here \[0\]: /],
    ["a typed array", { w: new Float32Array(2) }, /^here w: expected a plain object, got Float32Array/],
    ["a Map", new Map(), /plain object/],
    ["a forbidden key", JSON.parse('{"__proto__":1}'), /ordinary key/],
    ["a lone surrogate", { a: "\ud800" }, /well-formed/],
    ["a cycle", cyclic, /depth of at most 64/],
    ["depth 65", JSON.parse("[".repeat(65) + "]".repeat(65)), /depth of at most 64, got 65/],
  ])("refuses %s", (_, value, message) => expect(() => writeStrictJson(value, "here")).toThrow(message));

  test("undefined properties are left out, toJSON is used, order is kept", () => {
    expect(writeStrictJson({ b: undefined, z: 1, a: { toJSON: () => ["x"] } })).toBe('{"z":1,"a":["x"]}');
    expect(writeStrictJson(JSON.parse("[".repeat(64) + "]".repeat(64)))).toHaveLength(128);
  });
});
