import { expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { characterErrorRate, editDistance, wordErrorRate } from "./index.ts";

test("known distances and their edits", () => {
  expect(editDistance("kitten", "sitting")).toEqual({ distance: 3, substitutions: 2, insertions: 1, deletions: 0 });
  expect(editDistance("abc", "")).toEqual({ distance: 3, substitutions: 0, insertions: 0, deletions: 3 });
  expect(editDistance("", "ab")).toEqual({ distance: 2, substitutions: 0, insertions: 2, deletions: 0 });
  expect(editDistance([1, 2, 3], [1, 2, 3]).distance).toBe(0);
  expect(editDistance("sunday", "saturday").distance).toBe(3);
});

test("300 random pairs are what the recursive definition gives, and their edits fit the lengths", () => {
  const byDefinition = (a: readonly number[], b: readonly number[]): number => {
    if (a.length === 0 || b.length === 0) return a.length + b.length;
    const [restA, restB] = [a.slice(1), b.slice(1)];
    if (a[0] === b[0]) return byDefinition(restA, restB);
    return 1 + Math.min(byDefinition(restA, restB), byDefinition(restA, b), byDefinition(a, restB));
  };
  for (let i = 0; i < 300; i++) {
    const random = randomStream(3).at(i);
    const [a, b] = [0, 1].map(() => Array.from({ length: random.integer(6) }, () => random.integer(3)));
    const found = editDistance(a, b);
    expect(found.distance).toBe(byDefinition(a, b));
    expect(found.substitutions + found.insertions + found.deletions).toBe(found.distance);
    expect(b.length - a.length).toBe(found.insertions - found.deletions);
  }
});

test("error rates are over the whole corpus, characters are code points", () => {
  expect(characterErrorRate(["abcd", "x"], ["abc", "x"])).toBeCloseTo(1 / 5, 15);
  expect(characterErrorRate(["😀a"], ["b"])).toBe(1);
  expect(wordErrorRate(["one  two three"], ["one too three four"])).toBeCloseTo(2 / 3, 15);
  expect(characterErrorRate([""], [""])).toBe(0);
  expect(characterErrorRate([""], ["a"])).toBe(Infinity);
  expect(() => wordErrorRate(["a"], [])).toThrow("wordErrorRate: expected 1 hypotheses, got 0");
});
