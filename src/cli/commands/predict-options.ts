/** @file Options of `unrolled predict`. Its work is loaded when it is called. */
import type { Command } from "commander";
import { declareModelOptions } from "../options/model-options.ts";
import { THREADS } from "../options/run-options.ts";
import { declareOptions } from "../options/table.ts";
import type { PredictOptions } from "./predict.ts";

const EXAMPLES = `
Examples:
  unrolled predict runs/spam mails.txt
  echo "hello there" | unrolled predict runs/english-german
  unrolled predict runs/digits recording.wav --json

Without files it reads the standard input, where the task takes text. Empty input produces no output;
an empty file is an error. So is an option that the model's task doesn't have.`;

export function addPredict(program: Command): void {
  const command = program
    .command("predict")
    .description("Run a trained model on new inputs: labels, tags, translations, transcripts, forecasts, text.")
    .argument("<dir>", "run directory or model file")
    .argument("[files...]", "inputs (default: standard input)");
  declareOptions(declareModelOptions(command, "predictOptions"), THREADS)
    .option("--json", "one line of JSON for each answer")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, files: string[], options: PredictOptions) => {
      const { predict } = await import("./predict.ts");
      await predict(directory, files, options, command);
    });
}
