/**
 * @file PNG (https://www.w3.org/TR/png-3), of every colour type and depth, interlaced or not. Own
 * code, since a picture of 400 kB can ask a decoder for gigabytes: here the size of the pixels is
 * computed from the header, compared with the limits, and unpacking stops there. Texts, profiles
 * and whatever else may be compressed is never unpacked.
 */
import { crc32, inflateSync } from "node:zlib";
import { DataError, sentence } from "../../base/index.ts";
import { checkPixels, checkUnpacked } from "./limits.ts";

/** A picture as its file holds it. */
export type PngSamples = {
  readonly width: number;
  readonly height: number;
  /**
   * Grey 1, grey and alpha 2, colours 3, colours and alpha 4; 3 or 4 of a palette. A single grey or
   * colour that is transparent makes alpha too.
   */
  readonly channels: number;
  /** Largest sample: 1, 3, 15, 255 or 65,535. */
  readonly largest: number;
  /** Row by row, a number for each channel of each pixel. */
  readonly samples: Uint8Array | Uint16Array;
};

type Header = {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly interlaced: boolean;
};

/** Samples of a pixel, and the depths that there are, by colour type. */
const COLORS: ReadonlyMap<number, readonly [samples: number, depths: readonly number[]]> = new Map([
  [0, [1, [1, 2, 4, 8, 16]]],
  [2, [3, [8, 16]]],
  [3, [1, [1, 2, 4, 8]]],
  [4, [2, [8, 16]]],
  [6, [4, [8, 16]]],
]);
const [GREY, COLORED, PALETTE] = [0, 2, 3];

/** First pixel of each pass, and the distances between its pixels (Adam7). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/** Size of the picture, by its header. Throws DataError as `readPngSamples`. */
export function pngSize(where: string, bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const wrong = wrongPng(where);
  checkSignature(wrong, bytes);
  if (bytes.length < 33) throw wrong("one that is cut off");
  return readHeader(wrong, bytes.subarray(16, 29));
}

const wrongPng =
  (where: string) =>
  (got: string): DataError =>
    new DataError(sentence(where, "a PNG picture", got));

function checkSignature(wrong: (got: string) => DataError, bytes: Uint8Array): void {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) throw wrong("another beginning");
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Throws DataError, which begins with `where`, for other bytes, for damage, and for more pixels
 * than such a file may have.
 */
export function readPngSamples(where: string, bytes: Uint8Array): PngSamples {
  const wrong = wrongPng(where);
  checkSignature(wrong, bytes);
  const { header, palette, transparent, data } = readChunks(wrong, bytes);
  const { width, height, depth, color, interlaced } = header;
  const [perPixel] = COLORS.get(color) as readonly [number, unknown];
  if (color === PALETTE && palette === undefined) throw wrong("one of a palette, without it");
  const channels = palette?.channels ?? perPixel + (transparent === undefined ? 0 : 1);
  checkPixels(where, width, height);
  const passes = (interlaced ? PASSES : WHOLE).map(([left, top, across, down]) => {
    const columns = Math.ceil((width - left) / across);
    const rows = Math.ceil((height - top) / down);
    const isEmpty = columns <= 0 || rows <= 0;
    return {
      left,
      top,
      across,
      down,
      columns,
      rows: isEmpty ? 0 : rows,
      rowBytes: Math.ceil((columns * perPixel * depth) / 8),
    };
  });
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  checkUnpacked(where, "a picture", bytes.length, Math.max(size, width * height * channels * (depth === 16 ? 2 : 1)));
  const rows = unpacked(wrong, data, size);
  const count = width * height * perPixel;
  const samples = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const before = Math.max(1, (perPixel * depth) / 8);
  let at = 0;
  for (const { left, top, across, down, columns, rows: high, rowBytes } of passes) {
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let y = 0; y < high; y++) {
      const row = rows.subarray(at + 1, at + 1 + rowBytes);
      unfilter(wrong, rows[at], row, above, before);
      const from = (top + y * down) * width + left;
      for (let x = 0; x < columns; x++)
        for (let c = 0; c < perPixel; c++)
          samples[(from + x * across) * perPixel + c] = sampleAt(row, x * perPixel + c, depth);
      above = row;
      at += 1 + rowBytes;
    }
  }
  if (palette !== undefined) return { width, height, channels, largest: 255, samples: looked(wrong, samples, palette) };
  const largest = 2 ** depth - 1;
  const all = transparent === undefined ? samples : withAlpha(samples, transparent, largest);
  return { width, height, channels, largest, samples: all };
}

/** Pixels with an alpha sample, which is 0 for those that are `transparent`. */
function withAlpha(
  samples: Uint8Array | Uint16Array,
  transparent: readonly number[],
  largest: number,
): Uint8Array | Uint16Array {
  const own = transparent.length;
  const size = (samples.length / own) * (own + 1);
  const all = samples instanceof Uint16Array ? new Uint16Array(size) : new Uint8Array(size);
  for (let from = 0, to = 0; from < samples.length; from += own, to += own + 1) {
    let isKey = true;
    for (let c = 0; c < own; c++) {
      all[to + c] = samples[from + c];
      isKey &&= samples[from + c] === transparent[c];
    }
    all[to + own] = isKey ? 0 : largest;
  }
  return all;
}

type Palette = { readonly channels: 3 | 4; readonly colors: Uint8Array };

function readChunks(
  wrong: (got: string) => DataError,
  bytes: Uint8Array,
): {
  header: Header;
  palette: Palette | undefined;
  /** Samples of the one grey or colour that is transparent. */
  transparent: readonly number[] | undefined;
  data: readonly Uint8Array[];
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let header: Header | undefined;
  let colors: Uint8Array | undefined;
  let alphas: Uint8Array = new Uint8Array(0);
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw wrong("one that is cut off");
    const size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (size > bytes.length - at - 12) throw wrong(`a part ${JSON.stringify(type)} of ${size} bytes that is cut off`);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (crc32(bytes.subarray(at + 4, at + 8 + size)) !== view.getUint32(at + 8 + size))
      throw wrong(`a part ${JSON.stringify(type)} that is damaged`);
    if ((header === undefined) !== (type === "IHDR")) throw wrong(`the part ${JSON.stringify(type)} in a wrong place`);
    if (type === "IHDR") header = readHeader(wrong, body);
    else if (type === "PLTE" && header?.color === PALETTE) {
      if (size === 0 || size % 3 !== 0 || size > 768) throw wrong(`a palette of ${size} bytes`);
      colors = body;
    } else if (type === "tRNS") alphas = body;
    else if (type === "IDAT") data.push(body);
    else if (type === "IEND") break;
    else if (type !== "PLTE" && (bytes[at + 4] & 0x20) === 0) throw wrong(`the unknown part ${JSON.stringify(type)}`);
    at += 12 + size;
  }
  const { depth, color } = header as Header;
  return {
    header: header as Header,
    palette: colors && paletteOf(colors, alphas),
    transparent: color === GREY || color === COLORED ? transparentOf(wrong, alphas, color, depth) : undefined,
    data,
  };
}

/** Samples of "tRNS" without a palette: 16 bits each, of which the lower ones count. */
function transparentOf(
  wrong: (got: string) => DataError,
  bytes: Uint8Array,
  color: number,
  depth: number,
): readonly number[] | undefined {
  if (bytes.length === 0) return undefined;
  const count = color === GREY ? 1 : 3;
  if (bytes.length !== 2 * count) throw wrong(`a part "tRNS" of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => view.getUint16(2 * i) & (2 ** depth - 1));
}

function readHeader(wrong: (got: string) => DataError, body: Uint8Array): Header {
  if (body.length !== 13) throw wrong(`a header of ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, compression, filter, interlace] = body.subarray(8);
  if (width < 1 || height < 1 || width > 0x7fffffff || height > 0x7fffffff) throw wrong(`${width} x ${height} pixels`);
  if (COLORS.get(color)?.[1].includes(depth) !== true) throw wrong(`colour type ${color} with ${depth} bits`);
  if (compression !== 0 || filter !== 0 || interlace > 1)
    throw wrong(`compression ${compression}, filter ${filter}, interlace ${interlace}`);
  return { width, height, depth, color, interlaced: interlace === 1 };
}

function paletteOf(colors: Uint8Array, alphas: Uint8Array): Palette {
  if (alphas.length === 0) return { channels: 3, colors };
  const withAlpha = new Uint8Array((colors.length / 3) * 4);
  for (let i = 0; i < colors.length / 3; i++) {
    withAlpha.set(colors.subarray(3 * i, 3 * i + 3), 4 * i);
    withAlpha[4 * i + 3] = alphas[i] ?? 255;
  }
  return { channels: 4, colors: withAlpha };
}

function looked(
  wrong: (got: string) => DataError,
  indices: ArrayLike<number>,
  { channels, colors }: Palette,
): Uint8Array {
  const samples = new Uint8Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * channels;
    if (from >= colors.length) throw wrong(`colour ${indices[i]} of a palette of ${colors.length / channels}`);
    for (let c = 0; c < channels; c++) samples[i * channels + c] = colors[from + c];
  }
  return samples;
}

/** Exactly `size` bytes, and never more in memory. */
function unpacked(wrong: (got: string) => DataError, data: readonly Uint8Array[], size: number): Uint8Array {
  let rows: Uint8Array;
  try {
    rows = inflateSync(Buffer.concat(data), {
      maxOutputLength: size,
      chunkSize: Math.min(Math.max(size, 64), 2 ** 20),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw wrong(code === "ERR_BUFFER_TOO_LARGE" ? `more than the ${size} bytes of its pixels` : message);
  }
  if (rows.length < size) throw wrong(`${rows.length} of the ${size} bytes of its pixels`);
  return rows;
}

/**
 * Undoes the filter of a row in place; `above` is the row before it, `before` the bytes of a pixel.
 */
function unfilter(
  wrong: (got: string) => DataError,
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  before: number,
): void {
  if (filter > 4) throw wrong(`the filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < row.length; i++) {
    const left = i < before ? 0 : row[i - before];
    const up = above[i];
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += up;
    else if (filter === 3) row[i] += (left + up) >> 1;
    else row[i] += nearest(left, up, i < before ? 0 : above[i - before]);
  }
}

/** The one of three neighbours that is nearest to left + up - corner (Paeth). */
function nearest(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function sampleAt(row: Uint8Array, i: number, depth: number): number {
  if (depth === 8) return row[i];
  if (depth === 16) return row[2 * i] * 256 + row[2 * i + 1];
  const bit = i * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
