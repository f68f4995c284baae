import { FormatError, UnsupportedError } from "./errors.ts";

/**
 * Runs `f` and rethrows its errors as FormatErrors: the file is wrong, not an argument of the
 * caller.
 */
export function asFormatError<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    // a file of a later version is not wrong
    if (error instanceof FormatError || error instanceof UnsupportedError) throw error;
    throw new FormatError((error as Error).message, { cause: error });
  }
}
