import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { parseConll, parseTaggedJsonl, splitTokens } from "./read.ts";

test("columns, with tabs or spaces, blank lines between sentences", () => {
  const text = "\uFEFF-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\r\nrejects VBZ I-VP O\n\n\nNew York\tB-LOC\n";
  expect(parseConll(text)).toEqual([
    { tokens: ["EU", "rejects"], tags: ["B-ORG", "O"] },
    { tokens: ["New York"], tags: ["B-LOC"] },
  ]);
  expect(parseConll("EU NNP I-NP B-ORG\n", { tagColumn: 1 })).toEqual([{ tokens: ["EU"], tags: ["NNP"] }]);
  const conllu = "# text = Dogs bark\n1\tDogs\tdog\tNOUN\n2\tbark\tbark\tVERB\n\n";
  expect(parseConll(conllu, { tokenColumn: 1, tagColumn: 3 })).toEqual([
    { tokens: ["Dogs", "bark"], tags: ["NOUN", "VERB"] },
  ]);
});

test("errors of columns name the file and the line", () => {
  const where = "data.conll";
  expect(() => parseConll("a\tO\n\nb\n", { where })).toThrow("data.conll line 3: expected at least 2 columns, got 1");
  expect(() => parseConll("a O\nb X\n", { where, scheme: "BIO" })).toThrow(
    'data.conll line 2: expected a tag of scheme "BIO", got "X"',
  );
  expect(() => parseConll("\tO\n", { where })).toThrow("data.conll line 1: expected a token in column 0, got nothing");
});

test("JSON lines with tags, or with spans in a text", () => {
  const text = [
    '{"tokens": ["in", "Paris"], "tags": ["O", "S-LOC"], "id": 7}',
    "",
    '{"text": "In New York, today.", "spans": [{"start": 3, "end": 11, "label": "LOC"}]}',
  ].join("\n");
  expect(parseTaggedJsonl(text)).toEqual([
    { tokens: ["in", "Paris"], tags: ["O", "S-LOC"] },
    { tokens: ["In", "New", "York", ",", "today", "."], tags: ["O", "B-LOC", "I-LOC", "O", "O", "O"] },
  ]);
  expect(splitTokens("O'Neill's 3.5 km—now").map(({ token }) => token)).toEqual(["O'Neill's", "3.5", "km", "—", "now"]);
});

test.each([
  ["{", "x.jsonl line 2: expected JSON, got "],
  ["[]", 'x.jsonl line 2: expected {"tokens", "tags"} or {"text", "spans"}, got '],
  ['{"tokens": ["a"], "tags": []}', "x.jsonl line 2: expected 1 tags, got 0"],
  ['{"tokens": [""], "tags": ["O"]}', "x.jsonl line 2: expected tokens that are text and not empty"],
  [
    '{"text": "New York", "spans": [{"start": 1, "end": 3, "label": "X"}]}',
    "x.jsonl line 2: expected spans with a label",
  ],
  [
    '{"text": "a b", "spans": [{"start": 0, "end": 3, "label": "X"}, {"start": 0, "end": 1, "label": "X"}]}',
    "x.jsonl line 2: spansToTags: expected spans that don't overlap",
  ],
])("%s is refused", (line, message) => {
  expect(() => parseTaggedJsonl(`{"tokens": [], "tags": []}\n${line}`, { where: "x.jsonl" })).toThrow(message);
});

test("tokens are those of the pattern with a repeated group, which a word of a million parts overflows", () => {
  const pattern = /[\p{L}\p{N}\p{M}]+(?:['’.,-][\p{L}\p{N}\p{M}]+)*|[^\s]/gu;
  const signs = ["a", "é", "7", "𝒳", "😀", "'", "’", ".", ",", "-", "!", " ", "\n", "e\u0301"];
  for (let i = 0; i < 500; i++) {
    const random = randomStream(5).at(i);
    const text = Array.from({ length: random.integer(30) }, () => signs[random.integer(signs.length)]).join("");
    const expected = Array.from(text.matchAll(pattern), (match) => ({
      token: match[0],
      start: match.index,
      end: match.index + match[0].length,
    }));
    expect(splitTokens(text)).toEqual(expected);
  }
  expect(splitTokens("a.".repeat(400_000))).toHaveLength(2);
});
