import { checkChoice, checkInteger, checkNumber, checkOptions, kindError } from "../base/index.ts";

/** Options of `plateau`. */
export type PlateauOptions = {
  /** Initial learning rate. */
  readonly initial: number;
  /** Factor of a reduction, in [0, 1). Default 0.1. */
  readonly factor?: number | undefined;
  /** Number of observations without improvement that are tolerated. Default 10. */
  readonly patience?: number | undefined;
  /** Smallest improvement that counts. Default 1e-4. */
  readonly threshold?: number | undefined;
  readonly thresholdMode?: "relative" | "absolute" | undefined;
  /** Number of observations after a reduction that are not counted. Default 0. */
  readonly cooldown?: number | undefined;
  readonly minimum?: number | undefined;
  /** Reductions by no more than this are skipped. Default 1e-8. */
  readonly smallestChange?: number | undefined;
  /** Whether a smaller (`min`) or larger (`max`) metric is better. Default "min". */
  readonly mode?: "min" | "max" | undefined;
};

/** The state of a plateau, as plain JSON. */
export type PlateauState = {
  readonly learningRate: number;
  /** Best metric so far; null before the first finite one. */
  readonly best: number | null;
  /** Number of observations without improvement. */
  readonly bad: number;
  /** Number of observations left of the cooldown. */
  readonly cooling: number;
};

/** A learning rate that falls when a metric stops improving. */
export interface Plateau {
  /**
   * Adds the next value of the metric. NaN and infinities are worse than any other value, never an
   * improvement. Throws TypeError unless it is a number.
   */
  observe(metric: number): void;
  readonly learningRate: number;
  state(): PlateauState;
  /** Continues from a saved state. Throws TypeError or RangeError if it isn't one. */
  restore(state: PlateauState): void;
}

/**
 * A learning rate that is multiplied by `factor` when a metric has not improved for more than
 * `patience` observations: PyTorch's ReduceLROnPlateau, with its defaults. One difference: a
 * relative threshold is relative to |best|, so that negative metrics must improve too.
 */
export function plateau({
  initial,
  factor = 0.1,
  patience = 10,
  threshold = 1e-4,
  thresholdMode = "relative",
  cooldown = 0,
  minimum = 0,
  smallestChange = 1e-8,
  mode = "min",
}: PlateauOptions): Plateau {
  checkOptions(
    "plateau",
    arguments[0],
    "initial factor patience threshold thresholdMode cooldown minimum smallestChange mode",
  );
  checkNumber("plateau initial", initial, 0);
  checkNumber("plateau factor", factor, 0, 1 - Number.EPSILON);
  checkInteger("plateau patience", patience);
  checkNumber("plateau threshold", threshold, 0);
  checkChoice("plateau thresholdMode", thresholdMode, ["relative", "absolute"]);
  checkInteger("plateau cooldown", cooldown);
  checkNumber("plateau minimum", minimum, 0);
  checkNumber("plateau smallestChange", smallestChange, 0);
  checkChoice("plateau mode", mode, ["min", "max"]);

  let learningRate = initial;
  let best: number | null = null;
  let bad = 0;
  let cooling = 0;

  const improves = (metric: number): boolean => {
    if (!Number.isFinite(metric)) return false;
    if (best === null) return true;
    const margin = thresholdMode === "relative" ? threshold * Math.abs(best) : threshold;
    return mode === "min" ? metric < best - margin : metric > best + margin;
  };

  return {
    observe(metric) {
      if (typeof metric !== "number") throw kindError("plateau metric", "a number", metric);
      if (improves(metric)) {
        best = metric;
        bad = 0;
      } else {
        bad++;
      }
      if (cooling > 0) {
        cooling--;
        bad = 0;
      }
      if (bad <= patience) return;
      const reduced = Math.max(learningRate * factor, minimum);
      if (learningRate - reduced > smallestChange) learningRate = reduced;
      cooling = cooldown;
      bad = 0;
    },

    get learningRate() {
      return learningRate;
    },

    state: () => ({ learningRate, best, bad, cooling }),

    restore(state) {
      checkNumber("plateau state learningRate", state.learningRate, 0, initial);
      if (state.best !== null) checkNumber("plateau state best", state.best);
      checkInteger("plateau state bad", state.bad);
      checkInteger("plateau state cooling", state.cooling);
      ({ learningRate, best, bad, cooling } = state);
    },
  };
}
