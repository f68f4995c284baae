/**
 * @file Hashes of data in checkpoints: whether a run that is resumed has the same. They protect
 * against nobody.
 */

/** Hash after a word; `at` is the word's place in its list. */
type Step = (hash: number, word: number, at: number) => number;

const PRIME = 0x01000193;

/** FNV-1a, of 32-bit words. */
const fnv1a: Step = (hash, word) => Math.imul(hash ^ word, PRIME);

/**
 * A hash of lists of words, one after another: 32 bits. Other steps than FNV-1a are those of older
 * checkpoints.
 */
export function hashOf(
  lists: Iterable<ArrayLike<number>>,
  { step = fnv1a, start = 0x811c9dc5 }: { readonly step?: Step | undefined; readonly start?: number | undefined } = {},
): number {
  let hash = start;
  for (const list of lists) for (let at = 0; at < list.length; at++) hash = step(hash, list[at], at);
  return hash >>> 0;
}

/** Two hashes of the same lists as 16 digits: FNV-1a and another one. */
export const twoHashesOf = (lists: readonly ArrayLike<number>[], step: Step): string =>
  [hashOf(lists), hashOf(lists, { step, start: 0x9747b28c })].map((x) => x.toString(16).padStart(8, "0")).join("");

/** 32-bit numbers as their bits. */
export const bitsOf = ({ buffer, byteOffset, byteLength }: Float64Array | Float32Array | Int32Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength / 4);
