import { isUtf8 } from "node:buffer";
import type { DataError } from "../../base/index.ts";
import { parseConll, parseTaggedJsonl, type TaggedExample, type TaggedJsonlOptions } from "../../tasks/index.ts";
import { notUtf8Error } from "./read-corpus.ts";
import { readGiven } from "../files/safe-file.ts";

export type ReadTaggedOptions = Pick<TaggedJsonlOptions, "badSpans" | "offsets" | "onNote" | "scheme"> & {
  /**
   * Columns of token and tag: numbers from 0, or names where the file has them; see `parseConll`.
   * In JSON the names of the fields. Default: what the file's dialect has.
   */
  readonly tokenColumn?: number | string | undefined;
  readonly tagColumn?: number | string | undefined;
  /** Called with the error about a sentence, which is left out. Default: the error is thrown. */
  readonly onBad?: ((error: DataError) => void) | undefined;
};

/** Whether text or, if that doesn't tell, a name is that of JSON. */
const isJson = (path: string, text: string): boolean =>
  /\.(?:jsonl|json|ndjson)$/i.test(path) || /^\s*(?:\{\s*"|\[(?:\s*\n\s*)?[{["])/.test(text);

/**
 * Tagged sentences in a file: JSON, as `parseTaggedJsonl`, when its name ends in .jsonl, .ndjson or
 * .json or it begins like that, else columns, as `parseConll`. "-" is the standard input. Errors
 * begin with the path and the line. Throws DataError.
 */
export function readTagged(
  path: string,
  { tokenColumn, tagColumn, ...options }: ReadTaggedOptions = {},
): TaggedExample[] {
  const bytes = readGiven("readTagged", path);
  if (!isUtf8(bytes)) throw notUtf8Error(path);
  const text = bytes.toString("utf8");
  const where = path === "-" ? "standard input" : path;
  if (!isJson(path, text)) return parseConll(text, { ...options, where, tokenColumn, tagColumn });
  const named = (column: number | string | undefined): string | undefined =>
    typeof column === "string" ? column : undefined;
  return parseTaggedJsonl(text, { ...options, where, tokenColumn: named(tokenColumn), tagColumn: named(tagColumn) });
}
