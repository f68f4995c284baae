/** @file Options of `unrolled completion`. Its work is loaded when it is called. */
import { Argument, type Command } from "commander";
import { type Shell, SHELLS } from "./shells.ts";

const EXAMPLES = `
Examples:
  unrolled completion bash >> ~/.bashrc
  unrolled completion zsh > "\${fpath[1]}/_unrolled"
  unrolled completion fish > ~/.config/fish/completions/unrolled.fish

For the running shell alone: source <(unrolled completion bash), or zsh; unrolled completion fish | source.`;

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("Print a script that completes commands, options and files in a shell.")
    .addArgument(new Argument("<shell>", "whose script").choices(SHELLS))
    .addHelpText("after", EXAMPLES)
    .action(async (shell: Shell) => {
      const { completion } = await import("./completion.ts");
      process.stdout.write(completion(shell, program));
    });
}
