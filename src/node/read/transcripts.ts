/** @file Tables of what is said in recordings, in the dialects of well-known data sets. */
import { lstatSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { DataError, sentence } from "../../base/index.ts";
import { checkInside, namesIn, readGiven, statOf } from "../files/safe-file.ts";
import type { RecordEntry } from "./record.ts";
import { readRecords } from "./read-examples.ts";
import { recordText } from "./record-values.ts";
import { textFrom } from "./text-encoding.ts";
import { naturally } from "./natural-order.ts";

/** A recording's name and its text. */
export type TranscriptEntry = {
  /** Beginning of errors: file and line. */
  readonly place: string;
  /** Folder of the table, in or below which the recording is. */
  readonly folder: string;
  readonly file: string;
  readonly text: string;
};

export type TranscriptOptions = {
  /** Column of the recording's file. Default: the first of `FILE_COLUMNS` that there is. */
  readonly fileColumn?: string | undefined;
  /** Column of the text. Default: the first of `TEXT_COLUMNS` that there is. */
  readonly textColumn?: string | undefined;
  readonly separator?: string | undefined;
  readonly header?: boolean | undefined;
  readonly encoding?: string | undefined;
};

/** Names in our own tables and those of DeepSpeech, Common Voice, Hugging Face and NeMo. */
const FILE_COLUMNS = ["file", "wav_filename", "path", "file_name", "audio_filepath", "filename", "audio", "wav"];
const TEXT_COLUMNS = ["text", "transcript", "sentence", "transcription", "normalized_text", "normalized_transcription"];

/** Tables that are looked for, in this order. */
const TABLES = [
  "transcripts.csv",
  "transcripts.tsv",
  "transcripts.jsonl",
  "metadata.csv",
  "metadata.tsv",
  "metadata.jsonl",
];

/** Ending of the texts of a chapter of LibriSpeech. */
const CHAPTER = ".trans.txt";

/**
 * The entries of a table, or of those that a folder has. Throws DataError where there is none, and
 * for a row that has no file or text.
 */
export async function transcriptsAt(path: string, options: TranscriptOptions): Promise<TranscriptEntry[]> {
  const found = statOf("readRecordings", path);
  if (found === undefined) throw new DataError(sentence(path, "a folder of recordings or its table", "nothing there"));
  if (!found.isDirectory()) return entriesOf(path, options, found.isFile());
  const tables = tablesIn(path);
  const entries: TranscriptEntry[] = [];
  for (const table of tables) {
    checkInside("readRecordings", path, table);
    entries.push(...(await entriesOf(table, options, true)));
  }
  return entries;
}

function tablesIn(folder: string): string[] {
  const known = TABLES.map((name) => join(folder, name)).find((path) => isThere(path));
  if (known !== undefined) return [known];
  const names = namesIn("readRecordings", folder).filter((name) => !name.startsWith("."));
  if (names.includes("text") && names.includes("wav.scp")) return [join(folder, "text")];
  const chapters = chaptersIn(folder);
  if (chapters.length > 0) return chapters;
  const others = names.filter((name) => [".csv", ".tsv", ".jsonl"].includes(extname(name).toLowerCase())).sort();
  if (others.length === 1) return [join(folder, others[0])];
  const expected = "transcripts.csv, transcripts.tsv, metadata.csv or another table of files and texts";
  const hint = others.length === 0 ? undefined : `Name the table, such as ${join(folder, others[0])}`;
  throw new DataError(sentence(folder, expected, others.length === 0 ? "none of them" : others.join(", "), hint));
}

function chaptersIn(folder: string): string[] {
  return namesIn("readRecordings", folder)
    .filter((name) => !name.startsWith("."))
    .sort(naturally)
    .flatMap((name) => {
      const path = join(folder, name);
      if (name.endsWith(CHAPTER)) return [path];
      return lstatSync(path).isDirectory() ? chaptersIn(path) : [];
    });
}

/** Whether something has this name, a symbolic link that leads nowhere too. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

async function entriesOf(path: string, options: TranscriptOptions, isFile: boolean): Promise<TranscriptEntry[]> {
  const folder = dirname(path);
  if (isFile && !/\.(?:jsonl|ndjson|json)$/i.test(path)) {
    const lines = (): Line[] => linesOf(textFrom(path, readGiven("readRecordings", path), options.encoding));
    if (path.endsWith(CHAPTER)) return lines().map((line) => spaced(path, folder, line));
    if (basename(path) === "text") return kaldi(path, folder, lines());
    if (isList(lines()[0]?.text, options)) return lines().map((line) => listed(path, folder, line, options));
  }
  const { separator, header, encoding, fileColumn, textColumn } = options;
  const entries: TranscriptEntry[] = [];
  for await (const entry of readRecords([path], { format: "table", separator, header, encoding })) {
    const file = recordText(entry, fileColumn ?? known(entry, FILE_COLUMNS), "--file-column");
    const text = recordText(entry, textColumn ?? known(entry, TEXT_COLUMNS), "--text-column");
    entries.push({ place: entry.place, folder, file, text });
  }
  return entries;
}

const known = ({ record }: RecordEntry, names: readonly string[]): string =>
  names.find((name) => Object.hasOwn(record, name)) ?? names[0];

type Line = { readonly text: string; readonly line: number };

const linesOf = (content: string): Line[] =>
  content
    .split(/\r\n?|\n/)
    .map((text, i) => ({ text, line: i + 1 }))
    .filter(({ text }) => text.trim() !== "");

/** Whether it is a list as LJSpeech has it, without a head: `id|text|normalized text`. */
function isList(first: string | undefined, { separator }: TranscriptOptions): boolean {
  if (first?.includes("|") !== true || (separator !== undefined && separator !== "|")) return false;
  const names = first.split("|").map((name) => name.trim().toLowerCase());
  return !names.some((name) => FILE_COLUMNS.includes(name)) || !names.some((name) => TEXT_COLUMNS.includes(name));
}

/** Quotes have no meaning here. Columns are numbered from 0. */
function listed(path: string, folder: string, { text, line }: Line, options: TranscriptOptions): TranscriptEntry {
  const place = `${path} line ${line}`;
  const fields = text.split("|");
  if (fields.length < 2) throw new DataError(sentence(place, "id|text", JSON.stringify(text)));
  const field = (column: string | undefined, standard: number, option: string): string => {
    const at = column === undefined ? standard : Number(column);
    if (Number.isInteger(at) && at >= 0 && at < fields.length) return fields[at];
    throw new DataError(
      sentence(place, `a column from 0 to ${fields.length - 1}`, JSON.stringify(column), `${option} numbers it`),
    );
  };
  const file = field(options.fileColumn, 0, "--file-column");
  return { place, folder, file, text: field(options.textColumn, fields.length - 1, "--text-column") };
}

/** An id and, after the first space, a text, as in LibriSpeech. */
function spaced(path: string, folder: string, { text, line }: Line): TranscriptEntry {
  const place = `${path} line ${line}`;
  const [, file, said = ""] = /^\s*(\S+)(?:\s+(.*))?$/.exec(text) ?? [];
  if (file === undefined) throw new DataError(sentence(place, "an id and a text", JSON.stringify(text)));
  return { place, folder, file, text: said.trimEnd() };
}

/** Kaldi: `text` has ids and texts, `wav.scp` ids and files. */
function kaldi(path: string, folder: string, lines: readonly Line[]): TranscriptEntry[] {
  if (isThere(join(folder, "segments")))
    throw new DataError(sentence(join(folder, "segments"), "a file for each utterance", "parts of recordings"));
  const script = join(folder, "wav.scp");
  if (!isThere(script)) return lines.map((line) => spaced(path, folder, line));
  checkInside("readRecordings", folder, script);
  const files = new Map(
    linesOf(textFrom(script, readGiven("readRecordings", script))).map((line) => {
      const { place, file: id, text: file } = spaced(script, folder, line);
      if (file.endsWith("|")) throw new DataError(sentence(place, "a file", "a command", "Save its output to a file"));
      return [id, file] as const;
    }),
  );
  return lines.map((line) => {
    const entry = spaced(path, folder, line);
    const file = files.get(entry.file);
    if (file === undefined)
      throw new DataError(sentence(entry.place, `${JSON.stringify(entry.file)} in ${script}`, "none"));
    return { ...entry, file };
  });
}
