import { sizeOf } from "../../base/index.ts";
import type { Operand, OptimizerUpdate } from "../engine.ts";
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

/** One optimizer step on the kernels; false for a variant that has none. */
export function optimizerUpdate(
  work: Workspace,
  update: OptimizerUpdate,
  parameter: Operand,
  gradient: Operand,
  slots: readonly Operand[],
): boolean {
  const found = kernelOf(update);
  if (found === undefined) return false;
  const [kernel, ...numbers] = found;
  const n = sizeOf(parameter.shape);
  const [first, second] = [slots[0] ?? parameter, slots[1] ?? parameter].map(pointerOf);
  work.run("optimize", COST * n, kernel, n, pointerOf(parameter), pointerOf(gradient), first, second, ...numbers);
  return true;
}
