/**
 * @file Compiles the kernels twice, into src/kernels: `simd` rounds after each multiply and add, `relaxed` fuses them. The same sources give
 * the same bytes.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main as asc } from "assemblyscript/asc";
import { writeTiles } from "./tiles.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const builds = { simd: ["simd"], relaxed: ["simd", "relaxed-simd"] };

writeTiles(new URL("../assembly/tiles.ts", import.meta.url));
mkdirSync(path("../../src/kernels"), { recursive: true });
for (const [name, features] of Object.entries(builds)) {
  const { error, stderr } = await asc([
    path("../assembly/index.ts"),
    "--outFile",
    path(`../../src/kernels/${name}.wasm`),
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--importMemory",
    ...features.flatMap((feature) => ["--enable", feature]),
  ]);
  if (error) {
    process.stderr.write(stderr.toString());
    throw error;
  }
}
