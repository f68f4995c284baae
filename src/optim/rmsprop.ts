import { checkChoice, checkNumber, checkOptions, kindError } from "../base/index.ts";
import type { VelocityForm } from "./momentum.ts";
import type { Optimizer } from "./optimizer.ts";
import { optimizerOf, SMALLEST_EPSILON } from "./rule.ts";

/**
 * Place of ε: added to the mean square (`inside` the root: TF1, Keras) or to its root (`outside`:
 * PyTorch).
 */
export type EpsilonPlace = "inside" | "outside";

/**
 * Options of `rmsprop`. Defaults: learningRate 0.01, decay 0.99, epsilon 1e-8, epsilonPlace
 * "outside", momentum 0, velocity "plain", centered false, initialMeanSquare 0, weightDecay 0.
 */
export type RmspropOptions = {
  readonly learningRate?: number | undefined;
  /** Decay ρ of the mean square, in [0, 1). */
  readonly decay?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly epsilonPlace?: EpsilonPlace | undefined;
  /** Momentum μ in [0, 1]. With 0 there is no velocity slot. */
  readonly momentum?: number | undefined;
  /** Content of the velocity slot. The forms differ only while the learning rate changes. */
  readonly velocity?: VelocityForm | undefined;
  /** Whether to divide by an estimate of the variance instead of the mean square. */
  readonly centered?: boolean | undefined;
  /** Value of s before the first step; 1 in TF1. */
  readonly initialMeanSquare?: number | undefined;
  /** Factor λ of an L2 penalty, added to the gradient: g + λ θ. */
  readonly weightDecay?: number | undefined;
};

/**
 * RMSProp (Tieleman and Hinton 2012, lecture 6.5); centered after Graves 2013 (arXiv:1308.0850).
 *
 * s = ρ s + (1-ρ) g² centered: m = ρ m + (1-ρ) g, and s - m² below in the place of s outside, plain
 * v = μ v + g / (√s + ε) θ -= lr v inside, scaled v = μ v + lr g / √(s + ε) θ -= v
 *
 * The first is PyTorch's (and Lua Torch's, which char-rnn uses), the second TF1's (s starts at 1)
 * and Keras' (at 0). The defaults are PyTorch's. A variance that rounding makes negative counts as
 * 0. Throws RangeError for options out of range.
 */
export function rmsprop({
  learningRate = 0.01,
  decay = 0.99,
  epsilon = 1e-8,
  epsilonPlace = "outside",
  momentum = 0,
  velocity = "plain",
  centered = false,
  initialMeanSquare = 0,
  weightDecay = 0,
}: RmspropOptions = {}): Optimizer {
  checkOptions(
    "rmsprop",
    arguments[0],
    "learningRate decay epsilon epsilonPlace momentum velocity centered initialMeanSquare weightDecay",
  );
  checkNumber("rmsprop decay", decay, 0, 1 - Number.EPSILON);
  checkNumber("rmsprop epsilon", epsilon, SMALLEST_EPSILON);
  checkChoice("rmsprop epsilonPlace", epsilonPlace, ["inside", "outside"]);
  checkNumber("rmsprop momentum", momentum, 0, 1);
  checkChoice("rmsprop velocity", velocity, ["plain", "scaled"]);
  if (typeof centered !== "boolean") throw kindError("rmsprop centered", "a boolean", centered);
  checkNumber("rmsprop initialMeanSquare", initialMeanSquare, 0);
  const epsilonInside = epsilonPlace === "inside";
  return optimizerOf({
    name: "rmsprop",
    config: {
      learningRate,
      decay,
      epsilon,
      epsilonPlace,
      momentum,
      velocity,
      centered,
      initialMeanSquare,
      weightDecay,
    },
    learningRate,
    slots: { meanSquare: initialMeanSquare, ...(momentum > 0 && { velocity: 0 }), ...(centered && { mean: 0 }) },
    gradientDecay: checkNumber("rmsprop weightDecay", weightDecay, 0),
    kernel: (rate) => ({
      kind: "rmsprop",
      learningRate: rate,
      decay,
      epsilon,
      epsilonInside,
      momentum,
      centered,
      velocity,
    }),
  });
}
