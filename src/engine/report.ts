/** @file Calls with which users inspect and set the engine. */
import { checkInteger } from "../base/index.ts";
import type { EngineReport } from "./engine.ts";
import { currentEngine, MOST_THREADS } from "./select.ts";

/**
 * A report on the engine that computes tensors: name, numerics, threads, memory in bytes, and each
 * choice with its reason.
 */
export const engineReport = (): EngineReport => currentEngine().report();

/**
 * Sets the number of threads for large kernels, from the next one on. Default: one per processor.
 * Results are bitwise the same with any number. New threads start with the next large kernel, which
 * does not wait for them. Engines without threads ignore the call.
 *
 * Throws TypeError unless `threads` is a number, RangeError unless it is an integer from 1 to 1024.
 */
export function useThreads(threads: number): void {
  currentEngine().useThreads(checkInteger("useThreads", threads, 1, MOST_THREADS));
}
