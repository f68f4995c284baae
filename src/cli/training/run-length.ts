/** @file The length of a run where nobody says it. */
import { LIMITS, type RunOptions } from "../options/run-options.ts";

/** Steps of a run: enough to learn from little data, and not too long with much. */
const STEPS = 1500;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [2, 100];

/** The options, with the whole epochs that come nearest to that length where there is no limit. */
export function withLength<O extends Pick<RunOptions, "steps" | "epochs" | "seconds" | "accumulate">>(
  options: O,
  batchesPerEpoch: number,
): O {
  if (LIMITS.some((name) => options[name] !== undefined)) return options;
  const perEpoch = batchesPerEpoch / (options.accumulate ?? 1);
  return { ...options, epochs: Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, Math.round(STEPS / perEpoch))) };
}
