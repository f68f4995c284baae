/** @file Folders of recordings with a table of what is said in them. */
import { lstatSync } from "node:fs";
import { isUtf8 } from "node:buffer";
import { basename, dirname, join } from "node:path";
import { DataError, sentence } from "../../base/index.ts";
import { csvRows } from "../../data/index.ts";
import { decodeWav } from "../../tasks/index.ts";
import { pathInside, readGiven, readInside, statOf } from "../files/safe-file.ts";

/** A recording and what is said in it. */
export type Recording = {
  /** The file's path. */
  readonly name: string;
  readonly samples: Float32Array;
  readonly text: string;
};

export type Recordings = { readonly sampleRate: number; readonly recordings: readonly Recording[] };

/** Tables that are looked for, in this order. */
const TABLES = ["transcripts.csv", "transcripts.tsv", "metadata.csv"] as const;

type Entry = { readonly line: number; readonly file: string; readonly text: string };

/**
 * The WAV files of a folder and their texts. `path` is the folder or its table, which may then have
 * any name. A table has the columns `file` and `text`, with commas or, in a `.tsv`, tabs; one
 * called `metadata.csv` has the form of LJSpeech: `id|text` or `id|text|normalized text`, without a
 * head, for `wavs/id.wav`, and its last column is taken. In a folder `transcripts.csv`,
 * `transcripts.tsv` and `metadata.csv` are looked for. Recordings are found beside the table and in
 * `wavs/`, with or without ".wav".
 *
 * Throws DataError where there is no table, for a row without a file, for one that leads out of the
 * folder ("..", an absolute path, a symbolic link) or is no regular file, and recordings of
 * different sample rates, with file and line; FormatError for a damaged recording.
 */
export function readRecordings(path: string): Recordings {
  const table = tableOf(path);
  const folder = dirname(table);
  let sampleRate: number | undefined;
  const recordings = entriesOf(table, table === path).map(({ line, file, text }) => {
    const where = `${table} line ${line}`;
    const name = findSound([folder, join(folder, "wavs")].map((one) => pathInside(where, one, file)));
    if (name === undefined) throw new DataError(sentence(where, `the file ${JSON.stringify(file)}`, "none"));
    const sound = decodeWav(readInside(where, folder, name), name);
    sampleRate ??= sound.sampleRate;
    if (sound.sampleRate !== sampleRate) {
      const hint = "Bring all to one rate";
      throw new DataError(
        sentence(name, `${sampleRate} samples per second, as the first`, `${sound.sampleRate}`, hint),
      );
    }
    return { name, samples: sound.samples, text };
  });
  if (sampleRate === undefined) throw new DataError(sentence(table, "at least one recording", "none"));
  return { sampleRate, recordings };
}

function tableOf(path: string): string {
  const found = statOf("readRecordings", path);
  if (found === undefined) throw new DataError(sentence(path, "a folder of recordings or its table", "nothing there"));
  if (!found.isDirectory()) return path;
  const name = TABLES.find((one) => isThere(join(path, one)));
  if (name === undefined) throw new DataError(sentence(path, TABLES.join(", "), "none of them"));
  return join(path, name);
}

/** Whether something has this name, a symbolic link that leads nowhere too. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function entriesOf(path: string, isGiven: boolean): Entry[] {
  const bytes = isGiven ? readGiven("readRecordings", path) : readInside("readRecordings", dirname(path), path);
  if (!isUtf8(bytes)) throw new DataError(sentence(path, "UTF-8 text", "other bytes"));
  const content = bytes.toString("utf8");
  if (basename(path) === "metadata.csv") return listOf(content.replace(/^\uFEFF/, ""), path);
  const rows = csvRows(content, { separator: path.endsWith(".tsv") ? "\t" : ",", where: path });
  const head = rows.next().value?.fields ?? [];
  const [file, text] = ["file", "text"].map((name) => head.indexOf(name));
  if (file < 0 || text < 0)
    throw new DataError(sentence(`${path} line 1`, "the columns file and text", head.join(", ")));
  return Array.from(rows, ({ line, fields }) => ({ line, file: fields[file], text: fields[text] }));
}

/** Quotes have no meaning here. */
function listOf(content: string, path: string): Entry[] {
  return content.split(/\r?\n/).flatMap((row, i) => {
    if (row === "") return [];
    const fields = row.split("|");
    if (fields.length < 2) throw new DataError(sentence(`${path} line ${i + 1}`, "id|text", JSON.stringify(row)));
    return [{ line: i + 1, file: fields[0], text: fields[fields.length - 1] }];
  });
}

/** The first of these paths that is there, with or without ".wav". */
const findSound = (paths: readonly string[]): string | undefined =>
  paths.flatMap((path) => [path, `${path}.wav`]).find((path) => /\.wav$/i.test(path) && isThere(path));
