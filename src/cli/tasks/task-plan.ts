/** @file What a run of a task is made of: options that were typed, of a configuration, or of a run that goes on. */
import { statSync } from "node:fs";
import type { Command, Option } from "commander";
import { checkRunData, readTaskRunConfig, type TaskRunConfig } from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { checkTaskOfRun, runDirectory } from "../model-task.ts";
import { flagOf } from "../training/train-settings.ts";
import { DEFAULT_EPOCHS, MAY_CHANGE, NOT_OF_THE_RUN, type TaskCommandOptions } from "./train-task-options.ts";

export type TaskPlan = { readonly files: readonly string[]; readonly options: TaskCommandOptions };

const LIMITS = ["steps", "epochs", "seconds"];

/** Files and options, with those of `--resume` and `--config` wherever none was typed. Throws UsageError for what doesn't go together. */
export function taskPlanOf(files: readonly string[], options: TaskCommandOptions, command: Command): TaskPlan {
  const { resume, config } = options;
  if (resume !== undefined && config !== undefined) throw new UsageError("expected --resume or --config, got both");
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  if (isTyped("steps") && isTyped("epochs")) throw new UsageError("expected --steps or --epochs, got both");
  // one limit that is typed stands for all of them, also for the task's own default
  const isLimited = LIMITS.some(isTyped);
  const own = isLimited ? withoutDefaults(options, isTyped) : options;
  const from = resume ?? config;
  if (from === undefined) return withFiles({ files, options: withLimit(own) });
  checkTaskOfRun(from, options.task);
  const run = asUsage(() => readTaskRunConfig(from));
  const stored = optionsOf(run, command);
  if (resume !== undefined) refuseChanges(stored, options, command);
  if (files.length === 0) asUsage(() => checkInputs(run, resume !== undefined));
  const taken = Object.entries(stored).filter(([name]) => !isTyped(name) && !(isLimited && LIMITS.includes(name)));
  const rest = isLimited || LIMITS.some((name) => name in stored) ? withoutDefaults(own, isTyped) : own;
  const place = resume === undefined ? {} : { resume: runDirectory(resume), out: runDirectory(resume) };
  const all = { ...rest, ...Object.fromEntries(taken), ...place };
  return withFiles({ files: files.length > 0 ? files : inputsOf(run), options: withLimit(all) });
}

/** What a run has read; a folder stays one, since what a file in it means may depend on the others. Throws UsageError for the standard input, which isn't there any more. */
function inputsOf({ data, inputs = data.map(({ path }) => path) }: TaskRunConfig): readonly string[] {
  if (inputs.includes("-"))
    throw new UsageError("expected the examples again, since the run had them from the standard input, got no files");
  return inputs;
}

/** Files have to be what they were where the run goes on; what is in a folder may be more than the run has read. */
function checkInputs(run: TaskRunConfig, unchanged: boolean): void {
  const inputs = inputsOf(run);
  const listed = run.data.filter(({ path }) => inputs.includes(path));
  checkRunData(unchanged ? "--resume" : "--config", listed, { unchanged });
  const other = inputs.find((path) => !listed.some((file) => file.path === path) && !isFolder(path));
  if (other !== undefined)
    throw new UsageError(`config.json: inputs: expected files of its data, or folders, got ${JSON.stringify(other)}`);
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Without limits that nobody typed. */
const withoutDefaults = (options: TaskCommandOptions, isTyped: (name: string) => boolean): TaskCommandOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => isTyped(name) || !LIMITS.includes(name)),
  ) as TaskCommandOptions;

function withFiles(plan: TaskPlan): TaskPlan {
  if (plan.files.length === 0) throw new UsageError("expected files of examples, got none");
  return plan;
}

const withLimit = (options: TaskCommandOptions): TaskCommandOptions =>
  LIMITS.every((name) => options[name] === undefined) ? { ...options, epochs: DEFAULT_EPOCHS } : options;

/** Throws UsageError for what was typed although the run has it differently. */
function refuseChanges(stored: Readonly<Record<string, unknown>>, options: TaskCommandOptions, command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli" || MAY_CHANGE.has(name)) continue;
    if (["out", "overwrite", "initFrom"].includes(name))
      throw new UsageError(`expected --resume or ${flagOf(name, command)}, got both`);
    if (NOT_OF_THE_RUN.has(name) || options[name] === stored[name]) continue;
    const [expected, got] = [stored[name], options[name]].map((value) => String(value ?? "none"));
    throw new UsageError(`${flagOf(name, command)}: expected ${expected}, as in the run that goes on, got ${got}`);
  }
}

/** The options of a configuration, checked as if they had been typed. */
function optionsOf({ options }: TaskRunConfig, command: Command): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const option = command.options.find((one) => one.attributeName() === name && !NOT_OF_THE_RUN.has(name));
      if (option === undefined) throw new UsageError(`config.json: options: expected no "${name}"`);
      return [name, parsed(option, value)];
    }),
  );
}

function parsed(option: Option, value: string | number | boolean): unknown {
  const { parseArg, argChoices, required } = option;
  const where = `config.json: options.${option.attributeName()}`;
  if (!required) {
    if (typeof value !== "boolean")
      throw new UsageError(`${where}: expected true or false, got ${JSON.stringify(value)}`);
    return value;
  }
  if (argChoices !== undefined && !argChoices.includes(String(value)))
    throw new UsageError(`${where}: expected ${argChoices.join(", ")}, got ${JSON.stringify(value)}`);
  if (parseArg === undefined) return String(value);
  try {
    return parseArg(String(value), undefined) as unknown;
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message} Got ${JSON.stringify(value)}`);
  }
}

/** What `config.json` holds of the options. */
export function storedOptions(options: TaskCommandOptions): TaskRunConfig["options"] {
  const entries = Object.entries(options).flatMap(([name, value]) => {
    if (NOT_OF_THE_RUN.has(name) || value === undefined) return [];
    return [[name, value === Infinity ? "off" : (value as string | number | boolean)] as const];
  });
  return Object.fromEntries(entries);
}
