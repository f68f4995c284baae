import { type Stats, statSync } from "node:fs";
import { codeOf } from "./file-system.ts";

/**
 * What is at a path, its links followed; undefined where nothing is, also where a file stands in the place of a folder above it, for which Node 20 throws
 * ENOTDIR. Throws the file system's other errors.
 */
export function statIfAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
