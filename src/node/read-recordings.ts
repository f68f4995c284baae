/** @file Folders of recordings with a table of what is said in them. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DataError, sentence } from "../base/index.ts";
import { csvRows } from "../data/index.ts";
import { decodeWav } from "../tasks/index.ts";

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
 * The WAV files of a folder and their texts. `path` is the folder or its table, which may then have any name. A table has the columns `file` and `text`, with
 * commas or, in a `.tsv`, tabs; one called `metadata.csv` has the form of LJSpeech: `id|text` or `id|text|normalized text`, without a head, for
 * `wavs/id.wav`, and its last column is taken. In a folder `transcripts.csv`, `transcripts.tsv` and `metadata.csv` are looked for. Recordings are found
 * beside the table and in `wavs/`, with or without ".wav".
 *
 * Throws DataError where there is no table, for a row without a file, and recordings of different sample rates, with file and line; FormatError
 * for a damaged recording.
 */
export function readRecordings(path: string): Recordings {
  const table = tableOf(path);
  const folder = dirname(table);
  let sampleRate: number | undefined;
  const recordings = entriesOf(table).map(({ line, file, text }) => {
    const name = findSound(folder, file);
    if (name === undefined)
      throw new DataError(sentence(`${table} line ${line}`, `the file ${JSON.stringify(file)}`, "none"));
    const sound = decodeWav(readFileSync(name), name);
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
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new DataError(sentence(path, "a folder of recordings or its table", "nothing there"));
  if (!found.isDirectory()) return path;
  const name = TABLES.find((one) => existsSync(join(path, one)));
  if (name === undefined) throw new DataError(sentence(path, TABLES.join(", "), "none of them"));
  return join(path, name);
}

function entriesOf(path: string): Entry[] {
  const content = readFileSync(path, "utf8");
  if (basename(path) === "metadata.csv") return listOf(content, path);
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

const findSound = (folder: string, file: string): string | undefined =>
  [file, `${file}.wav`, join("wavs", file), join("wavs", `${file}.wav`)]
    .map((name) => join(folder, name))
    .find((path) => /\.wav$/i.test(path) && existsSync(path));
