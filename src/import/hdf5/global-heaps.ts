/**
 * @file A check of the heaps in which an HDF5 file keeps texts of any length. The library walks
 * over the objects of a heap by their sizes, without an end where one of them is zero.
 */
import { FormatError, sentence } from "../../base/index.ts";
import type { FileBytes } from "../source.ts";

/** Bytes of a file that are searched at once. */
const PIECE = 2 ** 20;
/** "GCOL", at the beginning of each heap. */
const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c];
const HEAD = 16;

/**
 * Throws FormatError for a heap whose objects do not fill it one after the other. Heaps are found
 * by their signature, wherever it stands.
 */
export function checkGlobalHeaps(where: string, file: FileBytes): void {
  for (let from = 0; from < file.length; from += PIECE) {
    const bytes = file.view(from, Math.min(file.length, from + PIECE + SIGNATURE.length - 1));
    for (let at = bytes.indexOf(SIGNATURE[0]); at >= 0; at = bytes.indexOf(SIGNATURE[0], at + 1))
      if (at < PIECE && SIGNATURE.every((byte, i) => bytes[at + i] === byte)) checkHeap(where, file, from + at);
  }
}

function checkHeap(where: string, file: FileBytes, at: number): void {
  const bad = (expected: string, got: string): FormatError =>
    new FormatError(sentence(`${where} heap at offset ${at}`, expected, got));
  if (at + HEAD > file.length) throw bad(`${HEAD} bytes`, `${file.length - at}`);
  const head = file.view(at, at + HEAD);
  const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizeAt = (bytes: Uint8Array): number => Number(view(bytes).getBigUint64(8, true));
  const end = at + sizeAt(head);
  if (!(end <= file.length)) throw bad(`an end up to ${file.length}`, String(end));
  for (let object = at + HEAD; object + HEAD <= end;) {
    const bytes = file.view(object, object + HEAD);
    const size = sizeAt(bytes);
    // the rest, which is free, is counted with its own head
    const isFree = view(bytes).getUint16(0, true) === 0;
    const next = object + (isFree ? size : HEAD + Math.ceil(size / 8) * 8);
    if (!(next > object && next <= end)) throw bad(`an object up to ${end}`, `one of ${size} bytes at ${object}`);
    object = next;
  }
}
