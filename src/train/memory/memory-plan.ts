/** @file What a training run takes of the engine's memory: its largest step and evaluation, tried on an engine that only counts. */
import { randomStream, sentence, UnsupportedError } from "../../base/index.ts";
import { type CountingEngine, currentEngine, withEngine } from "../../engine/index.ts";
import { EVALUATE_DEFAULTS, evaluateInPieces, type LanguageModel } from "../../model/index.ts";
import { clipScale, type Parameters } from "../../optim/index.ts";
import {
  add,
  mean,
  scope,
  sparseSoftmaxCrossEntropy,
  tensor,
  valueAndGrad,
  withoutGradient,
} from "../../tensor/index.ts";
import { availableMemory } from "#platform";
import type { Rehearsal, Task } from "../loop/task.ts";

const GIB = 2 ** 30;

/** What the arrays of a run depend on. */
export type RunSizes = {
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** Tokens that are kept for evaluation; with fewer than 2 there is none. */
  readonly validation: number;
};

/** What is counted: the part of a task that a step needs. */
type Planned<B> = Pick<Task<B>, "loss" | "carried" | "rehearsal">;

/** How a step is made. */
type StepPlan = {
  readonly trained: Parameters;
  /** Batches of one step. */
  readonly accumulate: number;
};

/**
 * What a training run takes of the engine's memory in bytes, beside the parameters, the optimizer's slots and the carried state: one step and an evaluation,
 * as if nothing had been freed before. 0 on an engine that cannot tell.
 */
export function trainingBytes(model: LanguageModel, run: RunSizes): number {
  const counting = currentEngine().counting?.(true);
  if (counting === undefined) return 0;
  const task = {
    loss: lossOf(model, run),
    carried: undefined,
    rehearsal: () => languageModelRehearsal(model, run),
  };
  rehearse(counting, task, { trained: model.parameters(), accumulate: 1 });
  return counting.bytes();
}

/** What a step of a language model computes, without a carried state. */
const lossOf =
  (model: LanguageModel, { batchSize, sequenceLength }: RunSizes): Task<TokenIds>["loss"] =>
  ({ inputs, targets }, { random }) => {
    const ids = tensor(inputs, { shape: [sequenceLength, batchSize] });
    const { logits } = model.forward(ids, model.initialState(batchSize), { random });
    return { value: mean(sparseSoftmaxCrossEntropy(logits, tensor(targets))) };
  };

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
    // two steps: the blocks that the first one leaves free are not always those that the second asks for
    batches: [batch, batch],
    evaluate: validation > 1 ? () => evaluatePart(model, validation) : undefined,
    largest: `a batch of ${batchSize} sequences of ${sequenceLength} tokens`,
    cures: ["batchSize", "sequenceLength"],
  };
}

type TokenIds = { readonly inputs: Int32Array; readonly targets: Int32Array };

/** Of the pieces that a held-out text is read in, one of the whole length and the last one. */
function evaluatePart(model: LanguageModel, validation: number): void {
  const { rows, sequenceLength } = EVALUATE_DEFAULTS;
  const batch = Math.min(rows, Math.floor(validation / 2));
  const longest = Math.ceil(validation / batch) - 1;
  const pieces = longest <= sequenceLength ? longest : sequenceLength + (longest % sequenceLength);
  const steps = evaluateInPieces(model, new Int32Array(batch * (pieces + 1)));
  while (steps.next().done !== true);
}

/** Makes the steps and the evaluation of a rehearsal on an engine that counts. */
function rehearse<B>(counting: CountingEngine, task: Planned<B>, { trained, accumulate }: StepPlan): void {
  const { batches = [], evaluate } = task.rehearsal?.() ?? {};
  const random = randomStream(0).named("rehearsal");
  withEngine(counting.engine, () => {
    for (const batch of batches) {
      scope(() => {
        let sums: Parameters = {};
        for (let at = 0; at < accumulate; at++) {
          const { gradients } = valueAndGrad(() => {
            const { value, penalty, state } = task.loss(batch, { state: task.carried, random });
            return { value: penalty === undefined ? value : add(value, penalty), reported: value, state };
          }, trained);
          if (at === 0) sums = gradients;
          else for (const [path, sum] of Object.entries(sums)) add(sum, gradients[path]);
        }
        clipScale(sums, 1);
      });
    }
    if (evaluate !== undefined) scope(() => withoutGradient(() => evaluate()));
  });
}

/**
 * Bytes of the engine's memory that a run will have taken at its peak, parameters, optimizer and all that is in use now included. Undefined for a task without a
 * rehearsal, and on an engine that cannot tell. Throws UnsupportedError for a run that needs more than the engine can have, or than the machine has.
 */
export function planMemory<B>(task: Planned<B>, step: StepPlan): number | undefined {
  if (task.rehearsal === undefined) return undefined;
  const counting = currentEngine().counting?.();
  if (counting === undefined) return undefined;
  const before = counting.bytes();
  rehearse(counting, task, step);
  const needed = counting.bytes();
  const { limit } = counting;
  if (needed > limit) throw refused(task.rehearsal(), needed, `${Number((limit / GIB).toFixed(1))} GiB of memory`);
  const free = availableMemory();
  if (needed - before > free)
    throw refused(task.rehearsal(), needed, `the machine's ${inGib(free)} of memory that are free`);
  return needed;
}

const inGib = (bytes: number): string => `${(bytes / GIB).toFixed(bytes < 10 * GIB ? 2 : 0)} GiB`;

/** "batchSize" -> "--batch-size", as the command calls it. */
const flagOf = (option: string): string => `--${option.replaceAll(/[A-Z]/g, (sign) => `-${sign.toLowerCase()}`)}`;

function refused<B>({ largest, cures = [] }: Rehearsal<B>, bytes: number, limit: string): UnsupportedError {
  const what = largest === undefined ? "" : `: ${largest}`;
  const got = `one that needs ${inGib(bytes)} (${bytes.toLocaleString("en-US")} bytes)${what}`;
  const options = cures.length === 0 ? "" : `${cures.join(" or ")} (${cures.map(flagOf).join(", ")}), or `;
  return new UnsupportedError(
    sentence("train", `a step that fits in ${limit}`, got, `Use a smaller ${options}fewer units`),
  );
}
