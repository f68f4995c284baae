/** Time to read 200 MB of safetensors, next to that of reading the bytes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { arraysIn, readWeights } from "../../src/import/index.ts";
import { encodeSafetensors } from "../../src/index.ts";
import { readModelSource } from "../../src/node/index.ts";

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const ARRAYS = FULL ? 50 : 1;
const NUMBERS = 1_000_000;
/** Small files are read in too short a time to compare. */
const MOST = FULL ? 1.5 : 10;

const folder = mkdtempSync(join(tmpdir(), "unrolled-speed-"));
const path = join(folder, "model.safetensors");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Milliseconds that `f` takes at best. */
async function best(f: () => unknown): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    await f();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

test(`${(4 * ARRAYS * NUMBERS) / 1e6} MB by path, and from bytes, at most ${MOST} times as long as the bytes`, async () => {
  const data = Float32Array.from({ length: NUMBERS }, (_, i) => i);
  const array = { dtype: "float32", shape: [NUMBERS], data } as const;
  writeFileSync(
    path,
    encodeSafetensors(Object.fromEntries(Array.from({ length: ARRAYS }, (_, i) => [`w${i}`, array]))),
  );
  const bytes = await best(() => readFileSync(path));
  const byPath = await best(async () => arraysIn(await readWeights(readModelSource(path))));
  const fromBytes = await best(async () => arraysIn(await readWeights(readFileSync(path))));
  if (FULL) console.log(`bytes ${bytes} ms, by path ${byPath} ms, from bytes ${fromBytes} ms`);
  expect(Math.max(byPath, fromBytes)).toBeLessThan(MOST * bytes + 20);
});
