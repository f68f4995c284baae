/**
 * @file Sequences of different lengths: padded into one array, or grouped into batches that need
 * little padding.
 */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  DataError,
  kindError,
  sentence,
  shapeError,
  valueError,
} from "../base/index.ts";
import type { RandomStream } from "../base/index.ts";

/** A sequence of rows; `data` is [length, features], row-major. */
export type FeatureSequence<A extends Float32Array | Float64Array = Float32Array> = {
  readonly data: A;
  readonly features: number;
};

/** Padded sequences in one array. */
export type PaddedBatch<A> = {
  readonly data: A;
  /** Length of each sequence before padding, [B]. 0 is allowed. */
  readonly lengths: Int32Array;
  /** [B, T] for ids, [B, T, F] for rows; T first with timeMajor. */
  readonly shape: readonly number[];
};

/** Options of `padSequences`. */
export type PadOptions = {
  /** Value that fills the end of shorter sequences. Default 0. */
  padValue?: number | undefined;
  /** Length T after padding. Default: that of the longest sequence. */
  length?: number | undefined;
  /** Whether the time axis comes first. Default false. */
  timeMajor?: boolean | undefined;
};

/**
 * Puts sequences of ids (or of rows) into one array, and pads shorter ones at their end. Never
 * truncates. Throws DataError for an empty list, RangeError for a sequence longer than `length` or
 * with another number of features, TypeError for sequences of different kinds.
 */
export function padSequences(sequences: readonly Int32Array[], options?: PadOptions): PaddedBatch<Int32Array>;
/** Puts sequences of rows [length, F] into one array, as it does sequences of ids. */
export function padSequences<A extends Float32Array | Float64Array>(
  sequences: readonly FeatureSequence<A>[],
  options?: PadOptions,
): PaddedBatch<A>;
export function padSequences(
  sequences: readonly Int32Array[] | readonly FeatureSequence<Float32Array | Float64Array>[],
  { padValue = 0, length, timeMajor = false }: PadOptions = {},
): PaddedBatch<Int32Array | Float32Array | Float64Array> {
  checkOptions("padSequences", arguments[1], "padValue length timeMajor");
  const where = "padSequences";
  const B = sequences.length;
  if (B === 0) throw new DataError(sentence(where, "at least one sequence", "none"));
  if (length !== undefined) checkInteger(`${where} length`, length, 0);
  const first = sequences[0];
  const ids = first instanceof Int32Array;
  const features = ids ? 1 : checkInteger(`${where} features`, first?.features, 1);
  const kind = (ids ? first : first.data).constructor as new (
    length: number,
  ) => Int32Array | Float32Array | Float64Array;
  if (ids) checkInteger(`${where} padValue`, padValue, -2147483648, 2147483647);

  const rowsOf = sequences.map((sequence, b) => {
    const rows = sequence instanceof Int32Array ? sequence : sequence.data;
    if (!(rows instanceof kind))
      throw kindError(where, `sequence ${b} of the same kind as sequence 0 (${kind.name})`, rows);
    const width = sequence instanceof Int32Array ? 1 : sequence.features;
    if (width !== features || rows.length % features !== 0) {
      throw shapeError(where, `sequence ${b} of shape [length, ${features}]`, [rows.length / width, width]);
    }
    return rows;
  });
  const lengths = Int32Array.from(rowsOf, (rows) => rows.length / features);
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  const T = length ?? longest;
  if (longest > T) {
    throw valueError(where, `sequences of at most ${T} steps`, longest, "Truncate them, or pass a larger length");
  }
  const data = new kind(B * T * features);
  if (padValue !== 0) data.fill(padValue);
  rowsOf.forEach((rows, b) => {
    if (!timeMajor) return data.set(rows, b * T * features);
    for (let t = 0; t < lengths[b]; t++) {
      for (let f = 0; f < features; f++) data[(t * B + b) * features + f] = rows[t * features + f];
    }
  });
  const outer = timeMajor ? [T, B] : [B, T];
  return { data, lengths, shape: ids ? outer : [...outer, features] };
}

/** Options of `bucketByLength`. */
export type BucketOptions = {
  /** Most sequences in a batch. */
  batchSize: number;
  /**
   * Most time steps in a batch, padding included, so that long sequences come in smaller batches. A
   * longer sequence gets a batch of its own. Default Infinity.
   */
  maxSteps?: number | undefined;
  /**
   * Ascending upper bounds of the buckets' lengths (inclusive); longer sequences share one more
   * bucket. Default: no buckets, sequences are sorted by length, which pads least.
   */
  boundaries?: readonly number[] | undefined;
  /**
   * Stream that shuffles the sequences of a bucket (or of equal length) and the order of the
   * batches. Default: index order, short batches first.
   */
  random?: RandomStream | undefined;
};

/** Batches of sequences, as indices. */
export type Buckets = {
  /**
   * Indices of the sequences of each batch; each index occurs exactly once. Batches have batchSize
   * indices or, at a bucket's end, fewer.
   */
  readonly batches: Int32Array[];
  /** Fraction of padding, in [0, 1), if each batch is padded to its longest sequence. */
  readonly paddingFraction: number;
};

/**
 * Groups sequences of similar length, so that there is little padding. The same lengths and seed
 * give the same batches. Throws RangeError for a negative length or boundaries that do not ascend.
 */
export function bucketByLength(
  lengths: ArrayLike<number>,
  { batchSize, maxSteps = Infinity, boundaries, random }: BucketOptions,
): Buckets {
  checkOptions("bucketByLength", arguments[1], "batchSize maxSteps boundaries random");
  const where = "bucketByLength";
  checkNumber(`${where} maxSteps`, maxSteps === Infinity ? Number.MAX_VALUE : maxSteps, 1);
  checkInteger(`${where} batchSize`, batchSize, 1);
  boundaries?.forEach((bound, i) =>
    checkInteger(`${where} boundaries[${i}]`, bound, i === 0 ? 0 : boundaries[i - 1] + 1),
  );
  const n = lengths.length;
  for (let i = 0; i < n; i++) checkInteger(`${where} lengths[${i}]`, lengths[i]);

  /** Sort keys: the bucket or, without boundaries, the length. */
  const key = Float64Array.from({ length: n }, (_, i) =>
    boundaries === undefined ? lengths[i] : bucketOf(lengths[i], boundaries),
  );
  const order = random === undefined ? Int32Array.from({ length: n }, (_, i) => i) : random.permutation(n);
  order.sort((a, b) => key[a] - key[b]); // stable, so the order inside a bucket stays random

  const batches: Int32Array[] = [];
  for (let from = 0; from < n;) {
    let to = from + 1;
    let padded = lengths[order[from]];
    while (to < n && to - from < batchSize && (boundaries === undefined || key[order[to]] === key[order[from]])) {
      padded = Math.max(padded, lengths[order[to]]);
      if (padded * (to + 1 - from) > maxSteps) break;
      to++;
    }
    batches.push(order.slice(from, to));
    from = to;
  }
  let filled = 0;
  let padded = 0;
  for (const batch of batches) {
    let longest = 0;
    for (const i of batch) {
      filled += lengths[i];
      longest = Math.max(longest, lengths[i]);
    }
    padded += longest * batch.length;
  }
  const paddingFraction = padded === 0 ? 0 : 1 - filled / padded;
  if (random === undefined) return { batches, paddingFraction };
  return { batches: Array.from(random.permutation(batches.length), (i) => batches[i]), paddingFraction };
}

/** Number of the first boundary that is at least `length`. */
function bucketOf(length: number, boundaries: readonly number[]): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (boundaries[middle] < length) low = middle + 1;
    else high = middle;
  }
  return low;
}
