/** @file Arrays in the idx format, in which MNIST has its pictures. */
import { constants, gunzipSync, type ZlibOptions } from "node:zlib";
import { DataError, sentence } from "../../base/index.ts";
import type { Picture } from "../../tasks/index.ts";
import { checkPictures, checkUnpacked } from "./limits.ts";
import { readGiven } from "../files/safe-file.ts";

/** An array of unsigned bytes, as the idx format holds it. */
export type IdxArray = { readonly shape: readonly number[]; readonly data: Uint8Array };

/**
 * An idx file (http://yann.lecun.com/exdb/mnist) of unsigned bytes, plain or gzipped: two zero
 * bytes, the type 8, the number of dimensions, each dimension as four bytes (the most significant
 * first), then the elements. Throws DataError, with the path, for anything else, such as one that
 * unpacks to more than its dimensions say, or than 32 MiB and 200 times the file, and 1 GiB.
 */
export const readIdx = (path: string): IdxArray => decodeIdx(path, readGiven("readIdx", path));

/** An array from the bytes of an idx file; see `readIdx`. `path` is what errors begin with. */
export function decodeIdx(path: string, packed: Uint8Array): IdxArray {
  const isPacked = packed[0] === 0x1f && packed[1] === 0x8b;
  const { shape, start, size } = readHead(path, isPacked ? unzippedHead(path, packed) : packed);
  if (!isPacked && packed.length - start !== size)
    throw new DataError(sentence(path, `${size} elements of [${shape.join(", ")}]`, String(packed.length - start)));
  if (!isPacked) return { shape, data: new Uint8Array(packed.buffer, packed.byteOffset + start, size) };
  checkUnpacked(path, "an array", packed.length, start + size);
  const bytes = unzipped(path, packed, start + size);
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, size) };
}

type IdxHead = { readonly shape: readonly number[]; readonly start: number; readonly size: number };

/** Most dimensions. */
const MAX_RANK = 8;

function readHead(path: string, bytes: Uint8Array): IdxHead {
  const wrong = (expected: string, got: string): DataError => new DataError(sentence(path, expected, got));
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) throw wrong("an idx file", "another beginning");
  if (bytes[2] !== 8) throw wrong("an idx file of unsigned bytes (type 8)", `type ${bytes[2]}`);
  const rank = bytes[3];
  if (rank > MAX_RANK) throw wrong(`at most ${MAX_RANK} dimensions`, String(rank));
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw wrong(`${rank} dimensions`, "the end of the file");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return { shape, start, size: shape.reduce((product, n) => product * n, 1) };
}

/** Compressed bytes that surely hold the dimensions; they become 4 MB at most. */
const HEAD = 4096;

function unzippedHead(path: string, bytes: Uint8Array): Uint8Array {
  const head = gunzip(path, bytes.subarray(0, HEAD), { finishFlush: constants.Z_SYNC_FLUSH });
  if (head.length === 0) throw new DataError(sentence(path, "gzipped data", "the end of the file"));
  return head;
}

/** Exactly `size` bytes, and never more in memory. */
function unzipped(path: string, bytes: Uint8Array, size: number): Uint8Array {
  const found = gunzip(path, bytes, { maxOutputLength: size, chunkSize: Math.min(Math.max(size, 64), 2 ** 20) });
  if (found.length < size)
    throw new DataError(sentence(path, `${size} bytes as its dimensions say`, String(found.length)));
  return found;
}

function gunzip(path: string, bytes: Uint8Array, options: ZlibOptions): Uint8Array {
  try {
    return gunzipSync(bytes, options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE")
      throw new DataError(sentence(path, `${options.maxOutputLength} bytes as its dimensions say`, "more"));
    throw new DataError(sentence(path, "gzipped data", message));
  }
}

/**
 * The pictures of an idx array [n, height, width] or [n, height, width, channels]. Throws DataError
 * for another shape.
 */
export function idxPictures(where: string, { shape, data }: IdxArray): Picture[] {
  const [count, height, width, channels = 1] = shape;
  if (shape.length !== 3 && shape.length !== 4)
    throw new DataError(sentence(where, "pictures [n, height, width]", `[${shape.join(", ")}]`));
  const size = height * width * channels;
  if (size === 0) throw new DataError(sentence(where, "pictures of at least one pixel", `[${shape.join(", ")}]`));
  checkPictures(where, count);
  return Array.from({ length: count }, (_, i) => ({
    width,
    height,
    channels,
    data: data.subarray(i * size, (i + 1) * size),
  }));
}
