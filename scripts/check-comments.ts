/**
 * @file The part of the rules for comments that a program can check: a doc comment starts with a
 * noun or a verb that stands alone, and comments end at column 100. Prints what breaks them; exit
 * 1.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Last column of a comment. */
const WIDTH = 100;

/** Beginnings that mean nothing without the name that the comment stands above. */
const INCOMPLETE = /\/\*\*\s+(?:\* )?(?:Of|What|The same|As above|Those|Whose|Which)\b/;

/** More such beginnings. */
const ELLIPTIC = /\/\*\*\s+(?:\* )?(?:How|As|Where|When|By|With|From|To|In|Its|Their|It|They|Once|Until)\b/;

/** Folders whose comments end in time, those whose doc comments start well, and start with a noun. */
const NARROW = [
  "base",
  "platform",
  "engine",
  "tensor",
  "optim",
  "formats",
  "data",
  "metrics",
  "model",
  "rnn",
  "layers",
  "train",
  "tasks",
  "network",
  "import",
  "node",
  "cli",
];
const COMPLETE: readonly string[] = [
  "base",
  "platform",
  "engine",
  "tensor",
  "model",
  "rnn",
  "layers",
  "train",
  "tasks",
  "network",
  "import",
  "node",
  "cli",
  "optim",
  "formats",
  "data",
  "metrics",
];
const EXPLICIT: readonly string[] = NARROW;

const isComment = (line: string): boolean => /^\s*(?:\/\*\*|\*|\/\/)/.test(line);

type Rule = (line: string, next: string) => string | undefined;

const isWide: Rule = (line) =>
  // a link can't be broken
  isComment(line) && [...line].length > WIDTH && !/https?:\S{60,}/.test(line)
    ? `a comment ends at column ${WIDTH}, this one at ${[...line].length}`
    : undefined;

const startsWith =
  (beginning: RegExp): Rule =>
  (line, next) =>
    beginning.test(line.trim() === "/**" ? `/** ${next.trim()}` : line)
      ? `a doc comment starts with a noun or a verb, not: ${line.trim().slice(0, 60)}`
      : undefined;

function problemsOf(file: string, rule: Rule): string[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return lines.flatMap((line, i) => {
    const problem = rule(line, lines[i + 1] ?? "");
    return problem === undefined ? [] : [`${file}:${i + 1}: ${problem}`];
  });
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, "src", folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("generated"))
    .map((name) => relative(root, join(root, "src", folder, name)));
const problems = [
  ...NARROW.flatMap(filesIn).flatMap((file) => problemsOf(file, isWide)),
  ...COMPLETE.flatMap(filesIn).flatMap((file) => problemsOf(file, startsWith(INCOMPLETE))),
  ...EXPLICIT.flatMap(filesIn).flatMap((file) => problemsOf(file, startsWith(ELLIPTIC))),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
