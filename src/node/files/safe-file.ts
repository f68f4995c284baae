/**
 * @file Reading files of which a name came from elsewhere. A path that a user typed is read
 * whatever it is, a pipe too. One that stands in data or in a folder that was listed has to be a
 * regular file inside of that folder: nothing that a stranger packed may lead out of it, or never
 * end.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join, sep } from "node:path";
import { DataError, sentence } from "../../base/index.ts";
import { codeOf } from "./file-system.ts";

/** Reasons for error messages, by the file system's codes that concern a path. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "which does not exist",
  ENOTDIR: "which is in no folder",
  EISDIR: "which is a folder",
  EACCES: "which may not be opened",
  EPERM: "which may not be opened",
  ELOOP: "a symbolic link that leads nowhere",
  ENAMETOOLONG: "a name that is too long",
  EMFILE: "one file too many: this process has as many open as it may",
  ENFILE: "one file too many: this system has as many open as it may",
  ENXIO: "which is a socket or a device",
  ENODEV: "which is a socket or a device",
  EIO: "which can't be read",
  ERR_FS_FILE_TOO_LARGE: "more bytes than fit in memory at once",
  ERR_INVALID_ARG_VALUE: "a path with a zero byte",
};

/**
 * A file system's error about a path as a DataError with that error as its cause. Other errors are
 * returned unchanged.
 */
export function fileError(where: string, path: string, error: unknown): unknown {
  const code = String(codeOf(error));
  if (!Object.hasOwn(REASONS, code)) return error;
  return new DataError(sentence(where, "a file", `${JSON.stringify(path)}, ${REASONS[code]} (${code})`), {
    cause: error,
  });
}

/**
 * Runs `f`. A file system's error about `path` is thrown as a DataError that begins with `where`.
 */
export function withPath<R>(where: string, path: string, f: () => R): R {
  try {
    return f();
  } catch (error) {
    throw fileError(where, path, error);
  }
}

/**
 * Status of a path that a user gave, or undefined if nothing is there. Throws DataError where it
 * can't be read.
 */
export function statOf(where: string, path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // Node 20 throws it for a path below a file
    if (codeOf(error) === "ENOTDIR") return undefined;
    throw fileError(where, path, error);
  }
}

/** The names in a folder. Throws DataError where it can't be read. */
export const namesIn = (where: string, folder: string): string[] => withPath(where, folder, () => readdirSync(folder));

/**
 * The bytes at a path that a user gave: a file, or a pipe to its end; "-" is the standard input.
 * Throws DataError where there are none.
 */
export const readGiven = (where: string, path: string): Buffer =>
  withPath(where, path, () => readFileSync(path === "-" ? 0 : path));

/**
 * Opening doesn't wait for somebody to write, as it does at a pipe, and what is opened is the
 * link's own name, if it is one.
 */
const SAFELY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
const FOLLOWING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Bytes that are read at once; Node's own readFile refuses files of 2 GiB. */
const PIECE = 64 * 2 ** 20;

/**
 * The bytes of a regular file, no pipe, device, socket or folder. Throws DataError for anything
 * else.
 */
export const readRegular = (where: string, path: string): Buffer => readOpened(where, path, FOLLOWING);

function readOpened(where: string, path: string, flags: number): Buffer {
  return withPath(where, path, () => {
    const file = openSync(path, flags);
    try {
      const found = fstatSync(file);
      if (found.isDirectory()) throw Object.assign(new Error("EISDIR"), { code: "EISDIR" });
      if (!found.isFile())
        throw new DataError(
          sentence(where, "a file", `${JSON.stringify(path)}, which is a pipe, a socket or a device`),
        );
      const bytes = Buffer.allocUnsafeSlow(found.size);
      let at = 0;
      while (at < bytes.length) {
        const read = readSync(file, bytes, at, Math.min(PIECE, bytes.length - at), at);
        if (read === 0) break;
        at += read;
      }
      return bytes.subarray(0, at);
    } finally {
      closeSync(file);
    }
  });
}

/**
 * The path itself where it is a regular file that, with all symbolic links followed, is inside of
 * `folder`. Throws DataError for a link that leads out or nowhere, a pipe, a device, a socket, a
 * folder.
 */
export function checkInside(where: string, folder: string, path: string): string {
  const real = withPath(where, path, () => realpathSync(path));
  const root = withPath(where, folder, () => realpathSync(folder));
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new DataError(
      sentence(
        where,
        `a file inside of ${JSON.stringify(folder)}`,
        `${JSON.stringify(path)}, a symbolic link that leads out of it`,
      ),
    );
  const found = withPath(where, path, () => lstatSync(real));
  if (!found.isFile())
    throw new DataError(
      sentence(
        where,
        "a file",
        `${JSON.stringify(path)}, which is ${found.isDirectory() ? "a folder" : "a pipe, a socket or a device"}`,
      ),
    );
  return real;
}

/**
 * The bytes of a file whose name stands in data; see `checkInside`. What is opened is what was
 * looked at.
 */
export const readInside = (where: string, folder: string, path: string): Buffer =>
  readOpened(where, checkInside(where, folder, path), SAFELY);

/**
 * `folder` with a name that stands in data: names separated by "/". Throws DataError for whatever
 * could mean another place, here or on another system: an absolute path, a drive, "..", ".", an
 * empty name, a name that ends in a dot or a space, a backslash, a control character, and these in
 * percent signs.
 */
export function pathInside(where: string, folder: string, name: string): string {
  const isPlain =
    !/[\\\p{Cc}]|%(?:2e|2f|5c|00)|^[A-Za-z]:|^~/iu.test(name) &&
    name.split("/").every((part) => part !== "" && part !== "." && !/[. ]$/.test(part));
  if (isPlain) return join(folder, name);
  throw new DataError(sentence(where, `the name of a file inside of ${JSON.stringify(folder)}`, JSON.stringify(name)));
}
