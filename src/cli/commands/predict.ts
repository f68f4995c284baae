import type { Command } from "commander";
import { useThreads } from "unrolled";
import { readModelBytes } from "unrolled/node";
import { asUsage, asUsageLater, UsageError } from "../terminal/failure.ts";
import { interruptible, rest } from "../terminal/interruptible.ts";
import { taskOfModel } from "../model-task.ts";
import { say, sayJson } from "../terminal/output.ts";
import { refuseOthers } from "../terminal/own-options.ts";
import { trainedOptions } from "../training/trained-options.ts";

export type PredictOptions = {
  readonly threads?: number;
  readonly json?: boolean;
  readonly [own: string]: unknown;
};

/** Prints what the model answers. */
export async function predict(
  directory: string,
  files: readonly string[],
  options: PredictOptions,
  command: Command,
): Promise<void> {
  const bytes = asUsage(() => readModelBytes(directory));
  const declaration = taskOfModel(bytes);
  if (declaration === undefined)
    throw new UsageError(
      `expected a model with answers, got a language model. It continues text: unrolled sample ${directory}`,
    );
  refuseOthers("predictOptions", declaration, command);
  if (options.threads !== undefined) useThreads(options.threads);
  const task = await declaration.load();
  const model = task.decode(bytes);
  const all = withColumns(directory, options, command);
  await asUsageLater(() =>
    interruptible(async () => {
      for await (const { text, json } of task.predict(model, files.length === 0 ? ["-"] : files, all)) {
        if (options.json === true) sayJson(json);
        else say(text);
        await rest();
      }
    }),
  );
}

/** Options with the columns that the run read, where none was typed. */
function withColumns(directory: string, options: PredictOptions, command: Command): PredictOptions {
  const columns = Object.entries(trainedOptions(directory)).filter(
    ([name]) => name.endsWith("Column") && command.getOptionValueSource(name) !== "cli",
  );
  return { ...options, ...Object.fromEntries(columns) };
}
