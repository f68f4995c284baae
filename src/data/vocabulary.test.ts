import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError } from "../base/index.ts";
import { buildVocabulary, vocabularyFromJSON } from "./index.ts";
import type { Vocabulary } from "./index.ts";

const text = fc.string({ unit: "binary" });
const units = ["char", "byte", "word"] as const;

describe("round trips", () => {
  test.each(units)("%s: decode(encode(text)) is the text, also id by id and through JSON", (unit) => {
    fc.assert(
      fc.property(
        text.filter((s) => s !== ""),
        (s) => {
          const vocabulary = buildVocabulary(s, { unit });
          const ids = vocabulary.encode(s);
          expect(vocabulary.decode(ids)).toBe(s);
          const stream = vocabulary.decodeStream();
          expect(Array.from(ids, (id) => stream.push(id)).join("") + stream.end()).toBe(s);
          const again = vocabularyFromJSON(JSON.parse(JSON.stringify(vocabulary)));
          expect(again.tokens).toEqual(vocabulary.tokens);
          expect(again.encode(s)).toEqual(ids);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  test.each(units)("%s: BOM, CR/LF, NFC and NFD stay as they are", (unit) => {
    const s = "\ufeffa\r\nb\n\u00e9 e\u0301 don't \u{1f600}\0__proto__ constructor";
    const vocabulary = buildVocabulary(s, { unit });
    expect(vocabulary.decode(vocabulary.encode(s))).toBe(s);
  });
});

describe("char", () => {
  test("ids are in order of code point, not of UTF-16 unit", () => {
    expect(buildVocabulary("\u{1f600}\uff21ba").tokens).toEqual(["a", "b", "\uff21", "\u{1f600}"]);
  });

  test("an unknown character is named with its position", () => {
    const vocabulary = buildVocabulary("hello");
    expect(() => vocabulary.encode("hé")).toThrow(DataError);
    expect(() => vocabulary.encode("hé")).toThrow(
      /vocabulary\.encode: expected .*\(4 known\), got "é" \(U\+00E9\) at position 1/,
    );
    expect(vocabulary.encode("")).toEqual(new Int32Array(0));
  });

  test("maxSize keeps the most frequent, ties by code point, and adds an unknown token", () => {
    const vocabulary = buildVocabulary("ccbbad", { maxSize: 4 });
    expect(vocabulary.tokens).toEqual(["<unk>", "a", "b", "c"]);
    expect(vocabulary.encode("dac")).toEqual(Int32Array.of(0, 1, 3));
    expect(buildVocabulary("ccbbad", { minCount: 2 }).tokens).toEqual(["<unk>", "b", "c"]);
    expect(() => buildVocabulary("ab", { minCount: 2 })).toThrow(DataError);
  });

  test("has and idOf know nothing of Object.prototype", () => {
    const vocabulary = buildVocabulary("abc");
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(vocabulary.has(name)).toBe(false);
      expect(vocabulary.idOf(name)).toBeUndefined();
    }
    const words = buildVocabulary("__proto__ constructor", { unit: "word" });
    expect(words.size).toBe(3);
    expect(words.has("__proto__")).toBe(true);
  });
});

describe("word", () => {
  test("words with inner apostrophes, white space runs, single punctuation marks", () => {
    const tokens = (s: string): string[] => {
      const vocabulary = buildVocabulary(s, { unit: "word" });
      return Array.from(vocabulary.encode(s), (id) => vocabulary.tokens[id]);
    };
    expect(tokens("Don't, 'tis...  e\u0301t\u00e9_2\r\n")).toEqual([
      "Don't",
      ",",
      " ",
      "'",
      "tis",
      ".",
      ".",
      ".",
      "  ",
      "e\u0301t\u00e9_2",
      "\r\n",
    ]);
    expect(tokens("\u{10400}\u{10401}'\u{10402} \u{1f600}\u{1f600}")).toEqual([
      "\u{10400}\u{10401}'\u{10402}",
      " ",
      "\u{1f600}",
      "\u{1f600}",
    ]);
  });

  test("more tokens than half the characters", () => {
    const marks = "!?".repeat(1000);
    expect(buildVocabulary(marks, { unit: "word" }).encode(marks)).toEqual(
      Int32Array.from({ length: 2000 }, (_, i) => i % 2),
    );
  });

  test("most frequent first, ties by code point; others become unknown", () => {
    const vocabulary = buildVocabulary("b a a c", { unit: "word", maxSize: 4 });
    expect(vocabulary.tokens).toEqual(["<unk>", " ", "a", "b"]);
    expect(vocabulary.decode(vocabulary.encode("a zebra"))).toBe("a <unk>");
    expect(() => buildVocabulary("b a", { unit: "word" }).encode("a zebra")).toThrow(/"zebra" at position 2/);
  });
});

describe("byte", () => {
  const vocabulary = buildVocabulary("x", { unit: "byte" });

  test("256 tokens, whatever the text", () => {
    expect(vocabulary.size).toBe(256);
    expect(new Set(vocabulary.tokens).size).toBe(256);
    expect(vocabulary.encode("é\n")).toEqual(Int32Array.of(0xc3, 0xa9, 10));
    expect([vocabulary.tokens[65], vocabulary.tokens[10]]).toEqual(["A", "<0x0A>"]);
    expect(() => buildVocabulary("x", { unit: "byte", maxSize: 9 })).toThrow(RangeError);
  });

  test("a stream shows characters only when they are complete; malformed UTF-8 becomes U+FFFD", () => {
    const stream = vocabulary.decodeStream();
    expect([0xf0, 0x9f, 0x98, 0x80, 0x41].map((id) => stream.push(id))).toEqual(["", "", "", "\u{1f600}", "A"]);
    expect([0xc3, 0x41].map((id) => stream.push(id))).toEqual(["", "\ufffdA"]);
    expect(stream.push(0xe2) + stream.end()).toBe("\ufffd");
    expect(stream.push(0x41)).toBe("A");
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const s = vocabulary.decodeStream();
        expect(Array.from(bytes, (id) => s.push(id)).join("") + s.end()).toBe(vocabulary.decode(bytes));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});

test.each(units)("%s: bad text and ids", (unit) => {
  expect(() => buildVocabulary("", { unit })).toThrow(DataError);
  for (const bad of ["ab\ud800", "ab\udc00c", "ab\ud800\ud800", "ab\udc00\udc00"]) {
    expect(() => buildVocabulary(bad, { unit })).toThrow(/lone surrogate U\+D[8C]00 at position 2/);
    expect(() => buildVocabulary("abc", { unit }).encode(bad)).toThrow(DataError);
  }
  const vocabulary: Vocabulary = buildVocabulary("abc", { unit });
  for (const id of [-1, vocabulary.size, 0.5, NaN]) {
    expect(() => vocabulary.decode([0, id])).toThrow(/at index 1, got/);
    expect(() => vocabulary.decodeStream().push(id)).toThrow(RangeError);
  }
  expect(() => buildVocabulary(null as unknown as string, { unit })).toThrow(TypeError);
});

test.each<[string, unknown]>([
  ["null", null],
  ["an array", []],
  ["no unit", { tokens: ["a"] }],
  ["an inherited unit", Object.create({ unit: "byte" })],
  ["an unknown key", { unit: "byte", extra: 1 }],
  ["tokens for bytes", { unit: "byte", tokens: ["a"] }],
  ["no tokens", { unit: "char" }],
  ["empty tokens", { unit: "char", tokens: [] }],
  ["a number", { unit: "char", tokens: [1] }],
  ["a hole", { unit: "char", tokens: new Array(1) }],
  ["twice the same", { unit: "char", tokens: ["a", "a"] }],
  ["two characters", { unit: "char", tokens: ["ab"] }],
  ["an empty token", { unit: "word", tokens: [""] }],
  ["a lone surrogate", { unit: "char", tokens: ["\ud800"] }],
  ["another unknown token", { unit: "char", tokens: ["a"], unknown: true }],
  ["unknown as text", { unit: "char", tokens: ["<unk>"], unknown: "yes" }],
])("vocabularyFromJSON refuses %s", (_, value) => {
  expect(() => vocabularyFromJSON(value)).toThrow(FormatError);
});

test("time grows linearly, and kept words do not depend on the corpus length", () => {
  const once = "It was the best of times, it was the worst of times;\n";
  for (const unit of units) {
    // milliseconds of this process, whatever else the machine does
    const time = (copies: number): number => {
      const s = once.repeat(copies);
      const start = process.cpuUsage();
      expect(buildVocabulary(s, { unit }).encode(s).length).toBeGreaterThan(copies);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    };
    time(2_000);
    const small = Math.min(time(10_000), time(10_000), time(10_000));
    const large = Math.min(time(40_000), time(40_000));
    expect(large).toBeLessThan(12 * small + 20); // 4 if linear, 16 if quadratic
  }
});

test("words are the same however a text is cut into pieces", () => {
  const signs = ["a", "é", "𝒳", "😀", "'", "’", " ", "\n", ".", "_", "7"];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...signs), fc.boolean()), { minLength: 1 }), (parts) => {
      const text = parts.map(([sign]) => sign).join("");
      const pieces: string[] = [""];
      for (const [sign, isLast] of parts) {
        pieces[pieces.length - 1] += sign;
        if (isLast) pieces.push("");
      }
      const whole = buildVocabulary(text, { unit: "word" });
      expect(buildVocabulary(pieces, { unit: "word" }).toJSON()).toEqual(whole.toJSON());
      const stream = whole.encodeStream();
      const ids = [...pieces.map((piece) => stream.push(piece)), stream.end()].flatMap((some) => [...some]);
      expect(ids).toEqual([...whole.encode(text)]);
    }),
    { numRuns: 500 },
  );
});
