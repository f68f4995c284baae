import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { LockedError } from "../../base/index.ts";
import { LOCK_FILE, lockRun } from "./run-lock.ts";

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "unrolled-lock-"));
});
const children: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(parent, { recursive: true }));
let count = 0;
const newDirectory = (): string => join(parent, String(count++));

const racer = fileURLToPath(new URL("../../../test/helpers/lock-racer.ts", import.meta.url));

/** A process that tries these directories; resolves with what came of it, and leaves it running. */
async function race(
  begin: number,
  interval: number,
  directories: readonly string[],
): Promise<{ results: string[]; child: ChildProcessWithoutNullStreams }> {
  const child = spawn(process.execPath, [racer, String(begin), String(interval), ...directories]);
  children.push(child);
  const errors: string[] = [];
  child.stderr.on("data", (text) => errors.push(String(text)));
  let output = "";
  for await (const text of child.stdout) {
    output += String(text);
    if (output.endsWith("\n")) break;
  }
  if (output === "") throw new Error(`a racer died: ${errors.join("")}`);
  return { results: JSON.parse(output) as string[], child };
}

async function kill(child: ChildProcessWithoutNullStreams): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

type Content = { token: string; pid: number; host: string; space: string; started: string; since: string };
const contentOf = (directory: string): Content =>
  JSON.parse(readFileSync(join(directory, LOCK_FILE), "utf8")) as Content;

/** The lock that this process would write, with some of it changed, in a new directory. */
function plant(change: Partial<Content>): string {
  const directory = newDirectory();
  const lock = lockRun(directory);
  const content = contentOf(directory);
  lock.release();
  writeFileSync(join(directory, LOCK_FILE), JSON.stringify({ ...content, ...change }));
  return directory;
}

/** The number of a process that is gone. */
async function goneProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--version"]);
  await once(child, "exit");
  return child.pid as number;
}

describe("one process", () => {
  test("makes the directory, holds it, gives it back", () => {
    const directory = join(newDirectory(), "run");
    const lock = lockRun(directory);
    expect(contentOf(directory)).toMatchObject({ pid: process.pid, host: hostname() });
    expect(() => lockRun(directory)).toThrow(LockedError);
    expect(() => lockRun(directory)).toThrow(
      new RegExp(
        `nothing else uses, got one that this process ${process.pid} on host "${hostname()}" has locked since 20`,
      ),
    );
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
    const next = lockRun(directory);
    lock.release();
    expect(existsSync(join(directory, LOCK_FILE))).toBe(true);
    next.release();
  });

  test("does not give back what another has taken over", () => {
    const directory = newDirectory();
    const lock = lockRun(directory);
    const other = JSON.stringify({ ...contentOf(directory), token: "0123456789abcdef" });
    writeFileSync(join(directory, LOCK_FILE), other);
    lock.release();
    expect(readFileSync(join(directory, LOCK_FILE), "utf8")).toBe(other);
  });

  test("sweeps what a crash left", () => {
    const directory = newDirectory();
    mkdirSync(directory);
    const names = [
      ".model.safetensors.12.0123abcd.tmp",
      `${LOCK_FILE}.0123456789abcdef`,
      `${LOCK_FILE}.12.0123456789abcdef.new`,
    ];
    for (const name of [...names, "model.safetensors"]) writeFileSync(join(directory, name), "");
    const lock = lockRun(directory);
    expect(readdirSync(directory).toSorted()).toEqual(["model.safetensors", LOCK_FILE]);
    lock.release();
  });

  test("touches its lock while it runs, and not that of another", () => {
    vi.useFakeTimers();
    try {
      const directory = newDirectory();
      const file = join(directory, LOCK_FILE);
      const lock = lockRun(directory);
      const content = readFileSync(file, "utf8");
      utimesSync(file, 1000, 1000);
      vi.advanceTimersByTime(15_000);
      expect(statSync(file).mtimeMs).toBeGreaterThan(1e12);
      expect(readFileSync(file, "utf8")).toBe(content);
      writeFileSync(file, "other");
      vi.advanceTimersByTime(15_000);
      expect(readFileSync(file, "utf8")).toBe("other");
      lock.release();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a lock that was left behind", () => {
  const isTakenOver = (directory: string): boolean => {
    try {
      lockRun(directory).release();
      return true;
    } catch (error) {
      if (error instanceof LockedError) return false;
      throw error;
    }
  };

  test("by a process that is gone", async () => {
    const pid = await goneProcess();
    expect(isTakenOver(plant({ pid }))).toBe(true);
    expect(isTakenOver(plant({ pid, started: "" }))).toBe(true);
  });

  test("by a process whose number another has now, or of before a restart of the machine", () => {
    expect(contentOf(plant({})).started).toMatch(process.platform === "linux" ? /^[-0-9a-f]{36} \d+$/ : /^$/);
    if (process.platform !== "linux") return;
    const { started } = contentOf(plant({}));
    const [boot, ticks] = started.split(" ");
    expect(isTakenOver(plant({ started: `${boot} ${Number(ticks) - 1}` }))).toBe(true);
    expect(isTakenOver(plant({ started: `0${boot.slice(1)}0 ${ticks}` }))).toBe(true);
    expect(isTakenOver(plant({ started }))).toBe(false);
    expect(isTakenOver(plant({ started: "" }))).toBe(false);
  });

  test.each([["host", { host: "elsewhere" }] as const, ["container", { space: "pid:[1]" }] as const])(
    "on another %s: only after two minutes without a touch",
    async (_, change) => {
      // a number that means nothing here
      const directory = plant({ ...change, pid: await goneProcess() });
      const file = join(directory, LOCK_FILE);
      const { pid, host } = contentOf(directory);
      expect(() => lockRun(directory)).toThrow(`process ${pid} on host "${host}"`);
      expect(() => lockRun(directory)).toThrow(`when it no longer runs, delete "${file}" or wait 2 minutes`);
      const at = (secondsAgo: number): void =>
        utimesSync(file, Date.now() / 1000 - secondsAgo, Date.now() / 1000 - secondsAgo);
      at(100);
      expect(isTakenOver(directory)).toBe(false);
      at(130);
      expect(isTakenOver(directory)).toBe(true);
    },
  );

  test.each([
    ["empty", ""],
    ["zeros", "\0".repeat(200)],
    ["no JSON", "12345"],
    [
      "a token that is a path",
      JSON.stringify({ token: "../../x", pid: 1, host: "", space: "", started: "", since: "" }),
    ],
    [
      "a number that is none",
      JSON.stringify({ token: "0123456789abcdef", pid: -1, host: "", space: "", started: "", since: "" }),
    ],
  ])("unreadable: %s", (_, content) => {
    const directory = newDirectory();
    mkdirSync(directory);
    writeFileSync(join(directory, LOCK_FILE), content);
    const lock = lockRun(directory);
    expect(contentOf(directory).pid).toBe(process.pid);
    lock.release();
  });

  test("by one who died while it took over", async () => {
    const pid = await goneProcess();
    const directory = plant({ pid });
    const left = contentOf(directory);
    writeFileSync(
      join(directory, `${LOCK_FILE}.${left.token}`),
      JSON.stringify({ ...left, token: "00000000000000aa" }),
    );
    lockRun(directory);
    expect(readdirSync(directory)).toEqual([LOCK_FILE]);
    expect(contentOf(directory).pid).toBe(process.pid);
  });

  test("while another is taking it over: refused, with that one's name", async () => {
    const directory = plant({ pid: await goneProcess() });
    const left = contentOf(directory);
    writeFileSync(
      join(directory, `${LOCK_FILE}.${left.token}`),
      JSON.stringify({ ...left, token: "00000000000000aa", pid: process.pid }),
    );
    expect(() => lockRun(directory)).toThrow(`this process ${process.pid}`);
    expect(contentOf(directory)).toEqual(left);
  });
});

describe("several processes", () => {
  test("the second is refused with the first's number; kill -9 lets the next in", async () => {
    const directory = newDirectory();
    const { results, child } = await race(0, 0, [directory]);
    expect(results).toEqual(["won"]);
    expect(() => lockRun(directory)).toThrow(`process ${child.pid} on host "${hostname()}"`);
    expect((await race(0, 0, [directory])).results[0]).toContain(`LockedError: lockRun: expected a run directory`);
    await kill(child);
    expect(existsSync(join(directory, LOCK_FILE))).toBe(true);
    const lock = lockRun(directory);
    expect(contentOf(directory).pid).toBe(process.pid);
    lock.release();
  });

  test("20 at once, again and again, with and without a lock left behind: one wins each time", async () => {
    const rounds = process.env["UNROLLED_VERIFY"] === "full" ? 200 : 9;
    const pid = await goneProcess();
    const directories = Array.from({ length: rounds }, (_, round) => {
      if (round % 3 === 0) return newDirectory();
      const directory = plant({ pid });
      if (round % 3 === 2) {
        const left = contentOf(directory);
        writeFileSync(
          join(directory, `${LOCK_FILE}.${left.token}`),
          JSON.stringify({ ...left, token: "00000000000000aa" }),
        );
      }
      return directory;
    });
    const begin = Date.now() + 6000;
    const racers = await Promise.all(Array.from({ length: 20 }, () => race(begin, 100, directories)));
    const pids = racers.map(({ child }) => child.pid);
    for (const [round, directory] of directories.entries()) {
      const winners = racers.filter(({ results }) => results[round] === "won").map(({ child }) => child.pid);
      expect(winners, `round ${round}`).toHaveLength(1);
      expect(contentOf(directory).pid).toBe(winners[0]);
      for (const { results } of racers) {
        if (results[round] === "won") continue;
        expect(results[round]).toMatch(/^LockedError: .* process \d+ on host /);
        expect(pids).toContain(Number(/process (\d+)/.exec(results[round])?.[1]));
      }
    }
  });
});
