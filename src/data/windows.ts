/** @file Batches for language models: windows of token ids, with targets shifted by one. */
import { checkInteger, checkNumber, checkOptions, DataError, kindError, sentence, valueError } from "../base/index.ts";
import type { RandomStream } from "../base/index.ts";
import { type Shard, shardRows, WHOLE } from "./shard.ts";
import { readTokens, type TokenSource } from "./token-source.ts";

/**
 * A batch. Both arrays are time-major [sequenceLength, batchSize]: element (t, b) is at `t *
 * batchSize + b`. With a shard, batchSize is its number of rows.
 */
export type TokenBatch = { readonly inputs: Int32Array; readonly targets: Int32Array };

/** A fixed list of batches, each created when requested. */
export type TokenBatches = {
  /** Number of batches. */
  readonly count: number;
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** Number of tokens that are in no batch, neither as input nor as target. */
  readonly unusedTokens: number;
  /** Batch `index`, in new arrays. Throws RangeError outside [0, count). */
  at(index: number): TokenBatch;
};

/** Options of `contiguousBatches`. */
export type ContiguousOptions = {
  /** Rows per batch. */
  batchSize: number;
  /** Time steps per batch. */
  sequenceLength: number;
  /** Shard of each batch to read. Default: all rows. */
  shard?: Shard | undefined;
};

/**
 * Contiguous batches: row r of batch k + 1 starts exactly where row r of batch k ended, so
 * recurrent state can be carried from batch to batch (char-rnn's loader). The ids are split into
 * `batchSize` equal streams. The last (n - 1) mod (batchSize * sequenceLength) tokens are unused.
 * Ids are not copied. Throws DataError for fewer than batchSize * sequenceLength + 1 ids.
 */
export function contiguousBatches(
  ids: Int32Array | TokenSource,
  { batchSize, sequenceLength, shard = WHOLE }: ContiguousOptions,
): TokenBatches {
  checkOptions("contiguousBatches", arguments[1], "batchSize sequenceLength shard");
  const where = "contiguousBatches";
  checkSizes(where, ids, batchSize, sequenceLength);
  const perBatch = batchSize * sequenceLength;
  checkEnough(where, ids.length, perBatch + 1, batchSize, sequenceLength);
  const count = Math.floor((ids.length - 1) / perBatch);
  const stream = count * sequenceLength;
  return {
    count,
    batchSize,
    sequenceLength,
    unusedTokens: ids.length - 1 - count * perBatch,
    at: (index) =>
      gather(
        ids,
        sequenceLength,
        shardRows(batchSize, shard),
        (row) => row * stream + checkIndex(where, index, count) * sequenceLength,
      ),
  };
}

/** Options of `shuffledWindows`. */
export type ShuffledOptions = ContiguousOptions & {
  /**
   * Stream that shuffles, one per epoch, such as `random.named("shuffle").at(epoch)`. Its position
   * advances.
   */
  random: RandomStream;
};

/**
 * One epoch of windows in random order. Windows start at multiples of `sequenceLength`, and each id
 * is an input at most once. The last (number of windows mod batchSize) windows of the order are
 * unused, different ones in each epoch. State can't be carried. Throws DataError for fewer than
 * batchSize * sequenceLength + 1 ids.
 */
export function shuffledWindows(
  ids: Int32Array | TokenSource,
  { batchSize, sequenceLength, random, shard = WHOLE }: ShuffledOptions,
): TokenBatches {
  checkOptions("shuffledWindows", arguments[1], "batchSize sequenceLength shard random");
  const where = "shuffledWindows";
  checkSizes(where, ids, batchSize, sequenceLength);
  checkEnough(where, ids.length, batchSize * sequenceLength + 1, batchSize, sequenceLength);
  const windows = Math.floor((ids.length - 1) / sequenceLength);
  const order = random.permutation(windows);
  const count = Math.floor(windows / batchSize);
  return {
    count,
    batchSize,
    sequenceLength,
    unusedTokens: countUnused(ids.length, order.subarray(0, count * batchSize), sequenceLength),
    at(index) {
      const first = checkIndex(where, index, count) * batchSize;
      return gather(ids, sequenceLength, shardRows(batchSize, shard), (row) => order[first + row] * sequenceLength);
    },
  };
}

/** Sizes of `splitTail`, as fractions of the rows. */
export type SplitOptions = {
  /** Fraction for validation, in [0, 1). Default 0.1. */
  validation?: number | undefined;
  /** Fraction for testing, in [0, 1). Default 0. */
  test?: number | undefined;
  /** Number of values per row, so that no row of a table is split. Default 1. */
  features?: number | undefined;
};

/** Sequences that `splitTail` can split. */
export type Splittable = Int32Array | Float32Array | Float64Array | TokenSource;

/**
 * Splits a sequence in time order into train (the start), validation and test (the end). The parts
 * are views, not copies. The last two have floor(fraction * rows) rows, possibly none. Throws
 * RangeError if the fractions leave nothing for training.
 */
export function splitTail<T extends Splittable>(
  values: T,
  { validation = 0.1, test = 0, features = 1 }: SplitOptions = {},
): { train: T; validation: T; test: T } {
  checkOptions("splitTail", arguments[1], "validation test features");
  const where = "splitTail";
  checkNumber(`${where} validation`, validation, 0, 1);
  checkNumber(`${where} test`, test, 0, 1);
  checkInteger(`${where} features`, features, 1);
  if (validation + test >= 1) throw valueError(where, "validation + test < 1", validation + test);
  if (values.length % features !== 0) throw valueError(where, `a multiple of ${features} values`, values.length);
  const rows = values.length / features;
  // the addition corrects rounding: 0.29 * 100 is 28.999999999999996
  const testStart = rows - Math.floor(test * rows + 1e-9);
  const validationStart = testStart - Math.floor(validation * rows + 1e-9);
  const part = (from: number, to: number): T => values.subarray(from * features, to * features) as T;
  return { train: part(0, validationStart), validation: part(validationStart, testStart), test: part(testStart, rows) };
}

function gather(
  ids: Int32Array | TokenSource,
  T: number,
  { from, to }: ReturnType<typeof shardRows>,
  startOf: (row: number) => number,
): TokenBatch {
  const B = to - from;
  const inputs = new Int32Array(T * B);
  const targets = new Int32Array(T * B);
  for (let b = 0; b < B; b++) {
    const row = readTokens(ids, startOf(from + b), T + 1);
    for (let t = 0, at = b; t < T; t++, at += B) {
      inputs[at] = row[t];
      targets[at] = row[t + 1];
    }
  }
  return { inputs, targets };
}

/** Number of tokens in no window; each window covers its inputs and one token more. */
function countUnused(n: number, windows: Int32Array, T: number): number {
  const covered = new Uint8Array(Math.floor((n - 1) / T) + 1);
  for (const window of windows) covered[window] = 1;
  let used = 0;
  for (let w = 0; w < covered.length; w++) {
    if (covered[w] === 1) used += T;
    else if (w > 0 && covered[w - 1] === 1) used += 1;
  }
  return n - used;
}

function checkSizes(where: string, ids: Int32Array | TokenSource, batchSize: number, sequenceLength: number): void {
  if (!(ids instanceof Int32Array || typeof ids?.read === "function"))
    throw kindError(where, "ids (an Int32Array or a TokenSource)", ids);
  checkInteger(`${where} batchSize`, batchSize, 1);
  checkInteger(`${where} sequenceLength`, sequenceLength, 1);
}

function checkEnough(where: string, got: number, needed: number, batchSize: number, sequenceLength: number): void {
  if (got >= needed) return;
  throw new DataError(
    sentence(
      where,
      `at least ${needed} tokens (batchSize ${batchSize} * sequenceLength ${sequenceLength} + 1)`,
      String(got),
      "Give more text, or a smaller batchSize or sequenceLength",
    ),
  );
}

function checkIndex(where: string, index: number, count: number): number {
  return checkInteger(`${where}.at`, index, 0, count - 1);
}
