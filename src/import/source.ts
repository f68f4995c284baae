/** @file What a model is read from: one file, or the files of a folder. */
import { FormatError, kindError, sentence } from "../base/index.ts";

/**
 * The bytes of a file that are read when they are asked for, such as those on a disk. Ranges are
 * within the file.
 */
export type FileBytes = {
  /** Size of the file in bytes. */
  readonly length: number;
  /** The bytes from `begin` to before `end`. Whoever asks for them must not change them. */
  readonly view: (begin: number, end: number) => Uint8Array;
};

/**
 * A file, or several by their names, as they lie beside each other: `model.json` and its shards,
 * `model.ckpt.index` and `model.ckpt.data-00000-of-00001`. Names of files in folders below are
 * paths with "/".
 */
export type ModelSource = Uint8Array | FileBytes | Readonly<Record<string, Uint8Array | FileBytes>>;

/** Files by name; a single file has the name "". */
export type SourceFiles = ReadonlyMap<string, FileBytes>;

const isFileBytes = (value: unknown): value is FileBytes =>
  typeof value === "object" && value !== null && typeof (value as Partial<FileBytes>).view === "function";

/** The bytes in an array as those of a file. */
export const fileOf = (bytes: Uint8Array): FileBytes => ({
  length: bytes.length,
  view: (begin, end) => bytes.subarray(begin, end),
});

/** Checks a source. Throws TypeError for anything else, and FormatError for no file at all. */
export function filesOf(where: string, source: ModelSource): SourceFiles {
  if (source instanceof Uint8Array) return new Map([["", fileOf(source)]]);
  if (isFileBytes(source)) return new Map([["", source]]);
  if (typeof source !== "object" || source === null)
    throw kindError(where, "a Uint8Array, or several by the names of their files", source);
  const files = new Map<string, FileBytes>();
  for (const [name, bytes] of Object.entries(source)) {
    if (!(bytes instanceof Uint8Array) && !isFileBytes(bytes))
      throw kindError(`${where} ${JSON.stringify(name)}`, "a Uint8Array", bytes);
    files.set(name, bytes instanceof Uint8Array ? fileOf(bytes) : bytes);
  }
  if (files.size === 0) throw new FormatError(sentence(where, "at least one file", "none"));
  return files;
}

/** The only file, or undefined where there are several. */
export const onlyFile = (files: SourceFiles): FileBytes | undefined =>
  files.size === 1 ? [...files.values()][0] : undefined;

/** All bytes of a file. Readers that can read parts of it read those. */
export const wholeOf = (file: FileBytes): Uint8Array => file.view(0, file.length);

/** The first `count` bytes of a file, or fewer where it has fewer. */
export const beginningOf = (file: FileBytes, count: number): Uint8Array => file.view(0, Math.min(count, file.length));

/** Whether a name is that of a file in the same folder or below, on every system. */
export const isNameInside = (name: string): boolean =>
  name !== "" && !/^([a-zA-Z]:|[/\\])|[\\\0]|(^|\/)\.\.(\/|$)/.test(name);

/**
 * The file that another one names. Throws FormatError for a name that leaves the folder, and for a
 * file that is not there.
 */
export function namedFile(where: string, files: SourceFiles, name: string): FileBytes {
  if (!isNameInside(name)) throw new FormatError(sentence(where, "a file in the same folder", JSON.stringify(name)));
  const file = files.get(name.replace(/^(\.\/)+/, ""));
  if (file === undefined) {
    const hint = files.has("") ? "Give all files by their names" : undefined;
    throw new FormatError(sentence(where, `the file ${JSON.stringify(name)}`, "none of that name", hint));
  }
  return file;
}
