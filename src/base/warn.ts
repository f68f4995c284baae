import { printable } from "./printable.ts";

const printed = new Set<string>();

/**
 * Prints one line to the console (stderr in Node), once per message and thread. It is for an
 * engine, numerics, threads or a way of reading a file that a user would not expect. The message is
 * one sentence that says what to do.
 */
export function warnOnce(message: string): void {
  if (printed.has(message)) return;
  printed.add(message);
  console.warn(printable(`unrolled: ${message}`));
}
