/**
 * What bundlers make of the build, and places on the web that lack what a page has. Rolldown stands for all bundlers; `npm run verify:bundlers` has them.
 * Needs the build.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Predictor, unpack } from "../src/platform/packed-code.ts";
import { availableNodes } from "./helpers/nodes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unrolled-bundles-"));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (file: string): string => readFileSync(join(root, "dist", file), "utf8");

/** Trains on "hello", and tells how it was computed. */
const program = `
import { engineReport, languageModel, matmul, ones, train } from "unrolled";
const model = languageModel({ corpus: "hello hello hello hello", hiddenSize: 8, seed: 1 });
const losses = [];
for await (const event of train(model, { steps: 3, sequenceLength: 4, batchSize: 2 })) if (event.kind === "step") losses.push(event.loss);
`;
const told = "const { name, threads, choices } = engineReport(); result = JSON.stringify({ name, threads, losses });";
/** Without an await at the top, which only modules may have. */
const asFunction =
  program.replace("const model", "globalThis.run = async () => { let result; const model") + told + "return result; };";
const inNode = `${asFunction}\nrun().then((result) => console.log(result));`;

type Told = { readonly name: string; readonly threads: number; readonly losses: readonly number[] };

async function bundled(source: string, platform: "browser" | "node", format: "cjs" | "esm" | "iife"): Promise<string> {
  const entry = join(folder, `entry-${platform}-${format}.js`);
  writeFileSync(entry, source);
  const build = await rolldown({
    input: entry,
    platform,
    resolve: {
      alias: { unrolled: join(root, platform === "node" ? "dist/node/unrolled.js" : "dist/index.js") },
    },
    // a bundle knows no place of its own
    transform: { define: { "import.meta.url": "undefined" } },
    logLevel: "silent",
  });
  const { output } = await build.generate({ format });
  await build.close();
  expect(output.map(({ type }) => type)).toEqual(["chunk"]);
  return output[0].code;
}

let script: string;
let expected: Told;
beforeAll(async () => {
  script = await bundled(asFunction, "browser", "iife");
  expected = JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "-e", inNode], { cwd: root, encoding: "utf8" }),
  ) as Told;
});

test("the kernels that the build carries are those of the files", () => {
  const [, table] = /^const packedKernels = (\{.*?^\});$/ms.exec(read("library.js")) ?? [];
  const packed = runInContext(`(${table})`, createContext()) as Readonly<
    Record<string, { text: string; length: number }>
  >;
  const files = join(root, "dist/kernels");
  expect(
    Object.keys(packed)
      .map((name) => `${name}.wasm`)
      .toSorted(),
  ).toEqual(readdirSync(files).toSorted());
  const predictor = new Predictor();
  let bytes: Uint8Array = new Uint8Array(0);
  for (const [name, { text, length }] of Object.entries(packed)) {
    bytes = unpack(text, length, bytes, predictor);
    expect(Buffer.compare(bytes, readFileSync(join(files, `${name}.wasm`))), name).toBe(0);
  }
});

test("a page loads modules that need no map of imports, no file beside them but workers", () => {
  for (const file of ["index.js", "tasks/index.js", "import/index.js", "library.js"]) {
    const code = read(file);
    expect(code.match(/^(?:import|export) .* from "(?!\.)[^"]*"/gm), file).toBeNull();
    expect(code, file).not.toMatch(/\.wasm|\bprocess\.|["']#platform/);
  }
  expect([...read("library.js").matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)].map(([, file]) => file)).toEqual([
    "./workers/pool.js",
    "./workers/training.js",
  ]);
  // Vite reads the options without running them
  expect(read("library.js").match(/import\.meta\.url\), \{\s*type: "module",\s*name: "[^"$]+"\s*\}\)/g)).toHaveLength(
    2,
  );
});

test.each(["pool", "training"])(
  "the worker %s is one file that can be a script, and does not load itself",
  async (worker) => {
    const code = read(`workers/${worker}.js`);
    expect(code).not.toMatch(/^(?:import|export)\b|\bimport\(/m);
    expect(code).not.toContain(`${worker}.js"`);
    // a wait at its top could not be in a script
    const build = await rolldown({ input: join(root, `dist/workers/${worker}.js`), logLevel: "silent" });
    await expect(build.generate({ format: "iife" })).resolves.toBeDefined();
    await build.close();
  },
);

test.each(["esm", "cjs"] as const)(
  "a program for Node, bundled as %s, runs on the kernels and on threads",
  async (format) => {
    const file = join(folder, `program.${format === "esm" ? "mjs" : "cjs"}`);
    writeFileSync(file, await bundled(inNode, "node", format));
    for (const { path } of availableNodes()) {
      const env = { ...process.env, UNROLLED_THREADS: "2", UNROLLED_NUMERICS: "portable" };
      const stdout = execFileSync(path, [file], { cwd: folder, encoding: "utf8", env });
      expect(JSON.parse(stdout)).toMatchObject({ name: "wasm", threads: 2 });
    }
  },
);

type Place = { readonly told: Told; readonly warnings: readonly string[] };

/** Runs the script where there is JavaScript, WebAssembly, a console, and what is given: an AudioWorklet has no more. */
async function runIn(globals: Readonly<Record<string, unknown>>, before = ""): Promise<Place> {
  const warnings: string[] = [];
  const console = { warn: (line: string) => warnings.push(line) };
  const context = createContext({ console, ...globals });
  runInContext(before, context);
  runInContext(script, context);
  return { told: JSON.parse((await runInContext("run()", context)) as string) as Told, warnings };
}

test("it trains where there is nothing but JavaScript and WebAssembly", async () => {
  const { told, warnings } = await runIn({});
  expect(warnings).toEqual([]);
  expect(told).toEqual({ ...expected, threads: 1 });
});

test("a policy that forbids WebAssembly is named once, with what to add", async () => {
  const refused =
    "WebAssembly.Module(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive";
  const { told, warnings } = await runIn(
    {},
    `WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError(${JSON.stringify(refused)}); } }`,
  );
  expect(told.name).toBe("reference");
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`(relaxed, simd: CompileError: ${refused}). Add 'wasm-unsafe-eval' to script-src`);
});

test("the reference engine without a word where it was asked for", async () => {
  const { told, warnings } = await runIn({ unrolledEnvironment: { UNROLLED_ENGINE: "reference" } });
  expect(told.name).toBe("reference");
  expect(warnings).toEqual([]);
});

test("threads that were asked for where memory can't be shared: one line", async () => {
  const { told, warnings } = await runIn({ unrolledEnvironment: { UNROLLED_THREADS: "4" } });
  expect(told).toMatchObject({ name: "wasm", threads: 1 });
  expect(warnings).toEqual([
    expect.stringMatching(/^unrolled: all runs on one thread, not on 4, .*Cross-Origin-Opener-Policy/),
  ]);
});
