import { statSync } from "node:fs";
import { codeOf } from "./file-system.ts";

/** The part of Node's `Stats` that is asked for, since users of the types may not have Node's. */
export type FoundPath = {
  isFile(): boolean;
  isDirectory(): boolean;
  /** Time of the last change, in milliseconds since 1970. */
  readonly mtimeMs: number;
  /** The file's number, and that of its device: together they tell files apart. */
  readonly ino: number;
  readonly dev: number;
};

/**
 * Status of a path, links followed, or undefined if nothing is there: also where a part of the path
 * is a file, for which Node 20 throws ENOTDIR. Throws the file system's other errors.
 */
export function statIfAny(path: string): FoundPath | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
