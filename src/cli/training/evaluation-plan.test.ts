import { expect, test } from "vitest";
import { evaluateEveryOf } from "./evaluation-plan.ts";

test.each<[limits: Parameters<typeof evaluateEveryOf>[0], perEpoch: number, every: number | undefined]>([
  [{ epochs: 10 }, 6, undefined],
  [{ epochs: 20 }, 6, undefined],
  [{ epochs: 240 }, 6, 72],
  [{ steps: 1440 }, 6, 72],
  [{ steps: 100 }, 600, undefined],
  // only time: no more often than every 50 steps
  [{}, 6, 54],
  [{}, 50, undefined],
  [{ epochs: 100, accumulate: 2 }, 5, 15],
])("%j, %d batches per epoch: every %s steps", (limits, perEpoch, every) => {
  expect(evaluateEveryOf(limits, perEpoch)).toBe(every);
});
