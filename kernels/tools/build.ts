/**
 * @file Compiles the kernels into src/kernels, or into the folder that is named; all of them, or those whose names follow. `simd` rounds after each multiply and add, `relaxed` fuses them; each also for memory that threads
 * share. The same sources give the same bytes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main as asc } from "assemblyscript/asc";
import { callersSource, dispatchSource, numbersSource, structsSource } from "./job-sources.ts";
import { KERNEL_DATA } from "./jobs.ts";
import { rowsSource } from "./rows.ts";
import { tilesSource } from "./tiles.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const [target = path("../../src/kernels"), ...wanted] = process.argv.slice(2);

const shared = ["--enable", "threads", "--sharedMemory", "--initialMemory", "16", "--maximumMemory", "65536"];
const builds: Readonly<Record<string, readonly string[]>> = {
  simd: ["--enable", "simd"],
  relaxed: ["--enable", "simd", "--enable", "relaxed-simd"],
  "simd-threads": ["--enable", "simd", ...shared],
  "relaxed-threads": ["--enable", "simd", "--enable", "relaxed-simd", ...shared],
};

const sources = {
  "assembly/generated/tiles": tilesSource(),
  "assembly/generated/rows": rowsSource(),
  "assembly/generated/jobs": structsSource(),
  "assembly/generated/dispatch": dispatchSource(),
  "assembly/generated/numbers": numbersSource(),
  "../src/engine/wasm/generated/jobs": await callersSource(),
};
mkdirSync(path("../assembly/generated"), { recursive: true });
for (const [name, source] of Object.entries(sources)) {
  const file = path(`../${name}.ts`);
  // a file that is as it should be is left alone: tests may be reading it
  if (!existsSync(file) || readFileSync(file, "utf8") !== source) writeFileSync(file, source);
}
mkdirSync(target, { recursive: true });
for (const [name, flags] of Object.entries(builds)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { error, stderr } = await asc([
    path("../assembly/index.ts"),
    "--outFile",
    join(target, `${name}.wasm`),
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--importMemory",
    // the page below holds jobs; see kernels/assembly/pool.ts
    "--memoryBase",
    String(KERNEL_DATA),
    ...flags,
  ]);
  if (error) {
    process.stderr.write(stderr.toString());
    throw error;
  }
}
