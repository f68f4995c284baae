/** @file Options of `unrolled inspect`. Its work is loaded when it is called. */
import type { Command } from "commander";

const EXAMPLES = `
Examples:
  unrolled inspect runs/book
  unrolled inspect runs/book/best.safetensors --json
  unrolled inspect model.pt
  unrolled inspect checkpoints/model.ckpt.index
  unrolled inspect tfjs-model`;

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("Show a model's configuration and its parameters, or the arrays in another framework's file.")
    .argument("<path>", "run directory or model file; also files and folders of other frameworks")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, options: { json?: boolean }) => {
      const { inspect } = await import("./inspect.ts");
      await inspect(directory, options);
    });
}
