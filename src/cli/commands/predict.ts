import type { Command } from "commander";
import { useThreads } from "unrolled";
import { readModelBytes } from "unrolled/node";
import { modelOptions } from "../options/model-options.ts";
import { isTyped } from "../options/stored.ts";
import { loadTask } from "../tasks/load.ts";
import { taskOfModel } from "../tasks/task-of.ts";
import { trainedOptions } from "../tasks/trained-options.ts";
import { asUsage, asUsageLater } from "../terminal/failure.ts";
import { interruptible, rest } from "../terminal/interruptible.ts";
import { say, sayJson } from "../terminal/output.ts";

export type PredictOptions = { readonly threads?: number; readonly json?: boolean };

/** Prints the model's answers. */
export async function predict(
  directory: string,
  files: readonly string[],
  { threads, json }: PredictOptions,
  command: Command,
): Promise<void> {
  const bytes = asUsage(() => readModelBytes(directory));
  const declaration = taskOfModel(bytes);
  const options = modelOptions("predictOptions", declaration, command);
  // columns are those of the training where none is typed
  const columns = Object.entries(trainedOptions(directory, declaration)).filter(
    ([name]) => name.endsWith("Column") && Object.hasOwn(options, name) && !isTyped(command, name),
  );
  if (threads !== undefined) useThreads(threads);
  const task = await loadTask(declaration);
  const model = task.decode(bytes);
  const all = { ...options, ...Object.fromEntries(columns) };
  await asUsageLater(() =>
    interruptible(async () => {
      for await (const answer of task.predict(model, files.length === 0 ? ["-"] : files, all)) {
        if (json === true) sayJson(answer.json);
        else say(answer.text);
        await rest();
      }
    }),
  );
}
