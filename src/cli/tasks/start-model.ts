/** @file The model that a run of a task begins with, where it is a saved one. */
import type { Command } from "commander";
import type { SavedModel } from "unrolled";
import { readModelBytes } from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { taskOfModel } from "../model-task.ts";
import { LANGUAGE_MODEL } from "../commands/train-options.ts";
import { flagOf } from "../training/train-settings.ts";
import type { Task, TaskDeclaration } from "./task.ts";
import type { TaskCommandOptions } from "./train-task-options.ts";

/** The model at `path`, or the one in the bytes that a checkpoint has of it. Throws UsageError for none, and for one of another task. */
export function savedModel(path: string, { name }: TaskDeclaration, task: Task, known?: Uint8Array): SavedModel {
  const bytes = known ?? asUsage(() => readModelBytes(path));
  const found = taskOfModel(bytes)?.name ?? LANGUAGE_MODEL;
  if (found !== name)
    throw new UsageError(`expected a model of the task ${name}, got one of the task ${found} in ${path}`);
  return task.decode(bytes);
}

/** Options of every task that a model has in its configuration. */
const OF_THE_MODEL = ["cell", "dialect", "hiddenSize", "layers", "dropout"];

/** The options with what the saved model has already. Throws UsageError for one that was typed and differs. */
export function withSavedModel(
  options: TaskCommandOptions,
  model: SavedModel,
  declaration: TaskDeclaration,
  command: Command,
): TaskCommandOptions {
  const saved = Object.entries(model.configuration() as Readonly<Record<string, unknown>>);
  const names = new Set([...OF_THE_MODEL, ...declaration.options.map((option) => option.attributeName())]);
  const own = saved.filter(([name, value]) => names.has(name) && ["string", "number"].includes(typeof value));
  for (const [name, value] of own) {
    if (command.getOptionValueSource(name) === "cli" && options[name] !== value)
      throw new UsageError(
        `${flagOf(name, command)}: expected ${String(value)}, as in the saved model, got ${String(options[name])}`,
      );
  }
  return { ...options, ...Object.fromEntries(own) };
}
