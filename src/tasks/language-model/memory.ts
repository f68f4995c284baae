/** @file What training a language model takes of the memory. */
import { type LossContext, type Rehearsal, rehearsalBytes } from "../../train/index.ts";
import { EVALUATE_DEFAULTS, evaluateInPieces } from "./evaluation.ts";
import { tokenLoss } from "./loss.ts";
import type { LanguageModel } from "./model.ts";

type TokenIds = { readonly inputs: Int32Array; readonly targets: Int32Array };

/** Sizes that the arrays of a run depend on. */
export type RunSizes = {
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** Tokens that are kept for evaluation; with fewer than 2 there is none. */
  readonly validation: number;
};

/**
 * Bytes of the engine's memory that a training run takes, beside the parameters, the optimizer's
 * slots and the carried state: one step and an evaluation, as if nothing had been freed before. 0
 * on an engine that cannot tell.
 */
export function trainingBytes(model: LanguageModel, run: RunSizes): number {
  const { sequenceLength, batchSize } = run;
  const task = {
    loss: (batch: TokenIds, { random }: LossContext) =>
      tokenLoss(model, batch, [sequenceLength, batchSize], { random }),
    carried: undefined,
    rehearsal: () => languageModelRehearsal(model, run),
  };
  return rehearsalBytes(task, { trained: model.parameters(), accumulate: 1 });
}

/** The step and the evaluation of a language model; every batch is as large as the others. */
export function languageModelRehearsal(
  model: LanguageModel,
  { batchSize, sequenceLength, validation }: RunSizes,
): Rehearsal<TokenIds> {
  const batch = {
    inputs: new Int32Array(sequenceLength * batchSize),
    targets: new Int32Array(sequenceLength * batchSize),
  };
  return {
    // two steps: the blocks that the first one leaves free are not always those that the second
    // asks for
    batches: [batch, batch],
    evaluate: validation > 1 ? () => evaluatePart(model, validation) : undefined,
    largest: `a batch of ${batchSize} sequences of ${sequenceLength} tokens`,
    cures: ["batchSize", "sequenceLength"],
  };
}

/** Evaluates two of the pieces that a held-out text is read in: a whole one and the last one. */
function evaluatePart(model: LanguageModel, validation: number): void {
  const { batchSize, sequenceLength } = EVALUATE_DEFAULTS;
  const batch = Math.min(batchSize, Math.floor(validation / 2));
  const longest = Math.ceil(validation / batch) - 1;
  const pieces = longest <= sequenceLength ? longest : sequenceLength + (longest % sequenceLength);
  const steps = evaluateInPieces(model, new Int32Array(batch * (pieces + 1)));
  while (steps.next().done !== true);
}
