/**
 * @file The numbers that every contestant starts from. `peers/common.py` makes the same ones: a change here is a change there.
 */
import type { Case } from "./cases.ts";

/** The finaliser of MurmurHash3 (public domain, Austin Appleby): a hash of 32 bits, so that the i-th number needs no other. */
function mix(index: number): number {
  let x = index;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Where the counter starts for token ids, far from the parameters. */
const FIRST_ID = 0x80000000;

/**
 * Weights of one recurrent layer as PyTorch has them, G gates: i, f, g, o for an LSTM; r, z, n for a GRU. An LSTM has one bias here, as
 * everywhere but in PyTorch: two of them, each with its own Adam, would take steps of twice the size.
 */
export type Layer = {
  /** [G*H, H] */
  readonly weightIh: Float32Array;
  /** [G*H, H] */
  readonly weightHh: Float32Array;
  /** [G*H] */
  readonly biasIh: Float32Array;
  /** [G*H], and zero for an LSTM, where it isn't trained. */
  readonly biasHh: Float32Array;
};

export type Weights = {
  /** [V, H] */
  readonly embedding: Float32Array;
  readonly layers: readonly Layer[];
  /** [V, H] */
  readonly weight: Float32Array;
  /** [V] */
  readonly bias: Float32Array;
};

/**
 * Every weight uniform in ±1/√H, but the embedding and the last layer in ±1: with small ones the loss is ln V whatever the cell computes,
 * and a contestant with two gates swapped would pass.
 */
export function weightsOf({ cell, vocabulary, hidden, layers }: Case): Weights {
  let index = 0;
  const next = (size: number, bound: number): Float32Array =>
    Float32Array.from({ length: size }, () => ((mix(index++) >>> 8) * 2 ** -23 - 1) * bound);
  const rows = (cell === "lstm" ? 4 : 3) * hidden;
  const bound = 1 / Math.sqrt(hidden);
  return {
    embedding: next(vocabulary * hidden, 1),
    layers: Array.from({ length: layers }, () => ({
      weightIh: next(rows * hidden, bound),
      weightHh: next(rows * hidden, bound),
      biasIh: next(rows, bound),
      biasHh: cell === "gru" ? next(rows, bound) : new Float32Array(rows),
    })),
    weight: next(vocabulary * hidden, 1),
    bias: next(vocabulary, bound),
  };
}

/** Random tokens in time order, [T, B] each: `targets` are `inputs` one step later. */
export function tokensOf({ vocabulary, steps, batch }: Case): { inputs: Int32Array; targets: Int32Array } {
  const size = steps * batch;
  const ids = Int32Array.from({ length: size + batch }, (_, i) => mix(FIRST_ID + i) % vocabulary);
  return { inputs: ids.slice(0, size), targets: ids.slice(batch) };
}

/** A [rows, columns] matrix as [columns, rows]. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: matrix.length }, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]);
}
