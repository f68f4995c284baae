/** @file Options of `unrolled predict`. Its work is loaded when it is called. */
import type { Command } from "commander";
import { optionsOfTasks } from "../terminal/own-options.ts";
import type { PredictOptions } from "./predict.ts";
import { threadsOption } from "../training/threads.ts";

const EXAMPLES = `
Examples:
  unrolled predict runs/spam mails.txt
  echo "hello there" | unrolled predict runs/english-german
  unrolled predict runs/digits recording.wav --json

Without files the standard input is read, where the task takes text; without a line there are no answers.
A file with nothing in it to answer for is refused.
An option that the model's task doesn't have is refused.`;

export function addPredict(program: Command): void {
  const command = program
    .command("predict")
    .description("Let a trained model answer: labels, tags, translations, transcripts, forecasts.")
    .argument("<dir>", "run directory or model file")
    .argument("[files...]", "files to answer for (default: standard input)");
  for (const option of optionsOfTasks("predictOptions")) command.addOption(option);
  command
    .addOption(threadsOption())
    .option("--json", "one line of JSON for each answer")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, files: string[], options: PredictOptions) => {
      const { predict } = await import("./predict.ts");
      await predict(directory, files, options, command);
    });
}
