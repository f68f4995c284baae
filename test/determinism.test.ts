import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { availableNodes } from "./helpers/nodes.ts";

/**
 * Of the weights after training three models for 200 steps with portable numerics. A change of it breaks "same seed, same result" and
 * needs a major version.
 */
const GOLDEN_HASH = "7808bdfceff9d1c4cb7ca513fa1bb725f8be9576d122e9758a83e51d97821bcc";

const script = fileURLToPath(new URL("./helpers/training-hash.mjs", import.meta.url));
const nodes = availableNodes();

function hash(path: string, variables: Record<string, string>): string {
  const env = { ...process.env, UNROLLED_POISON: "0", ...variables };
  return execFileSync(path, [script], { encoding: "utf8", env }).trim();
}

test.each(["reference", "wasm"])(
  "portable numerics give the golden weights, bit for bit, on the %s engine and every Node",
  (engine) => {
    for (const { path, version } of nodes) {
      const found = hash(path, { UNROLLED_ENGINE: engine, UNROLLED_NUMERICS: "portable" });
      console.log(`determinism: portable, ${engine}, ${version} ${found}`);
      expect(found, version).toBe(GOLDEN_HASH);
    }
  },
);

test("fused numerics give the same weights twice and on every Node", () => {
  const first = hash(nodes[0].path, {});
  for (const { path, version } of nodes) {
    console.log(`determinism: default, ${version} ${first}`);
    expect(hash(path, {}), version).toBe(first);
  }
});
