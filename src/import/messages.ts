/** @file Protocol buffers of files: fields by number; what is wrong with them is a FormatError. */
import type { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FormatError, sentence } from "../base/index.ts";

/** Readers of the fields that matter, by their numbers. Others are skipped. */
export type Fields = Readonly<Record<number, (reader: BinaryReader, wireType: WireType) => void>>;

/** Reads messages; `where` begins errors. */
export type MessageReader = (where: string, bytes: Uint8Array, fields: Fields) => void;

/** Loads the package that reads protocol buffers. */
export async function messageReader(): Promise<MessageReader> {
  const { BinaryReader: Reader } = await import("@bufbuild/protobuf/wire");
  return (where, bytes, fields) => {
    try {
      const reader = new Reader(bytes);
      while (reader.pos < reader.len) {
        const [field, wireType] = reader.tag();
        const read = fields[field];
        if (read === undefined) reader.skip(wireType, field);
        else read(reader, wireType);
      }
    } catch (error) {
      // its own are plain errors and errors of ranges
      if (error instanceof Error && "code" in error) throw error;
      throw new FormatError(sentence(where, "a protocol buffer", (error as Error).message), { cause: error });
    }
  };
}

/** An integer of 64 bits, which must be below 2^53. */
export function safeInteger(where: string, value: bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new FormatError(sentence(where, "a number below 2^53", String(value)));
  return number;
}
