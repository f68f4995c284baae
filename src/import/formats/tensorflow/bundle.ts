/** @file Entries of TensorFlow's .index files (tensor_bundle.proto), and names of slices. */
import { encodeUtf8, FormatError, sentence, UnsupportedError } from "../../../base/index.ts";
import type { ElementType } from "../../element-types.ts";
import { type MessageReader, safeInteger } from "../../messages.ts";

/** Element types by their numbers in types.proto. */
const types: Readonly<Record<number, ElementType>> = {
  1: "float32",
  2: "float64",
  3: "int32",
  4: "uint8",
  5: "int16",
  6: "int8",
  9: "int64",
  10: "bool",
  14: "bfloat16",
  17: "uint16",
  19: "float16",
  22: "uint32",
  23: "uint64",
};
const STRING = 7;
const LITTLE_ENDIAN = 0;
const MAX_SLICES = 10_000;

/** A part of an axis: `length` is -1 for all of it. */
export type Extent = { readonly start: number; readonly length: number };

/** A tensor in the data files, or the slices that it consists of. */
export type BundleEntry = {
  /** "string" for texts. */
  readonly type: ElementType | "string";
  readonly shape: readonly number[];
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  readonly checksum: number;
  /** Extents along each axis, for each slice. */
  readonly slices: readonly (readonly Extent[])[];
};

/** The number of data files. */
export function readHeader(where: string, bytes: Uint8Array, read: MessageReader): number {
  let shards = 0;
  let order = LITTLE_ENDIAN;
  read(where, bytes, {
    1: (reader, wireType) => {
      // a checkpoint of the first version has a message here
      if ((wireType as number) !== 0)
        throw new UnsupportedError(
          sentence(where, "a checkpoint of version 2", "one of version 1", "Save it by tf.train.Saver of TensorFlow 1"),
        );
      shards = reader.int32();
    },
    2: (reader) => {
      order = reader.int32();
    },
  });
  if (order !== LITTLE_ENDIAN) throw new UnsupportedError(sentence(where, "little-endian numbers", "big-endian ones"));
  if (shards < 1 || shards > 99_999) throw new FormatError(sentence(where, "1 to 99999 data files", String(shards)));
  return shards;
}

/** Reads the entry of a tensor. */
export function readEntry(where: string, bytes: Uint8Array, read: MessageReader): BundleEntry {
  let dtype = 0;
  const shape: number[] = [];
  const numbers = { shard: 0, offset: 0, size: 0, checksum: 0 };
  const slices: Extent[][] = [];
  read(where, bytes, {
    1: (reader) => {
      dtype = reader.int32();
    },
    2: (reader) => {
      readShape(where, reader.bytes(), shape, read);
    },
    3: (reader) => {
      numbers.shard = reader.int32();
    },
    4: (reader) => {
      numbers.offset = safeInteger(where, reader.int64());
    },
    5: (reader) => {
      numbers.size = safeInteger(where, reader.int64());
    },
    6: (reader) => {
      numbers.checksum = reader.fixed32();
    },
    7: (reader) => {
      if (slices.length === MAX_SLICES) throw new FormatError(sentence(where, `at most ${MAX_SLICES} slices`, "more"));
      slices.push(readSlice(where, reader.bytes(), read));
    },
  });
  const type = dtype === STRING ? "string" : types[dtype];
  if (type === undefined)
    throw new UnsupportedError(sentence(where, "numbers or text", `element type ${dtype} of TensorFlow`));
  if (numbers.offset < 0 || numbers.size < 0 || numbers.shard < 0)
    throw new FormatError(sentence(where, "a place in a data file", `${numbers.size} bytes at ${numbers.offset}`));
  return { type, shape, ...numbers, slices };
}

function readShape(where: string, bytes: Uint8Array, shape: number[], read: MessageReader): void {
  read(where, bytes, {
    2: (reader) => {
      let size = 0;
      read(where, reader.bytes(), {
        1: (inner) => {
          size = safeInteger(where, inner.int64());
        },
      });
      if (size < 0 || shape.length > 254) throw new FormatError(sentence(where, "a shape of sizes", String(size)));
      shape.push(size);
    },
  });
}

function readSlice(where: string, bytes: Uint8Array, read: MessageReader): Extent[] {
  const extents: Extent[] = [];
  read(where, bytes, {
    1: (reader) => {
      const extent = { start: 0, length: -1 };
      read(where, reader.bytes(), {
        1: (inner) => {
          extent.start = safeInteger(where, inner.int64());
        },
        2: (inner) => {
          extent.length = safeInteger(where, inner.int64());
        },
      });
      extents.push(extent);
    },
  });
  return extents;
}

/** The key of a slice, in the table's form: a string of bytes (saved_tensor_slice_util.cc). */
export function sliceKey(name: string, extents: readonly Extent[]): string {
  // a zero marks slices; zeros and 255 in the name are escaped, and its end is marked
  let key = "\0";
  for (const byte of encodeUtf8(name))
    key += byte === 0 ? "\0\xff" : byte === 255 ? "\xff\0" : String.fromCharCode(byte);
  key += "\0\x01";
  key += orderedNumber(extents.length);
  for (const { start, length } of extents) key += orderedSigned(start) + orderedSigned(length);
  return key;
}

/** Bytes of a number >= 0, the highest first, after their count. */
function orderedNumber(value: number): string {
  let bytes = "";
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes = String.fromCharCode(rest % 256) + bytes;
  return String.fromCharCode(bytes.length) + bytes;
}

/** Bytes of a number whose first bits give their count and the sign (OrderedCode). */
function orderedSigned(value: number): string {
  const size = value < 0 ? -value - 1 : value;
  const bits = size === 0 ? 0 : Math.floor(Math.log2(size)) + 1;
  const count = Math.max(1, Math.ceil((bits + 1) / 7));
  const [width, ones] = [BigInt(8 * count), (1n << BigInt(count)) - 1n];
  const number = BigInt.asUintN(8 * count, BigInt(value)) ^ (ones << (width - BigInt(count)));
  let bytes = "";
  for (let i = 0; i < count; i++) bytes = String.fromCharCode(Number((number >> BigInt(8 * i)) & 255n)) + bytes;
  return bytes;
}
