/** @file What a model is read from: one file, or the files of a folder. */
import { FormatError, kindError, sentence } from "../base/index.ts";

/**
 * The bytes of one file, or of several by their names, as they lie beside each other: `model.json`
 * and its shards, `model.ckpt.index` and `model.ckpt.data-00000-of-00001`. Names of files in
 * folders below are paths with "/".
 */
export type ModelSource = Uint8Array | Readonly<Record<string, Uint8Array>>;

/** Files by name; a single file has the name "". */
export type SourceFiles = ReadonlyMap<string, Uint8Array>;

/** Checks a source. Throws TypeError for anything else, and FormatError for no file at all. */
export function filesOf(where: string, source: ModelSource): SourceFiles {
  if (source instanceof Uint8Array) return new Map([["", source]]);
  if (typeof source !== "object" || source === null)
    throw kindError(where, "a Uint8Array, or several by the names of their files", source);
  const files = new Map(Object.entries(source));
  for (const [name, bytes] of files)
    if (!(bytes instanceof Uint8Array)) throw kindError(`${where} ${JSON.stringify(name)}`, "a Uint8Array", bytes);
  if (files.size === 0) throw new FormatError(sentence(where, "at least one file", "none"));
  return files;
}

/** The only file, or undefined where there are several. */
export const onlyFile = (files: SourceFiles): Uint8Array | undefined =>
  files.size === 1 ? [...files.values()][0] : undefined;

/**
 * The file that another one names. Throws FormatError for a name that leaves the folder, and for a
 * file that is not there.
 */
export function namedFile(where: string, files: SourceFiles, name: string): Uint8Array {
  const isInside = !/^([a-zA-Z]:|[/\\])|\\|(^|\/)\.\.(\/|$)|\0/.test(name);
  if (!isInside) throw new FormatError(sentence(where, "a file in the same folder", JSON.stringify(name)));
  const bytes = files.get(name.replace(/^(\.\/)+/, ""));
  if (bytes === undefined) {
    const hint = files.has("") ? "Give all files by their names" : undefined;
    throw new FormatError(sentence(where, `the file ${JSON.stringify(name)}`, "none of that name", hint));
  }
  return bytes;
}
