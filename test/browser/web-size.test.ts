/** The goal for what a page downloads. */
import { expect, test } from "vitest";
import { WEB_GOAL } from "../../bench/goals.ts";
import { webSize } from "../../scripts/web-bundle.ts";

test("a page downloads at most 100 kB", async () => {
  const { script, kernels, total } = await webSize();
  console.log(`web size: ${script} bytes of JavaScript and ${kernels} of kernels, gzipped`);
  expect(total).toBeLessThanOrEqual(WEB_GOAL);
});
