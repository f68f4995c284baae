/**
 * @file Ranks that train one model together. What carries numbers between them is a `Communicator`;
 * on one rank there is none to wait for.
 */
import type { Shard } from "../../data/index.ts";
import type { Parameters } from "../../optim/index.ts";

/** Numbers of one rank, in whose place those of all ranks together are put. */
export type RankSums = {
  /** Gradients by name, in the same order on every rank: float32 or float64. */
  readonly arrays: Parameters;
  /**
   * Counts of the step: weight, loss times weight, tokens, and a flag for each rank in trouble.
   */
  readonly totals: Float64Array;
};

/**
 * Connection of the ranks. Each rank makes the same calls in the same order. A call that waits for
 * a rank that has closed rejects.
 */
export type Communicator = Shard & {
  /** Replaces each element, in place, by its sum over all ranks: the same bits on every rank. */
  reduce(sums: RankSums): Promise<void>;
  /**
   * The largest value of each flag over all ranks. Flags are finite numbers, as many on every rank.
   */
  agree(flags: readonly number[]): Promise<readonly number[]>;
  /**
   * Takes no part any more. A run that fails or is left calls it with the reason; otherwise it is
   * for whoever opened it.
   */
  close(reason?: unknown): Promise<void>;
};

/**
 * The communicator of a process that trains alone: nothing is sent, and the loop waits for nothing.
 */
export const oneProcess: Communicator = {
  rank: 0,
  size: 1,
  reduce: () => Promise.resolve(),
  agree: (flags) => Promise.resolve(flags),
  close: () => Promise.resolve(),
};

export const isAlone = ({ size }: Shard): boolean => size === 1;

/** Whether this rank evaluates, writes files and prints. */
export const leads = ({ rank }: Shard): boolean => rank === 0;
