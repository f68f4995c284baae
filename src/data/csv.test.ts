import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DataError } from "../base/index.ts";
import { csvRows, type CsvOptions } from "./index.ts";

const rows = (text: string | Iterable<string>, options?: CsvOptions): string[][] =>
  [...csvRows(text, options)].map(({ fields }) => [...fields]);

test("fields, quotes, line ends, byte order mark and empty lines", () => {
  const text = '\uFEFFa,b\r\n\r\n"1,5","say ""hi"""\n"two\r\nlines",\n,""\n\nlast,x';
  expect([...csvRows(text)]).toEqual([
    { line: 1, fields: ["a", "b"] },
    { line: 3, fields: ["1,5", 'say "hi"'] },
    { line: 4, fields: ["two\r\nlines", ""] },
    { line: 6, fields: ["", ""] },
    { line: 8, fields: ["last", "x"] },
  ]);
  expect(rows("a;b\n1;2\n", { separator: ";", skip: 1 })).toEqual([["1", "2"]]);
  expect(rows('""\n""\n')).toEqual([[""], [""]]);
  expect(rows("")).toEqual([]);
  expect(rows('5" pipe,x')).toEqual([['5" pipe', "x"]]);
});

test("what is written is read, whole or in pieces cut anywhere", () => {
  const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r\n", " ", "é", "🙂"), maxLength: 6 });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 6 }));
  fc.assert(
    fc.property(table, fc.constantFrom("\n", "\r\n"), fc.integer({ min: 1, max: 5 }), (expected, end, size) => {
      const text = expected.map((row) => row.map((x) => `"${x.replaceAll('"', '""')}"`).join(",") + end).join("");
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      );
      expect(rows(text)).toEqual(expected);
      expect(rows(pieces)).toEqual(expected);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("rows come as they are asked for", () => {
  let made = 0;
  function* endless(): Generator<string> {
    for (;;) yield `${made++},x\n`;
  }
  const found = csvRows(endless());
  for (let i = 0; i < 1000; i++) expect(found.next().value).toEqual({ line: i + 1, fields: [String(i), "x"] });
  expect(made).toBe(1000);
});

test.each<[string, RegExp]>([
  ["a,b\n1,2\n3\n", /^prices\.csv line 3: expected 2 fields, got 1$/],
  ['a,b\n"x\ny",2,3\n', /^prices\.csv line 2: expected 2 fields, got 3$/],
  ['a,b\n1,2\n"open,3\n4,5\n', /^prices\.csv line 3: expected a closing quote, got the end$/],
  ['a\n"b"c\n', /^prices\.csv line 2: expected a separator or the end of the line after a closing quote, got "c"$/],
  ["a\rb\n", /^prices\.csv line 1: expected a line feed after a carriage return, got "b"$/],
])("%j", (text, message) => {
  const read = (): unknown => rows(text, { where: "prices.csv" });
  expect(read).toThrow(DataError);
  expect(read).toThrow(message);
});

test("options", () => {
  for (const separator of ["", ",,", '"', "\n"]) expect(() => rows("a", { separator })).toThrow(TypeError);
  expect(() => rows("a", { skip: -1 })).toThrow(RangeError);
});
