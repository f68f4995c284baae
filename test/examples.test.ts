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
  "07-classify.ts": {
    lines: [
      /^after step 120: accuracy (1\.000|0\.9\d\d)$/,
      /^question: precision (1\.000|0\.9\d\d), recall (1\.000|0\.9\d\d)$/,
      /^"was the wind very old" is a question/,
      /^"my friend can be in the harbor" is a statement/,
      /^ {2}sea {4}statement 0\.9/,
    ],
  },
  "08-image.ts": {
    lines: [/^2883 parameters; 12 steps of 12 pixels/, /^accuracy (1\.000|0\.[89]\d\d)$/, /^level +\d+ \d+ \d+$/],
  },
  "09-tag.ts": {
    lines: [
      "14616 parameters, tags O B-LOC I-LOC B-PER I-PER",
      /^epoch 4 {2}held-out loss 0\.0/,
      /^F1 (1\.000|0\.9\d\d)$/,
      "LOC  Sydney  sure",
      "PER  Zoe  sure",
    ],
  },
  "10-forecast.ts": {
    lines: [
      /^epoch 20 {2}loss -?\d/,
      /^MASE 0\.\d+, last week's \d\.\d+$/,
      /^CRPS \d\.\d+, last week's \d/,
      /^2002-02-05 {2}\d/,
      /^from 401 values: \d/,
    ],
  },
  "11-translate.ts": {
    lines: [
      /^1500 pairs such as "\w+ \d+, \d{4}" -> "\d{4}-\d\d-\d\d"$/,
      /^epoch 6 {2}loss 0\.0\d\d$/,
      /^exact on held-out dates {2}(1\.00|0\.9\d)$/,
      /^"July 14, 1989" -> "1989-07-14", or "/,
      /^<\/s> looks at /,
    ],
  },
  "12-transcribe.ts": {
    lines: [
      "16909 parameters, keys #*0123456789",
      /^epoch 12 {2}held-out loss 0\.[01]/,
      /^character error rate 0\.0[0-4]\d$/,
      /^pressed ([\d*#]{5,6}), heard \1$/,
      / {2}0\.[01]\d s {2}[\d*#]$/,
      /^stream [\d*#]{5,6}$/,
    ],
  },
  "13-own-model.ts": {
    lines: [
      /^1557 parameters, accuracy 0\.[3-6]\d before training$/,
      /^epoch 3 {2}loss 0\.\d+$/,
      /^accuracy (\d\.\d\d), loaded \1$/,
      /^resumed twice: loss 0\.0\d+ and \S+, equal$/,
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
