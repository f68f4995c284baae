/** @file What a language model is trained on. */
import type { RandomStream } from "../../base/index.ts";
import type { TokenBatch } from "../../data/index.ts";
import type { State } from "../../rnn/index.ts";
import { mean, sparseSoftmaxCrossEntropy, type Tensor, tensor } from "../../tensor/index.ts";
import type { LanguageModel } from "./model.ts";

/** Mean cross entropy of the targets of a batch [T, B] after `state`, and the top outputs. */
export function tokenLoss(
  model: LanguageModel,
  { inputs, targets }: Pick<TokenBatch, "inputs" | "targets">,
  [steps, rows]: readonly [steps: number, rows: number],
  { state, random }: { readonly state?: State | undefined; readonly random?: RandomStream | undefined } = {},
): { readonly value: Tensor; readonly outputs: Tensor; readonly state: State } {
  const ids = tensor(inputs, { shape: [steps, rows] });
  const result = model.forward(ids, state ?? model.initialState(rows), { random });
  const value = mean(sparseSoftmaxCrossEntropy(result.logits, tensor(targets)));
  return { value, outputs: result.outputs, state: result.state };
}
