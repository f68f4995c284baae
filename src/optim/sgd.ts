import { checkNumber, checkOptions } from "../base/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { optimizerOf } from "./rule.ts";

/** Options of `sgd`. Defaults: learningRate 0.01, weightDecay 0. */
export type SgdOptions = {
  readonly learningRate?: number | undefined;
  /** Factor λ of an L2 penalty, added to the gradient: g + λ θ. */
  readonly weightDecay?: number | undefined;
};

/**
 * Gradient descent θ -= lr g, the same in TF1, Keras and PyTorch. Throws RangeError for options out
 * of range.
 */
export function sgd({ learningRate = 0.01, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  checkOptions("sgd", arguments[0], "learningRate weightDecay");
  return optimizerOf({
    name: "sgd",
    config: { learningRate, weightDecay },
    learningRate,
    slots: {},
    gradientDecay: checkNumber("sgd weightDecay", weightDecay, 0),
    kernel: (rate) => ({ kind: "sgd", learningRate: rate }),
  });
}
