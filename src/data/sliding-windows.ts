import { checkInteger, checkOptions, DataError, kindError, sentence, valueError } from "../base/index.ts";

/** Options of `slidingWindows`. */
export type SlidingOptions = {
  /** Number of input rows of a window. */
  inputLength: number;
  /** Number of target rows, right after the inputs. Default 1. */
  horizon?: number | undefined;
  /** Number of rows from one window's start to the next. Default 1. */
  stride?: number | undefined;
  /** Number of values per row of the series. Default 1. */
  features?: number | undefined;
  /**
   * Whether the time axis comes first ([T, B, F]) instead of the batch axis ([B, T, F]). Default
   * false.
   */
  timeMajor?: boolean | undefined;
};

/** A batch of windows. `A` is the array class of the series. */
export type SeriesBatch<A> = {
  readonly inputs: A;
  readonly targets: A;
  /** [B, inputLength, features], or [inputLength, B, features] with timeMajor. */
  readonly inputShape: readonly [number, number, number];
  /** [B, horizon, features], or [horizon, B, features] with timeMajor. */
  readonly targetShape: readonly [number, number, number];
};

/** The windows of a time series, copied only when requested. */
export type SeriesWindows<A> = {
  /** Number of windows. */
  readonly count: number;
  /** Number of rows at the end of the series that are in no window. */
  readonly unusedRows: number;
  /** First row of window `index`. */
  start(index: number): number;
  /**
   * The windows `indices`, in this order, in new arrays. Throws RangeError for an index outside [0,
   * count).
   */
  batch(indices: ArrayLike<number>): SeriesBatch<A>;
};

/**
 * Overlapping windows of a series [n, features] (row-major): window i has its inputs from row i *
 * stride on, and its targets right after them. The series is not copied. Throws DataError if it has
 * fewer than inputLength + horizon rows, RangeError if its length is not a multiple of `features`.
 */
export function slidingWindows<A extends Float32Array | Float64Array>(
  series: A,
  { inputLength, horizon = 1, stride = 1, features = 1, timeMajor = false }: SlidingOptions,
): SeriesWindows<A> {
  checkOptions("slidingWindows", arguments[1], "inputLength horizon stride features timeMajor");
  const where = "slidingWindows";
  if (!(series instanceof Float32Array || series instanceof Float64Array)) {
    throw kindError(where, "a series (Float32Array or Float64Array)", series);
  }
  checkInteger(`${where} inputLength`, inputLength, 1);
  checkInteger(`${where} horizon`, horizon, 1);
  checkInteger(`${where} stride`, stride, 1);
  checkInteger(`${where} features`, features, 1);
  if (series.length % features !== 0) throw valueError(where, `a multiple of ${features} values`, series.length);
  const rows = series.length / features;
  const needed = inputLength + horizon;
  if (rows < needed) {
    throw new DataError(
      sentence(where, `at least ${needed} rows (inputLength ${inputLength} + horizon ${horizon})`, String(rows)),
    );
  }
  const count = Math.floor((rows - needed) / stride) + 1;
  const start = (index: number): number => checkInteger(`${where} window`, index, 0, count - 1) * stride;

  /** Copies rows first … first + length - 1 of each window, counted from its start. */
  const copy = (indices: ArrayLike<number>, first: number, length: number): A => {
    const B = indices.length;
    const out = new (series.constructor as new (length: number) => A)(B * length * features);
    for (let b = 0; b < B; b++) {
      const from = (start(indices[b]) + first) * features;
      for (let t = 0; t < length; t++) {
        const at = (timeMajor ? t * B + b : b * length + t) * features;
        for (let f = 0; f < features; f++) out[at + f] = series[from + t * features + f];
      }
    }
    return out;
  };
  const shape = (B: number, T: number): [number, number, number] => (timeMajor ? [T, B, features] : [B, T, features]);

  return {
    count,
    unusedRows: rows - needed - (count - 1) * stride,
    start,
    batch: (indices) => ({
      inputs: copy(indices, 0, inputLength),
      targets: copy(indices, inputLength, horizon),
      inputShape: shape(indices.length, inputLength),
      targetShape: shape(indices.length, horizon),
    }),
  };
}
