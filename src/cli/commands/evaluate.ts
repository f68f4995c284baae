import { mkdirSync } from "node:fs";
import type { Command } from "commander";
import { useThreads } from "unrolled";
import { linesOf, savePicture } from "../tasks/evaluated.ts";
import { loadTask } from "../tasks/load.ts";
import { taskOfModel, typedModel } from "../tasks/task-of.ts";
import { readingOptions } from "../tasks/trained-options.ts";
import type { TaskOptions } from "../tasks/task.ts";
import { asUsageLater } from "../terminal/failure.ts";
import { interruptible } from "../terminal/interruptible.ts";
import { say, sayJson } from "../terminal/output.ts";

export type EvaluateOptions = { readonly threads?: number; readonly json?: boolean; readonly out?: string };

/** Prints the model's measures on the files. */
export async function evaluate(
  directory: string,
  files: readonly string[],
  { threads, json, out }: EvaluateOptions,
  command: Command,
): Promise<void> {
  if (threads !== undefined) useThreads(threads);
  const bytes = typedModel(directory, "unrolled evaluate RUN FILE");
  const declaration = taskOfModel(bytes);
  const options: Partial<TaskOptions> = readingOptions("evaluateOptions", directory, declaration, command);
  const task = await loadTask(declaration);
  const model = task.decode(bytes);
  const evaluated = await asUsageLater(() => interruptible(() => task.evaluate(model, files, options)));
  if (json) sayJson(evaluated.measures);
  else for (const line of linesOf(evaluated)) say(line);
  if (out === undefined) return;
  mkdirSync(out, { recursive: true });
  for (const [name, draw] of Object.entries(evaluated.pictures ?? {})) await savePicture(out, name, draw);
}
