/** @file Configurations that come from a file, checked field by field. */
import { asFormatError, type Check, describe, FormatError, kindError, schema, sentence } from "../base/index.ts";
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

const isTrueOrFalse: Check<boolean> = (where, value) => {
  if (typeof value !== "boolean") throw kindError(where, "true or false", value);
  return value;
};

/** The checks that several configurations share. */
export const field: {
  readonly size: Check<number>;
  readonly layers: Check<number>;
  readonly integer: Check<number>;
  /** A probability of dropping something, as an option: below 1 in float32 too. */
  readonly dropout: Check<number>;
  readonly probability: Check<number>;
  readonly cell: Check<CellName>;
  readonly dialect: Check<Dialect>;
  readonly flag: Check<boolean>;
  readonly text: Check<string>;
  /** A list, each of whose items passes a check. */
  readonly list: <T>(check: Check<T>) => Check<readonly T[]>;
} = {
  size: schema.integer(1, MOST_FEATURES),
  layers: schema.integer(1, MOST_LAYERS),
  integer: schema.integer(),
  dropout: schema.number(0, 1 - 2 ** -24),
  probability: schema.number(0, BELOW_ONE),
  cell: schema.choice(...CELL_NAMES),
  dialect: schema.choice(...DIALECT_NAMES),
  flag: isTrueOrFalse,
  text: schema.text,
  list: schema.list,
};

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
