/** @file Options of `unrolled train --task NAME`: those of every task, then the task's own. */
import type { Command } from "commander";
import {
  choice,
  declareTrainOptions,
  type OptionDifferences,
  type SharedTrainOptions,
} from "../training/shared-train-options.ts";
import type { TaskDeclaration, TaskOptions } from "./task.ts";

/** Those that a run is made of, and those that only say how it goes on. */
export type TaskCommandOptions = TaskOptions & SharedTrainOptions & { readonly task: string };

/** Options that are no part of what a run is. */
export const NOT_OF_THE_RUN: ReadonlySet<string> = new Set([
  "task",
  "out",
  "overwrite",
  "resume",
  "allowOtherNumerics",
  "config",
  "dryRun",
  "quiet",
  "json",
]);

/** Options that a run which goes on may have differently. */
export const MAY_CHANGE: ReadonlySet<string> = new Set([
  "steps",
  "epochs",
  "seconds",
  "threads",
  "checkpointEvery",
  "evaluateEvery",
]);

/** Passes over the data where nothing limits the run. */
export const DEFAULT_EPOCHS = 10;

const TEXTS: OptionDifferences["texts"] = {
  batchSize: "examples per batch",
  epochs: "stop after so many passes, without --steps and --seconds",
  validation: "share of the examples that is held out",
  evaluateEvery: "steps between evaluations (default: an epoch)",
  dryRun: "show examples as the model sees them and what the run would take, and stop",
};

export function declareTaskOptions(command: Command, declaration: TaskDeclaration): Command {
  const { name, data, options, defaults, examples } = declaration;
  command
    .argument("[files...]", `${data}; - for standard input; not needed with --resume and --config`)
    .addOption(choice("--task <name>", "what to train", [name]).default(name));
  return declareTrainOptions(command, {
    texts: TEXTS,
    defaults: { hiddenSize: 64, validation: 0.1, epochs: DEFAULT_EPOCHS, ...defaults },
    own: { overwrite: options },
  }).addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`);
}
