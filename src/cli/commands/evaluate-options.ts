/** @file Options of `unrolled evaluate`. Its work is loaded when it is called. */
import type { Command } from "commander";
import { declareModelOptions } from "../options/model-options.ts";
import { THREADS } from "../options/run-options.ts";
import { declareOptions } from "../options/table.ts";
import type { EvaluateOptions } from "./evaluate.ts";

const EXAMPLES = `
Examples:
  unrolled evaluate runs/book other-book.txt
  unrolled evaluate runs/book other-book.txt --json
  unrolled evaluate runs/spam mails.csv              (that it was trained on: the part held out)
  unrolled evaluate runs/spam other-mails.csv --out pictures`;

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("Measure a model on labelled data: loss, and what its task measures.")
    .argument("<dir>", "run directory or model file")
    .argument("<files...>", "text files or folders of them; for other tasks, files of labelled data");
  declareOptions(declareModelOptions(command, "evaluateOptions"), THREADS)
    .option("--all", "measure all of the files that the model was trained on (default: what was held out)")
    .option("--out <dir>", "save pictures there, where the task draws some")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, files: string[], options: EvaluateOptions) => {
      const { evaluate } = await import("./evaluate.ts");
      await evaluate(directory, files, options, command);
    });
}
