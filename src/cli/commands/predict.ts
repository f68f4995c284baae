import type { Command } from "commander";
import { existsSync } from "node:fs";
import { useThreads } from "unrolled";
import { loadTask } from "../tasks/load.ts";
import { taskOfModel, typedModel } from "../tasks/task-of.ts";
import type { TaskDeclaration } from "../tasks/task.ts";
import { readingOptions } from "../tasks/trained-options.ts";
import { asUsageLater, UsageError } from "../terminal/failure.ts";
import { shellWord } from "../terminal/format.ts";
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
  if (options["idColumn"] !== undefined && json !== true && options["csv"] !== true)
    throw new UsageError("--id-column: expected --csv or --json with it, which print the column, got neither");
  checkFiles(directory, files, declaration);
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

/** Tasks whose inputs are texts. */
const TEXTS: readonly string[] = ["classify", "language-model", "tag", "translate"];

/** Throws UsageError for a file that is not there: most often it is the text itself. */
function checkFiles(directory: string, files: readonly string[], { name }: TaskDeclaration): void {
  const missing = files.find((file) => file !== "-" && !existsSync(file));
  if (missing === undefined) return;
  const typed = missing.length > 40 ? "TEXT" : shellWord(missing);
  const hint = TEXTS.includes(name)
    ? `. A text is read from the standard input: echo ${typed} | unrolled predict ${shellWord(directory)}`
    : "";
  throw new UsageError(`expected a file, got ${JSON.stringify(missing)}, which does not exist${hint}`);
}
