/** @file Options of `unrolled diagnose`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { DiagnoseCommandOptions } from "./diagnose.ts";
import { THREADS } from "../options/run-options.ts";
import { optionOf } from "../options/table.ts";
import { integer } from "../options/values.ts";

const EXAMPLES = `
Examples:
  unrolled diagnose runs/book
  unrolled diagnose runs/book --out            (pictures into runs/book)
  unrolled diagnose runs/book --json`;

export function addDiagnose(program: Command): void {
  program
    .command("diagnose")
    .description("Measure on a few batches whether a run learns as it should, with advice.")
    .argument("<run>", "run directory")
    .argument("[files...]", "its text, where it is no longer in the place that config.json names")
    .option("--out [dir]", "draw gradients and gates as .svg, without a name into the run directory")
    .option("--batches <n>", "batches to measure", integer(1), 8)
    .addOption(optionOf("threads", THREADS.threads))
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, files: string[], options: DiagnoseCommandOptions) => {
      const { diagnose } = await import("./diagnose.ts");
      await diagnose(directory, files, options);
    });
}
