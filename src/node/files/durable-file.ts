/**
 * @file Writing files so that neither a crash nor a loss of power at any moment leaves a part of
 * one. The steps are written once, as generators that yield what has to be waited for; one driver
 * waits without blocking, the other has nothing to wait for.
 */
import { randomBytes } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, type FileSystem, nodeFiles, nodeFilesSync, type Soon } from "./file-system.ts";

/**
 * Writes a file so that a crash at any moment leaves the old contents or the new, never a part, and
 * so that the new ones are on the disk when the promise resolves: a temporary file beside it,
 * fsync, rename, fsync of the directory. Makes the directory. Never blocks: the bytes must not
 * change before the promise resolves. Rejects with the file system's own errors; the old contents
 * are then still there, or the new ones already, but perhaps not on the disk.
 */
export async function writeFileDurably(
  path: string,
  contents: Uint8Array | string,
  fs: FileSystem = nodeFiles,
): Promise<void> {
  await later(write(path, contents, fs));
}

/**
 * Blocking form of `writeFileDurably`. Contents that are larger than memory may come
 * in pieces.
 */
export function writeFileDurablySync(path: string, contents: Uint8Array | string | Iterable<Uint8Array>): void {
  atOnce(write(path, contents, nodeFilesSync));
}

/**
 * Makes a directory, an absolute path, whose name and those above it are then on the disk. Does so
 * too where an earlier attempt made it and could not finish, which `writeFileDurably` doesn't look
 * for.
 */
export async function makeDirectoryDurably(directory: string, fs: FileSystem = nodeFiles): Promise<void> {
  await later(makeSafe(directory, fs));
}

/**
 * Removes the temporary files that a crash left in a directory. Only for its sole writer: those of
 * other processes go too.
 */
export async function sweepTemporaries(directory: string, fs: FileSystem = nodeFiles): Promise<void> {
  await later(sweep(directory, fs));
}

/**
 * Removes files of a directory, those that are there; returns when their names are gone from the
 * disk.
 */
export function removeDurablySync(directory: string, names: readonly string[]): void {
  atOnce(removeAll(resolve(directory), names, nodeFilesSync));
}

/** Blocking form of `sweepTemporaries`. */
export function sweepTemporariesSync(directory: string): void {
  atOnce(sweep(directory, nodeFilesSync));
}

type Steps<T> = Generator<Soon<unknown>, T, unknown>;

/** Bytes that are written at once. */
const WRITE_PIECE = 8 * 2 ** 20;

const temporaryPattern = /^\..+\.\d+\.[0-9a-f]{8}\.tmp$/;
/** The temporary files that this process is writing. */
const current = new Set<string>();

function* write(path: string, contents: Uint8Array | string | Iterable<Uint8Array>, fs: FileSystem): Steps<void> {
  const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
  const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
  const target = resolve(path);
  const directory = dirname(target);
  yield* makeDirectory(directory, fs);
  const temporary = join(directory, `.${basename(target)}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`);
  current.add(temporary);
  try {
    yield* writeNew(temporary, pieces, fs);
    yield* wait(fs.rename(temporary, target));
  } catch (error) {
    try {
      yield* wait(fs.unlink(temporary));
    } catch {
      // it was never made, or is swept at the next start
    }
    throw error;
  } finally {
    current.delete(temporary);
  }
  yield* wait(fs.syncDirectory(directory));
}

function* writeNew(path: string, pieces: Iterable<Uint8Array>, fs: FileSystem): Steps<void> {
  const file = yield* wait(fs.create(path));
  try {
    let before = 0;
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.length;) {
        const written = yield* wait(file.write(bytes.subarray(at, at + WRITE_PIECE)));
        if (written === 0) throw new Error(`write ${path}: the file system takes no more bytes, after ${before + at}`);
        at += written;
      }
      before += bytes.length;
    }
    yield* wait(file.sync());
  } catch (error) {
    try {
      yield* wait(file.close());
    } catch {
      // the first error is the one that says what happened
    }
    throw error;
  }
  yield* wait(file.close());
}

function* makeDirectory(path: string, fs: FileSystem): Steps<void> {
  try {
    yield* wait(fs.mkdir(path));
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    yield* makeDirectory(dirname(path), fs);
    yield* wait(fs.mkdir(path));
  }
  yield* wait(fs.syncDirectory(dirname(path)));
}

function* makeSafe(directory: string, fs: FileSystem): Steps<void> {
  yield* makeDirectory(directory, fs);
  for (let at = directory; at !== dirname(at); at = dirname(at)) yield* wait(fs.syncDirectory(dirname(at)));
}

function* removeAll(directory: string, names: readonly string[], fs: FileSystem): Steps<void> {
  let isChanged = false;
  for (const name of names) {
    try {
      yield* wait(fs.unlink(join(directory, name)));
      isChanged = true;
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
  if (isChanged) yield* wait(fs.syncDirectory(directory));
}

function* sweep(directory: string, fs: FileSystem): Steps<void> {
  let names: readonly string[] = [];
  try {
    names = yield* wait(fs.readdir(directory));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  for (const name of names) {
    const path = resolve(directory, name);
    if (!temporaryPattern.test(name) || current.has(path)) continue;
    try {
      yield* wait(fs.unlink(path));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}

/** Waits for an operation and returns its result. */
function* wait<T>(result: Soon<T>): Steps<T> {
  return (yield result) as T;
}

async function later<T>(steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    let result: unknown;
    try {
      result = await next.value;
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(result);
  }
  return next.value;
}

function atOnce<T>(steps: Steps<T>): T {
  let next = steps.next();
  while (next.done !== true) next = steps.next(next.value);
  return next.value;
}
