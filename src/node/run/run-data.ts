/**
 * @file The files that a run reads: their sizes and hashes, and whether they are still the same.
 */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import { checkInside, statOf, withPath } from "../files/safe-file.ts";
import { bytePieces } from "../read/file-pieces.ts";

/** A file of the training data. */
export type DataFile = {
  /** Path as it was typed, or inside a folder that was. */
  readonly path: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
};

/** Beginning of the errors of `describeData`. */
const WHERE = "describeData";

function isInside(folder: string, file: string): boolean {
  try {
    checkInside(WHERE, folder, file);
    return true;
  } catch {
    return false;
  }
}

/**
 * All files among `paths` and in the folders there, with sizes and hashes, in the order of their
 * names. Leaves out what readers refuse: links out of a folder, pipes. Throws DataError for a path
 * that can't be read.
 */
export function describeData(paths: readonly string[]): DataFile[] {
  const within = (path: string): string[] =>
    statOf(WHERE, path)?.isDirectory()
      ? withPath(WHERE, path, () => readdirSync(path, { recursive: true, encoding: "utf8" }))
          .toSorted()
          .map((name) => join(path, name))
          .filter((file) => isInside(path, file))
      : [path];
  return paths.flatMap(within).map((path) => ({ path, ...digest(path) }));
}

/** One hash for all files: that of the only one, or that of their hashes, as text, in a row. */
export function dataHash(data: readonly DataFile[]): string {
  if (data.length === 1) return data[0].sha256;
  return createHash("sha256")
    .update(data.map(({ sha256 }) => sha256).join(""))
    .digest("hex");
}

export type CheckRunDataOptions = {
  /** Whether they must be, byte for byte, what they were, as for a run that is resumed. */
  readonly unchanged: boolean;
};

/**
 * Throws DataError unless what a configuration names as data may be read without anybody having
 * typed it: files, no pipes and devices, and for a resumed run those that it has read. Whoever
 * doesn't know a file's hash can't make a run read it.
 */
export function checkRunData(where: string, data: readonly DataFile[], { unchanged }: CheckRunDataOptions): void {
  checkOptions("checkRunData", arguments[2], "unchanged");
  for (const { path, bytes, sha256 } of data) {
    const stats = statOf(where, path);
    const wrong = (expected: string, got: string): DataError =>
      new DataError(sentence(`${where}: ${path}`, expected, got, "Type the files to read others"));
    if (stats === undefined) throw wrong("the file that the run has read", "nothing there");
    if (!stats.isFile()) throw wrong("a file", stats.isDirectory() ? "a folder" : "a pipe, a socket or a device");
    if (!unchanged) continue;
    if (stats.size !== bytes) throw wrong(`${bytes} bytes, as the run has read`, String(stats.size));
    const now = digest(path).sha256;
    if (now !== sha256) throw wrong(`the SHA-256 ${sha256}, as the run has read`, now);
  }
}

/** Read in pieces, so that a large file takes little memory. */
function digest(path: string): { readonly bytes: number; readonly sha256: string } {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const piece of bytePieces(path)) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
