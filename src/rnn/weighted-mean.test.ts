import { expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { checkGradient } from "../../test/helpers/gradient-check.ts";
import { gather, randomTensor, reshape, sparseSoftmaxCrossEntropy, tensor } from "../tensor/index.ts";
import { sequenceLoss, weightedMean } from "./index.ts";

test("an average in which some examples count more", () => {
  expect(weightedMean(tensor([1, 2, 6]), tensor([1, 0, 3])).item()).toBeCloseTo(19 / 4, 6);
  expect(weightedMean(tensor([1, 2]), tensor([0, 0])).item()).toBe(0);
});

test("weights of classes, as sequenceLoss has them", () => {
  const logits = randomTensor([2, 3, 4], randomStream(1), { kind: "normal", mean: 0, deviation: 1 });
  const targets = tensor(
    [
      [0, 1, 2],
      [3, 0, 0],
    ],
    { dtype: "int32" },
  );
  const weights = gather(tensor([1, 2, 5, 0]), targets);
  const losses = reshape(sparseSoftmaxCrossEntropy(logits, targets), [2, 3]);
  expect(weightedMean(losses, weights).item()).toBe(sequenceLoss(logits, targets, weights).item());
});

test("gradient", () => {
  const losses = tensor(Float64Array.of(1, -2, 0.5));
  const weights = tensor(Float64Array.of(0.2, 3, 1));
  checkGradient(([x, w]) => weightedMean(x, w), [losses, weights]);
});

test("shapes that differ", () => {
  expect(() => weightedMean(tensor([1, 2]), tensor([1]))).toThrow("weightedMean: expected weights [2], got [1]");
});
