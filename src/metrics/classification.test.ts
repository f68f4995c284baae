import { describe, expect, test } from "vitest";
import { accuracy, confusionMatrix, precisionRecallF1, rocAuc } from "./classification.ts";

// values of scikit-learn's documentation and of its formulas by hand
const actual = ["cat", "dog", "cat", "cat", "fish", "dog"];
const predicted = ["cat", "cat", "dog", "cat", "cat", "dog"];

describe("confusionMatrix", () => {
  test("rows are actual, columns predicted, labels sorted", () => {
    expect(confusionMatrix(actual, predicted)).toEqual({
      labels: ["cat", "dog", "fish"],
      counts: [
        [2, 1, 0],
        [1, 1, 0],
        [1, 0, 0],
      ],
    });
  });

  test("classes that only occur on one side have a row and a column, in order", () => {
    expect(confusionMatrix(["b", "a"], ["a", "c"])).toEqual({
      labels: ["a", "b", "c"],
      counts: [
        [0, 0, 1],
        [1, 0, 0],
        [0, 0, 0],
      ],
    });
  });

  test("in a given order, with a class that never occurs", () => {
    expect(confusionMatrix(["b", "a"], ["b", "b"], ["b", "x", "a"]).counts).toEqual([
      [1, 0, 0],
      [0, 0, 0],
      [1, 0, 0],
    ]);
  });

  test("errors", () => {
    expect(() => confusionMatrix(["a"], [])).toThrow("confusionMatrix: expected two lists of one length (1), got 0");
    expect(() => confusionMatrix(["a"], ["b"], ["a"])).toThrow('expected one of 1 labels, got "b"');
  });
});

test("accuracy", () => {
  expect(accuracy(actual, predicted)).toBe(0.5);
  expect(() => accuracy([], [])).toThrow("accuracy: expected at least one example, got none");
});

test("precisionRecallF1", () => {
  const { classes, macro, weighted, micro } = precisionRecallF1(confusionMatrix(actual, predicted));
  // cat: 2 of 4 predicted, 2 of 3 actual; dog: 1 of 2 and 1 of 2; fish: never predicted
  expect(classes.map(({ label, support }) => [label, support])).toEqual([
    ["cat", 3],
    ["dog", 2],
    ["fish", 1],
  ]);
  const figures = classes.flatMap(({ precision, recall, f1 }) => [precision, recall, f1]);
  expect(figures).toEqual([1 / 2, 2 / 3, 4 / 7, 1 / 2, 1 / 2, 1 / 2, 0, 0, 0]);
  expect(macro.precision).toBeCloseTo(1 / 3, 12);
  expect(macro.recall).toBeCloseTo(7 / 18, 12);
  expect(macro.f1).toBeCloseTo(5 / 14, 12);
  expect(weighted.precision).toBeCloseTo(5 / 12, 12);
  expect(weighted.recall).toBeCloseTo(1 / 2, 12);
  expect(weighted.f1).toBeCloseTo((12 / 7 + 1) / 6, 12);
  expect(micro).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5 });
});

test("a class that is only predicted counts in the macro mean, with no weight in the weighted one", () => {
  const { macro, weighted } = precisionRecallF1(confusionMatrix(["a", "a", "b"], ["a", "c", "b"]));
  expect(macro.precision).toBeCloseTo(2 / 3, 14);
  expect(macro.recall).toBeCloseTo(1 / 2, 14);
  expect(macro.f1).toBeCloseTo(5 / 9, 14);
  expect(weighted.f1).toBeCloseTo(7 / 9, 14);
});

describe("rocAuc", () => {
  test("the example of scikit-learn's documentation", () => {
    expect(rocAuc([false, false, true, true], [0.1, 0.4, 0.35, 0.8])).toBe(0.75);
  });

  test("is the share of pairs in the right order, ties counting half", () => {
    const isPositive = Array.from({ length: 40 }, (_, i) => (i * 7) % 5 < 2);
    const scores = isPositive.map((_, i) => (i * 13) % 8);
    let right = 0;
    let pairs = 0;
    isPositive.forEach((p, i) =>
      isPositive.forEach((n, j) => {
        if (!p || n) return;
        pairs++;
        right += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }),
    );
    expect(rocAuc(isPositive, scores)).toBeCloseTo(right / pairs, 12);
    expect(rocAuc(isPositive, isPositive.map(Number))).toBe(1);
    expect(
      rocAuc(
        isPositive,
        scores.map(() => 3),
      ),
    ).toBe(0.5);
  });

  test("errors", () => {
    expect(() => rocAuc([true], [1])).toThrow("expected positive and negative examples, got 1 positive, 0 negative");
    expect(() => rocAuc([true, false], [1, NaN])).toThrow("expected scores that are numbers, got NaN");
  });
});
