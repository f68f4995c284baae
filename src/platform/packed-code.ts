/**
 * @file Unpacks what `kernels/tools/pack.ts` has packed, synchronously and without features of the
 * host. The format is a range coder with adaptive bits, and matches that may begin in a dictionary,
 * as in LZMA (7-zip), with fewer kinds of contexts. Whether a step is a literal is predicted by two
 * contexts, whose probabilities are averaged.
 */

/** Bits of a probability. */
export const PRECISION = 15;

/**
 * Adaptation rate of a probability, as a shift, indexed by how often it was used: early bits count
 * most.
 */
export const RATES: Uint8Array = Uint8Array.from(
  { length: 51 },
  (_, uses) => 1 + Number(uses > 0) + Number(uses > 3) + Number(uses > 9) + Number(uses > 49),
);

const ONE = 1 << PRECISION;
const LAST_RATE = RATES.length - 1;

/** Offsets of the adaptive bits. */
export const BITS = {
  /** Whether a step is a match, by the two steps before, each a literal or not. */
  isMatch: 0,
  isRepeated: 4,
  isOlder: 8,
  /** One tree of 64 for each kind of length. */
  length: 16,
  repeatedLength: 80,
  /** The slot of a distance, by the length: 4 trees of 64. */
  distance: 144,
  /** The low bits of a distance, by the slot: trees of 16. */
  low: 400,
  /** Literals by the byte before: trees of 256. */
  literal: 1424,
  /** Literals after a match, by the byte that would have continued it: trees of 256. */
  mismatch: 66_960,
  /** Whether a step is a match, by the two steps and the byte before. */
  isMatchAfter: 132_496,
  /** Number of adaptive bits. */
  all: 133_528,
} as const;

/** Smallest length whose first symbol is followed by more bits. */
export const SHORT = 48;

/** Characters of the text, six bits each: none needs an escape in JSON, JavaScript or HTML. */
export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The `length` bytes packed in `text`, with matches into `dictionary`. */
export function unpack(text: string, length: number, dictionary: Uint8Array): Uint8Array<ArrayBuffer> {
  const probabilities = new Uint16Array(BITS.all).fill(1 << (PRECISION - 1));
  const uses = new Uint8Array(BITS.all);
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
  let at = 0;
  let held = 0;
  let heldBits = 0;
  const byte = (): number => {
    if (heldBits < 8) {
      held = (held << 6) | values[text.charCodeAt(at++)];
      heldBits += 6;
      if (heldBits < 8) {
        held = (held << 6) | values[text.charCodeAt(at++)];
        heldBits += 6;
      }
    }
    heldBits -= 8;
    return (held >> heldBits) & 255;
  };

  let range = 0xffff_ffff;
  let code = 0;
  for (let i = 0; i < 4; i++) code = ((code << 8) | byte()) >>> 0;
  /** Decodes a number below `size`, a power of two, bit by bit, with one context or two. */
  const tree = (place: number, size: number, other = place): number => {
    // closed-over variables are slow
    const p = probabilities;
    const n = uses;
    let span = range;
    let rest = code;
    let node = 1;
    while (node < size) {
      const i = place + node;
      const j = other + node;
      const one = p[i];
      const two = p[j];
      const bound = (span >>> PRECISION) * ((one + two) >> 1);
      const isZero = rest < bound;
      if (isZero) span = bound;
      else {
        span -= bound;
        rest -= bound;
      }
      const rate = RATES[n[i]];
      p[i] = isZero ? one + ((ONE - one) >> rate) : one - (one >> rate);
      if (n[i] < LAST_RATE) n[i]++;
      if (j !== i) {
        const rate2 = RATES[n[j]];
        p[j] = isZero ? two + ((ONE - two) >> rate2) : two - (two >> rate2);
        if (n[j] < LAST_RATE) n[j]++;
      }
      node = (node << 1) | (isZero ? 0 : 1);
      while (span < 0x100_0000) {
        span = (span << 8) >>> 0;
        rest = ((rest << 8) | byte()) >>> 0;
      }
    }
    range = span;
    code = rest;
    return node - size;
  };
  const direct = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) {
      range >>>= 1;
      const is = code >= range;
      if (is) code -= range;
      value = (value << 1) | Number(is);
      if (range < 0x100_0000) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | byte()) >>> 0;
      }
    }
    return value;
  };

  const begin = dictionary.length;
  const out = new Uint8Array(begin + length);
  out.set(dictionary);
  const past = [1, 1];
  let steps = 0;
  for (let to = begin; to < out.length;) {
    const before = to > 0 ? out[to - 1] : 0;
    if (tree(BITS.isMatch + steps, 2, BITS.isMatchAfter + 4 * before + steps) === 0) {
      out[to] = tree((steps & 1) === 0 ? BITS.literal + 256 * before : BITS.mismatch + 256 * out[to - past[0]], 256);
      to++;
      steps = (steps << 1) & 3;
      continue;
    }
    const isRepeated = tree(BITS.isRepeated + steps, 2) === 1;
    if (isRepeated && tree(BITS.isOlder + steps, 2) === 1) past.reverse();
    let count = tree(isRepeated ? BITS.repeatedLength : BITS.length, 64);
    if (count >= SHORT) {
      const more = count - SHORT + 4;
      count = SHORT - 16 + (1 << more) + direct(more);
    }
    count += 2;
    if (!isRepeated) {
      const slot = tree(BITS.distance + 64 * Math.min(count - 2, 3), 64);
      let distance = slot;
      if (slot >= 4) {
        const more = (slot >> 1) - 1;
        const lower = Math.min(more, 4);
        distance = (2 | (slot & 1)) << more;
        distance += direct(more - lower) << lower;
        distance += tree(BITS.low + 16 * slot, 1 << lower);
      }
      past[1] = past[0];
      past[0] = distance + 1;
    }
    for (const end = to + count; to < end; to++) out[to] = out[to - past[0]];
    steps = ((steps << 1) | 1) & 3;
  }
  return out.slice(begin);
}
