/**
 * @file Everything that commands print, so that no text of a stranger acts on the terminal: what is
 * for people, what is for programs.
 */
import { jsonLine, printable } from "unrolled";
import { paint, type Style } from "./format.ts";

/** Prints lines for people to stdout, in a style where it has colours. */
export function say(text: string, style?: Style): void {
  const shown = printable(text);
  process.stdout.write(`${style === undefined ? shown : paint(style, shown, process.stdout)}\n`);
}

/** Prints a value for programs to stdout: one line of JSON. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${jsonLine(value)}\n`);
}

/** Prints a line for people to stderr, where it mixes with no answer. */
export function warn(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/**
 * Writes what a model has generated to stdout: as it is to a file or another program, so that it
 * can be shown to a terminal.
 */
export function write(text: string): void {
  process.stdout.write(process.stdout.isTTY ? printable(text) : text);
}
