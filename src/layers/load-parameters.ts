/**
 * @file The seam between named arrays, from whatever file, and the parameters of a model or a
 * layer.
 */
import {
  checkChoice,
  checkOptions,
  firstNotFinite,
  FormatError,
  formatShape,
  NotFiniteError,
  sameShape,
  sentence,
  sizeOf,
} from "../base/index.ts";
import type { StoredArray } from "../formats/index.ts";
import type { Parameters } from "../rnn/index.ts";
import { assign } from "../tensor/index.ts";
import type { Layer } from "./layer.ts";

/** Arrays by name, as `decodeSafetensors` and `decodeNative` give them. */
export type NamedArrays = Readonly<Record<string, StoredArray>>;

export type LoadParametersOptions = {
  /**
   * Path of the parameter that an array belongs to, by the array's name: a record, in which names
   * that stay are left out, or a function, which gives undefined for an array that belongs to none.
   * Default: the same names.
   */
  readonly rename?: Readonly<Record<string, string>> | ((name: string) => string | undefined);
  /** Parameters without an array. Default "refuse"; "keep" leaves them as they are. */
  readonly missing?: "refuse" | "keep" | undefined;
  /** Arrays without a parameter. Default "refuse". */
  readonly extra?: "refuse" | "ignore" | undefined;
};

export type LoadedParameters = {
  /** Paths of parameters that have kept their values. */
  readonly missing: readonly string[];
  /** Names of arrays that were not used. */
  readonly extra: readonly string[];
};

/** The parameters as arrays, such as `encodeSafetensors` takes. */
export const arraysOf = (layer: Layer): Record<string, StoredArray> =>
  Object.fromEntries(
    Object.entries(layer.parameters()).map(([path, value]) => [
      path,
      { dtype: value.dtype, shape: value.shape, data: value.values() },
    ]),
  );

/**
 * Copies named arrays into the parameters of a model, layer or cell (that is built). Numbers are
 * taken as they are, in the parameter's own layout: what a framework stores transposed is
 * transposed before. All is checked before anything is changed.
 *
 * Throws FormatError that names everything that does not fit: a parameter that is missing, an array
 * that belongs to none or to one that has its array already, another shape or dtype, numbers that
 * are not finite. Throws NotFiniteError where those are all that is wrong.
 */
export function loadParameters(
  target: Layer,
  arrays: NamedArrays,
  options: LoadParametersOptions = {},
  where = "loadParameters",
): LoadedParameters {
  checkOptions("loadParameters", options, "rename missing extra");
  const { rename = {}, missing = "refuse", extra = "refuse" } = options;
  const parameters = target.parameters();
  checkChoice(`${where} missing`, missing, ["refuse", "keep"]);
  checkChoice(`${where} extra`, extra, ["refuse", "ignore"]);
  const sources: Record<string, StoredArray> = {};
  const unused: string[] = [];
  const problems: Misfit[] = [];
  for (const [name, array] of Object.entries(arrays)) {
    const path = typeof rename === "function" ? rename(name) : Object.hasOwn(rename, name) ? rename[name] : name;
    if (path === undefined || !Object.hasOwn(parameters, path)) unused.push(name);
    else if (Object.hasOwn(sources, path)) problems.push([`one array for "${path}"`, `${JSON.stringify(name)}, too`]);
    else sources[path] = array;
  }
  const kept = Object.keys(parameters).filter((path) => !Object.hasOwn(sources, path));
  const isWanted = ([path]: [string, unknown]): boolean => missing === "refuse" || Object.hasOwn(sources, path);
  problems.push(...misfitsOf(Object.fromEntries(Object.entries(parameters).filter(isWanted)), sources, true));
  if (extra === "refuse") problems.push(...unused.map((name): Misfit => ["no other parameters", JSON.stringify(name)]));
  if (problems.length > 0)
    throw new (problems.every(([, , hint]) => hint) ? NotFiniteError : FormatError)(misfitText(where, problems));
  for (const [path, { data }] of Object.entries(sources)) assign(parameters[path], data);
  return { missing: kept, extra: unused };
}

/** A fault: what was expected, what is there, and a hint where numbers are not finite. */
export type Misfit = readonly [expected: string, got: string, notFinite?: string];

/** The faults of arrays that are to go into the parameters of the same names. */
export function misfitsOf(parameters: Parameters, arrays: NamedArrays, finite: boolean): Misfit[] {
  return Object.entries(parameters).flatMap(([path, { dtype, shape }]): Misfit[] => {
    const array = Object.hasOwn(arrays, path) ? arrays[path] : undefined;
    if (array === undefined) return [[`a parameter "${path}"`, "none"]];
    if (array.dtype !== dtype || !sameShape(array.shape, shape))
      return [[`"${path}" ${dtype} ${formatShape(shape)}`, `${array.dtype} ${formatShape(array.shape)}`]];
    if (array.data.length !== sizeOf(shape))
      return [[`"${path}" with ${sizeOf(shape)} values`, String(array.data.length)]];
    const bad = finite ? firstNotFinite(array.data) : -1;
    if (bad < 0) return [];
    const got = `${array.data[bad]} at element ${bad} of ${JSON.stringify(path)}`;
    return [["finite weights", got, "The model has diverged, or the file is damaged"]];
  });
}

/** All of it in one message. */
export function misfitText(where: string, [[expected, got, hint], ...others]: readonly Misfit[]): string {
  const rest = others.map((other) => `; expected ${other[0]}, got ${other[1]}`).join("");
  return sentence(where, expected, got + rest, others.every((other) => other[2]) ? hint : undefined);
}
