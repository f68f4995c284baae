/**
 * @file Compiles the kernels into src/kernels, or into the folder that is named; all of them, or
 * those whose names follow. `simd` rounds after each multiply and add, `relaxed` fuses them; each
 * also for memory that threads share. The same sources give the same bytes, so kernels in
 * src/kernels whose sources have not changed are left as they are.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { callersSource, dispatchSource, numbersSource, structsSource } from "./job-sources.ts";
import { KERNEL_DATA } from "./jobs.ts";
import { hashOf, keep, kept } from "./kept.ts";
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

/** Of all that the kernels come from, and of the kernels. */
function stamp(): string {
  const assembly = readdirSync(path("../assembly"), { recursive: true, encoding: "utf8" });
  return hashOf([
    ...assembly
      .filter((name) => name.endsWith(".ts"))
      .toSorted()
      .map((name) => path(`../assembly/${name}`)),
    path("build.ts"),
    path("../../node_modules/assemblyscript/package.json"),
    ...Object.keys(builds).map((name) => join(target, `${name}.wasm`)),
  ]);
}

async function compile(names: readonly string[]): Promise<void> {
  const { main: asc } = await import("assemblyscript/asc");
  for (const name of names) {
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
      ...builds[name],
    ]);
    if (error) {
      process.stderr.write(stderr.toString());
      throw error;
    }
  }
}

if (process.argv.length > 2) await compile(wanted.length > 0 ? wanted : Object.keys(builds));
else if (kept("compiled", stamp()) === undefined) {
  await compile(Object.keys(builds));
  keep("compiled", stamp(), "");
}
