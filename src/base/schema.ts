/** @file Checks of values that come from a file, field by field; read as `schema.integer(1)`. */
import { checkChoice, checkInteger, checkNumber, describe, FormatError, kindError, sentence } from "./errors.ts";

/**
 * A function that returns the value, checked, or throws an error whose message begins with `where`.
 */
export type Check<T> = (where: string, value: unknown) => T;

/** A check for each field. */
export type Checks<T> = { readonly [Name in keyof T]-?: Check<Exclude<T[Name], undefined>> };

export const integer =
  (min?: number, max?: number): Check<number> =>
  (where, value) =>
    checkInteger(where, value, min, max);

export const number =
  (min: number, max?: number): Check<number> =>
  (where, value) =>
    checkNumber(where, value, min, max);

export const choice =
  <C extends string>(...choices: readonly C[]): Check<C> =>
  (where, value) =>
    checkChoice(where, value, choices);

export const text: Check<string> = (where, value) => {
  if (typeof value !== "string") throw kindError(where, "text", value);
  return value;
};

/** Text that matches `pattern`, which errors describe as `expected`. */
export const matching =
  (pattern: RegExp, expected: string): Check<string> =>
  (where, value) => {
    if (typeof value !== "string" || !pattern.test(value))
      throw new FormatError(sentence(where, expected, describe(value)));
    return value;
  };

/** A list whose items pass `check`, which errors describe as `expected`. */
export const list =
  <T>(check: Check<T>, expected = "a list"): Check<readonly T[]> =>
  (where, value) => {
    if (!Array.isArray(value)) throw kindError(where, expected, value);
    return value.map((item: unknown, i) => check(`${where}[${i}]`, item));
  };

export const object: Check<Readonly<Record<string, unknown>>> = (where, value) => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw kindError(where, "an object", value);
};

/** An object with fields of any name, each of which passes `check`. */
export const dictionary =
  <T>(check: Check<T>): Check<Readonly<Record<string, T>>> =>
  (where, value) =>
    Object.fromEntries(
      Object.entries(object(where, value)).map(([name, field]) => [name, check(under(where, name), field)]),
    );

/** An object with exactly these fields; those for which `isOptional` is true may be missing. */
export function record<T>(checks: Checks<T>, isOptional: (name: string) => boolean = () => false): Check<T> {
  return (where, value) => {
    const fields = object(where, value);
    const names = Object.keys(checks) as (keyof T & string)[];
    const other = Object.keys(fields).find((name) => !Object.hasOwn(checks, name));
    if (other !== undefined)
      throw new FormatError(sentence(where.replace(/:$/, ""), `only ${names.join(", ")}`, describe(other)));
    const present = names.filter((name) => Object.hasOwn(fields, name) || !isOptional(name));
    return Object.fromEntries(present.map((name) => [name, checks[name](under(where, name), fields[name])])) as T;
  };
}

/**
 * The name of a field in an error message. Field `facts` in "config.json:" is "config.json: facts";
 * field `steps` in that is "config.json: facts.steps".
 */
const under = (where: string, name: string): string => `${where}${where.endsWith(":") ? " " : "."}${name}`;
