/**
 * @file How much memory a file from a stranger may ask for, in one place. Sizes that a file
 * declares are compared with these before anything is allocated; what is compressed is unpacked
 * into no more than was declared.
 */
import { DataError, sentence } from "../../base/index.ts";

/**
 * Bytes that any compressed file may become, however small it is: MNIST's 60,000 pictures are 47 MB
 * of 10, a grey picture of 5,600 x 5,600 pixels that is all white is 32 MB of 31 kB.
 */
const ALWAYS = 32 * 2 ** 20;

/**
 * Bytes for each byte of the file, beyond that. Deflate reaches 1,032 with zeros; pictures and
 * tables stay below 50.
 */
const RATIO = 200;

/** Bytes in all, whatever the file's size. */
const LARGEST = 2 ** 30;

/** Pixels of a picture: 8,192 x 8,192. */
const MOST_PIXELS = 2 ** 26;

/** Pictures of an idx file, each of which becomes an object: 20 times EMNIST. */
const MOST_PICTURES = 2 ** 24;

/**
 * Throws DataError where `packed` bytes say that they are `unpacked` ones, or so many pixels, and
 * that is more than such a file may become.
 */
export function checkUnpacked(where: string, what: string, packed: number, unpacked: number): void {
  const most = Math.min(LARGEST, Math.max(ALWAYS, RATIO * packed));
  if (unpacked > most)
    throw new DataError(sentence(where, `${what} of at most ${most} bytes in a file of ${packed}`, String(unpacked)));
}

/** Throws DataError for more pixels than a picture may have. */
export function checkPixels(where: string, width: number, height: number): void {
  if (width * height > MOST_PIXELS)
    throw new DataError(sentence(where, `a picture of at most ${MOST_PIXELS} pixels`, `${width} x ${height}`));
}

/** Throws DataError for more pictures than a file may have. */
export function checkPictures(where: string, count: number): void {
  if (count > MOST_PICTURES) throw new DataError(sentence(where, `at most ${MOST_PICTURES} pictures`, String(count)));
}
