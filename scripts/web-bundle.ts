/** @file The package as a page gets it: bundled for the web and minified, and what that weighs. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Plugin, rolldown } from "rolldown";

/** By the path that the page loads it from. */
export type Bundle = ReadonlyMap<string, Uint8Array>;

/** What is named by `new URL("…", import.meta.url)`, as most bundlers find it: workers become entries, kernels are copied. */
const filesBesideTheCode: Plugin = {
  name: "files beside the code",
  transform(code, id) {
    return code.replaceAll(/new URL\("(\.[^"]+)", import\.meta\.url\)/g, (_, file: string) => {
      const path = join(dirname(id), file);
      const reference = file.endsWith(".js")
        ? this.emitFile({ type: "chunk", id: path })
        : this.emitFile({ type: "asset", name: basename(file), source: readFileSync(path) });
      return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
    });
  },
};

/** `alias`: files for imports that no package has. */
export async function bundleForWeb(
  entry: { readonly name: string; readonly file: string },
  alias: Record<string, string> = {},
): Promise<Bundle> {
  const build = await rolldown({
    input: { [entry.name]: entry.file },
    platform: "browser",
    resolve: { conditionNames: ["browser", "import", "default"], alias },
    plugins: [filesBesideTheCode],
  });
  const { output } = await build.generate({
    format: "esm",
    minify: true,
    entryFileNames: "[name].js",
    assetFileNames: "[name][extname]",
  });
  await build.close();
  return new Map(
    output.map((file) => [file.fileName, Buffer.from(file.type === "chunk" ? file.code : file.source)] as const),
  );
}

export type WebSize = {
  /** Bytes of each file, gzipped. */
  readonly files: ReadonlyMap<string, number>;
  /** All of JavaScript. */
  readonly script: number;
  /** The largest build of the kernels; a page loads one. */
  readonly kernels: number;
  readonly total: number;
};

/** What the whole package weighs, with nothing left out that a page may not use. Needs `dist`. */
export async function webSize(): Promise<WebSize> {
  const bundle = await bundleForWeb({
    name: "unrolled",
    file: fileURLToPath(new URL("../dist/index.js", import.meta.url)),
  });
  const files = new Map([...bundle].map(([name, content]) => [name, gzipSync(content, { level: 9 }).length] as const));
  const sizes = (suffix: string): number[] =>
    [...files].flatMap(([name, size]) => (name.endsWith(suffix) ? [size] : []));
  const script = sizes(".js").reduce((sum, size) => sum + size, 0);
  const kernels = Math.max(...sizes(".wasm"));
  return { files, script, kernels, total: script + kernels };
}
