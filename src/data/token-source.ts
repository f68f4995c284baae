/**
 * Token ids that need not be in memory, such as those in a file. Training and evaluation accept a
 * source in place of an Int32Array, with the same results.
 */
export type TokenSource = {
  /** Number of ids. */
  readonly length: number;
  /** Reads `count` ids from `start` on, all of which must exist. Callers do not change them. */
  read(start: number, count: number): Int32Array;
  /** A source of the ids from `start` up to, but not including, `end`. */
  subarray(start: number, end: number): TokenSource;
  /**
   * Resolves to the SHA-256 of the ids as little-endian int32, in hexadecimal, to recognise the
   * same data. Called once per run.
   */
  hash(): Promise<string>;
};

/** Reads `count` ids from `start` on, from an array (as a view) or a source. */
export const readTokens = (ids: Int32Array | TokenSource, start: number, count: number): Int32Array =>
  ids instanceof Int32Array ? ids.subarray(start, start + count) : ids.read(start, count);
