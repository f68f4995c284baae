/** @file Ctrl-C and its relatives, as an AbortSignal. */
import { EXIT } from "./failure.ts";

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hangup } as const;

type Name = keyof typeof CODES;

export type StopSignals = {
  readonly signal: AbortSignal;
  /** Exit code of the signal that came, undefined without one. */
  readonly code: number | undefined;
  /** Back to the system's own handling. */
  release(): void;
};

/** The first signal aborts; after it the next one ends the process at once, as it would without us. */
export function stopSignals(onStop: (name: Name) => void = () => {}): StopSignals {
  const controller = new AbortController();
  let code: number | undefined;
  const stop = (name: Name): void => {
    release();
    code = CODES[name];
    onStop(name);
    controller.abort();
  };
  const names = Object.keys(CODES) as Name[];
  const release = (): void => {
    for (const name of names) process.off(name, stop);
  };
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    release,
  };
}
