/** @file From what was thrown to one line on stderr and an exit code. */
import { CommanderError, InvalidArgumentError } from "commander";
import type { ErrorCode } from "unrolled";

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  diverged: 3,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** Sets the exit code that a command ends with when it is not 0 and nothing was thrown. */
export type Finish = (exitCode: number) => void;

/** An error of usage: exit code 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** A signal, or a reader that went away, has ended the work: the exit code says which. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("interrupted");
    this.exitCode = exitCode;
  }
}

/**
 * Whether it is an error of the library with one of these codes, compared by name since help
 * needs no library.
 */
const hasCode = (error: unknown, ...codes: readonly ErrorCode[]): boolean =>
  error instanceof Error && codes.some((code) => "code" in error && error.code === code);

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof InvalidArgumentError) return EXIT.usage;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (hasCode(error, "ERR_NOT_FINITE")) return EXIT.diverged;
  // the library's words for a wrong option value
  return hasCode(error, "ERR_VALUE", "ERR_KIND") ? EXIT.usage : EXIT.failure;
}

/**
 * Prints one line (with `UNROLLED_DEBUG` the stack) and returns the exit code. `name` is the
 * command, such as `unrolled train`, and `flags` are those that it has.
 */
export async function reportFailure(error: unknown, name: string, flags: readonly string[] = []): Promise<number> {
  if (error instanceof Interrupted) return error.exitCode;
  // commander has printed its own message
  if (error instanceof CommanderError) return exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  // not before it is needed, since the library takes a moment to load
  const { warn } = await import("./output.ts");
  const { plainMessage } = await import("./plain-message.ts");
  const { asTyped } = await import("./program-name.ts");
  warn(`${name}: ${asTyped(plainMessage(message.replaceAll("\n", " "), flags))}`);
  if (process.env["UNROLLED_DEBUG"] && error instanceof Error) warn(String(error.stack));
  return exitCodeOf(error);
}

/**
 * Runs `f`; what is wrong with the data that it reads is then a usage error, for values that were
 * typed on the command line.
 */
export function asUsage<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    throw usageOf(error);
  }
}

/** Asynchronous form of `asUsage`. */
export async function asUsageLater<R>(f: () => Promise<R>): Promise<R> {
  try {
    return await f();
  } catch (error) {
    throw usageOf(error);
  }
}

/** Errors of the file system about paths that were typed. */
const PATH_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "is in no folder",
  EISDIR: "is a folder",
  EACCES: "may not be opened",
};

function usageOf(error: unknown): unknown {
  if (hasCode(error, "ERR_DATA")) return new UsageError((error as Error).message);
  if (!(error instanceof Error) || !("code" in error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const reason = PATH_ERRORS[code ?? ""];
  if (reason === undefined) return error;
  return new UsageError(`expected a file, got ${path === undefined ? "one" : JSON.stringify(path)} that ${reason}`);
}
