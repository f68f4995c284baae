import { leavesOf, type RandomStream, type Tree } from "../base/index.ts";
import type { TokenBatch } from "../data/index.ts";
import type { LanguageModel } from "../model/index.ts";
import type { ClipByGlobalNorm, Parameters } from "../optim/index.ts";
import type { State } from "../rnn/index.ts";
import {
  assign,
  isAllFinite,
  mean,
  scope,
  sparseSoftmaxCrossEntropy,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../tensor/index.ts";

export type StepResult = {
  /** Mean cross entropy per token, in nats. */
  readonly loss: number;
  readonly gradientNorm: number;
  /** The loss, the state or a gradient was not finite. */
  readonly skipped: boolean;
  /** After the last time step; belongs to the caller's scope. */
  readonly state: State;
};

/**
 * One step of truncated backpropagation through time: loss and gradients of a batch, handed to `apply`, which updates the parameters in
 * place. Everything that is allocated meanwhile is freed at the end. No gradient reaches `state`.
 */
export function trainStep(
  model: LanguageModel,
  { inputs, targets }: TokenBatch,
  {
    sequenceLength,
    batchSize,
    state,
    random,
  }: { sequenceLength: number; batchSize: number; state: State; random: RandomStream },
  apply: (gradients: Parameters) => ClipByGlobalNorm,
): StepResult {
  return scope(() => {
    const ids = tensor(inputs, { shape: [sequenceLength, batchSize] });
    const { value, gradients, result } = valueAndGrad(() => {
      const { logits, state: next } = model.forward(ids, state, { random });
      return { value: mean(sparseSoftmaxCrossEntropy(logits, tensor(targets))), next };
    }, model.parameters());
    const loss = value.item();
    if (!Number.isFinite(loss) || !allFinite(result.next)) return { loss, gradientNorm: NaN, skipped: true, state };
    const { norm, finite } = apply(gradients);
    return { loss, gradientNorm: norm, skipped: !finite, state: result.next };
  });
}

const allFinite = (state: State): boolean => leavesOf(state as Tree<Tensor>).every(([, part]) => isAllFinite(part));

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
