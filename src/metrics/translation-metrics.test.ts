import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bleu, chrF, exactMatch } from "./index.ts";

type Expected = {
  readonly score: number;
  readonly precisions: number[];
  readonly brevityPenalty: number;
  readonly hypotheses: number;
  readonly references: number;
};
type Case = {
  readonly name: string;
  readonly hypotheses: string[];
  readonly references: string[][];
  readonly bleu: { readonly exp: Expected; readonly none: Expected };
  readonly chrF: [number, number];
};

const file = new URL("../../test/golden/data/translation-metrics.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

test.each(cases.map((golden) => [golden.name, golden] as const))("sacreBLEU: %s", (_, golden) => {
  for (const smoothing of ["exp", "none"] as const) {
    const expected = golden.bleu[smoothing];
    const got = bleu(golden.hypotheses, golden.references, { smoothing });
    expect(got.score).toBeCloseTo(expected.score, 8);
    expect(got.brevityPenalty).toBeCloseTo(expected.brevityPenalty, 10);
    expect(got.lengths).toEqual({ hypotheses: expected.hypotheses, references: expected.references });
    expected.precisions.forEach((p, n) => expect(got.precisions[n]).toBeCloseTo(p, 8));
  }
  const first = golden.references.map((references) => references[0]);
  expect(chrF(golden.hypotheses, first)).toBeCloseTo(golden.chrF[0], 8);
  expect(chrF(golden.hypotheses, first, { order: 3, beta: 1 })).toBeCloseTo(golden.chrF[1], 8);
});

test("a text of its own tokens", () => {
  expect(bleu(["abcdef"], ["abcdxf"], { tokenize: (text) => [...text] }).precisions[0]).toBeCloseTo(500 / 6, 10);
});

test("texts of few words: the orders that they have", () => {
  const score = (hypotheses: string[], references: string[], effectiveOrder?: boolean): number =>
    bleu(hypotheses, references, effectiveOrder === undefined ? {} : { effectiveOrder }).score;
  // sacreBLEU 2.5: corpus_bleu, and corpus_bleu with use_effective_order
  expect(score(["cat", "dog"], ["cat", "dog"])).toBe(0);
  expect(score(["cat", "dog"], ["cat", "dog"], true)).toBeCloseTo(100, 10);
  expect(score(["cat", "dog"], ["cat", "hen"], true)).toBeCloseTo(50, 10);
  expect(score(["a c"], ["a b"], true)).toBeCloseTo(50, 10);
  expect(score(["cat"], ["hen"], true)).toBe(0);
  expect(score([""], ["hen"], true)).toBe(0);
  expect(score(["a b c d"], ["a b c d"], true)).toBe(score(["a b c d"], ["a b c d"]));
});

test("of two references that are equally close in length, the shorter counts", () => {
  const [short, long] = ["a b c", "a b c d e"];
  for (const references of [
    [short, long],
    [long, short],
  ])
    expect(bleu(["a b c d"], [references]).lengths).toEqual({ hypotheses: 4, references: 3 });
});

test("exact match", () => {
  expect(exactMatch(["a", "b", "c", "d"], ["a", "b", "x", "d"])).toBe(0.75);
  expect(exactMatch([], [])).toBeNaN();
  expect(() => exactMatch(["a"], [])).toThrow("exactMatch: expected 1 references, got 0");
});
