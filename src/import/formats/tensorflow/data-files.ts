/** @file The files with the numbers of a checkpoint. */
import { FormatError, sentence } from "../../../base/index.ts";
import { ByteCursor } from "../../byte-cursor.ts";
import { crc32c, masked } from "../../crc.ts";
import { namedFile, type SourceFiles } from "../../source.ts";
import type { BundleEntry } from "./bundle.ts";

/** The data files of a checkpoint. */
export type DataFiles = {
  /** Whether the data file of an entry is there: a list of tensors can do without. */
  readonly has: (entry: BundleEntry) => boolean;
  /** Throws FormatError for a place that is in no data file. */
  readonly check: (where: string, entry: BundleEntry) => void;
  /** Reads the bytes of numbers. Throws FormatError where their checksum is wrong. */
  readonly bytesOf: (where: string, entry: BundleEntry) => Uint8Array;
  /** Reads `count` texts as bytes. Throws FormatError where their checksum is wrong. */
  readonly textsOf: (where: string, entry: BundleEntry, count: number) => Uint8Array[];
};

/** Reads bytes of data files; those that are not there are missed when they are needed. */
export function dataFiles(files: SourceFiles, index: string, shards: number): DataFiles {
  const prefix = index.replace(/\.index$/, "");
  const five = (n: number): string => String(n).padStart(5, "0");
  const nameOf = (shard: number): string => `${prefix}.data-${five(shard)}-of-${five(shards)}`;
  const read = (where: string, { shard, offset, size }: BundleEntry): Uint8Array =>
    namedFile(where, files, nameOf(shard)).view(offset, offset + size);
  return {
    has: ({ shard }) => files.has(nameOf(shard)),
    check(where, { shard, offset, size }) {
      if (shard >= shards) throw new FormatError(sentence(where, `a data file below ${shards}`, String(shard)));
      const file = files.get(nameOf(shard));
      if (file !== undefined && !(offset + size <= file.length))
        throw new FormatError(
          sentence(where, `bytes within ${nameOf(shard)} of ${file.length}`, `${size} at ${offset}`, "It is cut off"),
        );
    },
    bytesOf(where, entry) {
      const bytes = read(where, entry);
      checkSum(where, entry, crc32c(bytes));
      return bytes;
    },
    textsOf(where, entry, count) {
      // lengths, a checksum of them, and the bytes of all texts
      const cursor = new ByteCursor(where, read(where, entry));
      const lengths = Array.from({ length: count }, () => cursor.varint());
      const rest = cursor.bytes.subarray(cursor.at);
      cursor.take(4);
      const texts = lengths.map((length) => cursor.take(length));
      // the checksum of all is over lengths of 32 bits, as they are not written
      const written = new Uint8Array(Uint32Array.from(lengths).buffer);
      checkSum(where, entry, crc32c(rest, crc32c(written)));
      return texts;
    },
  };
}

function checkSum(where: string, { checksum }: BundleEntry, sum: number): void {
  if (masked(sum) !== checksum)
    throw new FormatError(sentence(where, `the checksum ${checksum}`, String(masked(sum)), "The file is damaged"));
}
