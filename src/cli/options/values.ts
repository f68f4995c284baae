/** @file Parsers of option values, for commander. */
import { InvalidArgumentError } from "commander";

/** Decimal notation only: no "0x10", no "", no " 1". */
const NUMBER = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

export const integer =
  (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = NUMBER.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const upper = max === Number.MAX_SAFE_INTEGER ? `an integer >= ${min}` : `an integer from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected ${upper}.`);
  };

export const number =
  (min: number, max: number = Infinity) =>
  (text: string): number => {
    const value = NUMBER.test(text) ? Number(text) : NaN;
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      `Expected ${max === Infinity ? `a number >= ${min}` : `a number from ${min} to ${max}`}.`,
    );
  };

/** A norm > 0; "off" and 0 stand for one that nothing exceeds. */
export function norm(text: string): number {
  if (text === "off") return Infinity;
  const value = number(0)(text);
  return value === 0 ? Infinity : value;
}

/** A name of a picture, which is always SVG. */
export function svgName(text: string): string {
  if (/\.svg$/i.test(text)) return text;
  throw new InvalidArgumentError("Expected a name that ends in .svg.");
}

/** Collects a repeated option. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];
