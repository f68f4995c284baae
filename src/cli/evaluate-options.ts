/** @file Options of `unrolled evaluate`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { EvaluateCommandOptions } from "./evaluate.ts";
import { threadsOption } from "./threads.ts";

const EXAMPLES = `
Examples:
  unrolled evaluate runs/book other-book.txt
  unrolled evaluate runs/book other-book.txt --json`;

export function addEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("Measure how well a model predicts a text: loss, perplexity, bits per character.")
    .argument("<dir>", "run directory or model file")
    .argument("<files...>", "text files, or folders of .txt files")
    .addOption(threadsOption())
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, files: string[], options: EvaluateCommandOptions) => {
      const { evaluate } = await import("./evaluate.ts");
      evaluate(directory, files, options);
    });
}
