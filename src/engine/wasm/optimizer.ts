import { sizeOf } from "../../base/index.ts";
import type { Operand, OptimizerItem, OptimizerPreparation, OptimizerUpdate } from "../engine.ts";
import { optimizerUpdate as optimizerUpdateByReference } from "../reference/optimizer.ts";
import { jobs, type OptimizerStep } from "./generated/jobs.ts";
import type { Workspace } from "./workspace.ts";

/** Factors of the gradient before it is added to the velocity, and of the velocity. */
const rates = (velocity: "plain" | "scaled", learningRate: number): { gradient: number; velocity: number } =>
  velocity === "scaled" ? { gradient: learningRate, velocity: 1 } : { gradient: 1, velocity: learningRate };

/** Epsilons inside and outside of the square root. */
const epsilons = (epsilon: number, isInside: boolean): { inside: number; outside: number } =>
  isInside ? { inside: epsilon, outside: 0 } : { inside: 0, outside: epsilon };

/** Operations per element. */
const COST = 20;

/** A function that runs the job of one parameter. */
type RunStep = (step: OptimizerStep, slots: readonly Operand[]) => void;

function runnerOf(work: Workspace, update: OptimizerUpdate): RunStep {
  switch (update.kind) {
    case "sgd": {
      const { learningRate } = update;
      return (step) => work.run(jobs.sgd, COST * step.elements, { step, learningRate });
    }
    case "momentum": {
      const { velocity, learningRate, momentum, nesterov } = update;
      const job = nesterov ? jobs.nesterov : jobs.momentum;
      const factors = { ...rates(velocity, learningRate), momentum };
      return (step, [velocity]) => work.run(job, COST * step.elements, { step, velocity, factors });
    }
    case "rmsprop": {
      const { velocity, learningRate, momentum, decay, epsilon, epsilonInside, centered } = update;
      const factors = {
        ...rates(velocity, learningRate),
        ...epsilons(epsilon, epsilonInside),
        momentum,
        decay,
        rest: 1 - decay,
      };
      return (step, [meanSquare, ...others]) => {
        const velocity = momentum > 0 ? others[0] : undefined;
        const mean = centered ? others[others.length - 1] : undefined;
        work.run(jobs.rmsprop, COST * step.elements, { step, meanSquare, velocity, mean, factors });
      };
    }
    case "adagrad": {
      const { learningRate, epsilon, epsilonInside } = update;
      const factors = { ...epsilons(epsilon, epsilonInside), learningRate };
      return (step, [sumOfSquares]) => work.run(jobs.adagrad, COST * step.elements, { step, sumOfSquares, factors });
    }
    case "adam": {
      const { stepSize, rootScale, beta1, beta2, epsilon } = update;
      const factors = { stepSize, rootScale, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, epsilon };
      return (step, [m, v]) => work.run(jobs.adam, COST * step.elements, { step, m, v, factors });
    }
    default:
      return update satisfies never;
  }
}

/** One optimizer step: parameters in float32 on these kernels, others on the reference's. */
export function optimizerUpdate(
  work: Workspace,
  update: OptimizerUpdate,
  items: readonly OptimizerItem[],
  preparation: OptimizerPreparation = {},
): void {
  const run = runnerOf(work, update);
  const { parameterDecay = 0, gradientScale = 1, gradientDecay = 0, damping = 1 } = preparation;
  const prepared = { parameterDecay, gradientScale, gradientDecay, damping };
  for (const item of items) {
    if (item.parameter.dtype === "float32")
      run({ elements: sizeOf(item.parameter.shape), item, preparation: prepared }, item.slots);
    else optimizerUpdateByReference(update, [item], preparation);
  }
}
