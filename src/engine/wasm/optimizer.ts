import { sizeOf } from "../../base/index.ts";
import type { OptimizerItem, OptimizerPreparation, OptimizerUpdate } from "../engine.ts";
import { optimizerUpdate as optimizerUpdateByReference } from "../reference/optimizer.ts";
import { jobs } from "./kernels.ts";
import { pointerOf, pointerOrZero } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";

/** Factors on the gradient before it enters the velocity, and on the velocity. */
const rates = (scaled: boolean, learningRate: number): readonly [number, number] =>
  scaled ? [learningRate, 1] : [1, learningRate];

/** What is added inside the root, and outside. */
const epsilons = ({ epsilon, epsilonInside }: { epsilon: number; epsilonInside: boolean }): readonly [number, number] =>
  epsilonInside ? [epsilon, 0] : [0, epsilon];

/** Number of the kernel, as in kernels/assembly/optimizer.ts, and its numbers. */
function kernelOf(update: OptimizerUpdate): readonly [kernel: number, ...numbers: number[]] {
  switch (update.kind) {
    case "sgd":
      return [0, update.learningRate];
    case "momentum":
      return [update.nesterov ? 2 : 1, ...rates(update.velocity === "scaled", update.learningRate), update.momentum];
    case "rmsprop": {
      const { learningRate, decay, momentum, velocity } = update;
      return [3, ...rates(velocity === "scaled", learningRate), decay, 1 - decay, ...epsilons(update), momentum];
    }
    case "adagrad":
      return [4, update.learningRate, ...epsilons(update)];
    case "adam": {
      const { stepSize, rootScale, beta1, beta2, epsilon } = update;
      return [5, stepSize, rootScale, beta1, 1 - beta1, beta2, 1 - beta2, epsilon];
    }
    default:
      return update satisfies never;
  }
}

/** No optimizer has so many slots. */
const NONE = 3;

/** Which slot stands in each place. RMSProp may leave out any but the first. */
function placesOf(update: OptimizerUpdate): readonly number[] {
  if (update.kind !== "rmsprop") return [0, 1, NONE];
  const hasVelocity = update.momentum > 0;
  return [0, hasVelocity ? 1 : NONE, update.centered ? (hasVelocity ? 2 : 1) : NONE];
}

/** Operations per element. */
const COST = 20;

/** One optimizer step on the kernels, for parameters in float32; the reference does the others. */
export function optimizerUpdate(
  work: Workspace,
  update: OptimizerUpdate,
  items: readonly OptimizerItem[],
  preparation: OptimizerPreparation = {},
): void {
  const [kernel, ...numbers] = kernelOf(update);
  const { parameterDecay = 0, gradientScale = 1, gradientDecay = 0, damping = 1 } = preparation;
  const [first, second, third] = placesOf(update);
  // one list for all: with small parameters, lists of their own take longer than the step
  const list = [kernel, 0, 0, 0, 0, 0, 0, parameterDecay, gradientScale, gradientDecay, damping, ...numbers];
  for (const item of items) {
    const { parameter, gradient, slots } = item;
    if (parameter.dtype !== "float32") {
      optimizerUpdateByReference(update, [item], preparation);
      continue;
    }
    const n = sizeOf(parameter.shape);
    list[1] = n;
    list[2] = pointerOf(parameter);
    list[3] = pointerOf(gradient);
    list[4] = pointerOrZero(slots[first]);
    list[5] = pointerOrZero(slots[second]);
    list[6] = pointerOrZero(slots[third]);
    work.runList(jobs.optimize, COST * n, list);
  }
}
