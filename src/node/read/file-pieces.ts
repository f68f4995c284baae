/** @file The contents of files, one piece after the other. */
import { closeSync, openSync, readSync } from "node:fs";
import { textReader } from "./text-encoding.ts";
import { withPath } from "../files/safe-file.ts";

/** Bytes that are read at once. */
const READ_PIECE = 4 * 2 ** 20;

/** Beginning of errors. */
const WHERE = "read";

/**
 * The bytes of a file. Each piece is overwritten by the next. Throws DataError where it can't be
 * read.
 */
export function* bytePieces(path: string, size: number = READ_PIECE): Generator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(size);
  const file = withPath(WHERE, path, () => openSync(path, "r"));
  const next = (): number => withPath(WHERE, path, () => readSync(file, piece));
  try {
    for (let read = next(); read > 0; read = next()) yield piece.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/**
 * The text that `readCorpus` gives for these files, in pieces that end between characters. Throws
 * DataError as it does.
 */
export function* textPieces(
  files: readonly string[],
  { encoding, size = READ_PIECE }: { readonly encoding?: string | undefined; readonly size?: number | undefined } = {},
): Generator<string, void, undefined> {
  for (const file of files) {
    const reader = textReader(file, encoding);
    let last = "";
    const texts = function* (): Generator<string, void, undefined> {
      for (const piece of bytePieces(file, size)) yield reader.push(piece);
      yield reader.end();
    };
    for (const text of texts()) {
      if (text === "") continue;
      last = text;
      yield text;
    }
    if (!last.endsWith("\n") && files.length > 1) yield "\n";
  }
}
