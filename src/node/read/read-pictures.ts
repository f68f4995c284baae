/** @file Pictures from PNG and JPEG files. */
import { checkOptions, DataError, sentence, warnOnce } from "../../base/index.ts";
import { type Picture, resizePicture } from "../../tasks/index.ts";
import { readGiven } from "../files/safe-file.ts";
import { jpegSize, readJpegSamples } from "./jpeg.ts";
import { pngSize, type PngSamples, readPngSamples } from "./png.ts";

/** Endings of the files that are read, in small letters. */
export const PICTURE_EXTENSIONS: readonly string[] = [".png", ".jpg", ".jpeg"];

export type PictureOptions = {
  /** 1: grey, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). 3: colours. Default 1. */
  readonly channels?: 1 | 3 | undefined;
  /** Red, green and blue behind transparent pixels, 0 to 255. Default white. */
  readonly background?: readonly [red: number, green: number, blue: number] | undefined;
  /** Size that the picture gets; see `resizePicture`. Default: its own. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
};

/** Beginnings of other files, at a place, with their names. */
const OTHERS: readonly (readonly [at: number, text: string, name: string])[] = [
  [0, "GIF8", "GIF"],
  [8, "WEBP", "WebP"],
  [0, "BM", "BMP"],
  [0, "II*\0", "TIFF"],
  [0, "MM\0*", "TIFF"],
  [4, "ftypavi", "AVIF"],
  [4, "ftypheic", "HEIC"],
  [4, "ftypmif1", "HEIC"],
  [0, "\0\0\x01\0", "ICO"],
  [0, "P6", "PPM"],
  [0, "P5", "PGM"],
  [0, "<svg", "SVG"],
  [0, "<?xml", "SVG"],
];

const isPng = (bytes: Uint8Array): boolean => bytes[0] === 0x89 && bytes[1] === 0x50;
const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

function unknownError(where: string, bytes: Uint8Array): DataError {
  const text = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  const other = OTHERS.find(([at, begin]) => text.startsWith(begin, at));
  const [got, hint] =
    other === undefined
      ? [bytes.length === 0 ? "an empty file" : "another beginning", undefined]
      : [other[2], "Convert it, for example with: magick IN OUT.png"];
  return new DataError(sentence(where, "a PNG or JPEG picture", got, hint));
}

/**
 * A picture from the bytes of a PNG file of any kind, or of a JPEG file, which is turned as its
 * EXIF data says. What is transparent shows the background; 16 bits per channel become 8. `where`
 * is what errors begin with, such as the path.
 *
 * Rejects with DataError for other bytes, named where they are known, for damage, and for more
 * pixels than such a file may have: 64 million, 1 GiB, and beyond 32 MiB 200 times the file.
 */
export async function decodePicture(
  where: string,
  bytes: Uint8Array,
  { channels = 1, background = WHITE, size }: PictureOptions = {},
): Promise<Picture> {
  checkOptions("decodePicture", arguments[2], "channels background size");
  if (!isPng(bytes) && !isJpeg(bytes)) throw unknownError(where, bytes);
  const samples = isPng(bytes) ? readPngSamples(where, bytes) : await readJpegSamples(where, bytes);
  const picture = pictureOf(samples, channels, background);
  if (hidesInk(samples, picture))
    warnOnce(`${where}: what it shows has the colour of the background; another one (--background) makes it visible`);
  return size === undefined ? picture : resizePicture(picture, size);
}

/**
 * Width and height of the picture in the bytes of a PNG or JPEG file, by its header. Throws
 * DataError for other bytes.
 */
export function pictureSize(where: string, bytes: Uint8Array): { readonly width: number; readonly height: number } {
  if (isPng(bytes)) return pngSize(where, bytes);
  if (isJpeg(bytes)) return jpegSize(where, bytes);
  throw unknownError(where, bytes);
}

const WHITE = [255, 255, 255] as const;

function pictureOf(
  { width, height, channels: own, largest, samples }: PngSamples,
  channels: 1 | 3,
  background: readonly [number, number, number],
): Picture {
  const data = new Uint8Array(width * height * channels);
  const hasAlpha = own === 2 || own === 4;
  const behind = channels === 3 ? background : [grey(...background)];
  for (let i = 0; i < width * height; i++) {
    const at = i * own;
    const alpha = hasAlpha ? samples[at + own - 1] / largest : 1;
    for (let c = 0; c < channels; c++) {
      const value =
        own < 3 ? samples[at] : channels === 3 ? samples[at + c] : grey(samples[at], samples[at + 1], samples[at + 2]);
      data[i * channels + c] = Math.round(alpha * ((255 * value) / largest) + (1 - alpha) * behind[c]);
    }
  }
  return { width, height, channels, data };
}

/** Whether parts are transparent and parts are not, and nothing of it can be seen. */
function hidesInk({ channels: own, samples }: PngSamples, { data, channels }: Picture): boolean {
  if (own !== 2 && own !== 4) return false;
  let isVaried = false;
  for (let at = own - 1; at < samples.length && !isVaried; at += own) isVaried = samples[at] !== samples[own - 1];
  return isVaried && data.every((value, i) => value === data[i % channels]);
}

const grey = (red: number, green: number, blue: number): number => 0.299 * red + 0.587 * green + 0.114 * blue;

/** Picture in a PNG or JPEG file; see `decodePicture`. */
export const readPicture = async (path: string, options?: PictureOptions): Promise<Picture> =>
  decodePicture(path, readGiven("readPicture", path), options);
