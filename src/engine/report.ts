/** @file What users may ask the engine, and tell it. */
import { checkInteger } from "../base/index.ts";
import type { EngineReport } from "./engine.ts";
import { currentEngine, MOST_THREADS } from "./select.ts";

/**
 * What tensors are computed on: name, numerics, threads, memory in bytes, and each choice with its
 * reason.
 */
export const engineReport = (): EngineReport => currentEngine().report();

/**
 * Threads for large kernels, from the next one on. Default: one for each processor. Results do not
 * depend on it, bit for bit. New threads start with the next large kernel, which does not wait for
 * them. An engine without threads ignores it.
 *
 * Throws TypeError for anything but a number, RangeError unless it is an integer from 1 to 1024.
 */
export function useThreads(threads: number): void {
  currentEngine().useThreads(checkInteger("useThreads", threads, 1, MOST_THREADS));
}
