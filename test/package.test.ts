/** The tarball as a user gets it: what is in it, that it packs alike twice, that it installs, imports, type-checks and runs. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { availableNodes } from "./helpers/nodes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  scripts: Record<string, string>;
};
const folder = mkdtempSync(join(tmpdir(), "unrolled-package-"));
const consumer = join(folder, "consumer");
const installed = join(consumer, "node_modules", "unrolled");

type Packed = { filename: string; files: { path: string }[] };

const pack = (into: string): Packed => {
  mkdirSync(into, { recursive: true });
  const output = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const parsed = JSON.parse(output) as Packed[] | Record<string, Packed>;
  return Array.isArray(parsed) ? parsed[0] : Object.values(parsed)[0];
};

let packed: Packed;

beforeAll(() => {
  packed = pack(join(folder, "first"));
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, "first", packed.filename), "-C", installed, "--strip-components=1"]);
  // the dependencies as npm would have put them beside it
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(consumer, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(consumer, "node_modules", name), "dir");
  }
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", type: "module", private: true }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball holds the build, its sources and the texts, and nothing else", () => {
  const paths = packed.files.map(({ path }) => path);
  for (const needed of [
    "dist/index.js",
    "dist/index.d.ts",
    "dist/cli/main.js",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "docs/guide.md",
    "docs/tutorial.ko.md",
    "examples/06-gates.ts",
    "dist/examples/06-gates.js",
  ]) {
    expect(paths).toContain(needed);
  }
  const allowed =
    /^(dist\/|docs\/|examples\/|src\/|(import|node|tasks)\/package\.json$|(LICENSE|(README|CHANGELOG|SECURITY)\.md|package\.json)$)/;
  expect(paths.filter((path) => !allowed.test(path) || path.includes(".test."))).toEqual([]);
});

test("nothing in the build makes code from text", () => {
  const files = packed.files.map(({ path }) => path).filter((path) => /^dist\/.*\.js$/.test(path));
  // a method may be called eval
  const makesCode = /\bFunction\(|(?<![.\w])eval\([^)]*\)(?!\s*\{)/;
  const found = files.filter((path) => makesCode.test(readFileSync(join(root, path), "utf8")));
  expect(files.length).toBeGreaterThan(10);
  expect(found).toEqual([]);
});

test("packing twice gives the same bytes", () => {
  const again = pack(join(folder, "second"));
  const hash = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  expect(hash(join(folder, "second", again.filename))).toBe(hash(join(folder, "first", packed.filename)));
});

/** What a file of the build imports before anything else can run, and what that imports: files of the build by their paths, all else by its name. */
function loadedWith(file: string, seen: Set<string> = new Set([file])): string[] {
  const imports = readFileSync(join(root, file), "utf8").matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)";$/gm);
  for (const [, name] of imports) {
    const path = name.startsWith(".") ? join(dirname(file), name) : name;
    if (seen.has(path)) continue;
    seen.add(path);
    if (path !== name) loadedWith(path, seen);
  }
  return [...seen];
}

test("little is loaded at the start", () => {
  expect(loadedWith("dist/index.js").toSorted()).toEqual(["dist/index.js", "dist/library.js"]);
  expect(loadedWith("dist/node/unrolled.js").toSorted()).toEqual([
    "dist/node/library.js",
    "dist/node/unrolled.js",
    // node:crypto would take some 9 ms
    "node:fs",
    "node:os",
    "node:timers",
    "node:v8",
    "node:worker_threads",
  ]);
  // help and version need neither the library nor what draws
  const command = loadedWith("dist/cli/main.js").filter((name) => !/^(dist\/cli\/|node:)/.test(name));
  expect(command).toEqual(["commander"]);
});

test("what draws needs no other package, and has the licences of those inside", () => {
  const code = readFileSync(join(root, "dist/node/draw.js"), "utf8");
  expect(code).not.toMatch(/\b(?:from|import|require)\s*\(?\s*["'`][\w@.#/:-]+["'`]/);
  const licences = readFileSync(join(root, "dist/node/draw.LICENSES.txt"), "utf8");
  for (const name of ["d3-scale", "d3-array"]) expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
});

test("nothing runs when it is installed", () => {
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    expect(manifest.scripts).not.toHaveProperty(name);
});

const program = `
import { tensor, basicRnnCell, dynamicRnn } from "unrolled";
import { loadModel } from "unrolled/node";
const h = [1, 0, 0, 0], e = [0, 1, 0, 0], l = [0, 0, 1, 0], o = [0, 0, 0, 1];
const { outputs } = dynamicRnn(basicRnnCell(2), tensor([[h, e, l, l, o]]));
console.log(outputs.shape.join(","), typeof loadModel);
`;

test("declarations name no sources, and nothing that TypeScript 5.4 does not know", () => {
  const dist = join(root, "dist");
  const wrong = readdirSync(dist, { recursive: true, encoding: "utf8" })
    // the platform's own files, which no public declaration names
    .filter(
      (file) => file.endsWith(".d.ts") && !/^(?:cjs\/)?platform\/(?:kernel-bytes|packed-code|own-sha256)/.test(file),
    )
    .filter((file) => /from "#|import\("#|Array<ArrayBuffer/.test(readFileSync(join(dist, file), "utf8")));
  expect(wrong).toEqual([]);
});

test.each(availableNodes())("it imports and its command runs on Node $version", ({ path }) => {
  writeFileSync(join(consumer, "main.js"), program);
  expect(execFileSync(path, [join(consumer, "main.js")], { encoding: "utf8" }).trim()).toBe("1,5,2 function");
  const version = execFileSync(path, [join(installed, "dist/cli/main.js"), "--version"], { encoding: "utf8" });
  expect(version.trim()).toMatch(/^\d+\.\d+\.\d+/);
});

test.each([
  ["nodenext", "nodenext"],
  ["preserve", "bundler"],
])("its types serve a strict consumer (module %s, resolution %s)", (module, moduleResolution) => {
  writeFileSync(join(consumer, "main.ts"), program);
  writeFileSync(
    join(consumer, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "es2023",
        lib: ["es2023", "dom"],
        types: [],
        module,
        moduleResolution,
        skipLibCheck: false,
      },
      files: ["main.ts"],
    }),
  );
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", consumer], { encoding: "utf8" });
});

const commonProgram = `
const { tensor, engineReport, mul } = require("unrolled");
const { seasonalNaive } = require("unrolled/tasks");
const { loadModel } = require("unrolled/node");
console.log(mul(tensor([1, 2]), 2).toArray().join(), engineReport().name, typeof seasonalNaive, typeof loadModel);
`;

test.each(availableNodes())(
  "`require` gives a build of its own where modules can't be required: Node $version",
  ({ path }) => {
    const file = join(consumer, "main.cjs");
    writeFileSync(file, commonProgram);
    const run = (...options: string[]): string => execFileSync(path, [...options, file], { encoding: "utf8" }).trim();
    expect(run()).toBe("2,4 wasm function function");
    expect(run("--no-experimental-require-module")).toBe("2,4 wasm function function");
  },
);

test("tools that know no exports find each entry by its folder and its fields", () => {
  type Fields = { main: string; module: string; browser?: string; types: string };
  for (const entry of [".", "tasks", "import", "node"]) {
    const folder = join(installed, entry);
    const fields = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Fields;
    for (const name of ["main", "module", "browser", "types"] as const) {
      if (entry === "node" && name === "browser") continue;
      expect(existsSync(join(folder, fields[name] ?? "none")), `${entry} ${name}`).toBe(true);
    }
  }
  const { typesVersions } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    typesVersions: Record<string, Record<string, string[]>>;
  };
  for (const [file] of Object.values(typesVersions["*"])) expect(existsSync(join(installed, file)), file).toBe(true);
});

test.each([
  ["a module", "ts", "nodenext", "nodenext"],
  ["CommonJS", "cts", "node16", "node16"],
  ["CommonJS where modules can be required", "cts", "nodenext", "nodenext"],
])("its types need neither those of the web nor Node's: %s", (_, end, module, moduleResolution) => {
  const file = `bare.${end}`;
  writeFileSync(
    join(consumer, file),
    `import { tensor, train } from "unrolled";\nimport { classifier } from "unrolled/tasks";\nimport { loadModel } from "unrolled/node";\nexport const all = [tensor, train, classifier, loadModel];\n`,
  );
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2023",
    lib: ["es2023"],
    types: [],
    module,
    moduleResolution,
    skipLibCheck: false,
  };
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", consumer], { encoding: "utf8" });
});
