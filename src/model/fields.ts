/** @file Configurations that come from a file, checked field by field. */
import { checkChoice, checkInteger, checkNumber, describe, FormatError, kindError, sentence } from "../base/index.ts";
import { CELL_NAMES, type CellName, type Dialect, DIALECT_NAMES } from "../rnn/index.ts";

/** Check of each field: it returns the value, or throws. */
export type Fields<T> = {
  readonly [Name in keyof T]-?: (where: string, value: unknown) => T[Name];
};

/** The largest number below 1. */
const BELOW_ONE = 1 - 2 ** -53;

/**
 * Most features of anything, such as units or an embedding: a matrix of more does not fit into 4
 * GiB with anything beside it.
 */
export const MOST_FEATURES = 65_536;

/** Most layers. A stack is as many objects, and each has its parameters. */
export const MOST_LAYERS = 256;

/** The checks that several configurations share. */
export const field = {
  size: (where: string, value: unknown): number => checkInteger(where, value, 1, MOST_FEATURES),
  layers: (where: string, value: unknown): number => checkInteger(where, value, 1, MOST_LAYERS),
  integer: (where: string, value: unknown): number => checkInteger(where, value),
  /** A probability of dropping something, as an option: below 1 in float32 too. */
  dropout: (where: string, value: unknown): number => checkNumber(where, value, 0, 1 - 2 ** -24),
  probability: (where: string, value: unknown): number => checkNumber(where, value, 0, BELOW_ONE),
  cell: (where: string, value: unknown): CellName => checkChoice(where, value, CELL_NAMES),
  dialect: (where: string, value: unknown): Dialect => checkChoice(where, value, DIALECT_NAMES),
  flag: (where: string, value: unknown): boolean => {
    if (typeof value !== "boolean") throw kindError(where, "true or false", value);
    return value;
  },
  text: (where: string, value: unknown): string => {
    if (typeof value !== "string") throw kindError(where, "text", value);
    return value;
  },
  /** A list, each of whose items passes `check`. */
  list:
    <T>(check: (where: string, value: unknown) => T) =>
    (where: string, value: unknown): readonly T[] => {
      if (!Array.isArray(value)) throw kindError(where, "a list", value);
      return value.map((item: unknown, i) => check(`${where}[${i}]`, item));
    },
} as const;

/**
 * An object whose fields all pass and that has no other. Throws FormatError that names the first
 * wrong one: what is wrong is the file, not a value that the caller gave.
 */
export function parseFields<T>(where: string, value: unknown, fields: Fields<T>): T {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FormatError(sentence(where, "an object", Array.isArray(value) ? "an array" : describe(value)));
  const given = value as Record<string, unknown>;
  const names = Object.keys(fields) as (keyof T & string)[];
  const other = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (other !== undefined)
    throw new FormatError(sentence(where, `${names.join(", ")} and no other field`, describe(other)));
  return asFormatError(
    () => Object.fromEntries(names.map((name) => [name, fields[name](`${where}: ${name}`, given[name])])) as T,
  );
}

/** Checks the fields of options; throws as they do. */
export function checkFields<T extends object>(where: string, given: T, fields: Fields<T>): void {
  for (const [name, check] of Object.entries<Fields<T>[keyof T]>(fields))
    check(`${where} ${name}`, given[name as keyof T]);
}

/** Result of `f`, whose errors become FormatErrors. */
export function asFormatError<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError((error as Error).message);
  }
}
