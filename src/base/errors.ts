/**
 * @file The form of every error: `where: expected X, got Y`, then at most one hint, and a stable
 * `code`. A TypeError means a wrong type, a RangeError a wrong value; the classes below are for
 * failures that a caller may want to catch.
 */

import { printable } from "./printable.ts";

/** Stable identifiers of the errors that public functions throw, in the field `code`. */
export type ErrorCode =
  | "ERR_KIND"
  | "ERR_VALUE"
  | "ERR_SHAPE"
  | "ERR_DTYPE"
  | "ERR_RELEASED"
  | "ERR_UNSUPPORTED"
  | "ERR_FORMAT"
  | "ERR_DAMAGED"
  | "ERR_LOCKED"
  | "ERR_DATA"
  | "ERR_NOT_FINITE"
  | "ERR_INTERNAL";

/**
 * A file or byte string whose content is not in the expected format. Nothing of it has been used.
 */
export class FormatError extends Error {
  readonly code: ErrorCode = "ERR_FORMAT";
  override readonly name: string = "FormatError";
}

/** A file whose bytes differ from those that were written. Nothing of it has been used. */
export class DamagedError extends FormatError {
  override readonly code: ErrorCode = "ERR_DAMAGED";
  override readonly name: string = "DamagedError";
  /** The file, by the name that the caller passed. */
  readonly file: string;
  /** Name of the damaged array, or undefined if the header or the size is damaged. */
  readonly array: string | undefined;

  constructor(message: string, { file, array, cause }: { file: string; array?: string; cause?: unknown }) {
    super(message, { cause });
    this.file = file;
    this.array = array;
  }
}

/** A directory that another process is using, or a model that another run is training. */
export class LockedError extends Error {
  readonly code: ErrorCode = "ERR_LOCKED";
  override readonly name: string = "LockedError";
}

/** Text, ids or tables that a model can neither be trained on nor run on. */
export class DataError extends Error {
  readonly code: ErrorCode = "ERR_DATA";
  override readonly name: string = "DataError";
}

/** An operation that this engine, cell or format does not support; the message gives the reason. */
export class UnsupportedError extends Error {
  readonly code: ErrorCode = "ERR_UNSUPPORTED";
  override readonly name: string = "UnsupportedError";
}

/** A loss, gradient or weight that became NaN or infinite. */
export class NotFiniteError extends Error {
  readonly code: ErrorCode = "ERR_NOT_FINITE";
  override readonly name: string = "NotFiniteError";
}

const withCode = <E extends Error>(error: E, code: ErrorCode): E & { code: ErrorCode } =>
  Object.assign(error, { code });

/** Levels of nested lists that are printed. */
const MAX_DEPTH = 3;

/** Short, safe text for any value in a message: strings are quoted, long values cut. */
export const describe = (value: unknown): string => describeAt(value, 0);

function describeAt(value: unknown, depth: number): string {
  if (typeof value === "string") {
    return value.length > 40
      ? `${JSON.stringify(value.slice(0, 40))}… (${value.length} characters)`
      : JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    if (depth === MAX_DEPTH) return "[…]";
    const shown = value
      .slice(0, 8)
      .map((item) => describeAt(item, depth + 1))
      .join(", ");
    return value.length > 8 ? `[${shown}, … ${value.length} in all]` : `[${shown}]`;
  }
  if (typeof value === "function") return describeFunction(value);
  if (typeof value === "object" && value !== null) {
    // JSON may define a field `constructor` of any type
    const name: unknown = value.constructor?.name;
    return typeof name === "string" ? name : "an object";
  }
  return String(value);
}

function describeFunction(f: object): string {
  const kind: unknown = (f as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (kind === "AsyncFunction") return "an async function";
  return kind === "GeneratorFunction" || kind === "AsyncGeneratorFunction" ? "a generator" : "a function";
}

/**
 * `where: expected X, got Y. hint`, with control characters escaped, since names and values may
 * come from untrusted files.
 */
export function sentence(where: string, expected: string, got: string, hint?: string): string {
  return printable(`${where}: expected ${expected}, got ${got}${hint === undefined ? "" : `. ${hint}`}`);
}

/** A TypeError, code `ERR_KIND`: the value has the wrong type. */
export function kindError(where: string, expected: string, got: unknown, hint?: string): TypeError {
  return withCode(new TypeError(sentence(where, expected, describe(got), hint)), "ERR_KIND");
}

/** A RangeError, code `ERR_VALUE`: the type is right, the value is not. */
export function valueError(where: string, expected: string, got: unknown, hint?: string): RangeError {
  return withCode(new RangeError(sentence(where, expected, describe(got), hint)), "ERR_VALUE");
}

/** A RangeError, code `ERR_VALUE`, whose `got` is already text. */
export function misuseError(where: string, expected: string, got: string, hint?: string): RangeError {
  return withCode(new RangeError(sentence(where, expected, got, hint)), "ERR_VALUE");
}

/**
 * A RangeError, code `ERR_SHAPE`: a tensor has the wrong shape. `expected` is text such as `input
 * [batch, 64]`.
 */
export function shapeError(where: string, expected: string, got: readonly number[], hint?: string): RangeError {
  return withCode(new RangeError(sentence(where, expected, `[${got.join(", ")}]`, hint)), "ERR_SHAPE");
}

/** A TypeError, code `ERR_DTYPE`: a tensor has the wrong element type. */
export function dtypeError(where: string, expected: string, got: string, hint?: string): TypeError {
  return withCode(new TypeError(sentence(where, expected, got, hint)), "ERR_DTYPE");
}

/** A RangeError, code `ERR_RELEASED`: a tensor is used after the scope that owned it has ended. */
export function releasedError(where: string): RangeError {
  return withCode(
    new RangeError(
      sentence(where, "a live tensor", "one whose scope has ended", "Return it from the scope to keep it"),
    ),
    "ERR_RELEASED",
  );
}

/** An Error, code `ERR_INTERNAL`: a bug in this library, never a mistake of the caller. */
export function internalError(message: string): Error {
  return withCode(new Error(`internal: ${message}`), "ERR_INTERNAL");
}

/**
 * Checks that `value` is an integer in [min, max] and returns it. Throws TypeError or RangeError.
 */
export function checkInteger(where: string, value: unknown, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  const range = max === Number.MAX_SAFE_INTEGER ? `an integer >= ${min}` : `an integer in [${min}, ${max}]`;
  if (typeof value !== "number") throw kindError(where, range, value);
  throw valueError(where, range, value);
}

/**
 * Checks that `value` is a finite number in [min, max] and returns it. Throws TypeError or
 * RangeError.
 */
export function checkNumber(where: string, value: unknown, min: number = -Infinity, max: number = Infinity): number {
  if (Number.isFinite(value) && (value as number) >= min && (value as number) <= max) return value as number;
  const range =
    min === -Infinity && max === Infinity
      ? "a finite number"
      : max === Infinity
        ? `a finite number >= ${min}`
        : `a number in [${min}, ${max}]`;
  if (typeof value !== "number") throw kindError(where, range, value);
  if (!Number.isFinite(value) || value < min || value > max) throw valueError(where, range, value);
  return value;
}

/** Checks that `value` is one of `choices` and returns it. Throws RangeError. */
export function checkChoice<C extends string>(where: string, value: unknown, choices: readonly C[]): C {
  const match = choices.find((choice) => choice === value);
  if (match === undefined) throw valueError(where, choices.map((c) => `"${c}"`).join(" | "), value);
  return match;
}
