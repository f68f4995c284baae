import { constants } from "node:buffer";
import { join } from "node:path";
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import { checkInside, namesIn, readGiven, statOf } from "../files/safe-file.ts";
import { textFrom } from "./text-encoding.ts";
import { naturally } from "./natural-order.ts";

/** Beginning of errors. */
const WHERE = "readCorpus";

export type ReadCorpusOptions = {
  /** Encoding of the files. Default: told by their bytes. */
  readonly encoding?: string | undefined;
};

/**
 * The text of files, one after the other. A folder stands for its text files (`.txt`, `.md`,
 * `.rst`, `.org`, `.tex`) in natural order (chapter 2 before chapter 10). Files are joined with a
 * line break where one does not end in one. Text is taken as it is, without a byte order mark.
 *
 * `encoding` is a label of the Encoding Standard, such as "latin1" or "euc-kr". Default: a byte
 * order mark tells; else it is UTF-8, or UTF-16 or windows-1252 (of which Latin-1 is a part) where
 * that is sure, which the console is told.
 *
 * Throws DataError for a path that does not exist or can't be read, a folder without text files or
 * with one that is no regular file or a symbolic link out of it, text of another encoding or longer
 * than a string can be.
 */
export function readCorpus(paths: readonly string[], { encoding }: ReadCorpusOptions = {}): string {
  checkOptions("readCorpus", arguments[1], "encoding");
  const files = paths.flatMap(textFiles);
  const parts: string[] = [];
  let length = 0;
  for (const file of files) {
    const bytes = readGiven(WHERE, file);
    length += bytes.length;
    if (length > constants.MAX_STRING_LENGTH) {
      const limit = `at most ${Math.floor(constants.MAX_STRING_LENGTH / 2 ** 20)} MiB of text`;
      throw new DataError(
        sentence("readCorpus", limit, `${Math.ceil(length / 2 ** 20)} MiB`, "Leave it on the disk with streamCorpus"),
      );
    }
    const text = textFrom(file, bytes, encoding);
    parts.push(text.endsWith("\n") || files.length === 1 ? text : `${text}\n`);
  }
  return parts.join("");
}

/** Bytes of the files that `readCorpus` would read. Throws DataError as it does. */
export const corpusBytes = (paths: readonly string[]): number =>
  paths.flatMap(textFiles).reduce((total, file) => total + (statOf(WHERE, file)?.size ?? 0), 0);

/** Bytes of the files that `readCorpus` reads, of any encoding. */
export function readCorpusBytes(paths: readonly string[]): Uint8Array {
  return Buffer.concat(paths.flatMap(textFiles).map((file) => readGiven(WHERE, file)));
}

/** Files of a folder that are texts. */
const TEXT_FILE = /\.(?:txt|text|md|markdown|rst|org|tex)$/i;

/** The files that a path stands for. Throws DataError as `readCorpus`. */
export function textFiles(path: string): string[] {
  const found = statOf(WHERE, path);
  if (found === undefined)
    throw new DataError(
      sentence("readCorpus", "a text file or a folder", `${JSON.stringify(path)}, which does not exist`),
    );
  if (!found.isDirectory()) return [path];
  const all = namesIn(WHERE, path);
  const names = all.filter((name) => TEXT_FILE.test(name)).sort(naturally);
  if (names.length === 0) {
    const others = all.filter((name) => !name.startsWith(".")).sort(naturally);
    const got = others.length === 0 ? "none" : `others, such as ${JSON.stringify(others[0])}`;
    const hint = others.length === 0 ? undefined : "Files of another kind are read where they are named";
    throw new DataError(sentence("readCorpus", `.txt or .md files in ${JSON.stringify(path)}`, got, hint));
  }
  return names.map((name) => {
    const file = join(path, name);
    checkInside(WHERE, path, file);
    return file;
  });
}
