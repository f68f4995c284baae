import { describe, kindError, valueError } from "../base/index.ts";
import { FORBIDDEN_KEYS, isWellFormed } from "./json-text.ts";

/**
 * JSON text that `parseStrictJson` reads back as the same value, including -0. The same value gives
 * the same text. Where JSON.stringify writes null, for NaN, infinity and undefined elements, this
 * throws an error that names the path. Undefined properties are omitted unless `omitUndefined` is
 * false; objects with `toJSON` are replaced by its result. Throws TypeError (undefined, functions,
 * symbols, bigints, typed arrays, class instances) or RangeError (NaN, infinity, lone surrogates,
 * forbidden keys, a depth above 64, as in a cycle; each `toJSON` counts).
 */
export function writeStrictJson(
  value: unknown,
  where = "writeStrictJson",
  { omitUndefined = true }: { readonly omitUndefined?: boolean | undefined } = {},
): string {
  return write(value, { where, omitUndefined }, "", 0);
}

type Rules = { readonly where: string; readonly omitUndefined: boolean };

function write(value: unknown, rules: Rules, path: string, depth: number): string {
  const { where, omitUndefined } = rules;
  const at = path === "" ? where : `${where} ${path.slice(0, 200)}`;
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "number":
      return writeNumber(value, at);
    case "string":
      return writeText(value, at);
    case "object":
      break;
    default:
      throw kindError(at, "a value that JSON has", value);
  }
  if (value === null) return "null";
  if (depth >= 64)
    throw valueError(at, "a depth of at most 64", depth + 1, "A value that contains itself cannot be written");
  const custom = (value as { toJSON?: unknown }).toJSON;
  if (typeof custom === "function") return write(custom.call(value), rules, path, depth + 1);
  if (Array.isArray(value)) {
    // Array.from, because map skips the holes of a sparse array
    return `[${Array.from(value, (item: unknown, i) => write(item, rules, `${path}[${i}]`, depth + 1)).join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw kindError(at, "a plain object", value, "Use an array for lists of numbers");
  }
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined && omitUndefined) continue;
    if (FORBIDDEN_KEYS.has(key)) throw valueError(at, "an ordinary key", key);
    const name = path === "" ? key : `${path}.${key}`;
    members.push(`${writeText(key, at)}:${write(member, rules, name, depth + 1)}`);
  }
  return `{${members.join(",")}}`;
}

function writeNumber(x: number, at: string): string {
  if (!Number.isFinite(x)) throw valueError(at, "a finite number", x, "JSON would store null");
  if (Object.is(x, -0)) return "-0";
  const text = String(x);
  // from 1e21 on, the text has an exponent and is read as a float
  if (Number.isInteger(x) && !Number.isSafeInteger(x) && !text.includes("e")) return x.toExponential();
  return text;
}

function writeText(text: string, at: string): string {
  if (!isWellFormed(text)) throw valueError(at, "well-formed text", `${describe(text)} with a lone surrogate`);
  return JSON.stringify(text);
}
