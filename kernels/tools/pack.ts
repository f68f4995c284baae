/** @file Packs bytes for `src/platform/packed-code.ts`, which says how: a range coder, and matches chosen by what they cost. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ALPHABET, BITS, PRECISION, RATES, SHORT } from "../../src/platform/packed-code.ts";

/** Candidates that are looked at for each place. */
const TRIES = 1000;
const LONGEST = 4096;
/** A match that is taken as it is. */
const LONG = 200;

/** What the next bytes are said with: a literal, or a match of `length` at `distance`. */
type Step = { readonly length: number; readonly distance: number };

const LITERAL: Step = { length: 1, distance: 0 };

/** Writes bits with the probabilities that the reader will have, or only counts them. */
class Coder {
  readonly probabilities: Uint16Array = new Uint16Array(BITS.all).fill(1 << (PRECISION - 1));
  readonly #uses = new Uint8Array(BITS.all);
  readonly bytes: number[] = [];
  #low = 0;
  #range = 0xffff_ffff;

  bit(place: number, is: number, other: number): void {
    const bound = (this.#range >>> PRECISION) * ((this.probabilities[place] + this.probabilities[other]) >> 1);
    if (is === 0) {
      this.#range = bound;
    } else {
      this.#low += bound;
      this.#range -= bound;
    }
    this.#learn(place, is);
    if (other !== place) this.#learn(other, is);
    this.#settle();
  }

  #learn(place: number, is: number): void {
    const probability = this.probabilities[place];
    const rate = RATES[this.#uses[place]];
    if (this.#uses[place] + 1 < RATES.length) this.#uses[place]++;
    this.probabilities[place] =
      is === 0 ? probability + (((1 << PRECISION) - probability) >> rate) : probability - (probability >> rate);
  }

  tree(place: number, size: number, value: number, other = place): void {
    for (let node = 1, mask = size >> 1; mask > 0; mask >>= 1) {
      const is = Number((value & mask) !== 0);
      this.bit(place + node, is, other + node);
      node = (node << 1) | is;
    }
  }

  direct(count: number, value: number): void {
    for (let i = count - 1; i >= 0; i--) {
      this.#range >>>= 1;
      if ((value >> i) & 1) this.#low += this.#range;
      this.#settle();
    }
  }

  end(): number[] {
    for (let i = 0; i < 4; i++) this.#shift();
    return this.bytes;
  }

  #settle(): void {
    while (this.#range < 0x100_0000) {
      this.#range = (this.#range << 8) >>> 0;
      this.#shift();
    }
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

/** Bits that a symbol takes, by the probabilities of an earlier pass. */
class Prices {
  readonly #probabilities: Uint16Array;

  constructor(probabilities: Uint16Array) {
    this.#probabilities = probabilities;
  }

  bit(place: number, is: number, other: number): number {
    const probability = (this.#probabilities[place] + this.#probabilities[other]) / (2 << PRECISION);
    return -Math.log2(is === 0 ? probability : 1 - probability);
  }

  tree(place: number, size: number, value: number, other = place): number {
    let price = 0;
    for (let node = 1, mask = size >> 1; mask > 0; mask >>= 1) {
      const is = Number((value & mask) !== 0);
      price += this.bit(place + node, is, other + node);
      node = (node << 1) | is;
    }
    return price;
  }

  direct(count: number): number {
    return count;
  }
}

type Sink = {
  tree(place: number, size: number, value: number, other?: number): number | void;
  direct(count: number, value: number): number | void;
};

/** A literal or a match, given what was before; the sum of what the sink answers. */
function say(sink: Sink, step: Step, data: Uint8Array, at: number, past: readonly number[], steps: number): number {
  const number = (answer: number | void): number => answer ?? 0;
  const before = data[at - 1] ?? 0;
  const isMatch = Number(step.distance > 0);
  let sum = number(sink.tree(BITS.isMatch + steps, 2, isMatch, BITS.isMatchAfter + 4 * before + steps));
  const literal = (steps & 1) === 0 ? BITS.literal + 256 * before : BITS.mismatch + 256 * data[at - past[0]];
  if (isMatch === 0) return sum + number(sink.tree(literal, 256, data[at]));
  const older = past.indexOf(step.distance);
  sum += number(sink.tree(BITS.isRepeated + steps, 2, Number(older >= 0)));
  if (older >= 0) sum += number(sink.tree(BITS.isOlder + steps, 2, older));
  sum += sayLength(sink, older >= 0 ? BITS.repeatedLength : BITS.length, step.length);
  if (older >= 0) return sum;
  const distance = step.distance - 1;
  const more = distance < 4 ? 0 : 30 - Math.clz32(distance);
  const slot = distance < 4 ? distance : 2 * (more + 1) + ((distance >> more) & 1);
  sum += number(sink.tree(BITS.distance + 64 * Math.min(step.length - 2, 3), 64, slot));
  if (slot < 4) return sum;
  const lower = Math.min(more, 4);
  sum += number(sink.direct(more - lower, (distance & ((1 << more) - 1)) >> lower));
  return sum + number(sink.tree(BITS.low + 16 * slot, 1 << lower, distance & ((1 << lower) - 1)));
}

function sayLength(sink: Sink, place: number, length: number): number {
  const count = length - 2;
  if (count < SHORT) return sink.tree(place, 64, count) ?? 0;
  const rest = count - SHORT + 16;
  const more = 31 - Math.clz32(rest);
  return (sink.tree(place, 64, SHORT + more - 4) ?? 0) + (sink.direct(more, rest - (1 << more)) ?? 0);
}

/** Steps of the least price, by the prices of a pass before. */
function cheapest(data: Uint8Array, begin: number, matches: readonly Step[][], prices: Prices): Step[] {
  const end = data.length;
  const cost = new Float64Array(end + 1).fill(Infinity);
  cost[begin] = 0;
  const came: (Step | undefined)[] = [];
  const pasts: (readonly number[])[] = [];
  const states = new Uint8Array(end + 1);
  pasts[begin] = [1, 1];
  const lengthPrices = new Map<number, number>();
  const lengthPrice = (place: number, length: number): number => {
    const key = place * 65_536 + length;
    let price = lengthPrices.get(key);
    if (price === undefined) lengthPrices.set(key, (price = sayLength(prices, place, length)));
    return price;
  };
  for (let at = begin; at < end; at++) {
    const past = pasts[at];
    const steps = states[at];
    const reach = (step: Step, price: number): void => {
      const to = at + step.length;
      if (cost[at] + price >= cost[to]) return;
      cost[to] = cost[at] + price;
      came[to] = step;
      states[to] = ((steps << 1) | Number(step.distance > 0)) & 3;
      pasts[to] = step.distance === 0 || step.distance === past[0] ? past : [step.distance, past[0]];
    };
    reach(LITERAL, say(prices, LITERAL, data, at, past, steps));
    const repeated = past.map((distance) => ({ distance, length: matchLength(data, at, distance) }));
    const candidates = [...repeated, ...matches[at - begin]];
    const long = candidates.find(({ length }) => length >= LONG);
    if (long !== undefined) {
      reach(long, say(prices, long, data, at, past, steps));
      // nothing may begin inside
      at += long.length - 1;
      cost.fill(Infinity, at + 2);
      continue;
    }
    for (const { distance, length } of candidates) {
      if (length < 2) continue;
      const place = past.includes(distance) ? BITS.repeatedLength : BITS.length;
      const rest = (count: number): number =>
        say(prices, { distance, length: count }, data, at, past, steps) - lengthPrice(place, count);
      const far = rest(5);
      // also the shorter ones
      for (let count = 2; count <= length; count++) {
        reach({ distance, length: count }, (count < 5 ? rest(count) : far) + lengthPrice(place, count));
      }
    }
  }
  const found: Step[] = [];
  for (let at = end; at > begin; at -= found.at(-1)!.length) found.push(came[at]!);
  return found.toReversed();
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

/** Text that `unpack` turns into `bytes` again, with the same dictionary. */
export function pack(bytes: Uint8Array, dictionary: Uint8Array): string {
  const data = new Uint8Array([...dictionary, ...bytes]);
  const begin = dictionary.length;
  const matches = matchesOf(data, begin);
  let coder = new Coder();
  let best: number[] | undefined;
  for (let pass = 0; pass < 6; pass++) {
    const steps = cheapest(data, begin, matches, new Prices(coder.probabilities));
    coder = new Coder();
    let at = begin;
    let past: readonly number[] = [1, 1];
    let state = 0;
    for (const step of steps) {
      say(coder, step, data, at, past, state);
      if (step.distance > 0 && step.distance !== past[0]) past = [step.distance, past[0]];
      state = ((state << 1) | Number(step.distance > 0)) & 3;
      at += step.length;
    }
    const packed = coder.end();
    if (best === undefined || packed.length < best.length) best = packed;
  }
  return textOf(best!);
}

function textOf(bytes: readonly number[]): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET[(bits >> shift) & 63];
  }
  return text;
}

/** Each build, and the one that is its dictionary: first those that most pages run. */
const ORDER = { relaxed: undefined, "relaxed-threads": "relaxed", simd: "relaxed", "simd-threads": "simd" } as const;

/** The builds in `folder`, as `src/platform/packed-kernels.ts` has them. */
export function packedKernels(folder: string): Record<string, { text: string; length: number; after?: string }> {
  const bytesOf = (build: string | undefined): Uint8Array =>
    build === undefined ? new Uint8Array(0) : readFileSync(join(folder, `${build}.wasm`));
  return Object.fromEntries(
    Object.entries(ORDER).map(([build, after]) => {
      const bytes = bytesOf(build);
      const text = pack(bytes, bytesOf(after));
      return [build, { text, length: bytes.length, ...(after && { after }) }];
    }),
  );
}
