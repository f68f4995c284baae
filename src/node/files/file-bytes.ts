/** @file Files that are read by range, so that a list of what is in them needs little memory. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { DataError, sentence } from "../../base/index.ts";
import type { FileBytes } from "../../import/index.ts";
import { withPath } from "./safe-file.ts";

/** Opening doesn't wait for somebody to write, as it does at a pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Marks that a file is known by when it is opened again. */
type Identity = { readonly size: number; readonly inode: number; readonly changed: number };

/**
 * A regular file whose bytes are read when they are asked for. It is opened for each read, so that
 * nobody has to close it. Throws DataError for anything but a regular file, and from `view`
 * where the file has become another one.
 */
export function fileBytes(where: string, path: string): FileBytes {
  const known = opened(where, path, (_, identity) => identity);
  const view = (begin: number, end: number): Uint8Array =>
    opened(where, path, (file, { size, inode, changed }) => {
      if (size !== known.size || inode !== known.inode || changed !== known.changed)
        throw new DataError(
          sentence(where, "a file that stays as it is", `${JSON.stringify(path)}, which was changed`),
        );
      return readRange(where, path, file, begin, end);
    });
  return { length: known.size, view };
}

function opened<R>(where: string, path: string, f: (file: number, identity: Identity) => R): R {
  return withPath(where, path, () => {
    const file = openSync(path, FLAGS);
    try {
      const found = fstatSync(file);
      if (found.isDirectory()) throw Object.assign(new Error("EISDIR"), { code: "EISDIR" });
      if (!found.isFile())
        throw new DataError(
          sentence(where, "a file", `${JSON.stringify(path)}, which is a pipe, a socket or a device`),
        );
      return f(file, { size: found.size, inode: found.ino, changed: found.mtimeMs });
    } finally {
      closeSync(file);
    }
  });
}

/** Bytes that are read at once. */
const PIECE = 64 * 2 ** 20;

function readRange(where: string, path: string, file: number, begin: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - begin);
  let at = 0;
  while (at < bytes.length) {
    const read = readSync(file, bytes, at, Math.min(PIECE, bytes.length - at), begin + at);
    if (read === 0) throw new DataError(sentence(where, `${end} bytes`, `${begin + at} in ${JSON.stringify(path)}`));
    at += read;
  }
  return bytes;
}
