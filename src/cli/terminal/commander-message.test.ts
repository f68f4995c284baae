import { Argument, Command, Option } from "commander";
import { expect, test } from "vitest";
import { commanderMessage } from "./commander-message.ts";
import { integer } from "../options/values.ts";

/** Commander's error for a command line, in our words. */
function messageOf(...args: string[]): string {
  let said = "";
  const program = new Command("all");
  program
    .command("train")
    .argument("<file>")
    .option("--layers <n>", "", integer(1, 256))
    .option("-q, --quick <n>", "", integer(1))
    .addOption(new Option("--cell <cell>").choices(["lstm", "gru"]));
  program.command("shell").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ outputError: (text) => (said += commanderMessage(text)) });
  expect(() => program.parse(args, { from: "user" })).toThrow();
  return said;
}

test.each([
  [["train", "--layers", "no 'ne"], `--layers: expected an integer from 1 to 256, got "no 'ne"`],
  [["train", "--quick", "0"], '--quick: expected an integer >= 1, got "0"'],
  [["train", "--cell", "cnn"], '--cell: expected one of lstm, gru, got "cnn"'],
  [["train", "--layers"], "--layers: expected <n>, got nothing"],
  [["shell", "sh"], '<shell>: expected one of bash, zsh, got "sh"'],
  [["train"], "expected <file>, got nothing"],
  [["train", "a", "b", "c"], "arguments: expected 1, got 3"],
  [["train", "--layer", "1"], "expected an option of this command, got --layer (Did you mean --layers?)"],
  [["trian"], "expected a command, got trian (Did you mean train?)"],
])("%j", (args, message) => {
  expect(messageOf(...args)).toBe(message);
});
