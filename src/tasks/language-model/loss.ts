/** @file What a language model is trained on. */
import type { TokenBatch } from "../../data/index.ts";
import type { State } from "../../rnn/index.ts";
import { mean, sparseSoftmaxCrossEntropy, tensor } from "../../tensor/index.ts";
import type { Loss } from "../../train/index.ts";
import type { ForwardOptions, LanguageModel } from "./model.ts";

/** Mean cross entropy of the targets of a batch [T, B] after `state`, with what `forward` gives. */
export function tokenLoss(
  model: LanguageModel,
  { inputs, targets }: Pick<TokenBatch, "inputs" | "targets">,
  shape: readonly [steps: number, rows: number],
  { state, ...options }: ForwardOptions & { readonly state?: State | undefined } = {},
): Loss & ReturnType<LanguageModel["forward"]> {
  const ids = tensor(inputs, { shape: [...shape] });
  const result = model.forward(ids, state ?? model.initialState(shape[1]), options);
  return { ...result, value: mean(sparseSoftmaxCrossEntropy(result.logits, tensor(targets))) };
}
