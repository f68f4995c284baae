/**
 * @file Explicit randomness. A counter-based generator (Philox4x32-10; Salmon, Moraes, Dror and
 * Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) behind named streams: the same seed
 * and the same names give the same numbers on every machine, whatever else has been drawn.
 */
import { type Ambient, context } from "./context.ts";
import { checkInteger, kindError } from "./errors.ts";
import { log } from "./math.ts";

/**
 * One Philox4x32-10 block: 128 counter bits and a 64-bit key give four 32-bit words, written to
 * `out`.
 */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0] >>> 0;
  let c1 = counter[1] >>> 0;
  let c2 = counter[2] >>> 0;
  let c3 = counter[3] >>> 0;
  let k0 = key[0] >>> 0;
  let k1 = key[1] >>> 0;
  for (let round = 0; round < 10; round++) {
    const hi0 = multiplyHigh(0xd2511f53, c0);
    const lo0 = Math.imul(0xd2511f53, c0);
    const hi1 = multiplyHigh(0xcd9e8d57, c2);
    const lo1 = Math.imul(0xcd9e8d57, c2);
    c0 = (hi1 ^ c1 ^ k0) >>> 0;
    c1 = lo1 >>> 0;
    c2 = (hi0 ^ c3 ^ k1) >>> 0;
    c3 = lo0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + (cross >>> 16)) >>> 0;
}

// Use of the last counter word: draws, names and indices never share a block.
const DRAW = 0;
const NAME = 1;
const INDEX = 2;

/** Words from which a stream is derived: one array for all, since steps derive several streams. */
const derived = new Uint32Array(4);

const refusal = context.refusal as Ambient<(() => Error) | undefined>;

/**
 * Runs `f`. If `reason` is defined, each draw inside throws the error that it returns. Streams can
 * still be derived.
 */
export const refusingDraws = <R>(reason: (() => Error) | undefined, f: () => R): R => refusal.with(reason, f);

/** The state of a stream: enough to continue it exactly where it was. */
export type RandomState = { readonly key: readonly [number, number]; readonly position: number };

/**
 * A stream of random numbers. Streams are derived, never shared: `stream.named("dropout").at(step)`
 * depends on the seed, the name and the step only, not on what was drawn before.
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  #position: number;
  /** Words of the block at `#blockIndex`, once one has been drawn. */
  #block: Uint32Array | undefined;
  #blockIndex = -1;

  constructor(state: RandomState) {
    this.#key = state.key;
    this.#position = checkInteger("randomStream position", state.position);
  }

  /** The stream for `name`: independent of this one and of every other name. */
  named(name: string): RandomStream {
    // FNV-1a over UTF-16 units gives the counter, Philox does the mixing
    let a = 0x811c9dc5;
    let b = 0x9747b28c;
    for (let i = 0; i < name.length; i++) {
      const unit = name.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x5bd1e995) ^ (b >>> 13);
    }
    return this.#derive([a, b, name.length, NAME]);
  }

  /** The stream for index `n` (a step, an epoch, a row), an integer >= 0. */
  at(n: number): RandomStream {
    checkInteger("randomStream.at", n);
    return this.#derive([n >>> 0, Math.floor(n / 4294967296), 0, INDEX]);
  }

  #derive(counter: readonly number[]): RandomStream {
    philox4x32(counter, this.#key, derived);
    return new RandomStream({ key: [derived[0], derived[1]], position: 0 });
  }

  /** The next 32 random bits as an unsigned integer. */
  nextUint32(): number {
    if (refusal.value !== undefined) throw refusal.value();
    const index = Math.floor(this.#position / 4);
    const block = (this.#block ??= new Uint32Array(4));
    if (index !== this.#blockIndex) {
      philox4x32([index >>> 0, Math.floor(index / 4294967296), 0, DRAW], this.#key, block);
      this.#blockIndex = index;
    }
    return block[this.#position++ % 4];
  }

  /** Uniform in [0, 1) with 24 random bits: exact in float32 and in float64. */
  uniform(): number {
    return (this.nextUint32() >>> 8) * 2 ** -24;
  }

  /** Uniform integer in [0, bound), unbiased (by rejection). */
  integer(bound: number): number {
    checkInteger("randomStream.integer", bound, 1, 4294967296);
    const limit = 4294967296 - (4294967296 % bound);
    for (;;) {
      const word = this.nextUint32();
      if (word < limit) return word % bound;
    }
  }

  /**
   * Standard normal, by Marsaglia's polar method (no sine or cosine, so the same bits everywhere).
   */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * log(s)) / s);
    }
  }

  /** Standard normal, redrawn until it lies within two standard deviations. */
  truncatedNormal(): number {
    for (;;) {
      const x = this.normal();
      if (Math.abs(x) <= 2) return x;
    }
  }

  /** A random order of 0 … n-1 (Fisher-Yates). */
  permutation(n: number): Int32Array {
    checkInteger("randomStream.permutation", n, 0, 2147483647);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  /** The state from which this stream can be continued later. */
  state(): RandomState {
    return { key: this.#key, position: this.#position };
  }
}

/** The root stream of `seed`, an integer in [0, 2^53). */
export function randomStream(seed: number): RandomStream {
  if (typeof seed !== "number") throw kindError("randomStream", "a seed (integer >= 0)", seed);
  checkInteger("randomStream seed", seed);
  return new RandomStream({ key: [seed >>> 0, Math.floor(seed / 4294967296)], position: 0 });
}
