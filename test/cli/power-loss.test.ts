/**
 * Power is lost at each operation on files of the built command: its operations are noted while it trains, done again on a simulated disk, and what may be on
 * that disk after each of them is looked at, with unsynced contents gone, zeroed, half there or whole, and each unsynced name there or not.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";
import { decodeCheckpoint, decodeNative } from "../../src/formats/index.ts";
import { type Loss, losses, SimulatedDisk } from "../helpers/simulated-disk.ts";
import { tinyTasks } from "../helpers/tiny-tasks.ts";

const hook = new URL("../helpers/file-events.mjs", import.meta.url).href;

const folder = mkdtempSync(join(tmpdir(), "unrolled-power-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tasks = tinyTasks(folder);

type Operation = {
  readonly name: string;
  readonly paths: readonly string[];
  readonly bytes?: string;
  readonly size?: number;
};

/** The operations of `unrolled train`. */
function operationsOf(args: readonly string[], name: string): readonly Operation[] {
  const log = join(folder, `${name}.log`);
  rmSync(log, { force: true });
  const env = {
    ...process.env,
    UNROLLED_POISON: "0",
    UNROLLED_THREADS: "1",
    FILE_EVENTS_FOLDER: join(folder, "runs"),
    FILE_EVENTS_LOG: log,
  };
  const command = ["--import", hook, MAIN, "train", ...args];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", cwd: folder, env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const operations = readFileSync(log, "utf8").trimEnd().split("\n");
  return operations.slice(0, -1).map((line) => JSON.parse(line) as Operation);
}

/** Does a noted operation on the simulated disk. */
function repeat(disk: SimulatedDisk, { name, paths, bytes = "", size = 0 }: Operation): void {
  const [first, second] = paths.map((path) => `/${path}`);
  const data = Uint8Array.from(Buffer.from(bytes, "base64"));
  if (name === "mkdir") disk.mkdir(first);
  else if (name === "create") disk.open(first);
  else if (name === "write") disk.append(first, data);
  else if (name === "ftruncate") disk.truncate(first, size);
  else if (name === "fsync") disk.syncAny(first);
  else if (name === "rename") disk.rename(first, second);
  else if (name === "link") disk.link(first, second);
  else if (name === "unlink" || name === "rm") disk.unlink(first);
  else throw new Error(`an operation that the simulated disk hasn't: ${name}`);
}

/** What is wrong with a run directory after a loss of power; undefined where it can be gone on with, or says that it can't. */
const known = new Map<string, string | undefined>();

async function wrongWith(disk: SimulatedDisk): Promise<string | undefined> {
  const names = disk.names("/run");
  const key = names.flatMap((name) => (name === "checkpoints" ? disk.names("/run/checkpoints") : [name]));
  const read = (name: string): Uint8Array => disk.readFile(`/run/${name}`);
  const contents = names
    .filter((name) => /^(config|metrics|model|best|README|curves)/.test(name))
    .map((name) => `${name} ${Buffer.from(read(name)).toString("base64")}`);
  const all = [...key, ...contents].join("\n");
  if (known.has(all)) return known.get(all);
  const found = await looked(names, read, disk);
  known.set(all, found);
  return found;
}

async function looked(
  names: readonly string[],
  read: (name: string) => Uint8Array,
  disk: SimulatedDisk,
): Promise<string | undefined> {
  for (const name of ["model.safetensors", "best.safetensors"]) {
    if (!names.includes(name)) continue;
    try {
      decodeNative(read(name));
    } catch (error) {
      return `${name}: ${(error as Error).message}`;
    }
  }
  if (names.includes("README.md") && !Buffer.from(read("README.md")).toString().endsWith("```\n")) return "half a card";
  if (!names.includes("config.json")) return undefined;
  try {
    JSON.parse(Buffer.from(read("config.json")).toString());
  } catch (error) {
    return `config.json: ${(error as Error).message}`;
  }
  const checkpoints = disk.names("/run/checkpoints").filter((name) => name.startsWith("step-"));
  const newest = checkpoints.toSorted().at(-1);
  if (newest === undefined) return "a configuration, and no checkpoint";
  try {
    const { state } = await decodeCheckpoint(read(`checkpoints/${newest}`), { name: newest });
    const { lines } = state as { readonly lines: number };
    const there = names.includes("metrics.jsonl")
      ? Buffer.from(read("metrics.jsonl")).toString().split("\n").slice(0, -1)
      : [];
    if (there.length < lines) return `${newest}: ${there.length} of ${lines} lines of the metrics`;
    for (const line of there.slice(0, lines)) JSON.parse(line);
    return undefined;
  } catch (error) {
    return `${newest}: ${(error as Error).message}`;
  }
}

const chosen = process.env["UNROLLED_VERIFY"] === "full" ? tasks : tasks.slice(0, 1);
const limits = "--steps 3 --evaluate-every 2 --checkpoint-every 2 --quiet".split(" ");

test.each(chosen)(
  "$name: whatever is lost, what is there can be gone on with",
  { timeout: 600_000 },
  async ({ name, args }) => {
    const first = operationsOf([...args, ...limits, "--out", "runs/run"], `${name}-1`);
    // once more, in its place
    const second = operationsOf([...args, ...limits, "--seed", "4", "--out", "runs/run", "--overwrite"], `${name}-2`);
    rmSync(join(folder, "runs"), { recursive: true });
    const disk = new SimulatedDisk();
    let images = 0;
    for (const [at, operation] of [...first, ...second].entries()) {
      repeat(disk, operation);
      for (const loss of Object.keys(losses) as Loss[]) {
        for (const crash of disk.crashes(loss)) {
          images++;
          const wrong = await wrongWith(crash);
          expect(wrong, `operation ${at}, ${operation.name} ${operation.paths.join(" ")}, ${loss}`).toBeUndefined();
        }
      }
    }
    console.log(`power loss: ${name}, ${first.length + second.length} operations, ${images} images`);
  },
);
