import { expect, test } from "vitest";
import { gather, mean, tensor } from "../tensor/index.ts";
import { classWeights, weightedMean } from "./index.ts";

test("n / (k · count), as compute_class_weight of scikit-learn", () => {
  expect(classWeights([0, 0, 0, 1])).toEqual([4 / 6, 2]);
  expect(classWeights(Int32Array.of(2, 1, 0, 2, 2, 1), 3)).toEqual([2, 1, 2 / 3]);
  expect(classWeights(new Set([0]))).toEqual([1]);
});

test("every class counts alike in a weighted mean", () => {
  const labels = [0, 0, 0, 1, 2, 2];
  const weights = gather(tensor(classWeights(labels)), tensor(labels, { dtype: "int32" }));
  expect(mean(weights).item()).toBeCloseTo(1, 6);
  // the mean of the classes' own means, 2, 10 and 3
  expect(weightedMean(tensor([1, 2, 3, 10, 2, 4]), weights).item()).toBeCloseTo(5, 5);
});

test("labels that are none", () => {
  expect(() => classWeights([])).toThrow("classWeights: expected at least one label, got none");
  expect(() => classWeights([0, 2])).toThrow("classWeights: expected examples of every class, got none of class 1");
  expect(() => classWeights([0, 1], 3)).toThrow("none of class 2");
  expect(() => classWeights([0, 3], 3)).toThrow("classWeights labels[1]: expected an integer in [0, 2], got 3");
  expect(() => classWeights([0, 0.5])).toThrow("classWeights labels[1]");
  expect(() => classWeights([1e12])).toThrow("classWeights labels[0]");
});
