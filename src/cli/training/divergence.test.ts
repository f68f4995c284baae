import { expect, test } from "vitest";
import { DivergenceWatch } from "./divergence.ts";

function warningOf(losses: readonly number[], { skipped = false, before = 0 } = {}): string | undefined {
  const watch = new DivergenceWatch();
  // the rate falls to 0
  for (const [i, loss] of losses.entries())
    watch.add({ step: before + i + 1, loss, skipped, learningRate: 100 * (1 - i / losses.length) });
  return watch.warning();
}

const stretch = (n: number, loss: number): number[] => new Array<number>(n).fill(loss);

test("a run that ends far above where it began says so, with the cure", () => {
  expect(warningOf([3.3, 500, ...stretch(20, 884.46)])).toBe(
    "warning: the loss ended far above where it began, at 884.46 after 3.3000: the run has diverged. Train again with a smaller --learning-rate than 100.",
  );
  // densities have losses below 0
  expect(warningOf([-0.5, ...stretch(20, 0.1)])).toContain("diverged");
});

test.each<[string, readonly number[]]>([
  ["one that learns", [3.3, 2, ...stretch(20, 1)]],
  ["one that learns nothing", stretch(20, 3.3)],
  ["a single bad step near the end", [3.3, ...stretch(18, 1), 20, 1]],
  ["one that ends a little above", [0.4, ...stretch(20, 0.6)]],
  ["one of densities that learns", [1.4, ...stretch(20, -2)]],
  ["one without steps", []],
  ["one whose steps were skipped", [NaN, NaN]],
])("nothing is said of %s", (_, losses) => {
  expect(warningOf(losses)).toBeUndefined();
});

test("nothing is said of the rest of a run, whose beginning was another process's", () => {
  expect(warningOf([0.01, ...stretch(20, 0.03)], { before: 90 })).toBeUndefined();
});
