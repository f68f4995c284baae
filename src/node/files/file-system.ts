/**
 * @file The operations on files that durable writing needs, as Node has them: those that wait and
 * those that don't. Tests put others in their place.
 */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { unlinkSync, writeSync } from "node:fs";
import { mkdir, open, readdir, rename, unlink } from "node:fs/promises";

/** Result of an operation: at once if it blocks, else a promise. */
export type Soon<T> = T | Promise<T>;

/** A new file that is being written. */
export type NewFile = {
  /** Appends as many of the bytes as it can, and returns how many. */
  write(bytes: Uint8Array): Soon<number>;
  /** Returns when the contents are on the disk. */
  sync(): Soon<void>;
  close(): Soon<void>;
};

/** Paths are absolute. Every operation throws (or rejects with) the system's own errors. */
export type FileSystem = {
  /**
   * Makes a directory; the error EEXIST where something is, ENOENT where the one above is missing.
   */
  mkdir(path: string): Soon<void>;
  /** A new, empty file; an error where something is. */
  create(path: string): Soon<NewFile>;
  /** Atomic; replaces a file at `to`. */
  rename(from: string, to: string): Soon<void>;
  unlink(path: string): Soon<void>;
  /** Returns when the names in a directory, as they are now, are on the disk. */
  syncDirectory(path: string): Soon<void>;
  /** The names in a directory. */
  readdir(path: string): Soon<readonly string[]>;
  readFile(path: string): Soon<Uint8Array>;
};

/** The `code` of a system error, such as "ENOENT"; undefined for any other. */
export const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

/**
 * Windows can't open directories, and needs no such thing. Some file systems can't sync them, and
 * some directories may not be opened.
 */
const syncsDirectories = process.platform !== "win32";
const cannotSync = (error: unknown): boolean =>
  ["EINVAL", "ENOTSUP", "EACCES", "EPERM", "EROFS"].includes(codeOf(error) as string);

/** Bytes that are read at once. */
const READ_PIECE = 64 * 2 ** 20;

/** Node's file system, beside the event loop. */
export const nodeFiles: FileSystem = {
  mkdir: (path) => mkdir(path),
  rename,
  unlink,
  readdir: (path) => readdir(path),
  async create(path) {
    const file = await open(path, "wx");
    return {
      write: async (bytes) => (await file.write(bytes)).bytesWritten,
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  async syncDirectory(path) {
    if (!syncsDirectories) return;
    try {
      const directory = await open(path, "r");
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    } catch (error) {
      if (!cannotSync(error)) throw error;
    }
  },
  // in pieces, since Node's own readFile refuses files of 2 GiB
  async readFile(path) {
    // a pipe of this name would be waited for
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = await file.stat();
      if (!found.isFile()) throw Object.assign(new Error(`${path} is no file`), { code: "EISDIR" });
      const bytes = new Uint8Array(found.size);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, Math.min(READ_PIECE, bytes.length - at), at);
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  },
};

/** Node's file system, blocking. */
export const nodeFilesSync: FileSystem = {
  mkdir: (path) => mkdirSync(path),
  rename: renameSync,
  unlink: unlinkSync,
  readdir: (path) => readdirSync(path),
  readFile: (path) => readFileSync(path),
  create(path) {
    const file = openSync(path, "wx");
    return {
      write: (bytes) => writeSync(file, bytes),
      sync: () => fsyncSync(file),
      close: () => closeSync(file),
    };
  },
  syncDirectory(path) {
    if (!syncsDirectories) return;
    try {
      const directory = openSync(path, "r");
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    } catch (error) {
      if (!cannotSync(error)) throw error;
    }
  },
};
