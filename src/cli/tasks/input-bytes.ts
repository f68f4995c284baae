/** @file The bytes of what `predict` was given. */
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { DataError } from "unrolled";
import { filesIn, statIfAny } from "unrolled/node";
import { UsageError } from "../terminal/failure.ts";

/** Name of an input in messages. */
export const inputName = (path: string): string => (path === "-" ? "standard input" : path);

/**
 * Bytes of a file, or of the standard input ("-"). `noun` is what is expected, such as "a WAV
 * file". Throws DataError where nothing is there, UsageError where somebody would have to type it.
 */
export async function inputBytes(path: string, noun: string): Promise<Uint8Array> {
  if (path !== "-") {
    if (statIfAny(path) === undefined) throw new DataError(`${path}: expected ${noun}, got nothing there`);
    return readFileSync(path);
  }
  if (process.stdin.isTTY) throw new UsageError(`expected files, or ${noun} on the standard input`);
  return buffer(process.stdin);
}

/** The inputs with the files of those kinds in place of folders. Throws DataError as `filesIn`. */
export const inputFiles = (paths: readonly string[], extensions: readonly string[]): string[] =>
  paths.flatMap((path) => (path !== "-" && statIfAny(path)?.isDirectory() ? filesIn(path, extensions) : [path]));
