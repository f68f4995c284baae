import { checkChoice, checkNumber, checkOptions, kindError, valueError } from "../base/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { optimizerOf } from "./rule.ts";

/**
 * Content of a velocity slot: sums of gradients (`plain`: TF1, PyTorch), or of gradients times the
 * learning rate of their step (`scaled`: Keras).
 */
export type VelocityForm = "plain" | "scaled";

/**
 * Options of `momentum` and `nesterov`. Defaults: learningRate 0.01, momentum 0.9, nesterov false,
 * velocity "plain", dampening 0, weightDecay 0.
 */
export type MomentumOptions = {
  readonly learningRate?: number | undefined;
  /** Momentum μ in [0, 1]. */
  readonly momentum?: number | undefined;
  readonly nesterov?: boolean | undefined;
  /** Content of the velocity slot. The forms differ only while the learning rate changes. */
  readonly velocity?: VelocityForm | undefined;
  /**
   * Dampening: the gradient has weight 1 - dampening, except in the first step (PyTorch). Must be 0
   * with nesterov.
   */
  readonly dampening?: number | undefined;
  /** Factor λ of an L2 penalty, added to the gradient: g + λ θ. */
  readonly weightDecay?: number | undefined;
};

/**
 * Gradient descent with momentum (Polyak 1964); `nesterov` looks one step ahead (Sutskever,
 * Martens, Dahl and Hinton 2013, in the form of Bengio, Boulanger-Lewandowski and Pascanu 2012).
 *
 * plain v = μ v + g θ -= lr v nesterov θ -= lr (g + μ v) scaled v = μ v - lr g θ += v nesterov θ +=
 * μ v - lr g
 *
 * `plain` is TF1's and PyTorch's, `scaled` Keras'. Throws RangeError for options out of range.
 */
export function momentum({
  learningRate = 0.01,
  momentum: mu = 0.9,
  nesterov: ahead = false,
  velocity = "plain",
  dampening = 0,
  weightDecay = 0,
}: MomentumOptions = {}): Optimizer {
  checkOptions("momentum", arguments[0], "learningRate momentum nesterov velocity dampening weightDecay");
  if (typeof ahead !== "boolean") throw kindError("momentum nesterov", "a boolean", ahead);
  const name = ahead ? "nesterov" : "momentum";
  checkNumber(`${name} momentum`, mu, 0, 1);
  checkChoice(`${name} velocity`, velocity, ["plain", "scaled"]);
  checkNumber(`${name} dampening`, dampening, 0, 1);
  if (ahead && dampening !== 0) throw valueError("nesterov dampening", "0", dampening);
  return optimizerOf({
    name,
    config: { learningRate, momentum: mu, nesterov: ahead, velocity, dampening, weightDecay },
    learningRate,
    slots: { velocity: 0 },
    gradientDecay: checkNumber(`${name} weightDecay`, weightDecay, 0),
    damping: (t) => (t === 1 ? 1 : 1 - dampening),
    kernel: (rate) => ({ kind: "momentum", learningRate: rate, momentum: mu, nesterov: ahead, velocity }),
  });
}

/** Momentum with `nesterov: true`. */
export function nesterov(options: MomentumOptions = {}): Optimizer {
  checkOptions("nesterov", options, "learningRate momentum nesterov velocity dampening weightDecay");
  return momentum({ ...options, nesterov: true });
}
