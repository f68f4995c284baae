/** @file Options of `unrolled hello`. Its work is loaded when it is called. */
import type { Command } from "commander";
import { integer } from "../options/values.ts";

const EXAMPLES = `
Examples:
  unrolled hello
  unrolled hello --seed 3`;

export function addHello(program: Command): void {
  program
    .command("hello")
    .description("Play the tutorial: one-hot characters, a batch of words, learning to spell.")
    .option("--seed <n>", "of the initial weights", integer(0), 1)
    .addHelpText("after", EXAMPLES)
    .action(async (options: { seed: number }) => {
      const { hello } = await import("./hello.ts");
      hello(options);
    });
}
