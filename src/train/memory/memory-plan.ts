/**
 * @file What a training run takes of the engine's memory: its largest step and evaluation, tried on
 * an engine that only counts.
 */
import { randomStream, sentence, UnsupportedError } from "../../base/index.ts";
import { type CountingEngine, currentEngine, withEngine } from "../../engine/index.ts";
import { clipScale, type Parameters } from "../../optim/index.ts";
import { add, scope, valueAndGrad, withoutGradient } from "../../tensor/index.ts";
import { availableMemory } from "#platform";
import type { Rehearsal, Task } from "../loop/task.ts";

const GIB = 2 ** 30;

/** Part of a task that is counted: the part of a task that a step needs. */
type Planned<B> = Pick<Task<B>, "loss" | "carried" | "rehearsal">;

/** Plan of a step. */
type StepPlan = {
  readonly trained: Parameters;
  /** Batches of one step. */
  readonly accumulate: number;
};

/**
 * Bytes of the engine's memory that the steps and the evaluation of a task take, beside the
 * parameters, the optimizer's slots and the carried state, as if nothing had been freed before. 0
 * on an engine that cannot tell.
 */
export function rehearsalBytes<B>(task: Planned<B>, step: StepPlan): number {
  const counting = currentEngine().counting?.(true);
  if (counting === undefined) return 0;
  rehearse(counting, task, step);
  return counting.bytes();
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
 * Bytes of the engine's memory that a run will have taken at its peak, parameters, optimizer and
 * all that is in use now included. Undefined for a task without a rehearsal, and on an engine that
 * cannot tell. Throws UnsupportedError for a run that needs more than the engine can have, or than
 * the machine has.
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
