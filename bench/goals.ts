/** @file What this package has to reach. Ratios are the other's time over ours. */
import { type Case, isTiny } from "./cases.ts";
import type { Contestant } from "./contestants.ts";

/** One thread's time over that of two threads. */
export const SCALING_GOAL = 1.8;

/** Part of the core's limit that the whole training step reaches, from so many units on. */
export const LIMIT_GOAL = 0.8;
export const LIMIT_HIDDEN = 256;

/** Seconds from the start of the process to the first result. */
export const STARTUP_GOAL = 0.1;

/** Bytes, gzipped. */
export const WEB_GOAL = 110_000;

/** How many times as fast as this contestant, if anything is asked for. */
export function speedGoal({ name, variant }: Contestant, task: Case): number | undefined {
  const { kind, hidden } = task;
  if (kind === "generate") return name === "ONNX Runtime" && variant === "node" ? (hidden < 512 ? 1.5 : 1) : undefined;
  if (name === "TensorFlow.js" && variant === "wasm") return 25;
  if (name !== "PyTorch" || variant !== undefined) return undefined;
  if (isTiny(task)) return 50;
  return hidden < 512 ? 1.2 : 1;
}
