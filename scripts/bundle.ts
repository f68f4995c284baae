/**
 * @file The build's JavaScript, twice: for the web, which needs no file but what it imports, and
 * for Node. Node takes about a millisecond for each file that it loads, so the library is one file.
 * Names stay as they are in the sources; comments stay there.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputOptions, type Plugin, rolldown } from "rolldown";
import { packedKernels } from "../kernels/tools/pack.ts";

const path = (place: string): string => fileURLToPath(new URL(place, import.meta.url));

/**
 * The file that draws pictures, which has its packages inside and is loaded when it is needed: one
 * for both kinds of modules.
 */
const DRAW = "./draw.ts";
const drawIsOutside = (place: string): Plugin => ({
  name: "draw-is-outside",
  resolveId: (id) => (id === DRAW ? { id: place, external: true } : undefined),
});

/**
 * What is loaded when it is needed, from where it is: other packages, and this one's public
 * entries.
 */
const isOutside = (id: string): boolean => !/^[.#]/.test(id) && !isAbsolute(id);

/** Where the build runs: `#platform` is that one's file. */
type Host = "node" | "web";

const platformOf = (host: Host): Plugin => ({
  name: "platform",
  resolveId: (id) => (id === "#platform" ? path(`../src/platform/${host}.ts`) : undefined),
});

const WEB = path("../src/platform/web.ts");

const kernels = packedKernels(path("../src/kernels"));
/**
 * The packed kernels come first in the file: gzip finds repetitions within 32 kB, so in the middle
 * they would cut the code in two that know nothing of each other, which costs 2 kB.
 */
const kernelsInside: Plugin = {
  name: "kernels-inside",
  transform: (code, id) =>
    id === path("../src/index.ts") ? { code: `import "./platform/packed-kernels.ts";\n${code}`, map: null } : undefined,
  load: (id) =>
    id === path("../src/platform/packed-kernels.ts")
      ? `export const packedKernels = ${JSON.stringify(kernels, undefined, 2)};`
      : undefined,
};

/**
 * A page does without checks that TypeScript makes, too: of the names of options, which are 1.5 kB,
 * and of the kinds of models and inputs (decision 0031).
 */
const CHECKS = /^ +(?:checkOptions|checkLanguageModel|checkLayerInput)\([^;]*\);$/gm;
const checksOfKinds = (host: Host): Plugin => ({
  name: "checks-of-kinds",
  transform(code) {
    const without = host === "web" ? code.replaceAll(CHECKS, "") : code;
    return without === code ? undefined : { code: without, map: null };
  },
});

/** What the command's options need of the library, which was built before, as values. */
const NAMES = path("../src/cli/options/names.ts");
const namesInside: Plugin = {
  name: "names-inside",
  async load(id) {
    if (id !== NAMES) return undefined;
    const names = Object.entries((await import(NAMES)) as Record<string, unknown>);
    return names.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`).join("\n");
  },
};

type Target = {
  readonly host: Host;
  /** Folder of dist. */
  readonly folder: string;
  /** Files of src by the names that they get in the folder, without their ends. */
  readonly entries: Readonly<Record<string, string>>;
  readonly codeSplitting?: OutputOptions["codeSplitting"];
  /** Default: "esm". */
  readonly format?: "cjs" | "esm";
  readonly plugins?: readonly Plugin[];
};

/**
 * Entries in a folder of dist. What they share goes to files beside them, which `codeSplitting` may
 * name.
 */
async function bundle({
  host,
  folder,
  entries,
  codeSplitting = true,
  format = "esm",
  plugins = [],
}: Target): Promise<void> {
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path(`../src/${file}.ts`)])),
    external: isOutside,
    platform: format === "cjs" && host === "node" ? "node" : "neutral",
    plugins: [
      drawIsOutside(format === "cjs" ? "../node/draw.js" : "./draw.js"),
      platformOf(host),
      kernelsInside,
      checksOfKinds(host),
      ...plugins,
    ],
  });
  await build.write({
    dir: path(`../dist/${folder}`),
    format,
    chunkFileNames: "[name].js",
    codeSplitting,
    minifyInternalExports: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await build.close();
}

/** Parts of src with entries of their own; the library is all else, and the language model. */
const ENTRIES = /^(?:index\.ts|(?:tasks|metrics|network|import|node|cli)\/(?!language-model\/))/;
const TRAINING_WORKER = "tasks/language-model/worker/training-worker";
/** What all entries share in one file. */
const library: OutputOptions["codeSplitting"] = {
  groups: [
    {
      name: "library",
      test: (id) =>
        !ENTRIES.test(relative(path("../src"), id).replaceAll(sep, "/")) && id !== path(`../src/${TRAINING_WORKER}.ts`),
    },
  ],
};

await bundle({
  host: "web",
  folder: "",
  entries: { index: "index", "tasks/index": "tasks/index", "import/index": "import/index" },
  codeSplitting: library,
});
await bundle({
  host: "node",
  folder: "node",
  entries: {
    unrolled: "index",
    "unrolled-tasks": "tasks/index",
    "unrolled-import": "import/index",
    index: "node/index",
    "training-worker": TRAINING_WORKER,
  },
  codeSplitting: library,
});
// for hosts that know `require` only, such as Jest, and for tools that know no `exports`
await bundle({
  host: "node",
  folder: "cjs",
  entries: {
    unrolled: "index",
    "unrolled-tasks": "tasks/index",
    "unrolled-import": "import/index",
    "unrolled-node": "node/index",
    "training-worker": TRAINING_WORKER,
  },
  codeSplitting: library,
  format: "cjs",
});
const placeUnknown: Plugin = {
  name: "place-unknown",
  transform: (code, id) =>
    id === WEB ? { code: code.replaceAll("import.meta.url", "undefined"), map: null } : undefined,
};
await bundle({
  host: "web",
  folder: "cjs/web",
  entries: { unrolled: "index", "unrolled-tasks": "tasks/index", "unrolled-import": "import/index" },
  codeSplitting: library,
  format: "cjs",
  plugins: [placeUnknown],
});
await bundle({ host: "node", folder: "cli", entries: { main: "cli/main" }, plugins: [namesInside] });
// each for itself: a bundler may make a script of one file out of it, and must not find the library
// in it, which names it
await bundle({ host: "web", folder: "workers", entries: { pool: "platform/web-worker" }, codeSplitting: false });
const besideThePool: Plugin = {
  name: "beside-the-pool",
  transform: (code, id) => (id === WEB ? { code: code.replaceAll('"./workers/', '"./'), map: null } : undefined),
};
await bundle({
  host: "web",
  folder: "workers",
  entries: { training: TRAINING_WORKER },
  codeSplitting: false,
  plugins: [besideThePool],
});
await bundleDrawing();

/**
 * What draws, with d3-scale and all that it needs, in one file of 47 kB. Their licences, which have
 * to go with them, are put beside it.
 */
async function bundleDrawing(): Promise<void> {
  const build = await rolldown({ input: path("../src/node/pictures/draw.ts"), platform: "neutral" });
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
