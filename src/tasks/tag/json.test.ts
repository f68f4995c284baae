import { expect, test } from "vitest";
import { parseTaggedJsonl, type TaggedJsonlOptions } from "./json.ts";
import { tagsInScheme } from "./notation.ts";

const shown = (text: string, options: TaggedJsonlOptions = {}): string[] =>
  tagsInScheme(parseTaggedJsonl(text, options)).examples.map(({ tokens, tags }) =>
    tokens.map((token, t) => `${token}/${tags[t]}`).join(" "),
  );

const lines = (...all: readonly unknown[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join("");

const text = "Karl met Mira in New York.";
const expected = ["Karl/B-PER met/O Mira/B-PER in/O New/B-LOC York/I-LOC ./O"];
const triples = [
  [0, 4, "PER"],
  [9, 13, "PER"],
  [17, 25, "LOC"],
];
const objects = triples.map(([start, end, label]) => ({ start, end, label }));
const tokens = ["Karl", "met", "Mira", "in", "New", "York", "."];
const starts = [0, 5, 9, 14, 17, 21, 25];
const placed = tokens.map((token, id) => ({ text: token, start: starts[id], end: starts[id] + token.length, id }));
const tokenSpans = [
  [0, 0],
  [2, 2],
  [4, 5],
];
const bilou = ["U-PER", "O", "U-PER", "O", "B-LOC", "L-LOC", "O"];
const studioSpan = ([start, end, label]: readonly unknown[]) => ({
  start,
  end,
  text: text.slice(start as number, end as number),
  labels: [label],
});
const result = triples.map((triple) => ({ type: "labels", from_name: "l", to_name: "t", value: studioSpan(triple) }));

/** Files as the tools write them. */
const TOOLS: [name: string, text: string, expected?: readonly string[]][] = [
  ["tokens and tags", lines({ tokens, tags: ["B-PER", "O", "B-PER", "O", "B-LOC", "I-LOC", "O"], id: 7 })],
  [
    "Hugging Face, names of tags",
    lines({ id: "0", tokens, ner_tags: ["B-PER", "O", "B-PER", "O", "B-LOC", "I-LOC", "O"] }),
  ],
  [
    "tokens and spans of them",
    lines({ tokens, entities: tokenSpans.map(([a, b], i) => ({ type: triples[i][2], start: a, end: b + 1 })) }),
  ],
  ["GLiNER", lines({ tokenized_text: tokens, ner: tokenSpans.map(([a, b], i) => [a, b, triples[i][2]]) })],
  ["text and spans", lines({ text, spans: objects })],
  ["doccano", lines({ id: 1, text, label: triples })],
  ["doccano, older", lines({ id: 1, text, labels: triples, meta: {} })],
  ["doccano, entities", lines({ id: 1, text, entities: triples })],
  [
    "doccano with relations",
    lines({
      id: 1,
      text,
      relations: [],
      entities: triples.map(([start_offset, end_offset, label], id) => ({ id, label, start_offset, end_offset })),
    }),
  ],
  ["spaCy 2, training data", JSON.stringify([[text, { entities: triples }]])],
  [
    "spaCy 2, a pair per line",
    lines([text, { entities: triples }], [text, { entities: [] }]),
    [...expected, "Karl/O met/O Mira/O in/O New/O York/O ./O"],
  ],
  [
    "spaCy 3, a document",
    JSON.stringify(
      {
        text,
        ents: objects,
        sents: [{ start: 0, end: 26 }],
        tokens: placed.map(({ start, end, id }) => ({ start, end, id })),
      },
      null,
      2,
    ),
  ],
  ["spaCy 3, dictionaries", lines({ text, annotations: { entities: triples } })],
  [
    "spaCy 2, JSON for training",
    JSON.stringify([
      {
        id: 0,
        paragraphs: [
          { raw: text, sentences: [{ tokens: tokens.map((orth, id) => ({ id, orth, tag: "NN", ner: bilou[id] })) }] },
        ],
      },
    ]),
    ["Karl/S-PER met/O Mira/S-PER in/O New/B-LOC York/E-LOC ./O"],
  ],
  [
    "the NER annotator",
    JSON.stringify({ classes: ["PER", "LOC"], annotations: [[text, { entities: triples }], null] }),
  ],
  [
    "Prodigy",
    lines(
      {
        text,
        tokens: placed,
        spans: objects.map((span, i) => ({ ...span, token_start: tokenSpans[i][0], token_end: tokenSpans[i][1] })),
        answer: "accept",
      },
      { text: "no", tokens: [{ text: "no", start: 0, end: 2, id: 0 }], spans: [], answer: "reject" },
    ),
  ],
  [
    "Label Studio, JSON",
    JSON.stringify(
      [
        {
          id: 1,
          data: { text },
          annotations: [
            { id: 1, was_cancelled: true, result: [] },
            { id: 2, was_cancelled: false, result },
          ],
          predictions: [],
        },
      ],
      null,
      1,
    ),
  ],
  [
    "Label Studio, another name of the text",
    JSON.stringify([{ id: 1, data: { id: 9, body: text }, completions: [{ id: 2, result }] }]),
  ],
  [
    "Label Studio, JSON-MIN",
    JSON.stringify([
      { id: 1, text, label: triples.map(studioSpan), annotator: 1, annotation_id: 2 },
      { id: 2, text: "no", annotator: 1, annotation_id: 3 },
    ]),
    [...expected, "no/O"],
  ],
  [
    "Label Studio, JSON-MIN, another name of the labels",
    JSON.stringify([{ id: 1, text, people_and_places: triples.map(studioSpan), annotator: 1 }]),
  ],
  ["spaCy 3, groups of spans", JSON.stringify([{ text, spans: { sc: objects } }])],
  [
    "places by label",
    lines({
      text,
      entities: {
        PER: [
          [0, 4],
          [9, 13],
        ],
        LOC: [[17, 25]],
      },
    }),
  ],
  ["words and tags as texts", lines({ text: tokens.join(" "), tags: "B-PER O B-PER O B-LOC I-LOC O" })],
  [
    "objects over many lines, one after the other",
    `${JSON.stringify({ text, spans: objects }, null, 2)}\n`.repeat(2),
    [...expected, ...expected],
  ],
  [
    "Rasa",
    JSON.stringify({
      rasa_nlu_data: {
        common_examples: [
          {
            text,
            intent: "x",
            entities: triples.map(([start, end, entity]) => ({
              start,
              end,
              value: text.slice(start as number, end as number),
              entity,
            })),
          },
        ],
      },
    }),
  ],
  [
    "AWS Comprehend",
    lines({
      text,
      entities: triples.map(([BeginOffset, EndOffset, Type]) => ({
        beginOffset: BeginOffset,
        endOffset: EndOffset,
        type: Type,
      })),
    }),
  ],
  ["a list of records over many lines", JSON.stringify([{ text, spans: objects }], null, 2)],
];

test.each(TOOLS)("%s", (_, given, other) => {
  expect(shown(given)).toEqual(other ?? expected);
});

test("a file of Label Studio without an annotation says so", () => {
  const notes: string[] = [];
  const given = JSON.stringify([
    { id: 1, data: { text }, annotations: [] },
    { id: 2, data: { text }, annotations: [{ result }] },
  ]);
  expect(shown(given, { where: "x.json", onNote: (note) => notes.push(note) })).toEqual(expected);
  expect(notes).toEqual(["x.json item 1: a text without an annotation, left out"]);
});

const nord = "Mira lives in Oslo-Nord now";

test.each<[name: string, spans: readonly unknown[], mended: string, note: string]>([
  [
    "a space at its end",
    [[0, 5, "PER"]],
    "Mira/B-PER lives/O in/O Oslo-Nord/O now/O",
    "a span with a space at an end: it ends with the word",
  ],
  [
    "a part of a token",
    [[14, 18, "LOC"]],
    "Mira/O lives/O in/O Oslo-Nord/B-LOC now/O",
    "a span that is part of a word: it stands for the whole word",
  ],
  [
    "one inside of another",
    [
      [14, 23, "LOC"],
      [14, 27, "X"],
    ],
    "Mira/O lives/O in/O Oslo-Nord/B-X now/I-X",
    "a span that overlaps another: the longer one stays",
  ],
])("a span with %s is mended and told, left out, or refused", (_, spans, mended, note) => {
  const notes: string[] = [];
  const given = lines({ text: nord, spans: spans }, { text: nord, label: spans });
  const options = { where: "x.jsonl", onNote: (one: string) => notes.push(one) };
  expect(shown(given, options)).toEqual([mended, mended]);
  expect(notes).toEqual([`x.jsonl line 1 and 1 more: ${note}`]);
  notes.length = 0;
  shown(given, { ...options, badSpans: "skip" });
  expect(notes).toEqual([`x.jsonl line 1 and 1 more: ${note.split(":")[0]}: left out (--bad-spans)`]);
  expect(() => shown(given, { ...options, badSpans: "refuse" })).toThrow(
    /^x\.jsonl line 1: expected spans from the start of a token to the end of one, which don't overlap, got .* Choose what to do with such spans with --bad-spans$/,
  );
});

test("many spans that are part of a word are refused, unless they are to be mended", () => {
  const given = lines(
    ...Array.from({ length: 8 }, () => ({
      text: nord,
      spans: [
        [14, 18, "LOC"],
        [0, 4, "PER"],
      ],
    })),
  );
  expect(() => shown(given, { where: "x.jsonl" })).toThrow(
    "x.jsonl line 1: expected spans that begin and end with words, got 8 of 16 that are part of one. If their places are right, --bad-spans mend labels the whole words; if not, see --offsets",
  );
  expect(shown(given, { badSpans: "mend" })).toHaveLength(8);
});

test("a span whose text is another one is refused", () => {
  const given = lines({ text: nord, spans: [{ start: 1, end: 5, text: "Mira", label: "PER" }] });
  expect(() => shown(given, { where: "x.jsonl" })).toThrow(
    'x.jsonl line 1: expected the text "Mira" at "PER" [1, 5), got "ira"',
  );
});

test("letters of Chinese and Japanese are tokens", () => {
  expect(
    shown(
      lines({
        text: "我去了北京大学 with Mira。",
        label: [
          [3, 5, "LOC"],
          [13, 17, "PER"],
        ],
      }),
    ),
  ).toEqual(["我/O 去/O 了/O 北/B-LOC 京/I-LOC 大/O 学/O with/O Mira/B-PER 。/O"]);
});

test("the same span twice is one", () => {
  expect(
    shown(
      lines({
        text: "Oslo",
        spans: [
          [0, 4, "LOC"],
          [0, 4, "LOC"],
        ],
      }),
    ),
  ).toEqual(["Oslo/B-LOC"]);
});

const emoji = "😀🚀 Karl met Mira 😀 now";
const inUnits = [
  [5, 9, "PER"],
  [14, 18, "PER"],
  [22, 25, "T"],
];
const inPoints = [
  [3, 7, "PER"],
  [12, 16, "PER"],
  [19, 22, "T"],
];
const read = ["😀/O 🚀/O Karl/B-PER met/O Mira/B-PER 😀/O now/B-T"];

test("what the places of spans count after an emoji is told by the tokens that they meet", () => {
  expect(shown(lines({ text: emoji, label: inUnits }))).toEqual(read);
  expect(shown(lines({ text: emoji, label: inPoints }))).toEqual(read);
  expect(shown(lines({ text: emoji, label: inPoints }), { offsets: "codepoint" })).toEqual(read);
  // a part of a token among many that fit
  const many = Array.from({ length: 9 }, () => ({ text: emoji, label: inPoints }));
  expect(shown(lines(...many, { text: "😀 Oslo-Nord", label: [[2, 6, "X"]] })).at(-1)).toBe("😀/O Oslo-Nord/B-X");
  expect(() => shown(lines({ text: emoji, label: inPoints }), { offsets: "utf16", badSpans: "refuse" })).toThrow(
    "line 1",
  );
});

test("places that fit either way are refused, with the option", () => {
  const given = lines({ text: "no emoji", label: [[0, 2, "X"]] }, { text: "😀!? x", label: [[2, 3, "X"]] });
  expect(() => shown(given, { where: "x.jsonl" })).toThrow(
    "x.jsonl line 2: expected spans that show what their places count after an emoji, got ones that fit in UTF-16 units as well as in code points. Say which with --offsets utf16 or --offsets codepoint",
  );
});

test("the text of a span tells what its places count", () => {
  const given = lines({ text: "😀a b", label: [{ start: 1, end: 2, text: "a", labels: ["X"] }], annotator: 1 });
  expect(shown(given)).toEqual(["😀/O a/B-X b/O"]);
});

test.each<[unknown, string]>([
  ["{", "x.jsonl line 2: expected JSON, got "],
  ['{"tokens": ["a"], "tags": ["O"]},', "x.jsonl line 2: expected an object of JSON, got one with a comma after it"],
  [[], 'x.jsonl line 2: expected {"tokens", "tags"} or {"text", "spans"}'],
  [7, 'x.jsonl line 2: expected {"tokens", "tags"} or {"text", "spans"}, got 7'],
  [{ a: 1 }, 'x.jsonl line 2: expected {"tokens", "tags"} or {"text", "spans"}, got "a"'],
  [{ text: "a" }, "x.jsonl line 2: expected"],
  [{ tokens: ["a"], tags: [] }, "x.jsonl line 2: expected 1 tags, got 0"],
  [{ tokens: ["a"], ner_tags: [3] }, "x.jsonl line 2: expected tags as text, got 3, a number. Write their names"],
  [{ tokens: [""], tags: ["O"] }, "x.jsonl line 2: expected tokens that are text and not empty"],
  [{ tokens: [1], tags: ["O"] }, "x.jsonl line 2: expected tokens that are text and not empty, got 1"],
  [
    { text: "New York", spans: [{ start: 1, end: 3 }] },
    "x.jsonl line 2: expected spans with a label, got undefined [1, 3). Correct it, or leave such texts out with --skip-bad",
  ],
  [
    { text: "New York", spans: [[4, 90, "X"]] },
    'x.jsonl line 2: expected spans inside of the text, of 8 units, got "X" [4, 90)',
  ],
  [
    { text: "New York", spans: [[3, 4, "X"]] },
    'x.jsonl line 2: expected spans inside of the text, of 8 units, got "X" [3, 4)',
  ],
  [{ text: "New York", spans: [["0", "3", "X"]] }, "x.jsonl line 2: expected spans"],
  [{ tokens: ["a"], entities: [{ start: 0, end: 9, type: "X" }] }, "x.jsonl line 2: expected spans inside of 1 tokens"],
])("%j is refused with its line, or left out and told", (value, message) => {
  const line = typeof value === "string" ? value : JSON.stringify(value);
  const given = `{"tokens": [], "tags": []}\n${line}\n{"tokens": ["a"], "tags": ["O"]}\n`;
  const options = { where: "x.jsonl" };
  expect(() => parseTaggedJsonl(given, options)).toThrow(message);
  const bad: string[] = [];
  expect(shown(given, { ...options, onBad: (error) => bad.push(error.message) })).toEqual(["a/O"]);
  expect(bad).toEqual([expect.stringContaining(message)]);
});

test("fields of other names", () => {
  const given = lines({ words: ["x"], a: ["Oslo"], b: ["B-LOC"], tags: ["O"] });
  expect(shown(given, { tokenColumn: "a", tagColumn: "b" })).toEqual(["Oslo/B-LOC"]);
});
