/** @file The model that a run begins with, where it is a saved one. */
import type { Command } from "commander";
import type { SavedModel } from "unrolled";
import { readModelBytes } from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { isTyped, refuse } from "../options/stored.ts";
import { taskOfModel } from "../tasks/task-of.ts";
import { optionsOfTask, type Task, type TaskDeclaration, type TaskOptions } from "../tasks/task.ts";

/**
 * The model at `path`, or the one in the bytes that a checkpoint has of it. Throws UsageError for
 * none, and for one of another task.
 */
export function savedModel(path: string, { name }: TaskDeclaration, task: Task, known?: Uint8Array): SavedModel {
  const bytes = known ?? asUsage(() => readModelBytes(path));
  const got = taskOfModel(bytes).name;
  if (got !== name) throw new UsageError(`expected a model of the task ${name}, got one of the task ${got} in ${path}`);
  return task.decode(bytes);
}

/**
 * The options with what the saved model has already. Throws UsageError for one that was typed and
 * differs.
 */
export function withSavedModel(
  options: TaskOptions,
  model: SavedModel,
  {
    declaration,
    task,
    command,
  }: { readonly declaration: TaskDeclaration; readonly task: Task; readonly command: Command },
): TaskOptions {
  const table = optionsOfTask(declaration);
  const values = task.optionsOf?.(model) ?? (model.configuration() as Readonly<Record<string, unknown>>);
  const implied = Object.entries(values).filter(
    ([name, value]) => Object.hasOwn(table, name) && ["string", "number", "boolean"].includes(typeof value),
  );
  for (const [name, value] of implied)
    if (isTyped(command, name) && options[name] !== value) refuse(table, name, value, options[name], "the saved model");
  return { ...options, ...Object.fromEntries(implied) };
}
