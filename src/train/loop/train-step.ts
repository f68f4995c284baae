import { leavesOf, type RandomStream, type Tree } from "../../base/index.ts";
import { clipScale, type Parameters } from "../../optim/index.ts";
import { carryInto, type State } from "../../rnn/index.ts";
import { add, assign, isAllFinite, mul, scope, type Tensor, valueAndGrad } from "../../tensor/index.ts";
import type { Trouble } from "./events.ts";
import type { Task } from "./task.ts";

export type StepSettings = {
  /** What is differentiated: those of the task that are not frozen. */
  readonly trained: Parameters;
  /** Largest global norm of the gradients; Infinity: no limit. */
  readonly clipNorm: number;
  /** Of this step. */
  readonly random: RandomStream;
};

export type StepResult = {
  /** Mean of the batches' losses by their weights, without penalties. */
  readonly loss: number;
  /** Sum of the batches' weights. */
  readonly weight: number;
  readonly gradientNorm: number;
  /** What was not finite; undefined when the update was made. */
  readonly trouble: Trouble | undefined;
};

/** A tensor that may hold what is not finite, and what to call it then. */
export type Suspect = { readonly tensor: Tensor; readonly trouble: Trouble };

export const suspects = (what: Trouble["what"], tensors: Readonly<Record<string, Tensor>>): readonly Suspect[] =>
  Object.entries(tensors).map(([name, tensor]) => ({ tensor, trouble: { what, name } }));

/** Of the first that holds NaN or infinity. */
export function firstNonFinite(list: readonly Suspect[]): Trouble | undefined {
  for (const { tensor, trouble } of list) if (!isAllFinite(tensor)) return trouble;
  return undefined;
}

/** The same of tensors with their names, of which nothing is made while all is well. */
function findNonFinite(what: Trouble["what"], tensors: readonly (readonly [string, Tensor])[]): Trouble | undefined {
  for (const [name, tensor] of tensors) if (!isAllFinite(tensor)) return { what, name };
  return undefined;
}

const partsOf = (state: State | undefined): readonly (readonly [string, Tensor])[] =>
  state === undefined ? [] : leavesOf(state as Tree<Tensor>);

/**
 * One step of truncated backpropagation through time: the gradient of Σ weight · (value + penalty) / Σ weight over the batches, which follow each other,
 * handed to `apply` with the factor that divides and clips it. Nothing is applied when the loss, the carried state or a gradient is not finite. Everything that is allocated
 * meanwhile is freed at the end. No gradient reaches the carried state, which is overwritten.
 */
export function trainStep<B>(
  task: Task<B>,
  batches: readonly B[],
  { trained, clipNorm, random }: StepSettings,
  apply: (gradients: Parameters, scale: number) => void,
): StepResult {
  return scope(() => {
    // sums over the batches, each of which counts as many times as the first one that counts
    let [loss, parts] = [0, 0];
    let unit: number | undefined;
    let gradients: Parameters = {};
    for (let at = 0; at < batches.length; at++) {
      const { carried } = task;
      const own = at === 0 ? random : random.named("batch").at(at);
      const found = valueAndGrad(() => {
        const { value, weight = 1, penalty, state } = task.loss(batches[at], { state: carried, random: own });
        return { value: penalty === undefined ? value : add(value, penalty), reported: value, weight, state };
      }, trained);
      const { reported, weight } = found.result;
      const value = reported.item();
      const trouble: Trouble | undefined = !Number.isFinite(value)
        ? { what: "loss", name: "loss" }
        : findNonFinite("state", partsOf(found.result.state));
      if (trouble !== undefined) return { loss: value, weight, gradientNorm: NaN, trouble };
      if (carried !== undefined) carryInto(carried, found.result.state);
      // until one counts, gradients are kept only for their shapes
      if (unit === undefined) {
        ({ gradients } = found);
        [loss, parts] = [value, 1];
        if (weight > 0) unit = weight;
      } else if (weight > 0) {
        const part = weight / unit;
        loss += part * value;
        parts += part;
        for (const [path, sum] of Object.entries(gradients)) {
          const gradient = found.gradients[path];
          assign(sum, add(sum, part === 1 ? gradient : mul(gradient, part)));
        }
      }
    }
    const weight = parts * (unit ?? 0);
    loss /= parts;
    const { scale, norm, finite } = clipScale(gradients, clipNorm * parts);
    const gradientNorm = norm / parts;
    if (!finite) {
      const trouble = findNonFinite("gradient", Object.entries(gradients)) ?? { what: "gradient", name: "norm" };
      return { loss, weight, gradientNorm, trouble };
    }
    // batches that count nothing change nothing
    apply(gradients, unit === undefined ? 0 : scale / parts);
    return { loss, weight, gradientNorm, trouble: undefined };
  });
}

/** Sets each row of a state to zero with the given probability. */
export function resetRows(carried: State, probability: number, random: RandomStream): void {
  const parts = leavesOf(carried as Tree<Tensor>).map(([, part]) => part);
  const [batch] = parts[0].shape;
  const isReset = Array.from({ length: batch }, () => random.uniform() < probability);
  if (!isReset.includes(true)) return;
  for (const part of parts) {
    const values = part.values();
    const width = part.shape[1];
    isReset.forEach((reset, row) => reset && values.fill(0, row * width, (row + 1) * width));
    assign(part, values);
  }
}
