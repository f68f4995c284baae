import { existsSync } from "node:fs";
import { join } from "node:path";
import { CONFIG_FILE, readRunConfig } from "unrolled/node";
import { fromStored } from "../options/stored.ts";
import { directoryOf } from "./task-of.ts";
import { optionsOfTask, type TaskDeclaration } from "./task.ts";

/**
 * Options that the model at `path`, a run directory or a file in one, was trained with; none for a
 * file that was moved.
 */
export function trainedOptions(path: string, declaration: TaskDeclaration): Readonly<Record<string, unknown>> {
  const directory = directoryOf(path);
  if (!existsSync(join(directory, CONFIG_FILE))) return {};
  const { task, options } = readRunConfig(directory);
  return task === declaration.name ? fromStored(options, optionsOfTask(declaration)) : {};
}
