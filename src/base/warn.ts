import { printable } from "./printable.ts";

const said = new Set<string>();

/**
 * Prints one line to the console (stderr in Node), once for each message and thread: whenever the
 * engine, the numerics, the threads or the reading of a file is not what a user would expect. The
 * message is one sentence, and says what to do.
 */
export function warnOnce(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  console.warn(printable(`unrolled: ${message}`));
}
