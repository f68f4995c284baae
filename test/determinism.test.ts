import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { availableNodes } from "./helpers/nodes.ts";

/** Of the weights after training three models for 200 steps. A change of it breaks "same seed, same result" and needs a major version. */
const GOLDEN_HASH = "";

const script = fileURLToPath(new URL("./helpers/training-hash.mjs", import.meta.url));

test("the same seed gives the same weights, bit for bit: twice, and on every Node at hand", () => {
  const nodes = availableNodes();
  for (const { path, version } of [nodes[0], ...nodes]) {
    const hash = execFileSync(path, [script], { encoding: "utf8" }).trim();
    console.log(`determinism: ${version} ${hash}`);
    expect(hash, version).toBe(GOLDEN_HASH);
  }
});
