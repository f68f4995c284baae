/**
 * @file One process per run directory. The lock is a file that says who holds it. It is written
 * under another name and linked to its own, so that it appears whole and for one process only. A
 * lock that a dead process left behind is taken away by whoever holds the lock of that lock, since
 * two that have both found it stale could else remove each other's new one.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { checkInteger, LockedError, sentence, UnsupportedError } from "../../base/index.ts";
import { parseStrictJson } from "../../formats/index.ts";
import { sweepTemporariesSync } from "../files/durable-file.ts";
import { codeOf } from "../files/file-system.ts";
import { readRegular } from "../files/safe-file.ts";
import { statIfAny } from "../files/stat-if-any.ts";

/** Name of the lock in a run directory. */
export const LOCK_FILE = "run.lock";

/** A run directory that is this process's own. */
export type RunLock = {
  /** Whether the directory and the lock in it are still there, and this process's. */
  isHeld(): boolean;
  /** Gives the directory back. Does nothing the second time. */
  release(): void;
};

/** Who holds a lock. */
type Owner = {
  /** Random text that this lock alone has. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /**
   * Namespace of `pid`: containers of one host number their processes separately. Empty if unknown.
   */
  readonly space: string;
  /**
   * Start time of the process, so that a later one with its number is not taken for it. Empty where
   * that is unknown.
   */
  readonly started: string;
  /** Time when the lock was taken, for people. */
  readonly since: string;
};

/**
 * Milliseconds between touches of a lock by its holder, and those after which a holder on another
 * host that has not touched it counts as dead.
 */
const TOUCH_INTERVAL = 15_000;
const STALE_AFTER = 120_000;

/** Attempts to take a lock that changes all the time. */
const ATTEMPTS = 100;

/**
 * Makes the run directory, if needed, and takes it for this process until `release` is called or
 * the process ends. Temporary files of a crash are removed from it.
 *
 * A lock left by a process that is gone is taken over: on this host at once (a later process with
 * the same number is recognised on Linux), from another host or container when it was not touched
 * for two minutes, which a live holder does every 15 seconds while its event loop runs.
 *
 * Throws LockedError, with the process and host, when another process holds it or this one already
 * does; UnsupportedError on a file system without hard links; else the file system's own errors.
 */
export function lockRun(directory: string): RunLock {
  const root = resolve(directory);
  mkdirSync(root, { recursive: true });
  const path = join(root, LOCK_FILE);
  const owner = self();
  acquire(path, owner);
  // locks of locks that no longer are
  for (const name of readdirSync(root)) if (name.startsWith(`${LOCK_FILE}.`)) rmSync(join(root, name), { force: true });
  sweepTemporariesSync(root);

  const touching = setInterval(() => touch(path, owner), TOUCH_INTERVAL).unref();
  let isReleased = false;
  const isHeld = (): boolean => !isReleased && readOwner(path)?.token === owner.token;
  return {
    isHeld,
    release() {
      if (isReleased) return;
      clearInterval(touching);
      if (isHeld()) rmSync(path, { force: true });
      isReleased = true;
    },
  };
}

/** Makes the lock at `path` the owner's. Throws LockedError when somebody alive has it. */
function acquire(path: string, owner: Owner): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { isTaken, now } = tryLink(path, owner);
    if (isTaken) return;
    const holder = readOwner(path);
    if (holder === undefined) continue;
    if (!isStale(holder, path, now)) throw lockedError(path, holder);
    const claim = `${path}.${holder.token}`;
    acquire(claim, { ...owner, token: newToken() });
    try {
      // only now is it certain that nobody else removes it, or has removed it
      if (readOwner(path)?.token === holder.token) rmSync(path);
    } finally {
      rmSync(claim, { force: true });
    }
  }
  throw new LockedError(
    sentence("lockRun", `${JSON.stringify(path)} to keep still`, "a lock that changes all the time"),
  );
}

/**
 * Whether the lock is the owner's now, and the time by the file system's clock, in milliseconds.
 */
function tryLink(path: string, owner: Owner): { isTaken: boolean; now: number } {
  const temporary = `${path}.${process.pid}.${newToken()}.new`;
  const file = openSync(temporary, "wx");
  try {
    writeSync(file, JSON.stringify(owner));
    fsyncSync(file);
    const now = fstatSync(file).mtimeMs;
    try {
      linkSync(temporary, path);
      return { isTaken: true, now };
    } catch (error) {
      const code = codeOf(error);
      // ENOENT: the new holder has tidied up and taken ours for a leftover
      if (code === "EEXIST" || code === "ENOENT") return { isTaken: false, now };
      if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
      const got = `one without, for ${JSON.stringify(path)}`;
      throw new UnsupportedError(sentence("lockRun", "a file system with hard links", got), { cause: error });
    }
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
}

/**
 * Who holds the lock, undefined when there is none. A lock that can't be understood is one of a
 * process that is gone.
 */
function readOwner(path: string): Owner | undefined {
  const nobody: Owner = { token: "unknown", pid: 0, host: "", space: "", started: "", since: "" };
  let text: Uint8Array;
  try {
    text = readRegular("lockRun", path);
  } catch (error) {
    if (codeOf((error as Error).cause) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const read = parseStrictJson(text, { maxBytes: 4096, where: "lockRun" }) as Partial<Record<keyof Owner, unknown>>;
    const { token, pid, host, space, started, since } = read;
    const texts = [token, host, space, started, since];
    if (!texts.every((value) => typeof value === "string") || !/^[0-9a-f]{16}$/.test(String(token))) return nobody;
    return { ...(read as Owner), pid: checkInteger("lockRun pid", pid, 1) };
  } catch {
    return nobody;
  }
}

const isHere = ({ host, space }: Owner): boolean => host === hostname() && space === processSpace();

function isStale(holder: Owner, path: string, now: number): boolean {
  if (holder.pid === 0) return true;
  if (isHere(holder)) return !isRunning(holder);
  const touched = statIfAny(path)?.mtimeMs;
  return touched !== undefined && now - touched > STALE_AFTER;
}

/** Whether the process is there, and is the same that took the lock. */
function isRunning({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's
    if (codeOf(error) !== "EPERM") return false;
  }
  const start = startOf(pid);
  return started === "" || start === "" || start === started;
}

/** The contents again: the same bytes, and a new time by the file system's clock. */
function touch(path: string, owner: Owner): void {
  try {
    if (readOwner(path)?.token !== owner.token) return;
    const file = openSync(path, "r+");
    writeSync(file, JSON.stringify(owner), 0);
    closeSync(file);
  } catch {
    // only others that can't see this process rely on it, and only after two minutes
  }
}

const newToken = (): string => randomBytes(8).toString("hex");

function self(): Owner {
  return {
    token: newToken(),
    pid: process.pid,
    host: hostname(),
    space: processSpace(),
    started: startOf(process.pid),
    since: new Date().toISOString(),
  };
}

function processSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/**
 * Start time of a process, as text that no other process has; "gone" for one that has ended and is
 * still listed, empty where that can't be known.
 */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // after the name, which is in parentheses and may hold anything: the state is the 3rd field,
    // the start the 22nd
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "gone" : `${boot} ${fields[19]}`;
  } catch {
    return "";
  }
}

function lockedError(path: string, holder: Owner): LockedError {
  const isOurs = holder.pid === process.pid && isHere(holder);
  const who = `${isOurs ? "this process" : "process"} ${holder.pid} on host ${JSON.stringify(holder.host)}`;
  const hint = isHere(holder)
    ? "Stop that process, or use another directory"
    : `It can't be seen from here: when it no longer runs, delete ${JSON.stringify(path)} or wait ${STALE_AFTER / 60_000} minutes`;
  return new LockedError(
    sentence(
      "lockRun",
      "a run directory that nothing else uses",
      `one that ${who} has locked since ${holder.since}`,
      hint,
    ),
  );
}
