/** @file What `--dry-run` measures. */
import { type Measured, memory, type Training } from "unrolled";

/** Steps that are made before time counts, and those that are timed. */
const WARM_UP = 2;
const TIMED = 5;

/** Steps that a dry run makes. */
export const DRY_STEPS: number = WARM_UP + TIMED;

/** Median seconds of a step of a run of `DRY_STEPS`, and the bytes that are live between steps. */
export async function timeSteps(training: Training<Measured>): Promise<{ secondsPerStep: number; bytes: number }> {
  const times: number[] = [];
  let bytes = 0;
  let last = performance.now();
  for await (const event of training) {
    if (event.kind !== "step") continue;
    const now = performance.now();
    times.push((now - last) / 1000);
    last = now;
    bytes = memory().liveBytes;
  }
  const secondsPerStep = times.slice(WARM_UP).toSorted((a, b) => a - b)[TIMED >> 1];
  return { secondsPerStep, bytes };
}
