/**
 * @file The command's options and help; each command's work is in its own file, which is loaded
 * when it is called.
 */
import { createRequire } from "node:module";
import { Command } from "commander";
import { translateAliases } from "./terminal/aliases.ts";
import { commanderMessage } from "./terminal/commander-message.ts";
import { addCompare } from "./commands/compare-options.ts";
import { addCompletion } from "./commands/completion-options.ts";
import { addDiagnose } from "./commands/diagnose-options.ts";
import { addDoctor } from "./commands/doctor-options.ts";
import { addEvaluate } from "./commands/evaluate-options.ts";
import { addExample } from "./commands/example-options.ts";
import { addExport } from "./commands/export-options.ts";
import { EXIT, type Finish, reportFailure } from "./terminal/failure.ts";
import { addHello } from "./commands/hello-options.ts";
import { typedFlagOf } from "./options/table.ts";
import { TASKS } from "./tasks/declarations.ts";
import { optionsOfTask } from "./tasks/task.ts";
import { type KnownOptions, unknownOption } from "./terminal/unknown-option.ts";
import { exitOnSignals } from "./terminal/interruptible.ts";
import { addImport } from "./commands/import-options.ts";
import { addInspect } from "./commands/inspect-options.ts";
import { addPredict } from "./commands/predict-options.ts";
import { addSample } from "./commands/sample-options.ts";
import { addTrain } from "./commands/train-options.ts";

const EXAMPLES = `
Examples:
  unrolled hello
  unrolled example gates
  unrolled train book.txt --out runs/book
  unrolled sample runs/book --prime "Call me"
  unrolled train spam.csv --task classify --out runs/spam
  unrolled predict runs/spam mails.txt

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 diverged, 130 interrupted (Ctrl-C), 143 terminated.
unrolled completion --help says how a shell completes commands and options.
Options of char-rnn and torch-rnn (--rnn_size, -seq_length, …) are understood too.`;

/** The command's options and, where it trains, those of the tasks that it doesn't train now. */
function knownOptions(command: Command): KnownOptions {
  const own = command.options.flatMap(({ long }) => long ?? []);
  if (command.name() !== "train") return { command: command.name(), own };
  const others = TASKS.map((task) => {
    const flags = Object.entries(optionsOfTask(task)).map(([name, row]) => typedFlagOf(name, row));
    return [task.name, flags.filter((flag) => !own.includes(flag))] as const;
  });
  const task = command.options.find(({ long }) => long === "--task")?.defaultValue as string;
  return { command: command.name(), own, task, others: Object.fromEntries(others) };
}

/** Runs the command line and returns its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const finish: Finish = (code) => {
    exitCode = code;
  };
  const { version } = createRequire(import.meta.url)("unrolled/package.json") as { version: string };
  const program = new Command("unrolled")
    .description("Recurrent neural networks: train, sample and look inside sequence models.")
    .version(version, "-V, --version", "print the version")
    .helpCommand("help [command]", "Show the help of a command.")
    .addHelpText("after", EXAMPLES);
  addHello(program);
  addTrain(program, finish, args);
  addSample(program);
  addPredict(program);
  addEvaluate(program);
  addInspect(program);
  addImport(program);
  addExport(program);
  addCompare(program);
  addDiagnose(program);
  addDoctor(program, finish);
  addExample(program, finish);
  addCompletion(program);
  const chosen = program.commands.find((command) => command.name() === args[0]);
  const name = chosen === undefined ? "unrolled" : `unrolled ${args[0]}`;
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showSuggestionAfterError(true);
    command.helpOption("-h, --help", "show this help");
    command.configureOutput({
      outputError: (text, write) =>
        write(`${name}: ${commanderMessage(text, (flag) => unknownOption(flag, knownOptions(command)))}\n`),
    });
  }
  const takesValue = new Map((chosen?.options ?? []).map(({ long, required }) => [long ?? "", required]));
  // a reader that went away, such as `| head`, is no error
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  // training has something to save
  if (chosen?.name() !== "train") exitOnSignals();
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.usage;
    }
    const { translated, warnings } = translateAliases(args, takesValue);
    if (warnings.length > 0) {
      const { warn } = await import("./terminal/output.ts");
      for (const warning of warnings) warn(`${name}: ${warning}`);
    }
    await program.parseAsync([...translated], { from: "user" });
    return exitCode;
  } catch (error) {
    return await reportFailure(
      error,
      name,
      chosen?.options.flatMap(({ long }) => long ?? []),
    );
  }
}
