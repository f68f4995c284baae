/** Every program in examples/, run as a reader would run it, against the build. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unrolled-examples-"));
const book = join(folder, "book.txt");
writeFileSync(book, "It is a way I have of driving off the spleen, and regulating the circulation.\n".repeat(60));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Check = { readonly args?: readonly string[]; readonly lines: readonly (string | RegExp)[] };

const checks: Readonly<Record<string, Check>> = {
  "01-hello.ts": {
    lines: [
      "inputs (1, 5, 4)",
      "[[[1, 0, 0, 0],",
      "  [0, 0, 0, 1]]]",
      "outputs (1, 5, 2)",
      /^\[\[\[ ?-?0\.\d+, +-?0\.\d+\],$/,
      "float32 [1, 2]",
    ],
  },
  "02-batch.ts": { lines: ["inputs (3, 5, 4)", "outputs (3, 5, 2)", "float32 [3, 2]"] },
  "03-train-hello.ts": {
    lines: [/^step 0 {2}loss 1\.\d+ {2}"(?!ello)[helo]{4}"$/, /^step \d+ {2}loss 0\.\d+ {2}"ello"$/],
  },
  "04-language-model.ts": {
    args: [book, "40"],
    lines: [
      /^4680 characters, 24 different, \d+ parameters$/,
      /^step 20 {2}loss /,
      /^step 40 {2}loss [0-2]\./,
      /^validation {2}\d\.\d+ bits per character$/,
      /^the /,
    ],
  },
  "05-custom-cell.ts": {
    lines: [
      "outputs (2, 6, 4), state h (2, 4)",
      /^loss \S+, gradients of kernel and bias$/,
      /^first weight: gradient (-?0\.0\d\d\d), difference \1$/,
      /^stack: /,
    ],
  },
  "06-gates.ts": {
    args: ["abba"],
    lines: [
      /^ +a +b +b +a$/,
      /^input gate i0( +0\.\d{3}){4}$/,
      /^forget gate f2( +0\.\d{3}){4}$/,
      /^candidate g1( +-?0\.\d{3}){4}$/,
      /^cell state c0/,
      /^output h2/,
    ],
  },
};

test("every example has a row here", () => {
  expect(readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"))).toEqual(Object.keys(checks));
});

test.each(Object.entries(checks))("%s", (file, { args = [], lines }) => {
  const output = execFileSync(process.execPath, [join(root, "examples", file), ...args], {
    encoding: "utf8",
    cwd: folder,
  });
  let printed = output.split("\n");
  // in this order
  for (const line of lines) {
    const at = printed.findIndex((text) => (typeof line === "string" ? text === line : line.test(text)));
    expect(at, `${String(line)} in the rest of\n${output}`).toBeGreaterThanOrEqual(0);
    printed = printed.slice(at + 1);
  }
});
