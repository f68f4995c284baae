/** @file Options of `unrolled inspect`. Its work is loaded when it is called. */
import type { Command } from "commander";

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("Show a model's configuration and its parameters.")
    .argument("<dir>", "run directory or model file")
    .option("--json", "one line of JSON")
    .addHelpText("after", "\nExample:\n  unrolled inspect runs/book")
    .action(async (directory: string, options: { json?: boolean }) => {
      const { inspect } = await import("./inspect.ts");
      inspect(directory, options);
    });
}
