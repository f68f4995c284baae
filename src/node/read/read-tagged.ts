import { checkOptions } from "../../base/index.ts";
import type { DataError } from "../../base/index.ts";
import {
  isTaggedTable,
  parseBrat,
  parseConll,
  parseTaggedJsonl,
  parseTaggedTable,
  type TaggedExample,
  type TaggedJsonlOptions,
} from "../../tasks/index.ts";
import { readGiven } from "../files/safe-file.ts";
import { lineCutter } from "./lines.ts";
import type { TableOptions } from "./record.ts";
import { tableRows } from "./table-rows.ts";
import { declaredSeparator, separatorOf, sniffSeparator } from "./table-separator.ts";
import { textFrom } from "./text-encoding.ts";

export type ReadTaggedOptions = Pick<TaggedJsonlOptions, "badSpans" | "offsets" | "onNote" | "scheme"> &
  Pick<TableOptions, "separator"> & {
    /**
     * Columns of token and tag: numbers from 0, or names where the file has them; see
     * `parseConll`. In JSON the names of the fields. Default: what the file's dialect has.
     */
    readonly tokenColumn?: number | string | undefined;
    readonly tagColumn?: number | string | undefined;
    /** Encoding of the text, such as "latin1". Default: told by the bytes; see `readCorpus`. */
    readonly encoding?: string | undefined;
    /** Called with the error about a sentence, which is left out. Default: the error is thrown. */
    readonly onBad?: ((error: DataError) => void) | undefined;
  };

/**
 * Tagged sentences in a file, by its name and its beginning:
 *
 * - .ann: annotations of brat, as `parseBrat`, with the text in the .txt file beside it
 * - .jsonl, .ndjson, .json, or a text that begins so: JSON, as `parseTaggedJsonl`
 * - .csv, or a first line such as "Sentence #,Word,Tag": a table, as `parseTaggedTable`
 * - else columns, as `parseConll`
 *
 * "-" is the standard input. Errors begin with the path and the line. Throws DataError.
 */
export function readTagged(
  path: string,
  { tokenColumn, tagColumn, encoding, separator, ...options }: ReadTaggedOptions = {},
): TaggedExample[] {
  checkOptions(
    "readTagged",
    arguments[1],
    "badSpans offsets onNote scheme separator tokenColumn tagColumn encoding onBad",
  );
  const read = (file: string): string =>
    textFrom(file === "-" ? "standard input" : file, readGiven("readTagged", file), encoding);
  if (/\.ann$/i.test(path))
    return parseBrat(read(path.replace(/\.ann$/i, ".txt")), read(path), { ...options, where: path });
  return taggedText(path, read(path), {
    ...options,
    tokenColumn,
    tagColumn,
    separator,
  });
}

const isJson = (path: string, text: string): boolean =>
  /\.(?:jsonl|json|ndjson)$/i.test(path) || /^\s*(?:\{\s*"|\[(?:\s*\n\s*)?[{["])/.test(text);

function taggedText(
  path: string,
  text: string,
  { tokenColumn, tagColumn, separator, ...more }: Omit<ReadTaggedOptions, "encoding">,
): TaggedExample[] {
  const options = { ...more, where: path === "-" ? "standard input" : path };
  if (isJson(path, text)) {
    const named = (column: number | string | undefined): string | undefined =>
      typeof column === "string" ? column : undefined;
    return parseTaggedJsonl(text, { ...options, tokenColumn: named(tokenColumn), tagColumn: named(tagColumn) });
  }
  const first = /[^\r\n]+/.exec(text)?.[0] ?? "";
  const isTable = separator !== undefined || declaredSeparator(first) !== undefined || isTaggedTable(first);
  if (!/\.csv$/i.test(path) && !isTable) return parseConll(text, { ...options, tokenColumn, tagColumn });
  return parseTaggedTable(rowsOf(options.where, text, separator, options.onBad), {
    ...options,
    tokenColumn,
    tagColumn,
  });
}

/** Rows of a table. */
function rowsOf(
  where: string,
  text: string,
  separator: string | undefined,
  onBad: ((error: DataError) => void) | undefined,
): { readonly line: number; readonly fields: readonly string[] }[] {
  const cutter = lineCutter(where);
  const all = [...cutter.push(text), ...cutter.end()];
  const declared = declaredSeparator(all[0]?.text);
  const lines = declared === undefined ? all : all.slice(1);
  const sign = separator === undefined ? (declared ?? sniffSeparator(lines, ",")) : separatorOf(where, separator);
  const rows = tableRows({ where, separator: sign });
  return [...lines.flatMap((line) => rows.push(line)), ...rows.end()].flatMap((row) => {
    if (row.error === undefined) return [row];
    if (onBad === undefined) throw row.error;
    onBad(row.error);
    return [];
  });
}
