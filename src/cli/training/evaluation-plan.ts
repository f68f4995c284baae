/** @file How often a run is evaluated where nobody says it. */
import type { RunOptions } from "../options/run-options.ts";

/** Evaluations of a run whose length is known: no more than about so many. */
const MOST = 20;
/** Steps between evaluations of a run that only time limits: at least so many. */
const FEWEST_STEPS = 50;

/**
 * Steps between evaluations: whole epochs, so many that a run on little data is not evaluated
 * hundreds of times. Undefined: each epoch.
 */
export function evaluateEveryOf(
  { steps, epochs, accumulate = 1 }: Pick<RunOptions, "steps" | "epochs" | "accumulate">,
  batchesPerEpoch: number,
): number | undefined {
  const perEpoch = Math.ceil(batchesPerEpoch / accumulate);
  const planned = epochs ?? (steps === undefined ? undefined : steps / perEpoch);
  const every = Math.ceil(planned === undefined ? FEWEST_STEPS / perEpoch : planned / MOST);
  return every <= 1 ? undefined : every * perEpoch;
}
