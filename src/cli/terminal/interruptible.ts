/**
 * @file Commands that Ctrl-C ends within milliseconds: what they compute runs in pieces, between
 * which signals are heard.
 */
import { setImmediate } from "node:timers/promises";
import { EXIT, Interrupted } from "./failure.ts";
import { CODES } from "./stop-signals.ts";

/**
 * Milliseconds that work has for an end of its own, such as the last line, before the process ends.
 */
const GRACE = 40;
/** Milliseconds between two looks at the signal. */
const SLICE = 8;

const NEVER: AbortSignal = new AbortController().signal;
let current = NEVER;
let rested = 0;

/**
 * Aborts when the command's work is to end: for the calls of the library. Never, outside
 * `interruptible`.
 */
export const workSignal = (): AbortSignal => current;

/**
 * Between pieces of work: lets signals be heard every few milliseconds, and throws when the work is
 * to end.
 */
export async function rest(): Promise<void> {
  if (performance.now() - rested < SLICE) return;
  await setImmediate();
  rested = performance.now();
  current.throwIfAborted();
}

/** The work in progress in `interruptible`. */
let work: { readonly controller: AbortController; exitCode: number | undefined } | undefined;

function stop(exitCode: number): void {
  if (work === undefined || work.exitCode !== undefined) process.exit(exitCode);
  work.exitCode = exitCode;
  // the next signal is the system's, which ends the process also while it computes
  listen(false);
  setTimeout(() => process.exit(exitCode), GRACE);
  work.controller.abort();
}

let isHeard = false;
const hear = (name: NodeJS.Signals): void => stop(CODES[name as keyof typeof CODES]);

function listen(isOn: boolean): void {
  if (isOn === isHeard) return;
  isHeard = isOn;
  for (const name of Object.keys(CODES)) {
    if (isOn) process.on(name, hear);
    else process.off(name, hear);
  }
}

/**
 * Makes a signal end the process with its exit code as soon as the event loop has a turn:
 * for commands that lose nothing by it.
 */
export const exitOnSignals = (): void => listen(true);

/**
 * Runs what keeps the event loop from its turns, such as the reading of a large file: meanwhile
 * signals are the system's, which ends the process at once.
 */
export function uninterrupted<R>(f: () => R): R {
  const was = isHeard;
  listen(false);
  try {
    return f();
  } finally {
    listen(was);
  }
}

/**
 * Runs `f`, which heeds `workSignal`. SIGINT, SIGTERM and SIGHUP end it with their exit codes, a
 * reader of the output that went away (`| head`) with 0: this rejects with Interrupted. Work that
 * waits for something else, such as input, is not waited for.
 */
export async function interruptible<R>(f: () => Promise<R>): Promise<R> {
  const own = { controller: new AbortController(), exitCode: undefined as number | undefined };
  work = own;
  current = own.controller.signal;
  listen(true);
  const leave = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE") stop(EXIT.ok);
  };
  process.stdout.on("error", leave);
  try {
    const result = await f();
    // what it wrote last may have had no reader
    await setImmediate();
    if (own.exitCode !== undefined) throw new Interrupted(own.exitCode);
    return result;
  } catch (error) {
    throw own.exitCode === undefined ? error : new Interrupted(own.exitCode);
  } finally {
    process.stdout.off("error", leave);
    work = undefined;
    current = NEVER;
  }
}
