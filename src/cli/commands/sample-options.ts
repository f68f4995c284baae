/** @file Options of `unrolled sample`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { SampleOptions } from "./sample.ts";
import { THREADS } from "../options/run-options.ts";
import { optionOf } from "../options/table.ts";
import { collect, integer, number } from "../options/values.ts";

const EXAMPLES = `
Examples:
  unrolled sample runs/book --prime "Call me" --temperature 0.7
  unrolled sample runs/book --length 1000 --seed 7 --stop "CHAPTER"
  unrolled sample runs/book --primetext "Call me" --sample 0      (as in char-rnn)`;

export function addSample(program: Command): void {
  program
    .command("sample")
    .description("Continue a text.")
    .argument("<dir>", "run directory or model file")
    .option("--prime <text>", "text to continue; printed first", "")
    .option("--length <n>", "tokens to draw", integer(0), 500)
    .option("--temperature <x>", "below 1 safer, above 1 wilder, 0 always the best", number(0), 1)
    .option("--greedy", "always take the most probable token")
    .option("--top-k <n>", "only the n most probable tokens", integer(1))
    .option("--top-p <p>", "only the most probable tokens that reach p together", number(0, 1))
    .option("--seed <n>", "same seed, same text (default: a new one, printed)", integer(0))
    .option("--stop <text>", "end before this text (repeatable)", collect)
    .addOption(optionOf("threads", THREADS.threads))
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, options: SampleOptions) => {
      const { sample } = await import("./sample.ts");
      await sample(directory, options);
    });
}
