import { expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { spanF1, tokenAccuracy } from "./span-f1.ts";
import { convertTags, type Span, spansToTags, tagsToSpans } from "./spans.ts";

const spans = (text: string, scheme: "BIO" | "BIOES" | "none" = "BIO"): string =>
  tagsToSpans(text.split(" "), scheme)
    .map(({ label, start, end }) => `${label}${start}-${end}`)
    .join(" ");

test("tags that keep to their scheme", () => {
  expect(spans("O B-X I-X O B-Y")).toBe("X1-3 Y4-5");
  expect(spans("B-X B-X I-X")).toBe("X0-1 X1-3");
  expect(spans("B-X E-X S-Y B-X I-X E-X O", "BIOES")).toBe("X0-2 Y2-3 X3-6");
  expect(spans("NN O VB VB", "none")).toBe("NN0-1 VB2-3 VB3-4");
  expect(tagsToSpans([], "BIO")).toEqual([]);
});

// worked out from the rules of conlleval's startOfChunk and endOfChunk, which seqeval has too
test.each([
  ["I-X I-X", "BIO", "X0-2"],
  ["O I-X B-X", "BIO", "X1-2 X2-3"],
  ["B-X I-Y I-X", "BIO", "X0-1 Y1-2 X2-3"],
  ["B-X I-X O I-Y I-Y", "BIO", "X0-2 Y3-5"],
  ["E-X E-X", "BIOES", "X0-1 X1-2"],
  ["B-X O", "BIOES", "X0-1"],
  ["B-X I-X B-X E-Y", "BIOES", "X0-2 X2-3 Y3-4"],
  ["S-X I-X E-X", "BIOES", "X0-1 X1-3"],
  ["I-X S-X", "BIOES", "X0-1 X1-2"],
  ["B-X E-X I-X", "BIOES", "X0-2 X2-3"],
] as const)("%s breaks %s and is read as %s", (tags, scheme, expected) => {
  expect(spans(tags, scheme)).toBe(expected);
});

test("spans become tags and come back in every scheme", () => {
  for (let i = 0; i < 300; i++) {
    const random = randomStream(1).at(i);
    const length = random.integer(9);
    const given: Span[] = [];
    for (let at = 0; at < length;) {
      const end = Math.min(length, at + 1 + random.integer(3));
      if (random.uniform() < 0.6) given.push({ label: "AB-"[random.integer(3)], start: at, end });
      at = end;
    }
    for (const scheme of ["BIO", "BIOES"] as const) {
      const tags = spansToTags(given, length, scheme);
      expect(tagsToSpans(tags, scheme)).toEqual(given);
      expect(convertTags(convertTags(tags, scheme, "BIOES"), "BIOES", "BIO")).toEqual(
        spansToTags(given, length, "BIO"),
      );
    }
  }
});

test("tags say where a span begins and ends", () => {
  const given = [
    { label: "X", start: 0, end: 1 },
    { label: "Y", start: 1, end: 4 },
    { label: "X", start: 5, end: 7 },
  ];
  expect(spansToTags(given, 7, "BIO").join(" ")).toBe("B-X B-Y I-Y I-Y O B-X I-X");
  expect(spansToTags(given, 7, "BIOES").join(" ")).toBe("S-X B-Y I-Y E-Y O B-X E-X");
});

test("IOB1 is read", () => {
  expect(convertTags(["I-X", "I-X", "B-X", "O", "I-Y"], "BIO", "BIO")).toEqual(["B-X", "I-X", "B-X", "O", "B-Y"]);
});

test("wrong tags and spans are errors", () => {
  expect(() => tagsToSpans(["O", "E-X"], "BIO")).toThrow('tagsToSpans tag 1: expected one of BIO, got "E-X"');
  expect(() => tagsToSpans(["B-"], "BIO")).toThrow("tagsToSpans tag 0");
  const two = [
    { label: "X", start: 0, end: 2 },
    { label: "Y", start: 1, end: 3 },
  ];
  expect(() => spansToTags(two, 3, "BIO")).toThrow('spansToTags: expected spans that don\'t overlap, got "Y [1, 3)"');
  expect(() => spansToTags(two, 2, "BIO")).toThrow("a span inside [0, 2)");
});

test("F1 by label, micro and macro: the example of conlleval's kind, by hand", () => {
  const gold = ["B-PER I-PER O B-LOC", "O B-LOC O", "O"].map((text) => tagsToSpans(text.split(" "), "BIO"));
  const found = ["B-PER I-PER O B-PER", "O B-LOC I-LOC", "B-ORG"].map((text) => tagsToSpans(text.split(" "), "BIO"));
  const { micro, macro, labels } = spanF1(gold, found);
  expect(labels).toEqual({
    LOC: { precision: 0, recall: 0, f1: 0, support: 2 },
    ORG: { precision: 0, recall: 0, f1: 0, support: 0 },
    PER: { precision: 1 / 2, recall: 1, f1: 2 / 3, support: 1 },
  });
  expect(micro).toEqual({ precision: 1 / 4, recall: 1 / 3, f1: 2 / 7, support: 3 });
  expect(macro.f1).toBeCloseTo(2 / 9, 14);
  expect(Object.keys(labels)).toEqual(["LOC", "ORG", "PER"]);
  expect(spanF1([], []).micro.f1).toBe(0);
  expect(() => spanF1([[]], [])).toThrow("spanF1: expected predictions for 1 sentences");
});

test("a span is found when both ends are right, and macro F1 is the mean of the labels' F1", () => {
  const at = (label: string, start: number, end: number): Span => ({ label, start, end });
  const gold = [[at("A", 0, 2), at("A", 3, 5), at("B", 6, 7)]];
  const found = [[at("A", 1, 2), at("A", 3, 5), at("A", 6, 7), at("B", 8, 9)]];
  const { labels, macro } = spanF1(gold, found);
  expect(labels["A"]).toEqual({ precision: 1 / 3, recall: 1 / 2, f1: 2 / 5, support: 2 });
  expect(spanF1(gold, [[at("A", 3, 4)]]).micro.f1).toBe(0);
  // precision and recall are 1/6 and 1/4 in the mean, whose harmonic mean is again 1/5
  expect(macro.f1).toBeCloseTo(1 / 5, 14);
  const uneven = spanF1(
    [[at("A", 0, 1), at("A", 1, 2), at("B", 2, 3)]],
    [[at("A", 0, 1), at("B", 2, 3), at("B", 4, 5)]],
  );
  // F1 2/3 each; the harmonic mean of the means would be 3/4
  expect(uneven.macro).toEqual({ precision: 3 / 4, recall: 3 / 4, f1: 2 / 3, support: 3 });
});

test("accuracy of tokens", () => {
  expect(tokenAccuracy([], [])).toBe(0);
  expect(tokenAccuracy([["A", "B"], [], ["A"]], [["A", "A"], [], ["A"]])).toBeCloseTo(2 / 3, 14);
  expect(() => tokenAccuracy([["A", "B"]], [["A"]])).toThrow("2 tags of sentence 0");
});
