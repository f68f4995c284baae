/** @file Options of `unrolled doctor`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { Finish } from "../terminal/failure.ts";

const EXAMPLES = `
Examples:
  unrolled doctor
  unrolled doctor --json
  UNROLLED_NUMERICS=portable UNROLLED_THREADS=1 unrolled doctor

Exit codes: 0 all is well, 1 the self-check failed.`;

export function addDoctor(program: Command, finish: Finish): void {
  program
    .command("doctor")
    .description("Check what runs here and why, how fast it is, and whether it computes right.")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import("./doctor.ts");
      finish(await doctor(options));
    });
}
