/** @file Options of `unrolled evaluate`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { EvaluateCommandOptions } from "./evaluate.ts";
import { optionsOfTasks } from "../terminal/own-options.ts";
import { threadsOption } from "../training/threads.ts";

const EXAMPLES = `
Examples:
  unrolled evaluate runs/book other-book.txt
  unrolled evaluate runs/book other-book.txt --json
  unrolled evaluate runs/spam other-mails.csv --out pictures`;

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("Measure how well a model does: a text's loss and bits per character, or what its task measures.")
    .argument("<dir>", "run directory or model file")
    .argument("<files...>", "text files or folders of them; for other tasks, files of labelled data");
  for (const option of optionsOfTasks("evaluateOptions")) command.addOption(option);
  command
    .addOption(threadsOption())
    .option("--out <dir>", "save pictures there, where the task draws some")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, files: string[], options: EvaluateCommandOptions) => {
      const { evaluate } = await import("./evaluate.ts");
      await evaluate(directory, files, options, command);
    });
}
