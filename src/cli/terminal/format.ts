/** @file Numbers, durations and tables for people. */
import { styleText } from "node:util";

/** 1234567 -> "1,234,567". Not by Intl, whose first number takes 15 ms. */
export const count = (n: number): string => String(Math.round(n)).replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, ",");

/** `count` with its noun: "1 layer", "2 layers". */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

/** Four significant digits or so, without an exponent where that is readable. */
export function real(x: number): string {
  if (!Number.isFinite(x) || x === 0) return String(x);
  const size = Math.abs(x);
  if (size < 1e-3 || size >= 1e6) return x.toExponential(2);
  return x.toFixed(size < 10 ? 4 : size < 1000 ? 2 : 0);
}

/** Bytes as "4.5 MiB" or "4 GiB". */
export function binaryBytes(n: number): string {
  const [size, unit] = n < 2 ** 30 ? [n / 2 ** 20, "MiB"] : [n / 2 ** 30, "GiB"];
  return `${Number(size.toFixed(1))} ${unit}`;
}

/** Seconds as "8s", "3m 20s", "2h 05m". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const total = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  if (total < 60) return `${total}s`;
  if (total < 3600) return `${Math.floor(total / 60)}m ${two(total % 60)}s`;
  if (total < 86_400) return `${Math.floor(total / 3600)}h ${two(Math.floor(total / 60) % 60)}m`;
  return `${Math.floor(total / 86_400)}d ${two(Math.floor(total / 3600) % 24)}h`;
}

/** Rows as aligned columns; those in `right` are right-aligned. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string {
  const widths = rows[0].map((_, column) => rows.reduce((widest, row) => Math.max(widest, row[column].length), 0));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (right.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

export type Style = "bold" | "dim" | "green" | "yellow" | "cyan";

/** Coloured when `stream` is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return usesColor(stream) ? styleText(style, text) : text;
}

/** NO_COLOR counts when it is not empty (no-color.org). */
function usesColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}

/** A path or text as one word of a shell command. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** "lstm, 2 layers of 64 in both directions". */
export function networkOf({
  cell,
  layers,
  hiddenSize,
  bidirectional = false,
}: {
  readonly cell: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly bidirectional?: boolean;
}): string {
  return `${cell}, ${plural(layers, "layer")} of ${count(hiddenSize)}${bidirectional ? " in both directions" : ""}`;
}
