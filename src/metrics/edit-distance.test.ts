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

test("of equally cheap ways the one with the most substitutions counts", () => {
  expect(editDistance("ab", "ba")).toEqual({ distance: 2, substitutions: 2, insertions: 0, deletions: 0 });
  expect(editDistance("abc", "bcd")).toEqual({ distance: 2, substitutions: 0, insertions: 1, deletions: 1 });
  // cheapest ways meet: that with a substitution last has fewer of them before
  expect(editDistance("1100110", "001011")).toEqual({ distance: 4, substitutions: 3, insertions: 0, deletions: 1 });
  expect(editDistance("001011", "1100110")).toEqual({ distance: 4, substitutions: 3, insertions: 1, deletions: 0 });
});

test("300 random pairs are what the recursive definition gives, and their edits fit the lengths", () => {
  /** Fewest edits, and most substitutions among as few. */
  type Ways = { readonly distance: number; readonly substitutions: number };
  const better = (x: Ways, y: Ways): Ways =>
    x.distance < y.distance || (x.distance === y.distance && x.substitutions >= y.substitutions) ? x : y;
  const byDefinition = (a: readonly number[], b: readonly number[]): Ways => {
    if (a.length === 0 || b.length === 0) return { distance: a.length + b.length, substitutions: 0 };
    const after = (rest: Ways, edits: number, substitutions: number): Ways => ({
      distance: rest.distance + edits,
      substitutions: rest.substitutions + substitutions,
    });
    const [restA, restB] = [a.slice(1), b.slice(1)];
    const step = a[0] === b[0] ? 0 : 1;
    return better(
      after(byDefinition(restA, restB), step, step),
      better(after(byDefinition(restA, b), 1, 0), after(byDefinition(a, restB), 1, 0)),
    );
  };
  for (let i = 0; i < 300; i++) {
    const random = randomStream(3).at(i);
    const [a, b] = [0, 1].map(() => Array.from({ length: random.integer(6) }, () => random.integer(3)));
    const found = editDistance(a, b);
    expect(found).toMatchObject(byDefinition(a, b));
    expect(found.substitutions + found.insertions + found.deletions).toBe(found.distance);
    expect(b.length - a.length).toBe(found.insertions - found.deletions);
  }
});

test("error rates are over the whole corpus, characters are code points", () => {
  expect(characterErrorRate(["abcd", "x"], ["abc", "x"])).toBeCloseTo(1 / 5, 15);
  expect(characterErrorRate(["😀a"], ["😀b"])).toBe(1 / 2);
  expect(wordErrorRate(["one  two three"], ["one too three four"])).toBeCloseTo(2 / 3, 15);
  expect(wordErrorRate([" one two\n"], ["one too"])).toBe(1 / 2);
  expect(characterErrorRate([""], [""])).toBe(0);
  expect(characterErrorRate([""], ["a"])).toBe(Infinity);
  expect(() => wordErrorRate(["a"], [])).toThrow("wordErrorRate: expected 1 hypotheses, got 0");
});

test("long sequences are compared in a band, with the same edits as in a whole table", () => {
  /**
   * Cheapest ways to every pair of prefixes: distance, and fewest deletions among as cheap ones.
   */
  const whole = (a: readonly number[], b: readonly number[]): { distance: number; deletions: number } => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => ({ distance: j, deletions: 0 }));
    for (let i = 1; i <= a.length; i++) {
      const next = [{ distance: i, deletions: i }];
      for (let j = 1; j <= b.length; j++) {
        const ways = [
          { distance: row[j - 1].distance + (a[i - 1] === b[j - 1] ? 0 : 1), deletions: row[j - 1].deletions },
          { distance: row[j].distance + 1, deletions: row[j].deletions + 1 },
          { distance: next[j - 1].distance + 1, deletions: next[j - 1].deletions },
        ];
        next.push(ways.toSorted((x, y) => x.distance - y.distance || x.deletions - y.deletions)[0]);
      }
      row = next;
    }
    return row[b.length];
  };
  for (let i = 0; i < 60; i++) {
    const random = randomStream(4).at(i);
    const a = Array.from({ length: random.integer(150) }, () => random.integer(4));
    // from few edits, which the first band holds, to nothing in common
    const rate = random.integer(10) / 9;
    const b = a.flatMap((x) => {
      if (random.uniform() > rate) return [x];
      return Array.from({ length: random.integer(3) }, () => random.integer(4));
    });
    expect(editDistance(a, b)).toMatchObject(whole(a, b));
  }
});
