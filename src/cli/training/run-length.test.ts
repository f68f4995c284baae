import { expect, test } from "vitest";
import { withLength } from "./run-length.ts";

test.each([
  [1, 100],
  [15, 100],
  [134, 11],
  [282, 5],
  [914, 2],
  [100_000, 2],
])("a run of %i batches per epoch has %i epochs", (perEpoch, epochs) => {
  expect(withLength({}, perEpoch)).toEqual({ epochs });
});

test("a limit that is there stays alone; a step may be several batches", () => {
  for (const limit of [{ steps: 7 }, { epochs: 3 }, { seconds: 2 }]) expect(withLength(limit, 100)).toEqual(limit);
  expect(withLength({ accumulate: 4 }, 400)).toEqual({ accumulate: 4, epochs: 15 });
});
