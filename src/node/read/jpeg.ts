/**
 * @file JPEG (ITU-T T.81), by jpeg-js: baseline and progressive, grey, colours, and the four inks
 * of print. The size is read from the header and compared with the limits before it decodes. A
 * camera's note of how it was held (EXIF) is heeded.
 */
import { DataError, sentence } from "../../base/index.ts";
import { checkPixels, checkUnpacked } from "./limits.ts";
import type { PngSamples } from "./png.ts";

type Wrong = (got: string) => DataError;

type Head = {
  readonly width: number;
  readonly height: number;
  /** 1: upright; 2 to 8: mirrored, turned, as EXIF numbers it. */
  readonly orientation: number;
  /** Place of the first scan. */
  readonly scan: number;
};

const wrongJpeg =
  (where: string): Wrong =>
  (got) =>
    new DataError(sentence(where, "a JPEG picture", got));

/** Size of the upright picture. Throws DataError as `readJpegSamples`. */
export function jpegSize(where: string, bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const { width, height, orientation } = readHead(wrongJpeg(where), bytes);
  return orientation < 5 ? { width, height } : { width: height, height: width };
}

/**
 * The upright picture in colours. Rejects with DataError, which begins with `where`, for other
 * bytes, for damage, and for more pixels than such a file may have.
 */
export async function readJpegSamples(where: string, bytes: Uint8Array): Promise<PngSamples> {
  const wrong = wrongJpeg(where);
  const { width, height, orientation, scan } = readHead(wrong, bytes);
  checkPixels(where, width, height);
  checkUnpacked(where, "a picture", bytes.length, 3 * width * height);
  // a decoder takes what is missing at the end for grey
  if (!hasEnd(bytes, scan)) throw wrong("one that is cut off");
  const { decode } = await import("jpeg-js");
  try {
    const { data } = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxMemoryUsageInMB: 2048,
    });
    return { ...turned({ width, height, samples: data }, orientation), channels: 3, largest: 255 };
  } catch (error) {
    throw wrong(`damage: ${(error as Error).message}`);
  }
}

function readHead(wrong: Wrong, bytes: Uint8Array): Head {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw wrong("another beginning");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: { readonly width: number; readonly height: number } | undefined;
  let orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw wrong("damage between its parts");
    const marker = bytes[at + 1];
    // fills
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw wrong("one that is cut off");
    if (marker === 0xe1) orientation = orientationOf(bytes.subarray(at + 4, end)) ?? orientation;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && length >= 8) size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    if (marker === 0xda) {
      if (size === undefined || size.width === 0 || size.height === 0) throw wrong("one without a size");
      return { ...size, orientation, scan: end };
    }
    at = end;
  }
  throw wrong("one that is cut off");
}

/**
 * Whether the marker of the end is there. In the data of a scan, 0xff stands before a marker only,
 * or before 0.
 */
function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(0xd9, from); at > 0; at = bytes.indexOf(0xd9, at + 1))
    if (bytes[at - 1] === 0xff) return true;
  return false;
}

/** Number of the way the camera was held, in the first directory of EXIF; undefined without one. */
function orientationOf(bytes: Uint8Array): number | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.length < 14 || text.toString("latin1", 0, 6) !== "Exif\0\0") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + 6, bytes.byteLength - 6);
  const isLittle = view.getUint16(0) === 0x4949;
  const start = view.getUint32(4, isLittle);
  if (start + 2 > view.byteLength) return undefined;
  const entries = view.getUint16(start, isLittle);
  for (let i = 0, at = start + 2; i < entries && at + 12 <= view.byteLength; i++, at += 12) {
    if (view.getUint16(at, isLittle) !== 0x0112) continue;
    const value = view.getUint16(at + 8, isLittle);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

type Pixels = { readonly width: number; readonly height: number; readonly samples: Uint8Array };

/** The pixels as they were seen: what EXIF tells to do with those of the file. */
function turned({ width, height, samples }: Pixels, orientation: number): Pixels {
  if (orientation === 1) return { width, height, samples };
  const isSwapped = orientation >= 5;
  const [across, down] = isSwapped ? [height, width] : [width, height];
  const isFromRight = [2, 3, 7, 8].includes(orientation);
  const isFromBelow = [3, 4, 6, 7].includes(orientation);
  const out = new Uint8Array(samples.length);
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++) {
      const [column, row] = isSwapped ? [y, x] : [x, y];
      const from = ((isFromBelow ? height - 1 - row : row) * width + (isFromRight ? width - 1 - column : column)) * 3;
      out.set(samples.subarray(from, from + 3), (y * across + x) * 3);
    }
  return { width: across, height: down, samples: out };
}
