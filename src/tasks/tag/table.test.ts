import { expect, test } from "vitest";
import { isTaggedTable, parseTaggedTable, type TaggedTableOptions } from "./table.ts";

const rows = (...all: readonly (readonly string[])[]) => all.map((fields, i) => ({ line: i + 1, fields }));

const shown = (given: ReturnType<typeof rows>, options: TaggedTableOptions = {}): string[] =>
  parseTaggedTable(given, options).map(({ tokens, tags }) => tokens.map((token, t) => `${token}/${tags[t]}`).join(" "));

const gmb = rows(
  ["Sentence #", "Word", "POS", "Tag"],
  ["Sentence: 1", "Oslo", "NNP", "B-geo"],
  ["", ",", ",", "O"],
  ["", '"', "``", "O"],
  ["Sentence: 2", "Lima", "NNP", "B-geo"],
);

test("a row per token: a sentence ends where its column has another value, or at a blank line", () => {
  expect(shown(gmb)).toEqual(['Oslo/B-geo ,/O "/O', "Lima/B-geo"]);
  expect(shown(gmb, { tagColumn: "POS" })).toEqual(['Oslo/NNP ,/, "/``', "Lima/NNP"]);
  expect(shown(gmb, { tagColumn: 2 })).toHaveLength(2);
  const filled = rows(["sentence_id", "words", "labels"], ["0", "a", "O"], ["0", "b", "O"], ["1", "c", "O"]);
  expect(shown(filled)).toEqual(["a/O b/O", "c/O"]);
  const [head, ...body] = rows(["word", "tag"], ["a", "O"], ["b", "O"]);
  expect(shown([head, body[0], { ...body[1], line: 9 }])).toEqual(["a/O", "b/O"]);
});

test("a row per sentence: lists of JSON and Python, words and tags with spaces, spans of Label Studio", () => {
  const expected = ["Mira/B-PER isn't/O here/O"];
  expect(shown(rows(["tokens", "ner_tags"], ['["Mira", "isn\'t", "here"]', '["B-PER", "O", "O"]']))).toEqual(expected);
  expect(
    shown(
      rows(
        ["Sentence #", "Sentence", "POS", "Tag"],
        ["1", "Mira isn't here", "['NNP', 'VB', 'RB']", "['B-PER', 'O', 'O']"],
      ),
    ),
  ).toEqual(expected);
  expect(shown(rows(["text", "labels"], ["Mira isn't here", "B-PER O O"]))).toEqual(expected);
  const studio = JSON.stringify([{ start: 0, end: 4, text: "Mira", labels: ["PER"] }]);
  expect(shown(rows(["id", "text", "label"], ["1", "Mira isn't here", studio], ["2", "none", ""]))).toEqual([
    ...expected,
    "none/O",
  ]);
});

test("what is missing or wrong is told with its line, or left out", () => {
  const where = "a.csv";
  expect(() => shown(rows(["a", "tag"], ["x", "O"]), { where })).toThrow(
    "a.csv line 1: expected a column called form, token, tokens, word or so, got a, tag. Choose it with --token-column",
  );
  expect(() => shown(gmb, { where, tagColumn: "x" })).toThrow(
    'a.csv line 1: expected a column "x", got Sentence #, Word',
  );
  const bad = rows(["word", "tag", "sent_id"], ["x", "O", "1"], ["y", "", "2"]);
  expect(() => shown(bad, { where })).toThrow('a.csv line 3: expected a tag, got ""');
  const reasons: string[] = [];
  expect(shown(bad, { where, onBad: ({ message }) => reasons.push(message) })).toEqual(["x/O"]);
  expect(reasons).toHaveLength(1);
});

test("a head tells that a text is such a table", () => {
  const heads = ["Sentence #,Word,POS,Tag", '"text";"label"', "sentence_id\twords\tlabels"];
  expect(heads.map(isTaggedTable)).toEqual([true, true, true]);
  expect(["word\ttag", "Oslo B-LOC", ", , O", "to,Oslo"].map(isTaggedTable)).toEqual([false, false, false, false]);
});
