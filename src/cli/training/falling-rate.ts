/** @file A learning rate that falls to 0 at the end of the run, whatever limits it. */
import { type Callback, cosineDecay } from "unrolled";

export type FallingRateOptions = {
  readonly shape: "cosine" | "linear";
  /** Seconds that limit the run, from where it is begun or resumed. Default: steps limit it. */
  readonly seconds?: number | undefined;
  /**
   * Steps of the run where its events don't tell them, as with batches that are made one by one.
   * Default: none.
   */
  readonly planned?: number | undefined;
  /** Seconds of training before it was resumed. Default 0. */
  readonly secondsBefore?: number;
};

/** Parts into which the time of a run is divided. */
const PARTS = 1_000_000;

/**
 * Multiplies the rate of each step by a factor that falls from 1 to 0 over the planned steps, or
 * over the planned seconds where these will be over sooner. The factor is in the run's state, so
 * that a resumed run of so many steps has the same rates.
 */
export function fallingRate({ shape, seconds, planned, secondsBefore = 0 }: FallingRateOptions): Callback {
  const factor = (done: number, all: number): number => {
    const at = Math.min(done, all);
    return shape === "linear" ? 1 - at / all : cosineDecay({ initial: 1, decaySteps: all })(at);
  };
  return {
    name: "fallingRate",
    onEvent(event, control) {
      if (event.kind !== "step") return;
      const steps = event.steps ?? planned;
      const bySteps = steps === undefined ? 1 : factor(event.step, steps);
      const byTime =
        seconds === undefined ? 1 : factor(Math.floor((PARTS * event.seconds) / (secondsBefore + seconds)), PARTS);
      control.rateFactor = Math.min(bySteps, byTime);
    },
  };
}
