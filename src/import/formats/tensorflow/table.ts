/**
 * @file Tables of LevelDB, which TensorFlow's .index files are: blocks of sorted keys and values, a
 * block that lists them, and a footer.
 */
import { FormatError, sentence, UnsupportedError } from "../../../base/index.ts";
import { ByteCursor } from "../../byte-cursor.ts";
import { crc32c, masked } from "../../crc.ts";
import { type FileBytes, wholeOf } from "../../source.ts";

const FOOTER = 48;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** Bytes after each block: its compression, and a checksum. */
const TRAILER = 5;
/** Largest table. A million variables are some 100 MB. */
const MAX_TABLE = 2 ** 28;
const MAX_KEY = 4096;
/** Bytes of keys beyond four times the file: each key leaves out what it shares with the last. */
const ALWAYS = 2 ** 22;

/** Keys as bytes in a string of letters up to U+00FF. */
export type Table = ReadonlyMap<string, Uint8Array>;

/** Whether a file ends as tables do. */
export function isTable(file: FileBytes): boolean {
  if (file.length < FOOTER) return false;
  const end = file.view(file.length - MAGIC.length, file.length);
  return MAGIC.every((byte, i) => end[i] === byte);
}

/**
 * Reads a table. Throws FormatError where it is damaged, UnsupportedError where it is compressed.
 */
export function readTable(where: string, file: FileBytes): Table {
  if (file.length > MAX_TABLE)
    throw new FormatError(sentence(where, `a table of at most ${MAX_TABLE} bytes`, String(file.length)));
  if (!isTable(file)) throw new FormatError(sentence(where, "the end of a table", "other bytes", "It is cut off"));
  const bytes = wholeOf(file);
  const footer = new ByteCursor(`${where} footer`, bytes.subarray(bytes.length - FOOTER));
  // a list of filters comes first, which TensorFlow does not use
  footer.varint();
  footer.varint();
  const blocks = readBlock(where, bytes, footer, { left: ALWAYS + 4 * bytes.length });
  const budget = { left: ALWAYS + 4 * bytes.length };
  const table = new Map<string, Uint8Array>();
  let last: string | undefined;
  for (const [, handle] of blocks)
    for (const [key, value] of readBlock(where, bytes, new ByteCursor(`${where} block`, handle), budget)) {
      if (last !== undefined && key <= last)
        throw new FormatError(sentence(where, "keys in order, each once", JSON.stringify(key.slice(0, 80))));
      last = key;
      table.set(key, value);
    }
  return table;
}

/** Entries of the block that a handle (offset, size) places. */
function readBlock(
  where: string,
  bytes: Uint8Array,
  handle: ByteCursor,
  budget: { left: number },
): [key: string, value: Uint8Array][] {
  const [at, size] = [handle.varint(), handle.varint()];
  if (!(at + size + TRAILER <= bytes.length - FOOTER))
    throw handle.error("a block within the table", `${size} bytes at offset ${at}`);
  const place = `${where} block at offset ${at}`;
  const trailer = new ByteCursor(place, bytes.subarray(at + size, at + size + TRAILER));
  const compression = trailer.uint8();
  const [expected, sum] = [trailer.uint32(), masked(crc32c(bytes.subarray(at, at + size + 1)))];
  if (sum !== expected) throw trailer.error(`the checksum ${expected}`, String(sum), "The file is damaged");
  if (compression !== 0)
    throw new UnsupportedError(sentence(place, "a block that is not compressed", `compression ${compression}`));
  const block = bytes.subarray(at, at + size);
  const end = new ByteCursor(place, block);
  const restarts = end.seek(Math.max(0, size - 4)).uint32();
  if (!(4 * restarts + 4 <= size)) throw end.error("restarts within the block", String(restarts));
  return readEntries(new ByteCursor(place, block.subarray(0, size - 4 - 4 * restarts)), budget);
}

function readEntries(cursor: ByteCursor, budget: { left: number }): [key: string, value: Uint8Array][] {
  const entries: [string, Uint8Array][] = [];
  let key = "";
  while (cursor.left > 0) {
    const [shared, more, size] = [cursor.varint(), cursor.varint(), cursor.varint()];
    if (shared > key.length || shared + more > MAX_KEY)
      throw cursor.error(`keys of at most ${MAX_KEY} bytes`, `${shared} shared and ${more} more`);
    key = key.slice(0, shared) + String.fromCharCode(...cursor.take(more, "bytes of a key"));
    budget.left -= key.length;
    if (budget.left < 0) throw cursor.error("fewer bytes of keys", "more");
    entries.push([key, cursor.take(size, "bytes of a value")]);
  }
  return entries;
}
