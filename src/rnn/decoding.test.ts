import { describe, expect, test } from "vitest";
import { NotFiniteError, randomStream } from "../base/index.ts";
import { greedy, sampleToken, type SamplingOptions } from "./decoding.ts";

const probabilities = [0.5, 0.25, 0.15, 0.1];
const logits = probabilities.map(Math.log);
const DRAWS = 20_000;

/** Frequency of each token among draws. */
function frequencies(options: SamplingOptions, scores: readonly number[] = logits): number[] {
  const random = randomStream(9);
  const counts = scores.map(() => 0);
  for (let i = 0; i < DRAWS; i++) counts[sampleToken(scores, random, options)]++;
  return counts.map((n) => n / DRAWS);
}

/** Within five standard deviations of each expected share, and exactly 0 where that is expected. */
function expectShares(got: readonly number[], weights: readonly number[]): void {
  const total = weights.reduce((a, b) => a + b, 0);
  weights.forEach((w, i) => {
    const p = w / total;
    if (w === 0) expect(got[i]).toBe(0);
    else expect(Math.abs(got[i] - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / DRAWS));
  });
}

describe("sampleToken", () => {
  test("draws by softmax", () => expectShares(frequencies({}), probabilities));
  test("does not mind a constant added to the scores", () =>
    expectShares(
      frequencies(
        {},
        logits.map((x) => x + 1000),
      ),
      probabilities,
    ));
  test("sharpens and flattens with temperature", () => {
    expectShares(
      frequencies({ temperature: 0.5 }),
      probabilities.map((p) => p ** 2),
    );
    expectShares(
      frequencies({ temperature: 2 }),
      probabilities.map((p) => p ** 0.5),
    );
  });
  test("keeps the k best", () => {
    expectShares(frequencies({ topK: 2 }), [0.5, 0.25, 0, 0]);
    expectShares(frequencies({ topK: 1 }), [1, 0, 0, 0]);
    expectShares(frequencies({ topK: 99 }), probabilities);
    expectShares(frequencies({ topK: 2 }, logits.toReversed()), [0, 0, 0.25, 0.5]);
  });
  test("keeps the smallest set that reaches p", () => {
    expectShares(frequencies({ topP: 0.4 }), [1, 0, 0, 0]);
    expectShares(frequencies({ topP: 0.6 }), [0.5, 0.25, 0, 0]);
    expectShares(frequencies({ topP: 0.8 }), [0.5, 0.25, 0.15, 0]);
    expectShares(frequencies({ topP: 1 }), probabilities);
    expectShares(frequencies({ topP: Number.MIN_VALUE }), [1, 0, 0, 0]);
  });
  test("applies p to what k has left", () => expectShares(frequencies({ topK: 3, topP: 0.8 }), [0.5, 0.25, 0, 0]));
  test("never draws a token of score -Infinity", () => expectShares(frequencies({}, [0, -Infinity, 0]), [1, 0, 1]));

  test("takes the best at temperature 0, whatever the stream", () => {
    for (let seed = 0; seed < 20; seed++)
      expect(sampleToken([0, 3, 2.9, 1], randomStream(seed), { temperature: 0 })).toBe(1);
  });

  test("gives the same tokens for the same stream", () => {
    const draw = (seed: number): number[] => {
      const random = randomStream(seed);
      return Array.from({ length: 50 }, () => sampleToken(logits, random));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test("refuses NaN", () => {
    expect(() => sampleToken([0, NaN, 1], randomStream(1))).toThrow(NotFiniteError);
    expect(() => sampleToken([0, 1, NaN], randomStream(1), { temperature: 0 })).toThrow(
      "sampling: expected finite scores, got NaN. The model has diverged",
    );
    expect(() => greedy([NaN])).toThrow(NotFiniteError);
  });

  test.each([
    [{ temperature: -1 }, "sampling temperature: expected a finite number >= 0, got -1"],
    [{ temperature: NaN }, "sampling temperature"],
    [{ topK: 0 }, "sampling topK: expected an integer >= 1, got 0"],
    [{ topK: 1.5 }, "sampling topK"],
    [{ topP: 0 }, "sampling topP"],
    [{ topP: 1.1 }, "sampling topP"],
  ])("refuses %o", (options, message) => expect(() => sampleToken(logits, randomStream(1), options)).toThrow(message));
});

test("greedy takes the first of the best", () => {
  expect(greedy([1, 5, 2, 5])).toBe(1);
  expect(greedy(Float32Array.of(-3, -2))).toBe(1);
});
