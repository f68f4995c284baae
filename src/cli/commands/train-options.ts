/**
 * @file Options of `unrolled train`, which are those of the task that it is called for. Its work is
 * loaded when it is called.
 */
import type { Command } from "commander";
import { choice, declareOptions, optionOf } from "../options/table.ts";
import { LIMITS } from "../options/run-options.ts";
import { TASK_NAMES, taskNamed, TASKS } from "../tasks/declarations.ts";
import { optionsOfTask, type TaskDeclaration, type TaskOptions } from "../tasks/task.ts";
import { storedTaskName } from "../tasks/stored-task.ts";
import type { Finish } from "../terminal/failure.ts";

const LENGTH = `
Without --steps, --epochs and --seconds, a run takes the epochs that make some 1,500 steps, from 2 to 100.
`;

const SIGNALS = `
Ctrl-C and SIGTERM end the running step, save, say how to resume, and exit with 130 and 143; a second
one exits at once. A crash loses only what came after the last checkpoint, which is made every
--checkpoint-every steps, twice a minute and at each evaluation.`;

/** `args` say which task it is; each has options of its own. */
export function addTrain(program: Command, finish: Finish, args: readonly string[]): void {
  const task = taskOf(args);
  const command = declareTrain(program.command("train"), task);
  command.action(async (files: string[], options: TaskOptions) => {
    const { train } = await import("./train.ts");
    finish(await train(task, files, options, command));
  });
}

/** Declares the options of `train --task NAME`. */
export function declareTrain(command: Command, task: TaskDeclaration): Command {
  command
    .description(task.summary)
    .argument(
      "[files...]",
      `${task.data}${task.readsInput === false ? "" : "; - for standard input"}; not needed with --resume and --config`,
    )
    .addOption(optionOf("task", choice(TASK_NAMES, "what to train", { default: task.name })));
  return declareOptions(command, optionsOfTask(task), task.defaults).addHelpText(
    "after",
    `\nExamples:\n${task.examples.map((line) => `  ${line}\n`).join("")}${isLimited(task) ? "" : LENGTH}${SIGNALS}`,
  );
}

/** Whether a run has a limit by default. */
const isLimited = ({ defaults }: TaskDeclaration): boolean => LIMITS.some((name) => defaults[name] !== undefined);

/** The task that is named, or that of the run which is resumed; the first where there is none. */
function taskOf(args: readonly string[]): TaskDeclaration {
  const valueOf = (flag: string): string | undefined => {
    const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
    return at < 0 ? undefined : args[at].includes("=") ? args[at].slice(flag.length + 1) : args[at + 1];
  };
  const run = valueOf("--resume") ?? valueOf("--config");
  const name = args[0] === "train" ? (valueOf("--task") ?? (run && storedTaskName(run))) : undefined;
  return taskNamed(name ?? "") ?? TASKS[0];
}
