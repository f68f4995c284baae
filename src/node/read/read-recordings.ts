/** @file Recordings with what is said in them. */
import { realpathSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import { resample, type Sound } from "../../tasks/index.ts";
import { pathInside, readInside } from "../files/safe-file.ts";
import { decodeSound, SOUND_EXTENSIONS } from "./read-sound.ts";
import { isThere, type TranscriptEntry, type TranscriptOptions, transcriptsAt } from "./transcripts.ts";

/** A recording and what is said in it. */
export type Recording = {
  /** The file's path. */
  readonly name: string;
  readonly samples: Float32Array;
  readonly text: string;
};

export type Recordings = {
  /** Samples per second of all. */
  readonly sampleRate: number;
  readonly recordings: readonly Recording[];
  /** Recordings that had another rate. */
  readonly resampled: number;
};

export type ReadRecordingsOptions = TranscriptOptions & {
  /** Samples per second that all are brought to. Default: the lowest rate of the recordings. */
  readonly sampleRate?: number | undefined;
  /**
   * Called with a file that is not there or can't be read, and its error; it is left out. Default:
   * the error is thrown.
   */
  readonly onBad?: ((name: string, error: Error) => void) | undefined;
};

/** Folders beside a table in which recordings are looked for, after its own. */
const FOLDERS = ["", "wavs", "clips", "audio", "wav", "data"];

/**
 * The recordings of folders and of tables, and their texts. `paths` are folders, or their tables,
 * which may have any name. In a folder a table called `transcripts` or `metadata` (.csv, .tsv,
 * .jsonl) is looked for, then Kaldi's `text` with `wav.scp`, LibriSpeech's `*.trans.txt` also in
 * folders below, then its only table. A table has a head with a column of files (file,
 * wav_filename, path, file_name, audio_filepath …) and one of texts (text, transcript, sentence,
 * transcription …), or it is a list as LJSpeech's `metadata.csv`, `id|text` or `id|text|normalized
 * text` without a head, whose last column is taken. Recordings are found beside the table and in
 * `wavs`, `clips` and `audio`, with or without ".wav", ".flac" or ".mp3".
 *
 * Rejects with DataError where there is no table, for a row without a file, for one that leads out
 * of the folder ("..", an absolute path to another place, a symbolic link) or is no regular file,
 * with file and line; FormatError for a recording that can't be read.
 */
export async function readRecordings(
  paths: string | readonly string[],
  { sampleRate, onBad, ...options }: ReadRecordingsOptions = {},
): Promise<Recordings> {
  checkOptions("readRecordings", arguments[1], "fileColumn textColumn separator header encoding sampleRate onBad");
  const sounds: { readonly name: string; readonly text: string; readonly sound: Sound }[] = [];
  const all = typeof paths === "string" ? [paths] : paths;
  let resampled = 0;
  const brought = (sound: Sound, rate: number): Sound => {
    if (sound.sampleRate === rate) return sound;
    resampled++;
    return { sampleRate: rate, samples: resample(sound.samples, sound.sampleRate, rate) };
  };
  for (const path of all)
    for (const entry of await transcriptsAt(path, options)) {
      try {
        const name = soundOf(entry);
        const sound = await decodeSound(name, readInside(entry.place, entry.folder, name));
        sounds.push({ name, text: entry.text, sound: sampleRate === undefined ? sound : brought(sound, sampleRate) });
      } catch (error) {
        if (onBad === undefined) throw error;
        onBad(entry.file, error as Error);
      }
    }
  if (sounds.length === 0) throw new DataError(sentence(all.join(", "), "at least one recording", "none"));
  const rate = sampleRate ?? sounds.reduce((least, { sound }) => Math.min(least, sound.sampleRate), Infinity);
  const recordings = sounds.map(({ name, text, sound }) => ({ name, samples: brought(sound, rate).samples, text }));
  return { sampleRate: rate, recordings, resampled };
}

/** Path of an entry's recording. Throws DataError where there is none. */
function soundOf({ place, folder, file }: TranscriptEntry): string {
  const name = insideName(folder, file);
  const found = FOLDERS.flatMap((one) => {
    const path = pathInside(place, join(folder, one), name);
    return [path, ...SOUND_EXTENSIONS.map((extension) => path + extension)];
  }).find((path) => SOUND_EXTENSIONS.some((extension) => path.toLowerCase().endsWith(extension)) && isThere(path));
  if (found !== undefined) return found;
  const hint = `It is looked for in ${folder} and its folders ${FOLDERS.slice(1).join(", ")}; --file-column names its column`;
  throw new DataError(sentence(place, `the file ${JSON.stringify(file)}`, "none", hint));
}

/** The name below the folder, of an absolute path that leads there; else as it is. */
function insideName(folder: string, file: string): string {
  if (!isAbsolute(file)) return file.replace(/^\.\//, "");
  const below = relative(realpathSync(folder), file);
  return below.startsWith("..") || isAbsolute(below) ? file : below.split(sep).join("/");
}
