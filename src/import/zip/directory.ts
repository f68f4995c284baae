/** @file The list at the end of a zip file (APPNOTE.TXT 6.3.10, with zip64). */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import { type FileBytes, isNameInside } from "../source.ts";

/** A file in a zip file, as the list has it. */
export type ListedEntry = {
  readonly name: string;
  /** 0: as it is, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Offset of its own header. */
  readonly at: number;
};

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const LISTED = 0x02014b50;
/** Bytes of the record at the end, without a comment, and of the one before it in zip64. */
const END_SIZE = 22;
const LOCATOR_SIZE = 20;
const LISTED_SIZE = 46;
const MAX_COMMENT = 65_535;
/** Values that say that the real one stands in zip64's own record. */
const ELSEWHERE = 0xffffffff;
const ELSEWHERE_16 = 0xffff;

type End = { readonly count: number; readonly size: number; readonly at: number };

/** The entries of a zip file, and the offset of their list. Throws FormatError. */
export function readDirectory(where: string, file: FileBytes): { entries: ListedEntry[]; at: number } {
  const { count, size, at } = readEnd(where, file);
  // before anything is allocated: each entry has at least so many bytes in the list
  if (at + size > file.length || count * LISTED_SIZE > size)
    throw new FormatError(
      sentence(`${where} list of files`, `${count} entries within the file`, `${size} bytes at offset ${at}`),
    );
  const cursor = new ByteCursor(`${where} list of files`, file.view(at, at + size));
  const entries: ListedEntry[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const entry = readListed(cursor);
    if (names.has(entry.name)) throw cursor.error("each name once", `${JSON.stringify(entry.name)} twice`);
    names.add(entry.name);
    if (!entry.name.endsWith("/")) entries.push(entry);
  }
  if (cursor.left > 0) throw cursor.error(`${count} entries`, `${cursor.left} bytes more`);
  return { entries, at };
}

function readEnd(where: string, file: FileBytes): End {
  const tailSize = Math.min(file.length, END_SIZE + MAX_COMMENT);
  const tail = file.view(file.length - tailSize, file.length);
  const cursor = new ByteCursor(`${where} end of the zip file`, tail);
  for (let at = tailSize - END_SIZE; at >= 0; at--) {
    // the comment reaches to the end of the file, or this is another thing that looks alike
    if (tail[at] !== 0x50 || cursor.seek(at).uint32() !== END) continue;
    if (cursor.seek(at + 20).uint16() !== tailSize - at - END_SIZE) continue;
    cursor.seek(at + 4);
    const disks = [cursor.uint16(), cursor.uint16()];
    const [onThis, count] = [cursor.uint16(), cursor.uint16()];
    const [size, offset] = [cursor.uint32(), cursor.uint32()];
    const isLong = count === ELSEWHERE_16 || size === ELSEWHERE || offset === ELSEWHERE;
    if (isLong) return readEnd64(where, file, file.length - tailSize + at);
    if (disks.some((disk) => disk !== 0) || onThis !== count)
      throw new UnsupportedError(sentence(where, "a zip file in one part", "one of several"));
    return { count, size, at: offset };
  }
  throw cursor.error("the list of files at the end", "none", "The file is cut off");
}

function readEnd64(where: string, file: FileBytes, end: number): End {
  const place = `${where} end of the zip file (zip64)`;
  if (end < LOCATOR_SIZE) throw new FormatError(sentence(place, "a locator", "none"));
  const locator = new ByteCursor(place, file.view(end - LOCATOR_SIZE, end));
  if (locator.uint32() !== LOCATOR_64) throw locator.error("a locator", "other bytes");
  locator.seek(8);
  const at = locator.uint64();
  if (at + 56 > end - LOCATOR_SIZE) throw locator.error("a record before it", `one at offset ${at}`);
  const record = new ByteCursor(place, file.view(at, at + 56));
  if (record.uint32() !== END_64) throw record.error("a record", "other bytes");
  record.seek(16);
  const disks = [record.uint32(), record.uint32()];
  const [onThis, count] = [record.uint64(), record.uint64()];
  if (disks.some((disk) => disk !== 0) || onThis !== count)
    throw new UnsupportedError(sentence(where, "a zip file in one part", "one of several"));
  return { count, size: record.uint64(), at: record.uint64() };
}

function readListed(cursor: ByteCursor): ListedEntry {
  if (cursor.uint32() !== LISTED) throw cursor.error(`an entry at offset ${cursor.at - 4}`, "other bytes");
  cursor.seek(cursor.at + 4);
  const flags = cursor.uint16();
  const method = cursor.uint16();
  cursor.seek(cursor.at + 4);
  const crc = cursor.uint32();
  const [packed, size] = [cursor.uint32(), cursor.uint32()];
  const [nameSize, extraSize, commentSize] = [cursor.uint16(), cursor.uint16(), cursor.uint16()];
  const disk = cursor.uint16();
  cursor.seek(cursor.at + 6);
  const at = cursor.uint32();
  const name = cursor.text(nameSize, "a name");
  const place = `${cursor.where} ${JSON.stringify(name)}`;
  if (!isNameInside(name)) throw new FormatError(sentence(place, "a name inside of the file", JSON.stringify(name)));
  const extra = new ByteCursor(place, cursor.take(extraSize));
  cursor.take(commentSize);
  if (flags & 1) throw new UnsupportedError(sentence(place, "a file without a password", "an encrypted one"));
  if (method !== 0 && method !== 8)
    throw new UnsupportedError(sentence(place, "a file stored or deflated", `compression ${method}`));
  const long = readLong(extra, [size, packed, at]);
  if (disk !== 0) throw new UnsupportedError(sentence(place, "a zip file in one part", "one of several"));
  if (method === 0 && long[0] !== long[1]) throw extra.error(`${long[1]} bytes as they are`, String(long[0]));
  return { name, method, crc, size: long[0], packed: long[1], at: long[2] };
}

/** The values, with those from zip64's record in place of those that stand elsewhere. */
function readLong(extra: ByteCursor, values: readonly number[]): number[] {
  while (values.includes(ELSEWHERE) && extra.left >= 4) {
    const [kind, size] = [extra.uint16(), extra.uint16()];
    const record = new ByteCursor(extra.where, extra.take(size));
    if (kind === 1) return values.map((value) => (value === ELSEWHERE ? record.uint64() : value));
  }
  return [...values];
}
