/** @file Options of `unrolled train --task NAME`: those of every task, then the task's own. */
import { type Command, Option } from "commander";
import { threadsOption } from "../threads.ts";
import { type OptimizerName, OPTIMIZERS } from "../optimizer-names.ts";
import { integer, norm, number } from "../values.ts";
import type { TaskDeclaration, TaskOptions } from "./task.ts";

/** Those that a run is made of, and those that only say how it goes on. */
export type TaskCommandOptions = TaskOptions & {
  readonly task: string;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly steps?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly learningRateDecay?: number;
  readonly learningRateDecayAfter?: number;
  readonly clipNorm: number;
  readonly evaluateEvery?: number;
  readonly checkpointEvery: number;
  readonly anomaly?: boolean;
  readonly initFrom?: string;
  readonly resume?: string;
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
};

/** Options that are no part of what a run is. */
export const NOT_OF_THE_RUN: ReadonlySet<string> = new Set([
  "task",
  "out",
  "overwrite",
  "resume",
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

export function declareTaskOptions(command: Command, declaration: TaskDeclaration): Command {
  const { name, data, options, defaults = {}, examples } = declaration;
  const choice = (flags: string, text: string, choices: readonly string[], fallback?: string): Option =>
    new Option(flags, text).choices(choices).default(fallback);
  command
    .argument("[files...]", `${data}; - for standard input; not needed with --resume and --config`)
    .addOption(choice("--task <name>", "what to train", [name], name))
    .option("--out <dir>", "where to save (default: runs/NAME)")
    .option("--overwrite", "replace a model that is already there");
  for (const option of options) command.addOption(option);
  command
    .addOption(choice("--cell <cell>", "kind of recurrent cell", ["lstm", "gru", "rnn"], "lstm"))
    .addOption(choice("--dialect <dialect>", "whose initial values and layout", ["tf1", "keras", "torch"], "tf1"))
    .option("--hidden-size <n>", "units per layer", integer(1, 65_536), 64)
    .option("--layers <n>", "recurrent layers", integer(1, 256), 1)
    .option("--dropout <p>", "dropped after each layer while training", number(0, 0.999), 0)
    .option("--batch-size <n>", "examples per batch", integer(1), 32)
    .option("--steps <n>", "stop after so many steps", integer(1))
    .option("--epochs <n>", "stop after so many passes (default: 10, without --steps and --seconds)", integer(1))
    .option("--seconds <n>", "stop after so much time", number(0))
    .addOption(choice("--optimizer <name>", "update rule", Object.keys(OPTIMIZERS), "adam"))
    .option("--learning-rate <x>", "size of the updates", number(0), 0.002)
    .option("--learning-rate-decay <x>", "multiply the rate by this each epoch", number(0))
    .option("--learning-rate-decay-after <n>", "… from this epoch on (default: 10)", integer(0))
    .option("--clip-norm <x>", "largest gradient norm; 0 or off: none", norm, 5)
    .option("--validation <p>", "share of the examples that is held out", number(0, 0.9), 0.1)
    .option("--evaluate-every <n>", "steps between evaluations (default: an epoch)", integer(1))
    .option("--checkpoint-every <n>", "steps between saves; also twice a minute", integer(1), 500)
    .option("--anomaly", "name the operation in which a number stops being finite")
    .option("--seed <n>", "same seed, same model", integer(0), 0)
    .option("--init-from <dir>", "start from the weights of a saved model")
    .option("--resume <dir>", "go on with a run exactly where its last checkpoint is")
    .option("--config <file>", "options and data of another run's config.json; what is typed comes first")
    .option("--dry-run", "show examples as the model sees them and what the run would take, and stop")
    .addOption(threadsOption())
    .option("--quiet", "no progress")
    .option("--json", "one JSON event per line on stdout; the rest on stderr")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`);
  for (const [option, value] of Object.entries(defaults)) {
    const declared = command.options.find((one) => one.attributeName() === option);
    declared?.default(value);
    // commander copies a default when the option is added
    command.setOptionValueWithSource(option, value, "default");
  }
  return command;
}
