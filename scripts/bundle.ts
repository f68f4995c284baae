/**
 * @file The build's JavaScript. Node takes about a millisecond for each file that it loads, so the library is two: `base.js`, which the platform's file needs
 * too, and `library.js`. Names stay as they are in the sources; comments stay there.
 */
import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputOptions, rolldown } from "rolldown";

const path = (place: string): string => fileURLToPath(new URL(place, import.meta.url));

/** Other packages, this one's public entries and `#platform`, which is chosen where the package is used. */
const isOutside = (id: string): boolean => !id.startsWith(".") && !isAbsolute(id);

/** The folder of src that a module is in, or its name where it is in none. */
const folderOf = (id: string): string => relative(path("../src"), id).split(sep)[0];
const ENTRIES = ["index.ts", "node", "platform"];

/** Entries in a folder of src, to the same folder of dist. What they share goes to files beside them, which `codeSplitting` may name. */
async function bundle(
  folder: string,
  entries: readonly string[],
  codeSplitting: NonNullable<OutputOptions["codeSplitting"]> = true,
): Promise<void> {
  const build = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, path(`../src/${folder}${entry}.ts`)])),
    external: isOutside,
    platform: "neutral",
  });
  await build.write({
    dir: path(`../dist/${folder}`),
    chunkFileNames: "[name].js",
    codeSplitting,
    minifyInternalExports: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await build.close();
}

await bundle("", ["index", "node/index", "platform/node", "platform/web"], {
  groups: [
    { name: "base", test: (id) => folderOf(id) === "base" },
    { name: "library", test: (id) => folderOf(id) !== "base" && !ENTRIES.includes(folderOf(id)) },
  ],
});
await bundle("cli/", ["main"]);
// each for itself: a worker loads nothing else
for (const worker of ["node-worker", "web-worker"]) await bundle("platform/", [worker]);
