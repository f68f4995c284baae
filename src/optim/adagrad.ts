import { checkChoice, checkNumber, checkOptions, valueError } from "../base/index.ts";
import type { Optimizer } from "./optimizer.ts";
import type { EpsilonPlace } from "./rmsprop.ts";
import { optimizerOf, SMALLEST_EPSILON } from "./rule.ts";

/**
 * Options of `adagrad`. Defaults: learningRate 0.01, learningRateDecay 0, initialAccumulator 0,
 * epsilon 1e-10, epsilonPlace "outside", weightDecay 0.
 */
export type AdagradOptions = {
  readonly learningRate?: number | undefined;
  /**
   * Decay of the learning rate, which in step t is lr / (1 + (t-1) learningRateDecay) (PyTorch).
   */
  readonly learningRateDecay?: number | undefined;
  /** Value of a before the first step. */
  readonly initialAccumulator?: number | undefined;
  /** ε of the formulas; 0 only with an initial accumulator > 0 (TF1). */
  readonly epsilon?: number | undefined;
  readonly epsilonPlace?: EpsilonPlace | undefined;
  /** Factor λ of an L2 penalty, added to the gradient: g + λ θ. */
  readonly weightDecay?: number | undefined;
};

/**
 * Adagrad (Duchi, Hazan and Singer 2011).
 *
 * a += g² outside θ -= lr g / (√a + ε) inside θ -= lr g / √(a + ε)
 *
 * `outside` is PyTorch's, `inside` Keras'; TF1 has no ε and starts `a` above 0. The defaults are
 * PyTorch's. Throws RangeError for options out of range.
 */
export function adagrad({
  learningRate = 0.01,
  learningRateDecay = 0,
  initialAccumulator = 0,
  epsilon = 1e-10,
  epsilonPlace = "outside",
  weightDecay = 0,
}: AdagradOptions = {}): Optimizer {
  checkOptions(
    "adagrad",
    arguments[0],
    "learningRate learningRateDecay initialAccumulator epsilon epsilonPlace weightDecay",
  );
  checkNumber("adagrad learningRateDecay", learningRateDecay, 0);
  checkNumber("adagrad initialAccumulator", initialAccumulator, 0);
  checkNumber("adagrad epsilon", epsilon, 0);
  if (Math.max(epsilon, initialAccumulator) < SMALLEST_EPSILON) {
    throw valueError(
      "adagrad epsilon",
      `a number >= ${SMALLEST_EPSILON} when initialAccumulator is ${initialAccumulator}`,
      epsilon,
    );
  }
  checkChoice("adagrad epsilonPlace", epsilonPlace, ["inside", "outside"]);
  const epsilonInside = epsilonPlace === "inside";
  return optimizerOf({
    name: "adagrad",
    config: { learningRate, learningRateDecay, initialAccumulator, epsilon, epsilonPlace, weightDecay },
    learningRate,
    slots: { accumulator: initialAccumulator },
    gradientDecay: checkNumber("adagrad weightDecay", weightDecay, 0),
    kernel: (rate, t) => ({
      kind: "adagrad",
      learningRate: rate / (1 + (t - 1) * learningRateDecay),
      epsilon,
      epsilonInside,
    }),
  });
}
