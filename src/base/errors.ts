/**
 * @file The one voice of every error: `where: expected X, got Y`, then at most one hint, and a
 * stable `code`. TypeError says that the kind is wrong, RangeError that the value is; the classes
 * below are for failures which a caller may want to catch.
 */

import { printable } from "./printable.ts";

/** Stable identifiers of everything that can go wrong at the public border. */
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

/** A file or byte string which is not what it claims to be. Nothing of it has been used. */
export class FormatError extends Error {
  readonly code: ErrorCode = "ERR_FORMAT";
  override readonly name: string = "FormatError";
}

/** A file that is not, bit for bit, what was written. Nothing of it has been used. */
export class DamagedError extends FormatError {
  override readonly code: ErrorCode = "ERR_DAMAGED";
  override readonly name: string = "DamagedError";
  /** The file, as the caller named it. */
  readonly file: string;
  /**
   * The array whose bytes are wrong, or undefined where the damage is in the header or the size.
   */
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

/** Text, ids or tables that a model cannot be trained on or asked about. */
export class DataError extends Error {
  readonly code: ErrorCode = "ERR_DATA";
  override readonly name: string = "DataError";
}

/** Something that this engine, cell or format cannot do, with the reason. */
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

/** Lists inside of lists that are shown. */
const MAX_DEPTH = 3;

/** Short, safe text for any value in a message: strings quoted, long things cut. */
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
    // whatever JSON says that its constructor is
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
 * `where: expected X, got Y. hint`, as it can be printed: names and values may come from a
 * stranger's file.
 */
export function sentence(where: string, expected: string, got: string, hint?: string): string {
  return printable(`${where}: expected ${expected}, got ${got}${hint === undefined ? "" : `. ${hint}`}`);
}

/** The value has the wrong kind (type). */
export function kindError(where: string, expected: string, got: unknown, hint?: string): TypeError {
  return withCode(new TypeError(sentence(where, expected, describe(got), hint)), "ERR_KIND");
}

/** The kind is right, the value is not. */
export function valueError(where: string, expected: string, got: unknown, hint?: string): RangeError {
  return withCode(new RangeError(sentence(where, expected, describe(got), hint)), "ERR_VALUE");
}

/** The kind is right, the value is not; `got` says in words what it is. */
export function misuseError(where: string, expected: string, got: string, hint?: string): RangeError {
  return withCode(new RangeError(sentence(where, expected, got, hint)), "ERR_VALUE");
}

/** A tensor has the wrong shape. `expected` is text such as `input [batch, 64]`. */
export function shapeError(where: string, expected: string, got: readonly number[], hint?: string): RangeError {
  return withCode(new RangeError(sentence(where, expected, `[${got.join(", ")}]`, hint)), "ERR_SHAPE");
}

/** A tensor has the wrong element type. */
export function dtypeError(where: string, expected: string, got: string, hint?: string): TypeError {
  return withCode(new TypeError(sentence(where, expected, got, hint)), "ERR_DTYPE");
}

/** A tensor is used after the scope that owned it has ended. */
export function releasedError(where: string): RangeError {
  return withCode(
    new RangeError(
      sentence(where, "a live tensor", "one whose scope has ended", "Return it from the scope to keep it"),
    ),
    "ERR_RELEASED",
  );
}

/** Our own bug, never the caller's. */
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

/** Checks that `value` is one of `choices` and returns it. */
export function checkChoice<C extends string>(where: string, value: unknown, choices: readonly C[]): C {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw valueError(where, choices.map((c) => `"${c}"`).join(" | "), value);
  return found;
}
