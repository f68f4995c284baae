/**
 * @file Errors as plain data, which other threads can be sent: the same class, code and message
 * there as here.
 */
import { DamagedError, DataError, FormatError, LockedError, NotFiniteError, UnsupportedError } from "./errors.ts";

export type ErrorData = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  /** Of a DamagedError. */
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

export function errorToData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return errorToData(new Error(String(error)));
  const { name, message, stack, code, file, array } = error as Error & Partial<ErrorData>;
  return { name, message, stack, code, file, array };
}

/** An error of the class that the name stands for; Error for names that are not known here. */
export function errorFromData({ name, message, stack, code, file, array }: ErrorData): Error {
  const error =
    name === "DamagedError"
      ? new DamagedError(message, { file: String(file), ...(typeof array === "string" && { array }) })
      : Object.hasOwn(classes, name)
        ? new classes[name](message)
        : new Error(message);
  // where it happened, not where it arrived
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
