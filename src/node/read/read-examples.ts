/**
 * @file Examples from files: records of JSON lines, JSON and tables, and folders with one folder
 * per class.
 */
import { extname, join } from "node:path";
import { checkChoice, DataError, describe, firstRepeated, sentence, warnOnce } from "../../base/index.ts";
import { csvRows } from "../../data/index.ts";
import { parseDataJson } from "../../formats/index.ts";
import { textPieces } from "./file-pieces.ts";
import { checkInside, namesIn, statOf } from "../files/safe-file.ts";

/** Format of the records. "lines": each line that isn't empty is a record `{ text }`. */
export type RecordFormat = "jsonl" | "json" | "csv" | "tsv" | "lines";

const FORMATS: readonly RecordFormat[] = ["jsonl", "json", "csv", "tsv", "lines"];

/** Formats by the extension of a file. */
const FORMAT_OF: Readonly<Record<string, RecordFormat>> = {
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
  ".csv": "csv",
  ".tsv": "tsv",
  ".txt": "lines",
};

export type ReadRecordsOptions = {
  /**
   * Default: by the extension (.jsonl, .ndjson, .json, .csv, .tsv, .txt). Without one of these, and
   * from standard input, by how the text begins: "{" is JSON lines, "[" JSON, a first line with a
   * tab "tsv", anything else "csv".
   */
  readonly format?: RecordFormat | undefined;
  /** Input that "-" reads. Default `process.stdin`. */
  readonly input?: AsyncIterable<Uint8Array | string> | undefined;
};

/** A record and where it stands. */
export type RecordEntry = {
  /** Values by name. Those of tables are strings; JSON keeps its types. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Path, or "-" for standard input. */
  readonly file: string;
  /** Counted from 1; in a JSON array the number of the item. */
  readonly line: number;
  /** Beginning of errors about it, such as "mail.csv line 3". */
  readonly place: string;
};

/**
 * The records of files, one after the other; "-" is standard input. JSON lines hold an object per
 * line, JSON an array of objects, tables (csv, tsv) the names in their first row. Lines are given
 * as they come, also from standard input; JSON arrays and tables are read whole first.
 *
 * Throws DataError, with file and line, for a file that does not exist, is not UTF-8 or not of its
 * format, and for a name that a table has twice.
 */
export async function* readRecords(
  paths: readonly string[],
  { format, input }: ReadRecordsOptions = {},
): AsyncGenerator<RecordEntry, void, undefined> {
  if (format !== undefined) checkChoice("readRecords format", format, FORMATS);
  for (const path of paths) {
    if (path !== "-") checkFile(path);
    const file = path === "-" ? "standard input" : path;
    const named = format ?? (path === "-" ? undefined : FORMAT_OF[extname(path).toLowerCase()]);
    const source = path === "-" ? decoded(file, input ?? process.stdin) : textPieces([path]);
    const { begin, pieces } = await peeked(source);
    const entries = ENTRIES[named ?? sniffed(begin)](file, pieces);
    for await (const { record, line, place } of entries) yield { record, file: path, line, place };
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

const ENTRIES: Readonly<Record<RecordFormat, (file: string, pieces: Pieces) => AsyncIterable<Entry>>> = {
  jsonl: jsonLines,
  json: jsonArray,
  csv: (file, pieces) => table(file, pieces, ","),
  tsv: (file, pieces) => table(file, pieces, "\t"),
  lines: plainLines,
};

/** Text of bytes that come in pieces. Throws DataError unless they are UTF-8. */
async function* decoded(file: string, input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw new DataError(sentence(file, "UTF-8 text", "other bytes"));
    }
  };
  for await (const piece of input) yield typeof piece === "string" ? piece : text(piece);
  yield text();
}

/**
 * The first line that is not only white space with what came before it, and all of the text,
 * without a byte order mark.
 */
async function peeked(
  source: Iterable<string> | AsyncIterable<string>,
): Promise<{ readonly begin: string; readonly pieces: Pieces }> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const parts: string[] = [];
  let hasText: boolean = false;
  // each piece is looked at once: a first line of hundreds of megabytes may come in thousands
  for (let hasEnd = false; !hasEnd;) {
    const next = await iterator.next();
    if (next.done === true) break;
    const piece = parts.length === 0 && next.value.startsWith("\uFEFF") ? next.value.slice(1) : next.value;
    if (next.value === "") continue;
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

function sniffed(begin: string): RecordFormat {
  const text = begin.trimStart();
  if (text.startsWith("{")) return "jsonl";
  if (text.startsWith("[")) return "json";
  return /^[^\n]*\t/.test(text) ? "tsv" : "csv";
}

/**
 * Lines without their ends ("\n" or "\r\n"), each as soon as it is known; empty ones are left out.
 */
async function* linesOf(pieces: Pieces): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  // of the line that has not ended yet, joined once
  let rest: string[] = [];
  let line = 0;
  for await (const piece of pieces) {
    let at = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", at)) {
      rest.push(piece.slice(at, end));
      at = end + 1;
      line++;
      const text = rest.splice(0).join("");
      if (text.trim() !== "") yield { text: text.endsWith("\r") ? text.slice(0, -1) : text, line };
    }
    if (at < piece.length) rest.push(at === 0 ? piece : piece.slice(at));
  }
  const text = rest.join("");
  rest = [];
  if (text.trim() !== "") yield { text: text.endsWith("\r") ? text.slice(0, -1) : text, line: line + 1 };
}

async function* plainLines(file: string, pieces: Pieces): AsyncGenerator<Entry> {
  for await (const { text, line } of linesOf(pieces)) yield { record: { text }, line, place: `${file} line ${line}` };
}

async function* jsonLines(file: string, pieces: Pieces): AsyncGenerator<Entry> {
  for await (const { text, line } of linesOf(pieces)) {
    const place = `${file} line ${line}`;
    yield { record: objectOf(place, parseDataJson(text, { where: place })), line, place };
  }
}

async function* jsonArray(file: string, pieces: Pieces): AsyncGenerator<Entry> {
  const parts: string[] = [];
  for await (const piece of pieces) parts.push(piece);
  const items = parseDataJson(parts.join(""), { where: file });
  if (!Array.isArray(items)) throw new DataError(sentence(file, "a JSON array of objects", describe(items)));
  for (const [i, item] of items.entries()) {
    const place = `${file} item ${i + 1}`;
    yield { record: objectOf(place, item), line: i + 1, place };
  }
}

function objectOf(place: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError(sentence(place, "an object with a value by name", describe(value)));
}

async function* table(file: string, pieces: Pieces, separator: string): AsyncGenerator<Entry> {
  const parts: string[] = [];
  for await (const piece of pieces) parts.push(piece);
  let names: readonly string[] | undefined;
  for (const { fields, line } of csvRows(parts, { separator, where: file })) {
    if (names === undefined) {
      names = fields;
      const twice = firstRepeated(names);
      if (twice !== undefined)
        throw new DataError(
          sentence(`${file} line ${line}`, "names that differ in the first row", `${describe(twice)} twice`),
        );
      continue;
    }
    const record = Object.fromEntries(names.map((name, i) => [name, fields[i]]));
    yield { record, line, place: `${file} line ${line}` };
  }
}

/**
 * The value of a record under `name`. Throws DataError, with the names that there are, where it has
 * none.
 */
export function recordValue({ record, place }: RecordEntry, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  const names = Object.keys(record).map((each) => JSON.stringify(each));
  throw new DataError(sentence(place, `a value ${JSON.stringify(name)}`, names.join(", ") || "none"));
}

/** Text of a value of a record. Numbers and truth values are taken as they are written. */
export function recordText(entry: RecordEntry, name: string): string {
  const value = recordValue(entry, name);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string")
    throw new DataError(sentence(entry.place, `text as ${JSON.stringify(name)}`, describe(value)));
  return value;
}

/** Finite number in a value of a record, which may be text. */
export function recordNumber(entry: RecordEntry, name: string): number {
  const value = recordValue(entry, name);
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number))
    throw new DataError(sentence(entry.place, `a number as ${JSON.stringify(name)}`, describe(value)));
  return number;
}

const naturally = new Intl.Collator("en", { numeric: true }).compare;

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
