/** @file The optimizers by name, and the options that reproduce each framework. */
import { checkChoice, describe, valueError } from "../base/index.ts";
import { adagrad, type AdagradOptions } from "./adagrad.ts";
import { adam, type AdamOptions, adamw } from "./adam.ts";
import { lion, type LionOptions } from "./lion.ts";
import { momentum, type MomentumOptions, nesterov } from "./momentum.ts";
import type { Optimizer, OptimizerConfig } from "./optimizer.ts";
import { rmsprop, type RmspropOptions } from "./rmsprop.ts";
import { sgd, type SgdOptions } from "./sgd.ts";

type OptionsByName = {
  readonly sgd: SgdOptions;
  readonly momentum: MomentumOptions;
  readonly nesterov: MomentumOptions;
  readonly rmsprop: RmspropOptions;
  readonly adagrad: AdagradOptions;
  readonly adam: AdamOptions;
  readonly adamw: AdamOptions;
  readonly lion: LionOptions;
};

/** Name of an optimizer. */
export type OptimizerName = keyof OptionsByName;

/** The optimizers' factories, by name. */
export const optimizers: { readonly [N in OptimizerName]: (options?: OptionsByName[N]) => Optimizer } = {
  sgd,
  momentum,
  nesterov,
  rmsprop,
  adagrad,
  adam,
  adamw,
  lion,
};

/**
 * Recreates an optimizer from a saved `{ name, config }`.
 *
 * Throws RangeError for an unknown name or option, and the factory's errors for values.
 */
export function optimizerFromConfig(name: string, config: OptimizerConfig): Optimizer {
  const optimizerName = checkChoice("optimizer", name, Object.keys(optimizers) as OptimizerName[]);
  const make = optimizers[optimizerName] as (options: OptimizerConfig) => Optimizer;
  const known = Object.keys(make({}).config);
  const other = Object.keys(config).find((option) => !known.includes(option));
  if (other !== undefined) throw valueError(`${name} options`, known.map(describe).join(" | "), other);
  // the factories check every value themselves
  return make(config);
}

/** Frameworks with presets. `lua` is Lua Torch. */
export type Framework = "torch" | "tf1" | "keras" | "lua";

/**
 * Options that reproduce a framework's optimizers, with its defaults: `rmsprop({
 * ...presets.keras.rmsprop, learningRate: 0.01 })`. TF1 has no default learning rate except Adam's;
 * the others keep this library's. `lua` has the parts of Lua Torch's `optim` used by char-rnn
 * (rmsprop, rate 2e-3, decay 0.95) and torch-rnn (adam, rate 2e-3).
 *
 * Weight decay: PyTorch's `weight_decay` is `weightDecay` in every optimizer. Keras' decoupled
 * `weight_decay` exists in adamw and lion only. An L2 loss in TF1 or Keras has the gradient that
 * `weightDecay` of the others adds.
 */
export const presets: {
  readonly torch: Omit<OptionsByName, "lion">;
  readonly tf1: Omit<OptionsByName, "adamw" | "lion">;
  readonly keras: OptionsByName;
  readonly lua: Pick<OptionsByName, "rmsprop" | "adam">;
} = {
  torch: {
    sgd: { learningRate: 1e-3 },
    momentum: { learningRate: 1e-3, velocity: "plain" },
    nesterov: { learningRate: 1e-3, velocity: "plain" },
    rmsprop: {
      learningRate: 0.01,
      decay: 0.99,
      epsilon: 1e-8,
      epsilonPlace: "outside",
      velocity: "plain",
      initialMeanSquare: 0,
    },
    adagrad: { learningRate: 0.01, initialAccumulator: 0, epsilon: 1e-10, epsilonPlace: "outside" },
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonMode: "corrected" },
    adamw: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonMode: "corrected", weightDecay: 0.01 },
  },
  tf1: {
    sgd: {},
    momentum: { velocity: "plain" },
    nesterov: { velocity: "plain" },
    rmsprop: { decay: 0.9, epsilon: 1e-10, epsilonPlace: "inside", velocity: "scaled", initialMeanSquare: 1 },
    adagrad: { initialAccumulator: 0.1, epsilon: 0 },
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonMode: "hat" },
  },
  keras: {
    sgd: { learningRate: 0.01 },
    momentum: { learningRate: 0.01, velocity: "scaled" },
    nesterov: { learningRate: 0.01, velocity: "scaled" },
    rmsprop: {
      learningRate: 1e-3,
      decay: 0.9,
      epsilon: 1e-7,
      epsilonPlace: "inside",
      velocity: "scaled",
      initialMeanSquare: 0,
    },
    adagrad: { learningRate: 1e-3, initialAccumulator: 0.1, epsilon: 1e-7, epsilonPlace: "inside" },
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, epsilonMode: "hat" },
    adamw: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, epsilonMode: "hat", weightDecay: 0.004 },
    lion: { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
  },
  lua: {
    rmsprop: { learningRate: 0.01, decay: 0.99, epsilon: 1e-8, epsilonPlace: "outside", initialMeanSquare: 0 },
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonMode: "hat" },
  },
};
