/**
 * kill -9 at operations on files of the built command: before, within and after each of them, twice in a row, for the language model and two tasks, with UNROLLED_VERIFY=full for
 * every task. Going on gives the run that was left alone, or is refused by name where there is nothing to go on with, and then begins again.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";
import { type RandomStream, randomStream } from "../../src/base/index.ts";
import { remainsOf } from "../helpers/run-remains.ts";
import { tinyTasks, type TinyTask } from "../helpers/tiny-tasks.ts";

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const RUNS = FULL ? 60 : 3;
const hook = new URL("../helpers/file-events.mjs", import.meta.url).href;

const folder = mkdtempSync(join(tmpdir(), "unrolled-events-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tasks = tinyTasks(folder);
const at = (...names: string[]): string => join(folder, "runs", ...names);

/** Of the runs, to be told from another that was there before. */
const SEED = "3";
const limits = "--steps 6 --evaluate-every 3 --checkpoint-every 2 --learning-rate 0.02 --quiet".split(" ");

type Ended = { readonly isKilled: boolean; readonly status: number | null; readonly stderr: string };

/** `unrolled train`, killed at one of its operations where that is said. */
function train(args: readonly string[], events: Readonly<Record<string, string>> = {}): Ended {
  const env = {
    ...process.env,
    UNROLLED_POISON: "0",
    UNROLLED_THREADS: "1",
    NODE_COMPILE_CACHE: join(folder, "cache"),
    FILE_EVENTS_FOLDER: at(),
    ...events,
  };
  const command = ["--import", hook, MAIN, "train", ...args];
  const { status, signal, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", cwd: folder, env });
  return { isKilled: signal === "SIGKILL", status, stderr };
}

type Whole = {
  readonly operations: readonly { readonly name: string; readonly paths?: readonly string[] }[];
  readonly remains: object;
};
const wholes = new Map<string, Whole>();

/** A run that is left alone, with its operations. */
function wholeOf({ name, args }: TinyTask): Whole {
  let found = wholes.get(name);
  if (found === undefined) {
    const log = join(folder, `${name}.log`);
    const out = `runs/${name}-alone`;
    expect(train([...args, ...limits, "--seed", SEED, "--out", out], { FILE_EVENTS_LOG: log })).toMatchObject({
      status: 0,
      stderr: "",
    });
    const operations = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Whole["operations"][number]);
    found = { operations: operations.slice(0, -1), remains: remainsOf(join(folder, out)) };
    wholes.set(name, found);
  }
  return found;
}

/** Whether the run can be gone on with: another one may still be there. */
function isBegun(directory: string): boolean {
  const file = join(directory, "config.json");
  return existsSync(file) && readFileSync(file, "utf8").includes(`"seed": ${SEED}`);
}

const WHEN = ["before", "within", "after"];

/** Which operation: half of the time one before the first checkpoint that comes after step 0. */
function drawn(random: RandomStream, { operations }: Whole): number {
  const second = operations.findIndex(
    ({ name, paths }) => name === "rename" && paths?.at(-1)?.includes("step-00000002") === true,
  );
  expect(second).toBeGreaterThan(20);
  return random.integer(random.uniform() < 0.5 ? second : operations.length);
}

function killedTwice(run: number): string {
  const task = tasks[run % tasks.length];
  const random = randomStream(13).at(run);
  const whole = wholeOf(task);
  const name = `${task.name}-${run}`;
  const directory = at(name);
  const args = [...task.args, ...limits, "--seed", SEED, "--out", `runs/${name}`];
  // some begin where another run has been
  const isOver = run % 3 === 2;
  if (isOver) expect(train([...task.args, ...limits, "--seed", "4", "--out", `runs/${name}`]).status).toBe(0);
  const begin = isOver ? [...args, "--overwrite"] : args;
  const goesOn = ["--resume", `runs/${name}`, "--quiet"];
  const said: string[] = [];
  for (let kill = 0; kill < 2; kill++) {
    const canGoOn = isBegun(directory);
    if (kill > 0 && !existsSync(join(directory, "config.json"))) {
      const refused = train(goesOn);
      expect(refused).toMatchObject({ status: 2, isKilled: false });
      expect(refused.stderr).toMatch(/^unrolled train: .*config\.json.*\n$/);
    }
    rmSync(`${directory}-copy`, { recursive: true, force: true });
    if (existsSync(directory)) cpSync(directory, `${directory}-copy`, { recursive: true });
    let operation = drawn(random, whole);
    const when = WHEN[random.integer(3)];
    for (;;) {
      const ended = train(canGoOn ? goesOn : begin, { FILE_EVENTS_KILL: `${operation} ${when}` });
      if (ended.isKilled) break;
      // what is left of a run that goes on has fewer operations
      expect(ended).toMatchObject({ status: 0, stderr: "" });
      expect(operation).toBeGreaterThan(0);
      operation = Math.floor(operation / 2);
      rmSync(directory, { recursive: true, force: true });
      if (existsSync(`${directory}-copy`)) cpSync(`${directory}-copy`, directory, { recursive: true });
    }
    said.push(`${canGoOn ? "resumed" : "begun"}, killed ${when} operation ${operation}`);
  }
  rmSync(`${directory}-copy`, { recursive: true, force: true });
  expect(train(isBegun(directory) ? goesOn : begin), said.join("; ")).toMatchObject({ status: 0, stderr: "" });
  expect(remainsOf(directory), `${name}: ${said.join("; ")}`).toEqual(whole.remains);
  return said.join("; ");
}

// the loop and its files are the same for every task
test.each(FULL ? tasks : tasks.slice(0, RUNS))(
  "$name: killed twice before the first checkpoint after the beginning",
  { timeout: 600_000 },
  (task) => {
    const { remains } = wholeOf(task);
    const out = `runs/${task.name}-early`;
    const args = [...task.args, ...limits, "--seed", SEED, "--out", out];
    const early = { FILE_EVENTS_KILL: "step-00000002 before" };
    expect(train(args, early).isKilled).toBe(true);
    expect(train(["--resume", out, "--quiet"], early).isKilled).toBe(true);
    expect(train(["--resume", out, "--quiet"])).toMatchObject({ status: 0, stderr: "" });
    expect(remainsOf(join(folder, out))).toEqual(remains);
  },
);

test.each(Array.from({ length: RUNS }, (_, run) => [run, tasks[run % tasks.length].name] as const))(
  "run %i, %s: killed twice by event, it is the run that was left alone",
  { timeout: 600_000 },
  (run, name) => {
    console.log(`crash by event: run ${run}, ${name}: ${killedTwice(run)}`);
  },
);
