import { expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { exampleBatches, splitExamples } from "./examples.ts";

const examples = Array.from({ length: 50 }, (_, i) => ({ id: i, length: (i * 7) % 13 }));

test("a split holds each example once, in order, and is the same for the same stream", () => {
  const split = (seed: number): ReturnType<typeof splitExamples<(typeof examples)[number]>> =>
    splitExamples(examples, { validation: 0.25, random: randomStream(seed) });
  const { training, validation } = split(1);
  expect(validation).toHaveLength(12);
  expect([...training, ...validation].map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(
    examples.map(({ id }) => id),
  );
  expect(validation.map(({ id }) => id)).toEqual(validation.map(({ id }) => id).toSorted((a, b) => a - b));
  expect(split(1)).toEqual({ training, validation });
  expect(split(2)).not.toEqual({ training, validation });
});

test("a small share is one example, none is none, and nothing to train on is an error", () => {
  const random = randomStream(0);
  expect(splitExamples(examples, { validation: 0.001, random }).validation).toHaveLength(1);
  expect(splitExamples(examples, { validation: 0, random }).validation).toHaveLength(0);
  expect(() => splitExamples(examples.slice(0, 1), { validation: 0.5, random })).toThrow(
    "splitExamples: expected more than 1 examples to train on, got 1 in all",
  );
});

test("batches hold each example once, those of similar length together", () => {
  const batchesOf = (): (typeof examples)[] =>
    exampleBatches(examples, { batchSize: 8, lengthOf: ({ length }) => length, random: randomStream(3) });
  const batches = batchesOf();
  expect(
    batches
      .flat()
      .map(({ id }) => id)
      .toSorted((a, b) => a - b),
  ).toEqual(examples.map(({ id }) => id));
  for (const batch of batches) {
    const lengths = batch.map(({ length }) => length);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(3);
  }
  expect(batchesOf()).toEqual(batches);
});
