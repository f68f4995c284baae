/**
 * @file Packs bytes for `src/platform/packed-code.ts`, which says how: a range coder, and matches
 * chosen by what they cost.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ALPHABET,
  type BitCoder,
  Instructions,
  Predictor,
  slotOf,
  type Step,
  Steps,
} from "../../src/platform/packed-code.ts";
import { hashOf, keep, kept } from "./kept.ts";

/** Candidates that are looked at for each place. */
const TRIES = 200;
const LONGEST = 4096;
/** A match that is taken as it is. */
const LONG = 200;
/** Parses of the bytes, each with the prices of the one before. */
const PASSES = 5;

const LITERAL: Step = { length: 1, distance: 0 };

/** Writes bits with the probabilities that the reader will have. */
class RangeWriter {
  readonly bytes: number[] = [];
  #low = 0;
  #range = 0xffff_ffff;

  bit(probability: number, bit: number): number {
    const bound = (this.#range >>> 12) * probability;
    if (bit === 1) this.#range = bound;
    else {
      this.#low += bound;
      this.#range -= bound;
    }
    while (this.#range < 0x100_0000) {
      this.#range = (this.#range << 8) >>> 0;
      this.#shift();
    }
    return bit;
  }

  end(): number[] {
    for (let i = 0; i < 4; i++) this.#shift();
    return this.bytes;
  }

  #shift(): void {
    if (this.#low >= 2 ** 32) {
      // the bytes that are out already were one too small
      let i = this.bytes.length - 1;
      while (this.bytes[i] === 255) this.bytes[i--] = 0;
      this.bytes[i]++;
      this.#low -= 2 ** 32;
    }
    this.bytes.push(Math.floor(this.#low / 2 ** 24));
    this.#low = (this.#low % 2 ** 24) * 256;
  }
}

/** Bits that something takes: a function that hands out a coder, which counts them. */
function bitsOf(say: (code: BitCoder) => void): number {
  let bits = 0;
  say((probability, bit) => {
    bits -= Math.log2((bit === 1 ? probability : 4096 - probability) / 4096);
    return bit;
  });
  return bits;
}

/** How often symbols came, for what they cost on average. */
class Counts {
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(size: number, first = 0.3) {
    this.#counts = new Float64Array(size).fill(first);
    this.#sum = size * first;
  }

  add(symbol: number): void {
    this.#counts[symbol]++;
    this.#sum++;
  }

  price(symbol: number): number {
    return Math.log2(this.#sum / this.#counts[symbol]);
  }
}

/** Bits below the slot of an integer; those that are predicted cost less. */
const bitsBelow = (slot: number): number => {
  const count = slot < 4 ? 0 : (slot >> 1) - 1;
  return count < 4 ? 0.7 * count : 2.8 + count - 4;
};

/** Kinds of lengths for which distances are counted. */
const shortOf = (length: number): number => Math.min(length, 8);

/** What the steps of one parse cost at each place and on average. */
class Prices {
  /** A literal at a place, and what says that a match is there. */
  readonly literal: Float64Array;
  readonly match: Float64Array;
  readonly older = new Counts(5, 1);
  readonly lengths: readonly Counts[] = [new Counts(64), new Counts(64)];
  readonly distances: readonly Counts[] = Array.from({ length: 9 }, () => new Counts(64, 0.1));

  constructor(size: number) {
    this.literal = new Float64Array(size).fill(5);
    this.match = new Float64Array(size).fill(1.3);
  }

  /** Counts a match whose distance is the one at `older` in the past, or -1. */
  add({ length, distance }: Step, older: number): void {
    this.older.add(older + 1);
    this.lengths[Number(older >= 0)].add(slotOf(length - 2).slot);
    if (older < 0) this.distances[shortOf(length)].add(slotOf(distance - 1).slot);
  }

  matchOf(at: number, { length, distance }: Step, older: number): number {
    const slot = slotOf(length - 2).slot;
    const begin =
      this.match[at] + this.older.price(older + 1) + this.lengths[Number(older >= 0)].price(slot) + bitsBelow(slot);
    if (older >= 0) return begin;
    const far = slotOf(distance - 1).slot;
    return begin + this.distances[shortOf(length)].price(far) + bitsBelow(far);
  }
}

/** Steps of the least price. */
function cheapest(data: Uint8Array, begin: number, matches: readonly Step[][], prices: Prices): Step[] {
  const end = data.length;
  const cost = new Float64Array(end + 1).fill(Infinity);
  cost[begin] = 0;
  const came: (Step | undefined)[] = [];
  const pasts: (readonly number[])[] = [];
  pasts[begin] = [1, 2, 3, 4];
  for (let at = begin; at < end; at++) {
    const past = pasts[at];
    const reach = (step: Step, price: number): void => {
      const to = at + step.length;
      if (cost[at] + price >= cost[to]) return;
      cost[to] = cost[at] + price;
      came[to] = step;
      const { distance } = step;
      pasts[to] = distance === 0 ? past : [distance, ...past.filter((one) => one !== distance)].slice(0, 4);
    };
    reach(LITERAL, prices.literal[at]);
    const repeated = past.map((distance) => ({ distance, length: matchLength(data, at, distance) }));
    const candidates = [...repeated, ...matches[at - begin]];
    const long = candidates.find(({ length }) => length >= LONG);
    if (long !== undefined) {
      reach(long, 0);
      // nothing may begin inside
      at += long.length - 1;
      cost.fill(Infinity, at + 2);
      continue;
    }
    for (const { distance, length } of candidates) {
      const older = past.indexOf(distance);
      // also the shorter ones
      for (let count = 2; count <= length; count++) {
        const step = { distance, length: count };
        reach(step, prices.matchOf(at, step, older));
      }
    }
  }
  const steps: Step[] = [];
  for (let at = end; at > begin; at -= steps.at(-1)!.length) steps.push(came[at]!);
  return steps.toReversed();
}

function matchLength(data: Uint8Array, at: number, distance: number): number {
  if (distance > at) return 0;
  const most = Math.min(LONGEST, data.length - at);
  let length = 0;
  while (length < most && data[at + length] === data[at + length - distance]) length++;
  return length;
}

/** For each place, the nearest match of each length that is longer than the nearer ones. */
function matchesOf(data: Uint8Array, begin: number): Step[][] {
  const heads = new Map<number, number>();
  const before = new Int32Array(data.length).fill(-1);
  const found: Step[][] = [];
  let free = 0;
  for (let at = 0; at < data.length; at++) {
    const key = data[at] | (data[at + 1] << 8) | ((data[at + 2] ?? 0) << 16);
    const head = heads.get(key) ?? -1;
    if (at >= begin) {
      const here: Step[] = [];
      let best = 1;
      for (let from = at < free ? -1 : head, tries = TRIES; from >= 0 && tries > 0; from = before[from], tries--) {
        if (data[from + best] !== data[at + best]) continue;
        const length = matchLength(data, at, at - from);
        if (length > best) here.push({ distance: at - from, length: (best = length) });
        if (best >= LONG) break;
      }
      found.push(here);
      if (best >= LONG) free = at + best;
    }
    before[at] = head;
    heads.set(key, at);
  }
  return found;
}

/** The bytes that say `steps`, and what steps cost there. */
function written(
  data: Uint8Array,
  begin: number,
  predictor: Predictor,
  found: readonly Step[],
): { bytes: number[]; prices: Prices } {
  const writer = new RangeWriter();
  const prices = new Prices(data.length);
  const steps = new Steps(data, begin, predictor, (probability, bit) => writer.bit(probability, bit));
  const ahead = new Instructions();
  for (const step of found) {
    for (let at = steps.at; at < steps.at + step.length; at++) {
      prices.match[at] = bitsOf((code) => steps.isMatch(1, ahead, code, false));
      prices.literal[at] =
        bitsOf((code) => steps.isMatch(0, ahead, code, false)) +
        bitsOf((code) => steps.literal(at, ahead, code, false));
      ahead.push(data[at]);
    }
    if (step.distance > 0) prices.add(step, steps.past.indexOf(step.distance));
    steps.next(step);
  }
  return { bytes: writer.end(), prices };
}

/** A build that was packed before, with the steps that describe it. */
type Packed = { readonly data: Uint8Array; readonly begin: number; readonly steps: readonly Step[] };

/** A predictor in the state that a reader's has after these texts. */
function predictorAfter(texts: readonly Packed[]): Predictor {
  const predictor = new Predictor();
  for (const { data, begin, steps } of texts) {
    const replayed = new Steps(data, begin, predictor, (_, bit) => bit);
    for (const step of steps) replayed.next(step);
  }
  return predictor;
}

/**
 * Text that `unpack` turns into `bytes` again after `before`, the last of which is the dictionary;
 * adds it to them.
 */
export function pack(bytes: Uint8Array, dictionary: Uint8Array, before: Packed[]): string {
  const data = new Uint8Array([...dictionary, ...bytes]);
  const begin = dictionary.length;
  const matches = matchesOf(data, begin);
  let prices = new Prices(data.length);
  let best: { readonly bytes: number[]; readonly steps: readonly Step[] } | undefined;
  for (let pass = 0; pass < PASSES; pass++) {
    const steps = cheapest(data, begin, matches, prices);
    const parse = written(data, begin, predictorAfter(before), steps);
    prices = parse.prices;
    if (best === undefined || parse.bytes.length < best.bytes.length) best = { bytes: parse.bytes, steps };
  }
  before.push({ data, begin, steps: best!.steps });
  return textOf(best!.bytes);
}

function textOf(bytes: readonly number[]): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET[(bits >> shift) & 63];
  }
  return text;
}

/** Builds, each the dictionary of the next: first those that most pages run. */
const ORDER = ["relaxed", "relaxed-threads", "simd", "simd-threads"];

/** The builds in `folder`, as `src/platform/packed-kernels.ts` has them. Packing takes seconds. */
export function packedKernels(folder: string): Record<string, { text: string; length: number }> {
  const fileOf = (build: string): string => join(folder, `${build}.wasm`);
  const reader = fileURLToPath(new URL("../../src/platform/packed-code.ts", import.meta.url));
  const hash = hashOf([...ORDER.map(fileOf), reader, fileURLToPath(import.meta.url)]);
  const text = kept("packed", hash);
  if (text !== undefined) return JSON.parse(text) as ReturnType<typeof packedKernels>;
  const before: Packed[] = [];
  let dictionary: Uint8Array = new Uint8Array(0);
  const packed = Object.fromEntries(
    ORDER.map((build) => {
      const bytes = readFileSync(fileOf(build));
      const said = pack(bytes, dictionary, before);
      dictionary = bytes;
      return [build, { text: said, length: bytes.length }];
    }),
  );
  keep("packed", hash, JSON.stringify(packed));
  return packed;
}
