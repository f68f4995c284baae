/** The kernels are built from their sources, and the same sources give the same bytes. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Two of the four, which have every flag between them: a build takes seconds. */
const BUILDS = ["relaxed-threads", "simd"];

test("building the kernels again gives the same bytes", async () => {
  const again = mkdtempSync(join(tmpdir(), "unrolled-kernels-"));
  try {
    await promisify(execFile)(process.execPath, [join(root, "kernels/tools/build.ts"), again, ...BUILDS]);
    const files = readdirSync(again);
    expect(files.toSorted()).toEqual(BUILDS.map((name) => `${name}.wasm`));
    for (const name of files)
      expect(readFileSync(join(again, name)).equals(readFileSync(join(root, "src/kernels", name))), name).toBe(true);
  } finally {
    rmSync(again, { recursive: true });
  }
  // two builds of half a minute where the machine is busy
}, 300_000);
