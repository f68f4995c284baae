/**
 * @file Examples from files: records of JSON lines, JSON and tables, and folders with one folder
 * per class.
 */
import { extname, join } from "node:path";
import { checkOptions, checkChoice, DataError, describe, sentence, warnOnce } from "../../base/index.ts";
import { checkInside, namesIn, statOf } from "../files/safe-file.ts";
import { bytePieces } from "./file-pieces.ts";
import { gunzippedPieces } from "./gzipped.ts";
import { linesIn } from "./lines.ts";
import { parquetEntries } from "./parquet.ts";
import { isJson, jsonEntries } from "./record-json.ts";
import { isTableWith, tableEntries } from "./record-table.ts";
import type { ReadRecordsOptions, RecordEntry, RecordFormat, TableOptions } from "./record.ts";
import { separatorOf } from "./table-separator.ts";
import { textReader } from "./text-encoding.ts";
import { naturally } from "./natural-order.ts";

/** Formats that a file can have. */
type FileFormat = Exclude<RecordFormat, "table">;

const FORMATS: readonly RecordFormat[] = ["jsonl", "json", "csv", "tsv", "table", "lines"];

/** Formats by the extension of a file. */
const FORMAT_OF: Readonly<Record<string, FileFormat>> = {
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
  ".csv": "csv",
  ".tsv": "tsv",
  ".tab": "tsv",
  ".txt": "lines",
};

/**
 * The records of files, one after the other; "-" is standard input. JSON lines hold an object per
 * line, JSON an array of objects or objects one after the other, tables (csv, tsv) the names in
 * their first row. What separates the fields of a table is told by its first rows. Lines and rows
 * are given as they come, also from standard input; JSON arrays are read whole first. A name may
 * end in ".gz" besides; files called ".parquet" are Parquet.
 *
 * Throws DataError, with file and line, for a file that does not exist, is of another encoding or
 * not of its format.
 */
export function readRecords(
  paths: readonly string[],
  options: ReadRecordsOptions = {},
): AsyncGenerator<RecordEntry, void, undefined> {
  checkOptions("readRecords", options, "separator header format textColumn keepBlank encoding input onBad");
  return recordsOf(paths, options);
}

/** `readRecords` without a look at the names of options, which may be those of other readers. */
export async function* recordsOf(
  paths: readonly string[],
  options: ReadRecordsOptions,
): AsyncGenerator<RecordEntry, void, undefined> {
  const { format, textColumn, encoding, input } = options;
  if (format !== undefined) checkChoice("readRecords format", format, FORMATS);
  const separator = options.separator === undefined ? undefined : separatorOf("readRecords", options.separator);
  for (const path of paths) {
    if (path !== "-") checkFile(path);
    const where = path === "-" ? "standard input" : path;
    if (format === undefined || format === "table")
      if (extname(path).toLowerCase() === ".parquet") {
        for await (const entry of parquetEntries(path)) yield { ...entry, file: path };
        continue;
      }
    const isPacked = path !== "-" && path.toLowerCase().endsWith(".gz");
    const extension = path === "-" ? undefined : FORMAT_OF[extname(path.replace(/\.gz$/i, "")).toLowerCase()];
    const asked = format === "table" ? (extension === "lines" ? undefined : extension) : (format ?? extension);
    const source = path === "-" ? (input ?? process.stdin) : isPacked ? gunzippedPieces(path) : bytePieces(path);
    const { begin, pieces } = await peeked(decoded(where, source, encoding));
    const isOpen = format === undefined && (asked === undefined || asked === "lines") && textColumn !== undefined;
    const found = isOpen ? looksLike(begin, textColumn, options) : (asked ?? sniffed(begin));
    const entries = ENTRIES[found](where, pieces, { ...options, separator });
    for await (const entry of entries) yield { ...entry, file: path };
  }
}

function checkFile(path: string): void {
  const found = statOf("readRecords", path);
  if (found?.isFile() || found?.isFIFO() || found?.isCharacterDevice()) return;
  const got = `${JSON.stringify(path)}, which ${found === undefined ? "does not exist" : "is a folder"}`;
  throw new DataError(sentence("readRecords", "a file", got));
}

type Pieces = AsyncIterable<string>;
type Entry = Omit<RecordEntry, "file">;
type Entries = (where: string, pieces: Pieces, options: ReadRecordsOptions) => AsyncIterable<Entry>;

const ENTRIES: Readonly<Record<FileFormat, Entries>> = {
  jsonl: jsonEntries,
  json: jsonEntries,
  csv: (where, pieces, options) => tableEntries(where, pieces, { ...options, preferred: "," }),
  tsv: (where, pieces, options) => tableEntries(where, pieces, { ...options, preferred: "\t" }),
  lines: plainLines,
};

/** Text of bytes, or of texts, that come in pieces. */
async function* decoded(
  where: string,
  input: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
  encoding: string | undefined,
): AsyncGenerator<string, void, undefined> {
  const reader = textReader(where, encoding);
  for await (const piece of input) yield typeof piece === "string" ? piece : reader.push(piece);
  yield reader.end();
}

/**
 * The first line that is not only white space with what came before it, and all of the text,
 * without a byte order mark.
 */
async function peeked(source: AsyncIterable<string>): Promise<{ readonly begin: string; readonly pieces: Pieces }> {
  const iterator = source[Symbol.asyncIterator]();
  const parts: string[] = [];
  let hasText: boolean = false;
  // each piece is looked at once: a first line of hundreds of megabytes may come in thousands
  for (let hasEnd = false; !hasEnd;) {
    const next = await iterator.next();
    if (next.done === true) break;
    const piece = parts.length === 0 && next.value.startsWith("\uFEFF") ? next.value.slice(1) : next.value;
    if (piece === "") continue;
    parts.push(piece);
    const text: string = hasText ? piece : piece.trimStart();
    hasText ||= text !== "";
    hasEnd = text.includes("\n");
  }
  const begin = parts.splice(0).join("");
  async function* all(): AsyncGenerator<string, void, undefined> {
    try {
      yield begin;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { begin, pieces: all() };
}

const startsJson = (begin: string): boolean => /^\s*[{[]/.test(begin);

function sniffed(begin: string): FileFormat {
  if (startsJson(begin)) return "jsonl";
  return /^[^\n]*\t/.test(begin.trimStart()) ? "tsv" : "csv";
}

/** Format of a text that may be plain lines. */
function looksLike(begin: string, textColumn: string, options: TableOptions): FileFormat {
  if (startsJson(begin) && isJson(begin)) return "jsonl";
  return isTableWith(begin, textColumn, options) ? sniffed(begin) : "lines";
}

async function* plainLines(
  where: string,
  pieces: Pieces,
  { textColumn = "text", keepBlank = false }: ReadRecordsOptions,
): AsyncGenerator<Entry> {
  for await (const lines of linesIn(where, pieces))
    for (const { text, line } of lines)
      if (keepBlank || text.trim() !== "")
        yield { record: Object.fromEntries([[textColumn, text]]), line, place: `${where} line ${line}` };
}

/** A file in the folder of its class. */
export type ClassFile = { readonly label: string; readonly file: string };

/**
 * The files below a folder that has one folder per class, in natural order: `spam/1.txt` is of
 * class "spam". `extensions` are those that count, in small letters, such as [".txt"]; others are
 * passed over with a warning, names that begin with "." without one. Throws DataError for a path
 * that is no folder, without folders in it, for a class without files, and for a file that is a
 * symbolic link out of the folder or no regular file.
 */
export function classFiles(folder: string, extensions: readonly string[]): ClassFile[] {
  const where = "classFiles";
  const names = (path: string): string[] =>
    namesIn(where, path)
      .filter((name) => !name.startsWith("."))
      .sort(naturally);
  if (!isFolder(folder)) throw new DataError(sentence(where, "a folder", JSON.stringify(folder)));
  const labels = names(folder).filter((name) => isFolder(join(folder, name)));
  if (labels.length === 0)
    throw new DataError(sentence(where, `a folder per class in ${JSON.stringify(folder)}`, "none"));
  const others: string[] = [];
  const found = labels.flatMap((label) => {
    const all = names(join(folder, label));
    const isWanted = (name: string): boolean => extensions.includes(extname(name).toLowerCase());
    const files = all.filter(isWanted);
    others.push(...all.filter((name) => !isWanted(name)).map((name) => join(label, name)));
    if (files.length === 0)
      throw new DataError(
        sentence(where, `${extensions.join(" or ")} files in ${JSON.stringify(join(folder, label))}`, "none"),
      );
    return files.map((name) => {
      const file = join(folder, label, name);
      checkInside(where, folder, file);
      return { label, file };
    });
  });
  if (others.length > 0)
    warnOnce(
      `${folder}: ${others.length} of ${others.length + found.length} entries are no ${extensions.join(" or ")} files and are passed over, such as ${describe(others[0])}; convert them to have them read`,
    );
  return found;
}

const isFolder = (path: string): boolean => statOf("classFiles", path)?.isDirectory() === true;
