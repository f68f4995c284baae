/** @file Which task a model or a run is of. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { decodeNative } from "unrolled";
import { CONFIG_FILE, statIfAny, taskOfRun } from "unrolled/node";
import { asUsage, UsageError } from "./terminal/failure.ts";
import { shellWord } from "./terminal/format.ts";
import { TASKS } from "./tasks/declarations.ts";
import type { TaskDeclaration } from "./tasks/task.ts";
import { LANGUAGE_MODEL } from "./commands/train-options.ts";

/** The task whose model is in the bytes; undefined for a language model. Throws FormatError for other files. */
export function taskOfModel(bytes: Uint8Array): TaskDeclaration | undefined {
  const { kind } = decodeNative(bytes);
  if (kind === "languageModel") return undefined;
  const found = TASKS.find((task) => task.kind === kind);
  if (found === undefined) throw new UsageError(`expected a model of a known kind, got ${JSON.stringify(kind)}`);
  return found;
}

/** Throws UsageError where the model in the bytes, which is at `path`, is no language model. */
export function checkLanguageModel(bytes: Uint8Array, path: string): void {
  const task = taskOfModel(bytes);
  if (task !== undefined)
    throw new UsageError(
      `expected a language model, got one of the task ${task.name}. It answers: unrolled predict ${shellWord(path)} FILE`,
    );
}

/** The directory of the run at `path`, which may be that of its configuration. */
export const runDirectory = (path: string): string => (statIfAny(path)?.isFile() ? dirname(path) : path);

/** Throws UsageError where the run at `path`, a directory or a configuration, is not of the task. One that isn't there is left to who reads it. */
export function checkTaskOfRun(path: string, task: string): void {
  const isFolder = statIfAny(path)?.isDirectory() === true;
  if (!existsSync(isFolder ? join(path, CONFIG_FILE) : path)) return;
  const found = asUsage(() => taskOfRun(path)) ?? LANGUAGE_MODEL;
  if (found !== task) throw new UsageError(`--task: expected ${found}, as in ${JSON.stringify(path)}, got ${task}`);
}
