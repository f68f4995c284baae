/** @file The task of a model or of a run. */
import { dirname } from "node:path";
import { kindOf } from "unrolled";
import { readModelBytes, statIfAny } from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { TASKS } from "./declarations.ts";
import type { TaskDeclaration } from "./task.ts";

/**
 * The bytes of the model at `path`, which was typed. `usage` is the command in its order, for the
 * error about a file that is no model: most often it stands in the place of the run directory.
 */
export function typedModel(path: string, usage: string): Uint8Array {
  try {
    return asUsage(() => readModelBytes(path));
  } catch (error) {
    if (!(error instanceof UsageError) || statIfAny(path)?.isFile() !== true) throw error;
    throw new UsageError(`${error.message}. The run comes first: ${usage}`, {
      cause: error,
    });
  }
}

/**
 * The task whose model is in the bytes. Throws FormatError for other files, UsageError for a kind
 * that no task has.
 */
export function taskOfModel(bytes: Uint8Array): TaskDeclaration {
  const kind = kindOf(bytes);
  const task = TASKS.find((one) => one.kind === kind);
  if (task === undefined) throw new UsageError(`expected a model of a known kind, got ${JSON.stringify(kind)}`);
  return task;
}

/** Throws UsageError where a command is for another task. `place` is the model's or the run's. */
export function expectTask(task: TaskDeclaration | undefined, expected: TaskDeclaration, place: string): void {
  if (task === expected) return;
  const got = task === undefined ? "another" : `one of the task ${task.name}. To use it: ${task.usage(place)}`;
  throw new UsageError(`expected a ${expected.name.replace("-", " ")}, got ${got}`);
}

/** The directory of the run at `path`, which may be that of its configuration. */
export const directoryOf = (path: string): string => (statIfAny(path)?.isFile() ? dirname(path) : path);
