/** @file What the benchmark ran on. */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

/** Whether the processor has vectors of 512 bits, which WebAssembly can't use. Where the system doesn't tell: no. */
export const hasWideVectors = (): boolean =>
  existsSync("/proc/cpuinfo") && /^flags\s*:.*\bavx512f\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));

export const processor = (): string =>
  (cpus()[0]?.model.trim() ?? "unknown processor") + (hasWideVectors() ? ", AVX-512" : "");

export const machine = (): string =>
  `${processor()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
