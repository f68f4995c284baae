/** @file The package as a page gets it: bundled for the web and minified, and what that weighs. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Plugin, rolldown } from "rolldown";

/** By the path that the page loads it from. */
export type Bundle = ReadonlyMap<string, Uint8Array>;

/**
 * Workers, which are named by `new URL("…", import.meta.url)`, become entries, as in most bundlers.
 */
const filesBesideTheCode: Plugin = {
  name: "files beside the code",
  transform(code, id) {
    return code.replaceAll(/new URL\("(\.[^"]+)", import\.meta\.url\)/g, (_, file: string) => {
      const reference = this.emitFile({ type: "chunk", id: join(dirname(id), file) });
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
  });
  await build.close();
  return new Map(
    output.map((file) => [file.fileName, Buffer.from(file.type === "chunk" ? file.code : file.source)] as const),
  );
}

export type WebSize = {
  /** Bytes of each file, gzipped. */
  readonly files: ReadonlyMap<string, number>;
  /** The library with its kernels, and the worker of the thread pool. */
  readonly page: number;
  /**
   * The worker of `trainInWorker`, which has the library once more. Loaded when it is first used.
   */
  readonly training: number;
};

/** What the whole package weighs, with nothing left out that a page may not use. Needs `dist`. */
export async function webSize(): Promise<WebSize> {
  const bundle = await bundleForWeb({
    name: "unrolled",
    file: fileURLToPath(new URL("../dist/index.js", import.meta.url)),
  });
  const files = new Map([...bundle].map(([name, content]) => [name, gzipSync(content, { level: 9 }).length] as const));
  const size = (isWanted: (name: string) => boolean): number =>
    [...files].reduce((sum, [name, bytes]) => sum + (isWanted(name) ? bytes : 0), 0);
  const isTraining = (name: string): boolean => name.startsWith("training");
  return { files, page: size((name) => !isTraining(name)), training: size(isTraining) };
}
