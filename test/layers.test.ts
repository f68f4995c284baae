/**
 * @file The table of docs/architecture.md, as a test: which folder of src/ may import which, and only
 * through its face; which packages a folder may name; and no cycle, imports of types and those made
 * when they are needed included.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");

/** Packages that a folder names, Node's own ("node:") among them. All others name none. */
const packages: Readonly<Record<string, readonly string[]>> = {
  platform: ["node:"],
  import: ["@bufbuild/protobuf", "fflate", "h5wasm"],
  node: [
    "node:",
    "@wasm-audio-decoders/flac",
    "fast-png",
    "hyparquet",
    "hyparquet-compressors",
    "jpeg-js",
    "mpg123-decoder",
    "papaparse",
    "d3-scale",
  ],
  cli: ["node:", "commander", "simple-ascii-chart"],
};

/** The rows of the table: what each folder may import. */
function rowsOf(page: string): Map<string, readonly string[]> {
  const [, table] = /\| folder \|.*\n\|---.*\n((?:\|.*\n)+)/.exec(page) ?? [];
  const rows = new Map<string, readonly string[]>();
  for (const line of (table ?? "").trim().split("\n")) {
    const [, folder, , allowed] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const names = [...allowed.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    rows.set(folder.replaceAll("`", ""), allowed === "all of the above" ? [...rows.keys()] : names);
  }
  return rows;
}

const rows = rowsOf(readFileSync(join(root, "docs/architecture.md"), "utf8"));

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);

/** The row that a file belongs to: the longest one that its path begins with. */
const rowOf = (file: string): string =>
  [...rows.keys()]
    .filter((row) => file === row || file.startsWith(`${row}/`))
    .toSorted((a, b) => b.length - a.length)[0];

const withoutComments = (code: string): string => code.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");

/** What a file names: values, types, imports for their effect, and those made when they are needed. */
function importsOf(file: string): string[] {
  const code = withoutComments(readFileSync(join(src, file), "utf8"));
  const found = code.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)"([^"]+)"/gm);
  return [...found].map(([, specifier]) => specifier);
}

/** The file of src that a relative import means. */
const targetOf = (file: string, specifier: string): string =>
  relative(src, resolve(join(src, dirname(file)), specifier));

test("the table has a row for each folder, and no other", () => {
  expect(rows.size).toBeGreaterThan(10);
  for (const row of rows.keys()) expect(existsSync(join(src, row)), row).toBe(true);
});

test.each(files)("%s imports downwards, and faces only", (file) => {
  const row = rowOf(file);
  expect(row, `a row for src/${file} in the table`).toBeDefined();
  const allowed = rows.get(row) ?? [];
  for (const specifier of importsOf(file)) {
    const what = `${file} imports ${specifier}`;
    if (specifier === "#platform") expect(allowed, what).toContain("platform");
    else if (specifier.startsWith(".")) {
      const target = targetOf(file, specifier);
      const other = rowOf(target);
      if (other === row) continue;
      expect(allowed, what).toContain(other);
      expect(target, `${file} imports past a face`).toBe(join(other, "index.ts"));
    } else if (/^unrolled(\/|$)/.test(specifier)) expect(allowed, what).toContain(specifier);
    else {
      const named = packages[row.split("/")[0]] ?? [];
      expect(
        named.some((name) => specifier === name || specifier.startsWith(name.endsWith(":") ? name : `${name}/`)),
        `${what}, a package that src/${row} may not name`,
      ).toBe(true);
    }
  }
});

test("no file imports itself by way of others", () => {
  const arrows = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => targetOf(file, specifier)),
    ]),
  );
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    expect(at, `a cycle: ${[...path.slice(at), file].join(" -> ")}`).toBe(-1);
    if (done.has(file)) return;
    path.push(file);
    for (const next of arrows.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of files) visit(file);
});

test("faces name what they export", () => {
  for (const file of files) expect(readFileSync(join(src, file), "utf8"), file).not.toMatch(/export \*(?! as )/);
});
