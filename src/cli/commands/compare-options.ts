/** @file Options of `unrolled compare`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { CompareOptions } from "./compare.ts";

const EXAMPLES = `
Examples:
  unrolled compare runs/book runs/book2
  unrolled compare runs/* --plot compare.svg
  unrolled compare runs/* --json`;

export function addCompare(program: Command): void {
  program
    .command("compare")
    .description("Put runs side by side: figures, what differs in their configurations, and their curves.")
    .argument("<runs...>", "run directories")
    .option("--plot <file>", "draw their curves into this .svg file")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (runs: string[], options: CompareOptions) => {
      const { compare } = await import("./compare.ts");
      await compare(runs, options);
    });
}
