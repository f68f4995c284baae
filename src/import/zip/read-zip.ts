/**
 * @file Zip files. `unzipSync` of fflate copies what is stored as it is, which are the 200 MB of a
 * model, and believes sizes; so the list is read here, and fflate only inflates.
 */
import type { Inflate } from "fflate";
import { FormatError, sentence } from "../../base/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import { beginningOf, type FileBytes } from "../source.ts";
import { crc32 } from "../crc.ts";
import { type ListedEntry, readDirectory } from "./directory.ts";

/** A file in a zip file. */
export type ZipEntry = {
  readonly name: string;
  /** Bytes after unpacking. */
  readonly size: number;
  /** Whether the bytes stand in the file as they are. */
  readonly isStored: boolean;
  /** All bytes, in a buffer of their own. Throws FormatError where the list says otherwise. */
  readonly read: () => Uint8Array;
  /** A range of the bytes, in a buffer of its own. Those that are stored are checked once. */
  readonly readRange: (begin: number, end: number) => Uint8Array;
  /** The first bytes, as many as `count` or all; they are not checked. */
  readonly beginning: (count: number) => Uint8Array;
};

/**
 * Bytes that all files in a zip file may be together, beyond 20 times its size: arrays of zeros,
 * which a network has few of, take a thousandth of theirs.
 */
const ALWAYS = 16 * 2 ** 20;
const RATIO = 20;
/** Bytes that are inflated, or checked, at once; inflating makes at most 1,032 of one. */
const PIECE = 8192;
const CHECKED_PIECE = 2 ** 20;
const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;

/** Whether a file begins as zip files do. */
export function isZip(file: FileBytes): boolean {
  const bytes = beginningOf(file, 4);
  return bytes.length === 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * Reads the list of a zip file. Throws FormatError for one that is damaged or hides something:
 * files over each other, names twice or outside, sizes that can't be; UnsupportedError for
 * passwords, several parts and other compressions than deflate.
 */
export async function readZip(where: string, file: FileBytes): Promise<ReadonlyMap<string, ZipEntry>> {
  const { entries, at } = readDirectory(where, file);
  checkPlaces(where, entries, at);
  const most = ALWAYS + RATIO * file.length;
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (!(total <= most))
    throw new FormatError(sentence(where, `at most ${most} bytes unpacked from ${file.length}`, String(total)));
  const inflates = entries.some(({ method }) => method === 8);
  const inflater = inflates ? (await import("fflate")).Inflate : undefined;
  return new Map(entries.map((entry) => [entry.name, zipEntry(where, file, entry, inflater)]));
}

/** Throws FormatError where files overlap each other or their list. */
function checkPlaces(where: string, entries: readonly ListedEntry[], listAt: number): void {
  let end = 0;
  const inOrder = entries.toSorted((a, b) => a.at - b.at);
  for (const { name, at, packed } of inOrder) {
    if (at < end)
      throw new FormatError(sentence(`${where} ${JSON.stringify(name)}`, `an offset from ${end} on`, String(at)));
    end = at + LOCAL_SIZE + packed;
    if (end > listAt)
      throw new FormatError(
        sentence(`${where} ${JSON.stringify(name)}`, `bytes up to offset ${listAt}`, `up to ${end}`),
      );
  }
}

function zipEntry(where: string, file: FileBytes, entry: ListedEntry, inflater: typeof Inflate | undefined): ZipEntry {
  const { name, size, packed, method, crc } = entry;
  const place = `${where} ${JSON.stringify(name)}`;
  const isStored = method === 0;
  let start: number | undefined;
  const begin = (): number => (start ??= startOf(place, file, entry));
  let isChecked = false;
  const check = (sum: number): void => {
    if (sum !== crc) throw new FormatError(sentence(place, `the checksum ${crc}`, String(sum), SUM_HINT));
    isChecked = true;
  };
  const read = (): Uint8Array => {
    const bytes = isStored
      ? file.view(begin(), begin() + size)
      : inflate(place, file.view(begin(), begin() + packed), size, size, inflater);
    check(crc32(bytes));
    return bytes;
  };
  return {
    name,
    size,
    isStored,
    read,
    readRange(from, to) {
      if (!isStored) return read().slice(from, to);
      if (from === 0 && to === size) return read();
      if (!isChecked) {
        let sum = 0;
        for (let i = 0; i < size; i += CHECKED_PIECE)
          sum = crc32(file.view(begin() + i, begin() + Math.min(size, i + CHECKED_PIECE)), sum);
        check(sum);
      }
      return file.view(begin() + from, begin() + to);
    },
    beginning(count) {
      const wanted = Math.min(count, size);
      return isStored
        ? file.view(begin(), begin() + wanted)
        : inflate(place, file.view(begin(), begin() + packed), size, wanted, inflater);
    },
  };
}

const SUM_HINT = "The file is damaged, or torch.save wrote it without checksums (set_crc32_options)";

/** The offset of an entry's bytes, after its own header, which has to agree with the list. */
function startOf(place: string, file: FileBytes, { name, at, packed, method }: ListedEntry): number {
  const cursor = new ByteCursor(place, file.view(at, Math.min(file.length, at + LOCAL_SIZE)));
  if (cursor.uint32() !== LOCAL) throw cursor.error(`its header at offset ${at}`, "other bytes");
  cursor.seek(8);
  const ownMethod = cursor.uint16();
  cursor.seek(26);
  const [nameSize, extraSize] = [cursor.uint16(), cursor.uint16()];
  const rest = file.view(at + LOCAL_SIZE, Math.min(file.length, at + LOCAL_SIZE + nameSize));
  const ownName = new ByteCursor(place, rest).text(nameSize, "a name");
  if (ownName !== name) throw cursor.error(`its name ${JSON.stringify(name)} before it`, JSON.stringify(ownName));
  if (ownMethod !== method) throw cursor.error(`compression ${method}`, String(ownMethod));
  const start = at + LOCAL_SIZE + nameSize + extraSize;
  if (start + packed > file.length) throw cursor.error(`${packed} bytes`, `${file.length - start}`);
  return start;
}

/** The first `wanted` of `size` bytes. Ends as soon as there are more than the list says. */
function inflate(
  place: string,
  packed: Uint8Array,
  size: number,
  wanted: number,
  Inflater: typeof Inflate | undefined,
): Uint8Array {
  const bytes = new Uint8Array(wanted);
  let made = 0;
  const add = (piece: Uint8Array): void => {
    if (made + piece.length > size)
      throw new FormatError(sentence(place, `${size} bytes unpacked`, `${made + piece.length} or more`));
    if (made < wanted) bytes.set(piece.subarray(0, wanted - made), made);
    made += piece.length;
  };
  // an empty last piece is how fflate learns that there is no more
  const inflater = new (Inflater as typeof Inflate)(add);
  try {
    for (let i = 0; i < packed.length && (wanted === size || made < wanted); i += PIECE)
      inflater.push(packed.subarray(i, i + PIECE), wanted === size && i + PIECE >= packed.length);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(sentence(place, "deflated bytes", (error as Error).message), { cause: error });
  }
  if (made < wanted) throw new FormatError(sentence(place, `${size} bytes unpacked`, String(made)));
  return bytes;
}
