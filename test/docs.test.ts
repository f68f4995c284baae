/**
 * The texts: every TypeScript block type-checks and runs against the build and prints what the page says, and every link leads somewhere.
 *
 * - A block that begins with `// continues` is joined to the one before it on the page.
 * - A block that begins with `// not run: reason` is left out, and must be listed below.
 * - A ```text block right after a block is what it prints; a line "…" in it stands for any lines.
 *
 * All blocks run in one process, in a folder with a `book.txt` and a `model.keras`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kerasCases } from "./helpers/keras-models.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const isPage = (name: string): boolean => name.endsWith(".md");
const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter(isPage);
const pages = [...readdirSync(root).filter(isPage), ...docs.map((name) => join("docs", name))].toSorted();

/** Pages and reasons of the blocks that are not run. */
const NOT_RUN: readonly string[] = [];

type Part = { readonly line: number; readonly code: string; readonly output: string | undefined };
/** Blocks that are one program. */
type Program = { readonly name: string; readonly parts: Part[] };

const notRun: string[] = [];
const programs: Program[] = [];

for (const page of pages) {
  const text = readFileSync(join(root, page), "utf8");
  for (const match of text.matchAll(/^```ts\n(.*?)^```\n(?:\s*^```text\n(.*?)^```$)?/gms)) {
    const [, code, output] = match;
    const line = text.slice(0, match.index).split("\n").length;
    const reason = /^\/\/ not run: (.*)/.exec(code)?.[1];
    const part = { line, code, output };
    const previous = programs.at(-1);
    if (reason !== undefined) notRun.push(`${page}: ${reason}`);
    else if (!code.startsWith("// continues")) programs.push({ name: `${page} line ${line}`, parts: [part] });
    else if (previous?.name.startsWith(`${page} `)) previous.parts.push(part);
    else throw new Error(`${page} line ${line}: expected a block before one that continues`);
  }
}

mkdirSync(join(root, "runs"), { recursive: true });
// inside the repository, so that "unrolled" is the build, and where no other tool looks
const folder = mkdtempSync(join(root, "runs", "docs-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prints this between the parts of a program. */
const MARK = "\u0000";
const fileOf = (index: number): string => `program-${index}.ts`;

const runner = `
import { readFileSync, writeFileSync } from "node:fs";
const results = [];
const write = process.stdout.write;
for (const file of JSON.parse(readFileSync("programs.json", "utf8"))) {
  const result = { output: "", error: undefined };
  process.stdout.write = (text) => { result.output += text; return true; };
  try { await import("./" + file); } catch (error) { result.error = String(error?.stack ?? error); }
  results.push(result);
}
process.stdout.write = write;
writeFileSync("results.json", JSON.stringify(results));
`;

let results: { output: string; error?: string }[];

beforeAll(() => {
  programs.forEach(({ parts }, index) => {
    writeFileSync(
      join(folder, fileOf(index)),
      parts.map(({ code }) => code).join(`\nconsole.log(${JSON.stringify(MARK)});\n`),
    );
  });
  const line =
    "Call me Ishmael. Some years ago, never mind how long precisely, I thought I would sail about a little.\n";
  writeFileSync(join(folder, "book.txt"), line.repeat(30));
  const [keras] = kerasCases().filter(({ name }) => name === "Sequential 18");
  writeFileSync(join(folder, "model.keras"), keras.data);
  writeFileSync(join(folder, "programs.json"), JSON.stringify(programs.map((_, index) => fileOf(index))));
  writeFileSync(join(folder, "run.mjs"), runner);
  // as the strictest of users compile
  const compilerOptions = { rootDir: ".", noUnusedLocals: false, noUncheckedIndexedAccess: true };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] }),
  );
  execFileSync(process.execPath, ["run.mjs"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  results = JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as typeof results;
});

test("the blocks that are not run are the listed ones", () => {
  expect(notRun).toEqual(NOT_RUN);
});

test("every block type-checks", () => {
  let errors = "";
  try {
    execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { cwd: folder, encoding: "utf8" });
  } catch (error) {
    errors = (error as { stdout: string }).stdout;
  }
  const located = errors.replaceAll(/program-(\d+)\.ts/g, (_, index: string) => programs[Number(index)].name);
  expect(located).toBe("");
});

test.each(programs.map(({ name, parts }, index) => ({ name, parts, index })))("$name runs", ({ parts, index }) => {
  const { output, error } = results[index];
  expect(error).toBeUndefined();
  const printed = output.split(`${MARK}\n`);
  parts.forEach((part, i) => {
    if (part.output !== undefined)
      expect(printed[i], `the output of the block in line ${part.line}`).toMatch(patternOf(part.output));
  });
});

/** The text, with lines "…" open. */
function patternOf(text: string): RegExp {
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "…" ? "(?:.*\\n)*?" : `${line.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}[ ]*\\n`));
  return new RegExp(`^${lines.join("")}$`);
}

describe.each(pages)("%s", (page) => {
  // code is no prose: brackets in it are no links
  const text = readFileSync(join(root, page), "utf8")
    .replaceAll(/^```.*?^```$/gms, "")
    .replaceAll(/`[^`\n]*`/g, "");

  test("its links lead to files and headings that are there", () => {
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, heading] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(root, file)), `${page}: ${target}`).toBe(true);
      if (heading !== undefined) expect(headingsOf(file), `${page}: ${target}`).toContain(heading);
    }
  });

  test("its tables have as many cells in each row as in the head", () => {
    for (const [table] of text.matchAll(/(?:^\|.*\|\n)+/gm)) {
      const cells = table
        .trimEnd()
        .split("\n")
        .map((row) => row.replaceAll("\\|", "").split("|").length);
      expect(new Set(cells).size, table).toBe(1);
    }
  });

  test("its npm commands exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const [, name] of readFileSync(join(root, page), "utf8").matchAll(/npm run ([\w:]+)/g))
      expect(scripts, page).toHaveProperty([name]);
  });
});

/** Anchors, as GitHub makes them. */
function headingsOf(file: string): string[] {
  return [...readFileSync(join(root, file), "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
