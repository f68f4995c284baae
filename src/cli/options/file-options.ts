/** @file Options of pictures and recordings: what is read, and what is left out. */
import { InvalidArgumentError } from "commander";
import { flag, text } from "./table.ts";

/** `--skip-bad`, for all that is a file for each example. */
export const SKIP_BAD = {
  skipBad: flag("leave out files that can't be read, and say how many and why"),
} as const;

const COLORS: Readonly<Record<string, string>> = { white: "#ffffff", black: "#000000" };

/** A color's name or its six hexadecimal digits, as these. */
function parseColor(typed: string): string {
  const color = COLORS[typed.toLowerCase()] ?? typed.toLowerCase();
  if (/^#[\da-f]{6}$/.test(color)) return color;
  throw new InvalidArgumentError("Expected white, black, or a colour such as #ff8800.");
}

/** "28x28", also for "28". */
function parseSize(typed: string): string {
  const [, width, height = width] = /^(\d{1,5})(?:x(\d{1,5}))?$/i.exec(typed) ?? [];
  if (Number(width) >= 1 && Number(height) >= 1) return `${Number(width)}x${Number(height)}`;
  throw new InvalidArgumentError("Expected a size in pixels, such as 28 or 32x24.");
}

/** Options of the files of pictures. */
export const PICTURE_OPTIONS = {
  resize: text("size", "size that pictures get, such as 28 or 32x24 (default: their own, or the median)", {
    parse: parseSize,
  }),
  background: text("color", "what is behind transparent pixels: white, black or #rrggbb", {
    parse: parseColor,
    default: "white",
    before: "#000000",
  }),
  ...SKIP_BAD,
} as const;

/** Red, green and blue of an option's value. */
export const colorOf = (color: string): readonly [red: number, green: number, blue: number] => {
  const hex = parseColor(color);
  return [
    Number.parseInt(hex.slice(1, 3), 16),
    Number.parseInt(hex.slice(3, 5), 16),
    Number.parseInt(hex.slice(5), 16),
  ];
};

/** Width and height of an option's value. */
export function sizeOf(size: string): { readonly width: number; readonly height: number } {
  const [width, height] = size.split("x").map(Number);
  return { width, height };
}
