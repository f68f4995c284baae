import { checkChoice, checkInteger, checkNumber, kindError } from "../base/index.ts";

export type PlateauOptions = {
  readonly initial: number;
  /** In [0, 1). */
  readonly factor?: number;
  /** So many observations without improvement are tolerated. */
  readonly patience?: number;
  /** Smaller improvements don't count. */
  readonly threshold?: number;
  readonly thresholdMode?: "relative" | "absolute";
  /** So many observations after a reduction are not counted. */
  readonly cooldown?: number;
  readonly minimum?: number;
  /** A reduction by no more than this is not made. */
  readonly smallestChange?: number;
  /** Whether a smaller (`min`) or larger metric is better. */
  readonly mode?: "min" | "max";
};

/** Plain JSON. */
export type PlateauState = {
  readonly learningRate: number;
  /** Null before the first metric that is a finite number. */
  readonly best: number | null;
  /** Observations without improvement. */
  readonly bad: number;
  /** Observations left in which nothing is counted. */
  readonly cooling: number;
};

export interface Plateau {
  /**
   * Takes the next value of the metric. NaN and the infinities are worse than any other and never
   * an improvement.
   */
  observe(metric: number): void;
  readonly learningRate: number;
  state(): PlateauState;
  /** Continues from a saved state. Throws TypeError or RangeError when it isn't one. */
  restore(state: PlateauState): void;
}

/**
 * Multiplies the rate by `factor` when a metric has not improved for more than `patience`
 * observations: PyTorch's ReduceLROnPlateau, with its defaults. One difference: a relative
 * threshold is taken of |best|, so that it also asks for an improvement when the metric is
 * negative.
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
