/** @file Files that hold nothing to answer for. */
import { statSync } from "node:fs";
import { DataError } from "unrolled";

/**
 * Passes on the items that `predict` reads at `path`. Throws DataError where a file holds nothing,
 * as `train` and `evaluate` do: whoever names it expects answers. The standard input and other
 * pipes may be empty, as those of every filter: no lines, no answers. `noun` is what is read, such
 * as "example".
 */
export async function* notEmpty<T>(
  path: string,
  noun: string,
  entries: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  let isEmpty = true;
  for await (const entry of entries) {
    isEmpty = false;
    yield entry;
  }
  if (isEmpty && path !== "-" && statSync(path).isFile())
    throw new DataError(`${path}: expected at least one ${noun}, got none`);
}
