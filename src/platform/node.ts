/** @file What differs between Node and the web, Node's side. `web.ts` has the same names. */
import { availableParallelism } from "node:os";

/** Milliseconds since an arbitrary start, monotonic. */
export const now = (): number => performance.now();

/** Lets timers, signals and I/O run before the returned promise resolves. */
export const yieldToHost = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Number of processors that this process may use. */
export const cores = (): number => availableParallelism();

/** The value of an environment variable, or undefined. */
export const environment = (name: string): string | undefined => process.env[name];
