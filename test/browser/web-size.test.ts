/** The goal for what a page downloads. */
import { expect, test } from "vitest";
import { WEB_GOAL } from "../../bench/goals.ts";
import { webSize } from "../../scripts/web-bundle.ts";

test("a page downloads at most 110 kB", async () => {
  const { page, training } = await webSize();
  console.log(`web size: ${page} bytes with the kernels, gzipped; ${training} more for trainInWorker`);
  expect(page).toBeLessThanOrEqual(WEB_GOAL);
  expect(training).toBeLessThanOrEqual(WEB_GOAL);
});
