/**
 * Token ids that need not be in memory, such as those of a file. Whatever reads an Int32Array of
 * ids for training or evaluation reads a source as well, with the same results.
 */
export type TokenSource = {
  /** Number of ids. */
  readonly length: number;
  /** `count` ids from `start` on, all of which exist. They are not changed by who reads them. */
  read(start: number, count: number): Int32Array;
  /** Those from `start` up to `end`, as a source of their own. */
  subarray(start: number, end: number): TokenSource;
  /**
   * SHA-256 in hexadecimal of the ids as little-endian int32: whether it is the same data. Called
   * once per run.
   */
  hash(): Promise<string>;
};

/** The same of ids wherever they are; of an array it is a view. */
export const readTokens = (ids: Int32Array | TokenSource, start: number, count: number): Int32Array =>
  ids instanceof Int32Array ? ids.subarray(start, start + count) : ids.read(start, count);
