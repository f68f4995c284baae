import { describe, expect, test } from "vitest";
import { sentence } from "./errors.ts";
import { jsonLine, printable } from "./printable.ts";

/** Every character that may act on a terminal, but line breaks and tabs. */
const acting = [
  ...Array.from({ length: 0x20 }, (_, i) => i).filter((code) => code !== 9 && code !== 10),
  ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i),
  ...Array.from({ length: 7 }, (_, i) => 0x2028 + i),
  ...Array.from({ length: 4 }, (_, i) => 0x2066 + i),
];

describe("printable", () => {
  test.each(acting)("escapes U+%i", (code) => {
    const hex = code.toString(16).padStart(4, "0");
    expect(printable(`a${String.fromCharCode(code)}b`)).toBe(`a\\u${hex}b`);
    const line = jsonLine({ a: String.fromCharCode(code) });
    expect(line).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(line)).toEqual({ a: String.fromCharCode(code) });
  });

  test("leaves text alone", () => {
    const text = "Zwölf\t日本 👩‍👩‍👧 שלום\u200f\nتم";
    expect(printable(text)).toBe(text);
    expect(JSON.parse(jsonLine(text))).toBe(text);
  });

  test("half of a pair", () => {
    expect(printable("a\ud800b")).toBe("a\\ud800b");
    expect(jsonLine(["a\ud800b"])).toBe('["a\ufffdb"]');
  });

  test("errors have it", () => {
    expect(sentence("x\u001b]0;y\u0007", "a", "\u009b31m")).toBe("x\\u001b]0;y\\u0007: expected a, got \\u009b31m");
  });
});

test("jsonLine has no NaN that reads as null", () => {
  const value = { a: NaN, b: [Infinity, -Infinity], c: null, d: undefined, e: 1.5 };
  expect(jsonLine(value)).toBe('{"a":"NaN","b":["Infinity","-Infinity"],"c":null,"e":1.5}');
});
