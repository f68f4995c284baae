/** @file Token ids that stay on the disk. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { yieldToHost } from "#platform";
import { checkInteger, DataError, sentence } from "../../base/index.ts";
import type { TokenSource } from "../../data/index.ts";

/** Ids in files. They must not change meanwhile: throws DataError when one has become shorter. */
export type FileTokens = TokenSource & {
  subarray(start: number, end: number): FileTokens;
  /** Closes the files, which the next `read` would open again. */
  close(): void;
};

/** Files that are open at the same time. */
const OPEN = 32;

/** Ids that are hashed at once. */
const HASH_PIECE = 2 ** 20;

/** The ids in files, one after the other, of 1, 2 or 4 bytes each, little-endian. */
export function fileTokens(paths: readonly string[], width: 1 | 2 | 4): FileTokens {
  const files = byteFiles(paths);
  const Ids = { 1: Uint8Array, 2: Uint16Array, 4: Int32Array }[width];
  const read = (start: number, count: number): Int32Array => {
    const bytes = new Uint8Array(count * width);
    files.read(bytes, start * width);
    const ids = new Ids(bytes.buffer);
    return ids instanceof Int32Array ? ids : Int32Array.from(ids);
  };
  const part = (start: number, end: number): FileTokens => {
    const length = end - start;
    return {
      length,
      read(from, count) {
        checkInteger("tokens.read start", from, 0, length);
        return read(start + from, checkInteger("tokens.read count", count, 0, length - from));
      },
      subarray: (from, to) =>
        part(
          start + checkInteger("tokens.subarray start", from, 0, length),
          start + checkInteger("tokens.subarray end", to, from, length),
        ),
      async hash() {
        const hash = createHash("sha256");
        for (let at = start; at < end; at += HASH_PIECE) {
          hash.update(read(at, Math.min(HASH_PIECE, end - at)));
          await yieldToHost();
        }
        return hash.digest("hex");
      },
      close: () => files.close(),
    };
  };
  return part(0, Math.floor(files.bytes / width));
}

/** The bytes of files as if they were one. */
function byteFiles(paths: readonly string[]): {
  readonly bytes: number;
  read(into: Uint8Array, position: number): void;
  close(): void;
} {
  let bytes = 0;
  const files = paths.map((path) => {
    const start = bytes;
    bytes += statSync(path).size;
    return { path, start, end: bytes };
  });
  const open = new Map<string, number>();
  const descriptor = (path: string): number => {
    const known = open.get(path);
    if (known !== undefined) return known;
    const [oldest] = open;
    if (open.size === OPEN) {
      closeSync(oldest[1]);
      open.delete(oldest[0]);
    }
    const file = openSync(path, "r");
    open.set(path, file);
    return file;
  };
  return {
    bytes,
    read(into, position) {
      let at = indexOf(files, position);
      for (let done = 0; done < into.length;) {
        const { path, start, end } = files[at];
        const from = position + done;
        const wanted = Math.min(into.length - done, end - from);
        const got = wanted === 0 ? 0 : readSync(descriptor(path), into, done, wanted, from - start);
        if (got === 0 && wanted > 0)
          throw new DataError(
            sentence("tokens.read", `${end - start} bytes in ${JSON.stringify(path)}`, `${from - start}`),
          );
        done += got;
        if (from + got === end) at++;
      }
    },
    close() {
      for (const file of open.values()) closeSync(file);
      open.clear();
    },
  };
}

/** The file that holds a byte; the last one that begins at or before it. */
function indexOf(files: readonly { readonly start: number }[], position: number): number {
  let low = 0;
  let high = files.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (files[middle].start <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
