/**
 * @file Unpacks what `kernels/tools/pack.ts` has packed, synchronously and without features of the
 * host. The bytes are literals or matches, which may begin in a dictionary. A range coder takes a
 * probability for each bit: several contexts, among them the WebAssembly instructions before it,
 * predict the bit, and a mixer with learned weights combines the predictions, as in PAQ. All of it
 * is sums, products and quotients, so every host computes the same bytes.
 */

/** Characters of the text, six bits each: none needs an escape in JSON, JavaScript or HTML. */
export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Entries of the hash table of each context. */
const SIZE = 2 ** 18;
const MOST_CONTEXTS = 5;
const MOST_MIXERS = 23;
/** Learning rate of the mixers. */
const RATE = 0.01;
/** Initial weight of each context. */
const WEIGHT = 0.35;
/** Highest count of an entry; beyond it, the adaptation rate stays. */
const LIMIT = 14;

/** First mixer of each symbol; `isMatch` and `literal` have one for each kind of byte. */
const MIXER = { isMatch: 0, literal: 5, isRepeated: 15, older: 16, length: 17, distance: 21 } as const;

/** Literal of one byte, if the distance is 0, or a match. */
export type Step = { readonly length: number; readonly distance: number };

/**
 * Codes one bit whose probability of being 1 is `probability`, in 4096ths. A writer writes `bit`; a
 * reader ignores it. Returns the bit.
 */
export type BitCoder = (probability: number, bit: number) => number;

/** The logistic function, from a power, which is the same on every host; exp is not. */
function squash(x: number): number {
  let power = 1 - x / 1024;
  for (let i = 0; i < 10; i++) power *= power;
  return 1 / (1 + power);
}

/** Inverse of `squash`, tabulated for probabilities in 4096ths. */
function stretchTable(): Float64Array {
  const table = new Float64Array(4096);
  for (let i = 0, x = -8; i < 4096; i++) {
    while (x < 8 && squash(x) * 4096 < i + 0.5) x += 1 / 64;
    table[i] = x;
  }
  return table;
}

/** Hash of two or three integers. */
function hash(a: number, b: number, c: number = 0): number {
  const sum = Math.imul(a + 1, 0x2c9277b5);
  const more = Math.imul(sum ^ (b + 1), 0x2c9277b5) ^ (sum >>> 15);
  return Math.imul(more ^ (c + 1), 0x2c9277b5) ^ (more >>> 15);
}

/**
 * A predictor of bits, which mixes adaptive probabilities of several contexts. What it has learnt
 * from one text helps with the next.
 */
export class Predictor {
  readonly #stretch = stretchTable();
  /** `squash` from -8 to 8, in steps of 1/256. */
  readonly #squashed = Float64Array.from({ length: 4096 }, (_, i) => squash((i - 2048) / 256));
  /** Probability of a 1, in 65536ths, by context and node. */
  readonly #probabilities = new Uint16Array(MOST_CONTEXTS * SIZE).fill(2 ** 15);
  readonly #counts = new Uint8Array(MOST_CONTEXTS * SIZE);
  readonly #weights = new Float64Array(MOST_CONTEXTS * MOST_MIXERS).fill(WEIGHT);
  readonly #places = new Int32Array(MOST_CONTEXTS);
  readonly #inputs = new Float64Array(MOST_CONTEXTS);

  /**
   * Codes an integer below `size`, a power of two, bit by bit, the most significant first. With
   * `learns`, the probabilities adapt.
   */
  symbol(
    code: BitCoder,
    mixer: number,
    contexts: readonly number[],
    size: number,
    value: number,
    learns: boolean,
  ): number {
    // locals: the loop is slow with fields
    const stretch = this.#stretch;
    const probabilities = this.#probabilities;
    const counts = this.#counts;
    const weights = this.#weights;
    const places = this.#places;
    const inputs = this.#inputs;
    const squashed = this.#squashed;
    const at = mixer * MOST_CONTEXTS;
    let node = 1;
    for (let mask = size >> 1; mask > 0; mask >>= 1) {
      let sum = 0;
      for (let k = 0; k < contexts.length; k++) {
        const mixed = Math.imul(contexts[k] ^ Math.imul(node, 0x3d4d51cb), 0x2545f491);
        const place = k * SIZE + ((mixed ^ (mixed >>> 15)) & (SIZE - 1));
        places[k] = place;
        inputs[k] = counts[place] === 0 ? 0 : stretch[probabilities[place] >> 4];
        sum += weights[at + k] * inputs[k];
      }
      const probability = squashed[Math.min(Math.max(Math.round(sum * 256) + 2048, 0), 4095)];
      const bit = code(Math.min(Math.max(Math.round(probability * 4096), 1), 4095), Number((value & mask) !== 0));
      node = (node << 1) | bit;
      if (!learns) continue;
      const error = (bit - probability) * RATE;
      for (let k = 0; k < contexts.length; k++) {
        const place = places[k];
        weights[at + k] += error * inputs[k];
        probabilities[place] += (bit * 65_535 - probabilities[place]) / (counts[place] + 1.4);
        if (counts[place] < LIMIT) counts[place]++;
      }
    }
    return node - size;
  }
}

/** Kinds of bytes in a body of code. */
const OPCODE = 0;
const NUMBER = 1;
const FIXED = 2;
const SECOND = 3;
const THIRD = 4;

/** Parser of WebAssembly instructions. Other sections are parsed as if they were code. */
export class Instructions {
  kind: number = OPCODE;
  /** Previous opcodes, the latest first. */
  #past = [0, 0, 0, 0];
  #opcode = 0;
  #position = 0;
  #left = 0;

  push(byte: number): void {
    const { kind } = this;
    if (kind === OPCODE) {
      this.#opcode = byte;
      if (byte >= 0xfc && byte < 0xff) this.kind = SECOND;
      else if (byte >= 0x28 && byte <= 0x3e) this.#operands(NUMBER, 2);
      else if (byte === 0x43) this.#operands(FIXED, 4);
      else if (byte === 0x44) this.#operands(FIXED, 8);
      else this.#operands(NUMBER, hasNumber(byte) ? 1 : 0);
    } else if (kind === SECOND) {
      const isVector = this.#opcode === 0xfd;
      this.#opcode = (this.#opcode << 8) | byte;
      if (byte > 127) this.kind = THIRD;
      else if (!isVector || byte <= 11 || byte === 92 || byte === 93) this.#operands(NUMBER, 2);
      else if (byte <= 13) this.#operands(FIXED, 16);
      else if (byte >= 84 && byte <= 91) this.#operands(NUMBER, 3);
      else this.#operands(FIXED, byte >= 21 && byte <= 34 ? 1 : 0);
    } else if (kind === THIRD) {
      this.#opcode = (this.#opcode << 8) | byte;
      this.#operands(FIXED, 0);
    } else {
      this.#position++;
      if (kind === FIXED || byte < 128) this.#operands(kind, this.#left - 1);
    }
  }

  /** Hash of the current instruction so far and of `count` opcodes before it. */
  context(count: number): number {
    let sum = hash(this.kind, this.#position, this.#opcode);
    for (let i = 0; i < count; i++) sum = hash(sum, this.#past[i]);
    return sum;
  }

  #operands(kind: number, left: number): void {
    this.kind = kind;
    this.#left = left;
    if (left > 0) return;
    this.kind = OPCODE;
    for (let i = 3; i > 0; i--) this.#past[i] = this.#past[i - 1];
    this.#past[0] = this.#opcode;
    this.#opcode = 0;
    this.#position = 0;
  }
}

/**
 * Whether an instruction is one byte and a number: blocks, branches, calls, variables, the size of
 * memory, constants.
 */
const hasNumber = (byte: number): boolean =>
  (byte >= 2 && byte <= 4) ||
  byte === 12 ||
  byte === 13 ||
  byte === 16 ||
  (byte >= 0x20 && byte <= 0x24) ||
  (byte >= 0x3f && byte <= 0x42);

/**
 * A writer or reader, depending on `code`, of the literals and matches of `out` from index `at` on.
 * A reader fills `out`.
 */
export class Steps {
  /** Distinct distances of the latest matches. */
  past: readonly number[] = [1, 2, 3, 4];
  at: number;
  readonly #out: Uint8Array;
  readonly #code: BitCoder;
  readonly #predictor: Predictor;
  readonly #instructions = new Instructions();
  /** Kinds of the last four steps, one bit each: 1 for a match. */
  #kinds = 0;
  #lastLength = 0;

  constructor(out: Uint8Array, at: number, predictor: Predictor, code: BitCoder) {
    this.#predictor = predictor;
    this.#out = out;
    this.at = at;
    this.#code = code;
  }

  /** Codes the next step. A writer passes it as `step`; a reader passes nothing. */
  next(step: Step = { length: 0, distance: 0 }): void {
    const begin = this.at;
    const isMatch = this.isMatch(Number(step.distance > 0), this.#instructions, this.#code, true);
    if (isMatch === 1) this.#match(step);
    else this.#out[this.at++] = this.literal(begin, this.#instructions, this.#code, true);
    this.#kinds = ((this.#kinds << 1) | isMatch) & 15;
    for (let i = begin; i < this.at; i++) this.#instructions.push(this.#out[i]);
  }

  isMatch(value: number, now: Instructions, code: BitCoder, learns: boolean): number {
    const contexts = [hash(now.context(0), this.#kinds), now.context(1), now.context(4)];
    return this.#predictor.symbol(code, MIXER.isMatch + now.kind, contexts, 2, value, learns);
  }

  literal(at: number, now: Instructions, code: BitCoder, learns: boolean): number {
    const out = this.#out;
    const isAfterMatch = this.#kinds & 1;
    const contexts = [
      hash(out[at - 1], out[at - 2]),
      now.context(0),
      now.context(1),
      now.context(3),
      hash(now.kind, isAfterMatch, out[at - this.past[0]]),
    ];
    return this.#predictor.symbol(code, MIXER.literal + 2 * now.kind + isAfterMatch, contexts, 256, out[at], learns);
  }

  #match(step: Step): void {
    const state = this.#instructions.context(0);
    const kinds = this.#kinds;
    const last = this.#lastLength;
    let older = this.past.indexOf(step.distance);
    const isRepeated = this.#symbol(MIXER.isRepeated, [kinds, hash(state, kinds & 1), last], 2, Number(older >= 0));
    if (isRepeated === 1) older = this.#symbol(MIXER.older, [kinds & 1, state, last], 4, older);
    const length =
      2 +
      this.#number(
        MIXER.length + 2 * isRepeated,
        [older, hash(state, isRepeated), hash(kinds, isRepeated), last],
        step.length - 2,
      );
    let distance = this.past[older];
    if (isRepeated === 0) {
      const short = Math.min(length, 8);
      distance =
        1 + this.#number(MIXER.distance, [short, state, hash(last, short), hash(kinds, short)], step.distance - 1);
    }
    this.past = [distance, ...this.past.filter((other) => other !== distance)].slice(0, 4);
    this.#lastLength = Math.min(length, 20);
    for (const end = this.at + length; this.at < end; this.at++) this.#out[this.at] = this.#out[this.at - distance];
  }

  /**
   * Codes an integer: the position of its highest bit with the bit after that, then the other bits,
   * of which the lowest four are predicted.
   */
  #number(mixer: number, contexts: readonly number[], value: number): number {
    const { slot, more } = slotOf(value);
    const said = this.#symbol(mixer, contexts, 64, slot);
    if (said < 4) return said;
    const count = (said >> 1) - 1;
    const lower = Math.min(count, 4);
    let number = 2 | (said & 1);
    for (let i = count - 1; i >= lower; i--) number = (number << 1) | this.#code(2048, (more >> i) & 1);
    const low = this.#symbol(mixer + 1, [hash(mixer, said), contexts[1]], 1 << lower, more & ((1 << lower) - 1));
    return (number << lower) | low;
  }

  #symbol(mixer: number, contexts: readonly number[], size: number, value: number): number {
    return this.#predictor.symbol(this.#code, mixer, contexts, size, value, true);
  }
}

/** The parts in which an integer >= 0 is coded. */
export function slotOf(value: number): { readonly slot: number; readonly more: number } {
  if (value < 4) return { slot: value, more: 0 };
  const count = 30 - Math.clz32(value);
  return { slot: 2 * (count + 1) + ((value >> count) & 1), more: value & ((1 << count) - 1) };
}

/**
 * The `length` bytes packed in `text`, whose matches may begin in `dictionary`. The predictor is
 * new, or has read the same texts as that of the writer.
 */
export function unpack(
  text: string,
  length: number,
  dictionary: Uint8Array,
  predictor: Predictor,
): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
  let at = 0;
  let bits = 0;
  let bitCount = 0;
  const byte = (): number => {
    while (bitCount < 8) {
      bits = (bits << 6) | values[text.charCodeAt(at++)];
      bitCount += 6;
    }
    bitCount -= 8;
    return (bits >> bitCount) & 255;
  };

  let range = 0xffff_ffff;
  let code = 0;
  for (let i = 0; i < 4; i++) code = ((code << 8) | byte()) >>> 0;
  const begin = dictionary.length;
  const out = new Uint8Array(begin + length);
  out.set(dictionary);
  const steps = new Steps(out, begin, predictor, (probability) => {
    const bound = (range >>> 12) * probability;
    const bit = Number(code < bound);
    if (bit === 1) range = bound;
    else {
      range -= bound;
      code -= bound;
    }
    while (range < 0x100_0000) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | byte()) >>> 0;
    }
    return bit;
  });
  while (steps.at < out.length) steps.next();
  return out.slice(begin);
}
