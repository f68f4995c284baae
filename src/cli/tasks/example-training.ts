/** @file Training on examples, some of which are held out: what most tasks have in common. */
import { type OwnTask, trainOn } from "unrolled";
import { count, plural } from "../terminal/format.ts";
import type { TaskTraining } from "./task.ts";

export type Split<E> = { readonly training: readonly E[]; readonly validation: readonly E[] };

/** Batches of an epoch, which long examples make more of. */
const stepsOf = <B>(task: OwnTask<B>): number => [...(task.batches(0) as Iterable<B>)].length;

/** The parts of a run for a task on examples. */
export function exampleTraining<B>(
  task: OwnTask<B>,
  examples: { readonly training: number; readonly validation: number },
  more: Pick<TaskTraining, "unit" | "notes"> = {},
): TaskTraining {
  const held = examples.validation === 0 ? "" : ` (${count(examples.validation)} held out)`;
  return {
    start: (settings) => trainOn(task, settings),
    stepsPerEpoch: stepsOf(task),
    amount: `${plural(examples.training, "example")}${held}`,
    facts: { trainingExamples: examples.training, validationExamples: examples.validation },
    ...more,
  };
}
