import { checkNumber, checkOptions } from "../base/index.ts";
import { add, mul, sign, sub } from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { optimizerOf } from "./rule.ts";

/** Options of `lion`. */
export type LionOptions = {
  /** Learning rate. Default 1e-4: the paper advises a third to a tenth of AdamW's. */
  readonly learningRate?: number | undefined;
  /** Weight of the momentum in the update. In [0, 1]. Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the momentum. In [0, 1]. Default 0.99. */
  readonly beta2?: number | undefined;
  /** Decoupled weight decay λ: θ -= lr λ θ. Default 0. */
  readonly weightDecay?: number | undefined;
};

/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", arXiv:2302.06675,
 * algorithm 2). Every element moves by the learning rate, whatever the size of its gradient.
 *
 *     θ -= lr (sign(β1 m + (1-β1) g) + λ θ)     m = β2 m + (1-β2) g
 *
 * Throws RangeError for options out of range.
 */
export function lion({ learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }: LionOptions = {}): Optimizer {
  checkOptions("lion", arguments[0], "learningRate beta1 beta2 weightDecay");
  checkNumber("lion beta1", beta1, 0, 1);
  checkNumber("lion beta2", beta2, 0, 1);
  checkNumber("lion weightDecay", weightDecay, 0);
  return optimizerOf({
    name: "lion",
    config: { learningRate, beta1, beta2, weightDecay },
    learningRate,
    slots: { m: 0 },
    parameterDecay: weightDecay,
    compose({ parameter, gradient, slots: [m] }, rate) {
      const direction = sign(add(mul(m, beta1), mul(gradient, 1 - beta1)));
      return {
        parameter: sub(parameter, mul(direction, rate)),
        slots: [add(mul(m, beta2), mul(gradient, 1 - beta2))],
      };
    },
  });
}
