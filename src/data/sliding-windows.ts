import { checkInteger, DataError, kindError, sentence, valueError } from "../base/index.ts";

/** Options of `slidingWindows`. */
export type SlidingOptions = {
  /** Rows that the model sees. */
  inputLength: number;
  /** Rows right after them that it should predict. Default 1. */
  horizon?: number;
  /** Rows from one window's start to the next. Default 1. */
  stride?: number;
  /** Values per row of the series. Default 1. */
  features?: number;
  /** Time axis first ([T, B, F]) rather than batch axis first ([B, T, F]). Default false. */
  timeMajor?: boolean;
};

/** Some windows, as one batch. `A` is the kind of array of the series. */
export type SeriesBatch<A> = {
  readonly inputs: A;
  readonly targets: A;
  /** [B, inputLength, features], or [inputLength, B, features] with timeMajor. */
  readonly inputShape: readonly [number, number, number];
  /** [B, horizon, features], or [horizon, B, features] with timeMajor. */
  readonly targetShape: readonly [number, number, number];
};

/** The windows of a time series, each copied only when it is asked for. */
export type SeriesWindows<A> = {
  /** Number of windows. */
  readonly count: number;
  /** Rows at the end of the series that are in no window. */
  readonly unusedRows: number;
  /** First row of window `index`. */
  start(index: number): number;
  /**
   * The windows `indices` (each in [0, count), in this order) in fresh arrays. Throws RangeError
   * for others.
   */
  batch(indices: ArrayLike<number>): SeriesBatch<A>;
};

/**
 * Overlapping windows of a series [n, features] (row-major): window i has the inputs from row i *
 * stride and the targets right after them. The series is read, not copied. Throws DataError when it
 * has fewer than inputLength + horizon rows, RangeError when it is not whole rows.
 */
export function slidingWindows<A extends Float32Array | Float64Array>(
  series: A,
  { inputLength, horizon = 1, stride = 1, features = 1, timeMajor = false }: SlidingOptions,
): SeriesWindows<A> {
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

  /** Rows first … first + length - 1 of each window, counted from the window's start. */
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
