/** @file Options of `unrolled example`. Its work is loaded when it is called. */
import type { Command } from "commander";
import type { Finish } from "../terminal/failure.ts";

const EXAMPLES = `
Examples:
  unrolled example                          # the list
  unrolled example gates                    # run 06-gates.ts
  unrolled example gates banana             # with another word
  unrolled example language-model book.txt 400
  unrolled example own-model --source > own-model.ts

The programs are in the package's folder examples. They are TypeScript; Node 22.18 or newer runs
them as they are, and this command runs them with older versions too.`;

export function addExample(program: Command, finish: Finish): void {
  program
    .command("example")
    .description("List the example programs, run one, or print its source to start from.")
    .argument("[name]", "such as gates, 06-gates or 6")
    .argument("[arguments...]", "what the program takes")
    .option("--source", "print the program instead of running it")
    .addHelpText("after", EXAMPLES)
    .action(async (name: string | undefined, rest: string[], options: { source?: boolean }) => {
      const { example, listExamples, printSource } = await import("./example.ts");
      if (name === undefined) listExamples();
      else if (options.source === true) printSource(name);
      else finish(await example(name, rest));
    });
}
