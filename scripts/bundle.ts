/**
 * @file The build's JavaScript. Node takes about a millisecond for each file that it loads, so the library is two: `base.js`, which the platform's file needs
 * too, and `library.js`. Names stay as they are in the sources; comments stay there.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputOptions, type Plugin, rolldown } from "rolldown";

const path = (place: string): string => fileURLToPath(new URL(place, import.meta.url));

/** The file that draws pictures, which has its packages inside and is loaded when it is needed. */
const DRAW = "./draw.ts";
const drawIsOutside: Plugin = {
  name: "draw-is-outside",
  resolveId: (id) => (id === DRAW ? { id: "./draw.js", external: true } : undefined),
};

/**
 * Vega has a second way to compute expressions that generates code, and d3-dsv one to read tables. Neither is used here; hosts that scan for them or
 * forbid them find none.
 */
const noCodeGeneration: Plugin = {
  name: "no-code-generation",
  transform: (code) =>
    code.replaceAll(/\b(?:new )?Function\(/g, '(() => { throw new Error("code generation was left out"); })('),
};

/** Other packages, this one's public entries and `#platform`, which is chosen where the package is used. */
const isOutside = (id: string): boolean => !id.startsWith(".") && !isAbsolute(id);

/** The folder of src that a module is in, or its name where it is in none. */
const folderOf = (id: string): string => relative(path("../src"), id).split(sep)[0];
const ENTRIES = ["index.ts", "tasks", "metrics", "node", "platform"];
/** The worker of `trainInWorker`, which loads the library. */
const TRAINING_WORKER = "train/training-worker";

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
    plugins: [drawIsOutside],
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

await bundle("", ["index", "tasks/index", "node/index", "platform/node", "platform/web", TRAINING_WORKER], {
  groups: [
    { name: "base", test: (id) => folderOf(id) === "base" },
    {
      name: "library",
      test: (id) => !["base", ...ENTRIES].includes(folderOf(id)) && id !== path(`../src/${TRAINING_WORKER}.ts`),
    },
  ],
});
await bundle("cli/", ["main"]);
// each for itself: a worker loads nothing else
for (const worker of ["node-worker", "web-worker"]) await bundle("platform/", [worker]);
await bundleDrawing();

/**
 * Vega and Vega-Lite with all that they need, in one file of 0.8 MB; as dependencies they would be 79 packages of 25 MB. Their licences, which have to
 * go with them, are put beside it.
 */
async function bundleDrawing(): Promise<void> {
  // the variant for the browser does without a canvas and without files, which it would look for in Node
  const build = await rolldown({
    input: path("../src/node/draw.ts"),
    platform: "browser",
    plugins: [noCodeGeneration],
  });
  const { output } = await build.write({ file: path("../dist/node/draw.js"), minify: true, codeSplitting: false });
  await build.close();
  const folders = output
    .flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []))
    .flatMap((id) => {
      const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
      return folder === undefined ? [] : [folder];
    });
  writeFileSync(path("../dist/node/draw.LICENSES.txt"), [...new Set(folders)].toSorted().map(licenseOf).join("\n\n"));
}

/** A package's name, version and licence. Throws where there is none. */
function licenseOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name}: expected a file with its licence, got none`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
