/** @file Pictures from files: PNG, and the idx format of MNIST. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataError, describe, sentence } from "../base/index.ts";
import type { Picture } from "../tasks/index.ts";

/** Bytes that a gzipped file may become. */
const LARGEST = 2 ** 31 - 1;

/** An array of unsigned bytes, as the idx format holds it. */
export type IdxArray = { readonly shape: readonly number[]; readonly data: Uint8Array };

/**
 * An idx file (http://yann.lecun.com/exdb/mnist) of unsigned bytes, plain or gzipped: two zero bytes, the type 8, the number of dimensions, each dimension as
 * four bytes (the most significant first), then the elements. Throws DataError, with the path, for anything else, and the file system's own errors.
 */
export function readIdx(path: string): IdxArray {
  const { buffer, byteOffset, length } = unzipped(path, readFileSync(path));
  const bytes = new Uint8Array(buffer, byteOffset, length);
  const wrong = (expected: string, got: string): DataError => new DataError(sentence(path, expected, got));
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) throw wrong("an idx file", "another beginning");
  if (bytes[2] !== 8) throw wrong("an idx file of unsigned bytes (type 8)", `type ${bytes[2]}`);
  const rank = bytes[3];
  if (bytes.length < 4 + 4 * rank) throw wrong(`${rank} dimensions`, "the end of the file");
  const view = new DataView(buffer, byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const data = bytes.subarray(4 + 4 * rank);
  const size = shape.reduce((product, n) => product * n, 1);
  if (data.length !== size) throw wrong(`${size} elements of [${shape.join(", ")}]`, String(data.length));
  return { shape, data };
}

function unzipped(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST });
  } catch (error) {
    throw new DataError(sentence(path, "gzipped data", (error as Error).message));
  }
}

/** The pictures of an idx array [n, height, width] or [n, height, width, channels]. Throws DataError for another shape. */
export function idxPictures(where: string, { shape, data }: IdxArray): Picture[] {
  const [count, height, width, channels = 1] = shape;
  if (shape.length !== 3 && shape.length !== 4)
    throw new DataError(sentence(where, "pictures [n, height, width]", `[${shape.join(", ")}]`));
  const size = height * width * channels;
  return Array.from({ length: count }, (_, i) => ({
    width,
    height,
    channels,
    data: data.subarray(i * size, (i + 1) * size),
  }));
}

export type PngOptions = {
  /** 1: grey, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). 3: colours. Default 1. */
  readonly channels?: 1 | 3 | undefined;
};

/**
 * A picture from the bytes of a PNG file of any kind; what an alpha channel makes transparent becomes black, 16 bits per channel become 8. `where` is what errors begin with, such
 * as the path. Loads the decoder on the first call. Rejects with DataError for other bytes.
 */
export async function decodePng(where: string, bytes: Uint8Array, { channels = 1 }: PngOptions = {}): Promise<Picture> {
  const { decode, convertIndexedToRgb } = await import("fast-png");
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new DataError(sentence(where, "a PNG picture", describe((error as Error).message)));
  }
  const { width, height, depth, palette } = png;
  const own = palette === undefined ? png.channels : (palette[0]?.length ?? 3);
  const samples = palette === undefined ? bytesOf(png) : convertIndexedToRgb(png);
  const largest = palette !== undefined ? 255 : 2 ** depth - 1;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const at = (channel: number): number => samples[i * own + channel] / largest;
    const alpha = own === 2 || own === 4 ? at(own - 1) : 1;
    const colors = own < 3 ? [at(0), at(0), at(0)] : [at(0), at(1), at(2)];
    const wanted = channels === 3 ? colors : [own < 3 ? colors[0] : grey(colors)];
    wanted.forEach((value, channel) => (data[i * channels + channel] = Math.round(255 * alpha * value)));
  }
  return { width, height, channels, data };
}

const grey = ([red, green, blue]: readonly number[]): number => 0.299 * red + 0.587 * green + 0.114 * blue;

type Packed = {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
};

/** One number for each sample. With 1, 2 or 4 bits they are packed, and each row begins with a byte. */
function bytesOf({ width, height, depth, channels, data }: Packed): ArrayLike<number> {
  const perRow = width * channels;
  if (depth >= 8 || data.length === perRow * height) return data;
  const rowBytes = Math.ceil((perRow * depth) / 8);
  return Uint8Array.from({ length: perRow * height }, (_, i) => {
    const [row, column] = [Math.floor(i / perRow), i % perRow];
    const bit = column * depth;
    return (data[row * rowBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  });
}

/** As `decodePng`, of a file. */
export const readPng = (path: string, options?: PngOptions): Promise<Picture> =>
  decodePng(path, readFileSync(path), options);
