/**
 * @file Errors as plain data that can be posted to other threads, where class, code and message are
 * restored.
 */
import { DamagedError, DataError, FormatError, LockedError, NotFiniteError, UnsupportedError } from "./errors.ts";

/** The fields of an error that survive posting to another thread. */
export type ErrorData = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  /** Field `file` of a DamagedError, otherwise undefined; `array` likewise. */
  readonly file: unknown;
  readonly array: unknown;
};

const classes: Readonly<Record<string, new (message: string) => Error>> = {
  DataError,
  FormatError,
  LockedError,
  NotFiniteError,
  RangeError,
  TypeError,
  UnsupportedError,
};

/** The fields of `error`; a thrown value that is no Error becomes the message of one. */
export function errorToData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return errorToData(new Error(String(error)));
  const { name, message, stack, code, file, array } = error as Error & Partial<ErrorData>;
  return { name, message, stack, code, file, array };
}

/** An error of the class called `name`; a plain Error for unknown names. */
export function errorFromData({ name, message, stack, code, file, array }: ErrorData): Error {
  const error =
    name === "DamagedError"
      ? new DamagedError(message, { file: String(file), ...(typeof array === "string" && { array }) })
      : Object.hasOwn(classes, name)
        ? new classes[name](message)
        : new Error(message);
  // the stack of the thread that threw, not of this one
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
