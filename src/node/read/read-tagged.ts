import { isUtf8 } from "node:buffer";
import type { TagScheme } from "../../metrics/index.ts";
import { parseConll, parseTaggedJsonl, type TaggedExample } from "../../tasks/index.ts";
import { notUtf8Error } from "./read-corpus.ts";
import { readGiven } from "../files/safe-file.ts";

export type ReadTaggedOptions = {
  /** Columns of token and tag, as in `parseConll`. */
  readonly tokenColumn?: number;
  readonly tagColumn?: number;
  /** Tags that are not of it are errors. Default: any tag. */
  readonly scheme?: TagScheme | undefined;
};

/**
 * Tagged sentences in a file of UTF-8: JSON lines when its name ends in .jsonl or .json, as
 * `parseTaggedJsonl`, else columns, as `parseConll`. "-" is the standard input, whose first
 * character tells. Errors begin with the path and the line. Throws DataError.
 */
export function readTagged(
  path: string,
  { scheme, tokenColumn = 0, tagColumn = -1 }: ReadTaggedOptions = {},
): TaggedExample[] {
  const bytes = readGiven("readTagged", path);
  if (!isUtf8(bytes)) throw notUtf8Error(path);
  const text = bytes.toString("utf8");
  const where = path === "-" ? "standard input" : path;
  const isJson = path === "-" ? text.trimStart().startsWith('{"') : /\.jsonl?$/i.test(path);
  if (isJson) return parseTaggedJsonl(text, { scheme, where });
  return parseConll(text, { tokenColumn, tagColumn, scheme, where });
}
