import type { Command } from "commander";
import { useThreads } from "unrolled";
import { loadTask } from "../tasks/load.ts";
import { taskOfModel, typedModel } from "../tasks/task-of.ts";
import { readingOptions } from "../tasks/trained-options.ts";
import { asUsageLater } from "../terminal/failure.ts";
import { interruptible, rest } from "../terminal/interruptible.ts";
import { csvTable } from "../terminal/csv.ts";
import { say, sayJson, write } from "../terminal/output.ts";

export type PredictOptions = { readonly threads?: number; readonly json?: boolean };

/** Prints the model's answers. */
export async function predict(
  directory: string,
  files: readonly string[],
  { threads, json }: PredictOptions,
  command: Command,
): Promise<void> {
  const bytes = typedModel(directory, "unrolled predict RUN FILE");
  const declaration = taskOfModel(bytes);
  const options = readingOptions("predictOptions", directory, declaration, command);
  if (threads !== undefined) useThreads(threads);
  const table = csvTable();
  const task = await loadTask(declaration);
  const model = task.decode(bytes);
  await asUsageLater(() =>
    interruptible(async () => {
      for await (const answer of task.predict(model, files.length === 0 ? ["-"] : files, options)) {
        if (json === true) sayJson(answer.json);
        else if (options["csv"] === true && answer.rows !== undefined) write(table(answer.rows));
        else say(answer.text);
        await rest();
      }
    }),
  );
}
