/** @file The contents of files, one piece after the other. */
import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { notUtf8Error } from "./read-corpus.ts";
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
export function* textPieces(files: readonly string[], size: number = READ_PIECE): Generator<string, void, undefined> {
  for (const file of files) {
    let rest: Uint8Array = new Uint8Array(0);
    let last = 0;
    for (const piece of bytePieces(file, size)) {
      last = piece[piece.length - 1];
      const bytes = Buffer.concat([rest, piece]);
      const end = bytes.length - unfinished(bytes);
      const whole = bytes.subarray(0, end);
      if (!isUtf8(whole)) throw notUtf8Error(file);
      rest = bytes.subarray(end);
      if (end > 0) yield whole.toString("utf8");
    }
    if (rest.length > 0) throw notUtf8Error(file);
    if (last !== 0x0a && files.length > 1) yield "\n";
  }
}

/** Bytes at the end that are the beginning of a character, 0 to 3. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
