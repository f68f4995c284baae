import { checkChoice, checkNumber, checkOptions } from "../base/index.ts";
import type { OptimizerUpdate } from "../engine/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { integerPower } from "./power.ts";
import { optimizerOf, SMALLEST_EPSILON } from "./rule.ts";

/**
 * Place of ε in Adam: added to the root of the bias-corrected mean square (`corrected`: PyTorch,
 * TensorFlow.js, the paper's algorithm 1), or of the uncorrected one (`hat`: TF1, Keras, Lua Torch,
 * the paper's ε̂).
 */
export type EpsilonMode = "hat" | "corrected";

/**
 * Options of `adam` and `adamw`. Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon
 * 1e-8, epsilonMode "corrected".
 */
export type AdamOptions = {
  readonly learningRate?: number | undefined;
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly epsilonMode?: EpsilonMode | undefined;
  /**
   * Weight decay λ. In `adam`, an L2 penalty g + λ θ (PyTorch's Adam), default 0; in `adamw`, θ -=
   * lr λ θ, default 0.01.
   */
  readonly weightDecay?: number | undefined;
};

/**
 * Adam (Kingma and Ba 2015, arXiv:1412.6980).
 *
 * m = β1 m + (1-β1) g v = β2 v + (1-β2) g² corrected θ -= lr / (1-β1ᵗ) · m / (√v / √(1-β2ᵗ) + ε)
 * hat θ -= lr √(1-β2ᵗ) / (1-β1ᵗ) · m / (√v + ε)
 *
 * `corrected` is PyTorch's, `hat` TF1's and Keras'. They agree if ε = ε̂ / √(1-β2ᵗ), so they differ
 * most in the first steps and for small gradients. The defaults are PyTorch's. Throws RangeError
 * for options out of range.
 */
export function adam({ weightDecay = 0, ...options }: AdamOptions = {}): Optimizer {
  checkOptions("adam", arguments[0], "learningRate beta1 beta2 epsilon epsilonMode weightDecay");
  return adamRule("adam", weightDecay, options);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101): θ -= lr λ θ,
 * then the step of `adam`. PyTorch and Keras agree on this form, in which the decay follows the
 * learning rate. The default λ is PyTorch's 0.01.
 */
export function adamw({ weightDecay = 0.01, ...options }: AdamOptions = {}): Optimizer {
  checkOptions("adamw", arguments[0], "learningRate beta1 beta2 epsilon epsilonMode weightDecay");
  return adamRule("adamw", weightDecay, options);
}

function adamRule(
  name: "adam" | "adamw",
  weightDecay: number,
  {
    learningRate = 1e-3,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    epsilonMode = "corrected",
  }: Omit<AdamOptions, "weightDecay">,
): Optimizer {
  checkNumber(`${name} beta1`, beta1, 0, 1 - Number.EPSILON);
  checkNumber(`${name} beta2`, beta2, 0, 1 - Number.EPSILON);
  checkNumber(`${name} epsilon`, epsilon, SMALLEST_EPSILON);
  checkChoice(`${name} epsilonMode`, epsilonMode, ["hat", "corrected"]);
  checkNumber(`${name} weightDecay`, weightDecay, 0);
  const kernel = (rate: number, t: number): OptimizerUpdate => {
    const correction1 = 1 - integerPower(beta1, t);
    const correction2 = Math.sqrt(1 - integerPower(beta2, t));
    const corrected = epsilonMode === "corrected";
    return {
      kind: "adam",
      stepSize: corrected ? rate / correction1 : (rate * correction2) / correction1,
      rootScale: corrected ? 1 / correction2 : 1,
      beta1,
      beta2,
      epsilon,
    };
  };
  return optimizerOf({
    name,
    config: { learningRate, beta1, beta2, epsilon, epsilonMode, weightDecay },
    learningRate,
    slots: { m: 0, v: 0 },
    ...(name === "adam" ? { gradientDecay: weightDecay } : { parameterDecay: weightDecay }),
    kernel,
  });
}
