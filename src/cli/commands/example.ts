import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EXIT, UsageError } from "../terminal/failure.ts";
import { say, write } from "../terminal/output.ts";
import { asTyped } from "../terminal/program-name.ts";

const packageFolder = dirname(createRequire(import.meta.url).resolve("unrolled/package.json"));
const sources = join(packageFolder, "examples");
/** Programs without types, which every supported Node runs. */
const programs = join(packageFolder, "dist", "examples");

const names = (): string[] =>
  readdirSync(sources)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -3))
    .toSorted();

/** Prints each example's name and what it shows. */
export function listExamples(): void {
  const all = names();
  const width = Math.max(...all.map((name) => name.length));
  for (const name of all) say(`${name.padEnd(width)}  ${summaryOf(name)}`);
  say(`\n${asTyped("unrolled example NAME")} runs one; with --source, prints it.`);
}

/** First sentence of the comment that a program begins with. */
function summaryOf(name: string): string {
  const text = readFileSync(join(sources, `${name}.ts`), "utf8");
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? "";
  const words = comment
    .replaceAll(/^\s*\* ?/gm, "")
    .replace("@file", "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return /^.*?[.:](?= |$)/.exec(words)?.[0].replace(/[.:]$/, "") ?? words;
}

/** The example that a word means: its name, the name without the number, or the number. */
function named(word: string): string {
  const wanted = word.replace(/\.(ts|js)$/, "").toLowerCase();
  const found = names().find((name) => {
    const [number, ...rest] = name.split("-");
    return wanted === name || wanted === rest.join("-") || wanted.padStart(2, "0") === number;
  });
  if (found !== undefined) return found;
  throw new UsageError(`expected an example (${names().join(", ")}), got ${JSON.stringify(word)}`);
}

/** Prints the TypeScript of an example. */
export function printSource(word: string): void {
  write(readFileSync(join(sources, `${named(word)}.ts`), "utf8"));
}

/** Runs an example with these arguments, and returns its exit code. */
export async function example(word: string, args: readonly string[]): Promise<number> {
  const program = join(programs, `${named(word)}.js`);
  const child = spawn(process.execPath, [program, ...args], { stdio: "inherit" });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    // a signal from the terminal has reached both
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated)));
  });
}
