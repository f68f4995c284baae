import { sizeOf } from "../../base/index.ts";
import type { OptimizerItem, OptimizerUpdate } from "../engine.ts";
import { optimizerUpdate as optimizerUpdateByReference } from "../reference/optimizer.ts";
import { jobs } from "./kernels.ts";
import { pointerOf } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";

/** Number of the kernel, as in kernels/assembly/optimizer.ts, and its numbers; undefined for a variant that has none. */
function kernelOf(update: OptimizerUpdate): readonly [kernel: number, ...numbers: number[]] | undefined {
  switch (update.kind) {
    case "sgd":
      return [0, update.learningRate];
    case "momentum":
      return update.nesterov || update.velocity === "scaled" ? undefined : [1, update.learningRate, update.momentum];
    case "rmsprop": {
      const { learningRate, decay, epsilon, epsilonInside, momentum, centered, velocity } = update;
      if (momentum > 0 || centered || epsilonInside !== (velocity === "scaled")) return undefined;
      return [epsilonInside ? 3 : 2, learningRate, decay, 1 - decay, epsilon];
    }
    case "adagrad":
      return undefined;
    case "adam": {
      const { stepSize, rootScale, beta1, beta2, epsilon } = update;
      return [4, stepSize, rootScale, beta1, 1 - beta1, beta2, 1 - beta2, epsilon];
    }
    default:
      return update satisfies never;
  }
}

/** Operations per element. */
const COST = 20;

/** One optimizer step on the kernels, for parameters in float32; the reference does the others, and variants without a kernel. */
export function optimizerUpdate(work: Workspace, update: OptimizerUpdate, items: readonly OptimizerItem[]): void {
  const found = kernelOf(update);
  if (found === undefined) {
    optimizerUpdateByReference(update, items);
    return;
  }
  const [kernel, ...numbers] = found;
  for (const item of items) {
    const { parameter, gradient, slots } = item;
    if (parameter.dtype !== "float32") {
      optimizerUpdateByReference(update, [item]);
      continue;
    }
    const n = sizeOf(parameter.shape);
    const [w, g] = [pointerOf(parameter), pointerOf(gradient)];
    const first = pointerOf(slots[0] ?? parameter);
    const second = pointerOf(slots[1] ?? parameter);
    work.run(jobs.optimize, COST * n, kernel, n, w, g, first, second, ...numbers);
  }
}
