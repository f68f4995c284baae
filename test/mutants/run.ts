/**
 * @file Mutation testing: puts each bug of `list.ts` into a copy of the sources and expects the golden checks, or the tests that the
 * mutant names, to catch it. Prints who caught what, and the score. Exit 1 when a mutant survives, is broken, or no longer fits its file.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { families } from "./list.ts";
import type { Family, Mutant, Outcome, TestRequest } from "./mutant.ts";

const USAGE = `Usage: node test/mutants/run.ts [options]

  --family <name>  only ${Object.keys(families).join(" | ")}
  --only <text>    only mutants whose name contains the text
  --help           this text

Needs a Node that runs TypeScript (24 or newer).`;

const root = fileURLToPath(new URL("../../", import.meta.url));
const WORKERS = 2;
const TIMEOUT = 60_000;

/** A program that breaks down like this is a slip in the mutant, not a bug that only a comparison of numbers can find. */
const SLIP = /ReferenceError|Cannot read properties|is not a function|is not iterable/;

/** What the checks and tests need, with a `package.json` that maps `#platform` to the source. */
function copySources(to: string): void {
  for (const path of [
    "src",
    "test/cells",
    "test/cell-cases.ts",
    "test/golden/data",
    "test/helpers",
    "test/mutants",
    "vitest.config.ts",
  ])
    cpSync(join(root, path), join(to, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"), "junction");
  writeFileSync(
    join(to, "package.json"),
    JSON.stringify({ type: "module", imports: { "#platform": "./src/platform/node.ts" } }),
  );
}

function runChecks(copy: string, family: Family): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(copy, "test/mutants/check.ts"), family], {
      cwd: copy,
      stdio: ["ignore", "pipe", "pipe"],
      // poison: memory that a kernel left unwritten reads as NaN
      env: { ...process.env, NODE_COMPILE_CACHE: join(copy, ".cache"), UNROLLED_POISON: "1" },
    });
    let output = "";
    let errors = "";
    let late = false;
    child.stdout.on("data", (text) => (output += String(text)));
    child.stderr.on("data", (text) => (errors += String(text)));
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, TIMEOUT);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      if (late) return resolve({ kind: "caught", detail: `no end after ${TIMEOUT / 1000} s` });
      if (code === 0) return resolve({ kind: "survived", detail: "all checks pass" });
      const caught = /^caught: (.*)$/m.exec(output)?.[1];
      if (caught !== undefined && !SLIP.test(caught)) return resolve({ kind: "caught", detail: caught });
      const reason = caught ?? /^\w*Error.*$/m.exec(errors)?.[0] ?? `exit ${code}`;
      return resolve({ kind: "broken", detail: reason });
    });
  });
}

/** Runs test files in one copy of the sources, in a process that is kept from mutant to mutant. */
class TestServer {
  readonly #copy: string;
  #child: ChildProcess | undefined;

  constructor(copy: string) {
    this.#copy = copy;
  }

  run(request: TestRequest): Promise<Outcome> {
    const child = (this.#child ??= this.#start());
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        child.off("message", onMessage).off("exit", onExit);
        const isSlip = outcome.kind === "caught" && SLIP.test(outcome.detail);
        resolve(isSlip ? { kind: "broken", detail: outcome.detail } : outcome);
      };
      const onMessage = (outcome: unknown): void => settle(outcome as Outcome);
      const onExit = (code: number | null): void =>
        settle({ kind: "broken", detail: `the test server ended with ${code}` });
      const timer = setTimeout(() => {
        this.stop();
        settle({ kind: "caught", detail: `no end after ${TIMEOUT / 1000} s` });
      }, TIMEOUT);
      child.on("message", onMessage).on("exit", onExit);
      child.send(request);
    });
  }

  #start(): ChildProcess {
    const child = fork(join(this.#copy, "test/mutants/test-server.ts"), {
      cwd: this.#copy,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }
}

/** The file with the bug in it; throws when the mutant doesn't fit. */
function mutated({ name, file, find, replace }: Mutant, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(
      `stale mutant "${name}": its text occurs ${parts.length - 1} times in ${file}\n    ${find.replaceAll("\n", "\n    ")}`,
    );
  const text = parts.join(replace);
  if (text === source) throw new Error(`stale mutant "${name}" changes nothing in ${file}`);
  return text;
}

/** What is wrong with the list itself. */
function problems(mutants: readonly Mutant[]): string[] {
  const found: string[] = [];
  const names = new Set<string>();
  const patches = new Map<string, string>();
  for (const mutant of mutants) {
    const { name, family, file } = mutant;
    if (names.has(`${family} ${name}`)) found.push(`two mutants "${name}" in ${family}`);
    names.add(`${family} ${name}`);
    try {
      const text = `${file}\n${mutated(mutant, readFileSync(join(root, file), "utf8"))}`;
      const twin = patches.get(text);
      if (twin !== undefined) found.push(`mutants "${twin}" and "${name}" are the same`);
      patches.set(text, name);
    } catch (error) {
      found.push((error as Error).message);
    }
  }
  return found;
}

async function runAll(mutants: readonly Mutant[], folder: string): Promise<Map<Mutant, Outcome>> {
  const outcomes = new Map<Mutant, Outcome>();
  const queue = [...mutants];
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests ?? []))];
  const work = async (index: number): Promise<void> => {
    const copy = join(folder, `copy-${index}`);
    mkdirSync(copy);
    copySources(copy);
    const server = new TestServer(copy);
    const run = (file: string, family: Family, named: readonly string[] | undefined): Promise<Outcome> =>
      named === undefined ? runChecks(copy, family) : server.run({ file, tests: named });
    if (index === 0) {
      if (mutants.some((mutant) => mutant.tests === undefined)) expectNoFailure(await runChecks(copy, "lstm"));
      for (const test of tests) expectNoFailure(await server.run({ file: test, tests: [test] }));
    }
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const path = join(copy, mutant.file);
      const source = readFileSync(path, "utf8");
      writeFileSync(path, mutated(mutant, source));
      outcomes.set(mutant, await run(mutant.file, mutant.family, mutant.tests));
      writeFileSync(path, source);
    }
    server.stop();
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, index) => work(index)));
  return outcomes;
}

function expectNoFailure({ kind, detail }: Outcome): void {
  if (kind !== "survived") throw new Error(`the checks fail without any mutant: ${detail}`);
}

function table(mutants: readonly Mutant[], outcomes: ReadonlyMap<Mutant, Outcome>): string {
  const width = Math.max(...mutants.map(({ name }) => name.length));
  const rows = mutants.map((mutant) => {
    const { kind, detail } = outcomes.get(mutant) as Outcome;
    return `  ${mutant.name.padEnd(width)}  ${kind === "caught" ? detail : `${kind.toUpperCase()}: ${detail}`}`;
  });
  return rows.join("\n");
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { family: { type: "string" }, only: { type: "string" }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { family, only } = values;
  if (family !== undefined && !Object.hasOwn(families, family)) {
    console.error(`mutants: expected --family ${Object.keys(families).join(" | ")}, got ${family}`);
    return 2;
  }
  const listed = Object.values(families).flatMap(({ mutants }) => mutants);
  const faults = problems(listed);
  if (faults.length > 0) {
    console.error(faults.map((fault) => `mutants: ${fault}`).join("\n"));
    return 1;
  }
  const chosen = listed.filter(
    (mutant) =>
      (family === undefined || mutant.family === family) && (only === undefined || mutant.name.includes(only)),
  );
  if (chosen.length === 0) {
    console.error(`mutants: expected --only to match a name, got ${only}`);
    return 2;
  }

  const folder = mkdtempSync(join(tmpdir(), "unrolled-mutants-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const start = performance.now();
  const outcomes = await runAll(chosen, folder);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);

  const scores: string[] = [];
  for (const { title, mutants } of Object.values(families)) {
    const here = mutants.filter((mutant) => outcomes.has(mutant));
    if (here.length === 0) continue;
    const caught = here.filter((mutant) => outcomes.get(mutant)?.kind === "caught").length;
    scores.push(`${title} ${caught}/${here.length}`);
    console.log(`${title}: ${caught} of ${here.length} caught\n${table(here, outcomes)}\n`);
  }
  console.log(`Mutants caught: ${scores.join(", ")} (${seconds} s)`);
  return [...outcomes.values()].every(({ kind }) => kind === "caught") ? 0 : 1;
}

process.exitCode = await main();
