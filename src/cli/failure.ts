/** @file From what was thrown to one line on stderr and an exit code. */
import { CommanderError, InvalidArgumentError } from "commander";
import { DataError, FormatError, NotFiniteError } from "unrolled";

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  diverged: 3,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What the caller asked for can't be done as asked: exit code 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** The library's words for a wrong option value. */
const isValueError = (error: Error): boolean =>
  "code" in error && (error.code === "ERR_VALUE" || error.code === "ERR_KIND");

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof InvalidArgumentError) return EXIT.usage;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof NotFiniteError) return EXIT.diverged;
  return error instanceof Error && isValueError(error) ? EXIT.usage : EXIT.failure;
}

/** Prints one line (with `UNROLLED_DEBUG` the stack) and returns the exit code. `name` is the command, such as `unrolled train`. */
export function reportFailure(error: unknown, name: string): number {
  // commander has printed its own message
  if (error instanceof CommanderError) return exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${name}: ${message.replaceAll("\n", " ")}\n`);
  if (process.env["UNROLLED_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}

/** Runs `f`; what is wrong with the data that it reads is then a usage error, for values that were typed on the command line. */
export function asUsage<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    if (error instanceof DataError && !(error instanceof FormatError)) throw new UsageError(error.message);
    throw error;
  }
}
