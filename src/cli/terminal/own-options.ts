/** @file Options of `predict` and `evaluate` that only some tasks have: which model it is turns out when its file is read. */
import type { Command, Option } from "commander";
import { UsageError } from "./failure.ts";
import { TASKS } from "../tasks/declarations.ts";
import type { TaskDeclaration } from "../tasks/task.ts";

type Kind = "predictOptions" | "evaluateOptions";

/** Options of all tasks, each once. */
export function optionsOfTasks(kind: Kind): Option[] {
  const byName = new Map(TASKS.flatMap((task) => task[kind] ?? []).map((one) => [one.long, one]));
  return [...byName.values()];
}

/** Throws UsageError for an option of another task; a language model has none of these. */
export function refuseOthers(kind: Kind, task: TaskDeclaration | undefined, command: Command): void {
  const own = new Set((task?.[kind] ?? []).map(({ long }) => long));
  for (const { long } of optionsOfTasks(kind)) {
    const option = command.options.find((one) => one.long === long);
    if (option === undefined || own.has(long) || command.getOptionValueSource(option.attributeName()) !== "cli")
      continue;
    throw new UsageError(`${long}: expected an option of ${task?.name ?? "language models"}, the task of the model`);
  }
}
