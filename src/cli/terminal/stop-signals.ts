/** @file Ctrl-C and its relatives, as an AbortSignal. */
import { EXIT } from "./failure.ts";

/** Exit codes of the signals that end a command. */
export const CODES: Readonly<Record<"SIGINT" | "SIGTERM" | "SIGHUP", number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hangup,
};

export type StopSignals = {
  readonly signal: AbortSignal;
  /** Exit code of the signal that came, undefined without one. */
  readonly received: () => number | undefined;
  /** Stops as a signal would, with an exit code of its own. */
  readonly stop: (exitCode: number) => void;
  /** Leaves signals to the system again. */
  readonly release: () => void;
};

/**
 * Milliseconds in which a signal that comes again is the same one: `timeout` and others send it to
 * the process and to its group.
 */
const ECHO = 100;

/**
 * The first signal aborts; the next one ends the process at once, by the system's own hand, also
 * while a step computes.
 */
export function stopSignals(): StopSignals {
  const controller = new AbortController();
  let code: number | undefined;
  const handle = (name: NodeJS.Signals): void => stop(CODES[name as keyof typeof CODES]);
  let releasing: NodeJS.Timeout | undefined;
  const release = (): void => {
    clearTimeout(releasing);
    for (const name of Object.keys(CODES)) process.off(name, handle);
  };
  const stop = (exitCode: number): void => {
    releasing ??= setTimeout(release, ECHO);
    code ??= exitCode;
    controller.abort();
  };
  for (const name of Object.keys(CODES)) process.on(name, handle);
  return { signal: controller.signal, received: () => code, stop, release };
}
