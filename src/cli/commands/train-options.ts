/** @file Options of `unrolled train`. Its work is loaded when it is called. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Unit } from "unrolled";
import { withPreset } from "../training/presets.ts";
import type { Finish } from "../program.ts";
import {
  choice,
  declareTrainOptions,
  type OptionDifferences,
  type SharedTrainOptions,
} from "../training/shared-train-options.ts";
import { TASKS, taskNamed } from "../tasks/declarations.ts";
import type { TaskDeclaration } from "../tasks/task.ts";
import { declareTaskOptions, type TaskCommandOptions } from "../tasks/train-task-options.ts";
import { integer, number } from "../terminal/values.ts";

export type TrainCommandOptions = SharedTrainOptions & {
  readonly unit: Unit;
  readonly embeddingSize?: number;
  readonly tieWeights?: boolean;
  readonly sequenceLength: number;
  readonly learningRateDecayEvery?: number;
  readonly rmspropDecay?: number;
  readonly diagnose?: boolean;
  readonly shuffle?: boolean;
  readonly stream?: boolean;
  readonly preset?: "char-rnn" | "torch-rnn";
};

const EXAMPLES = `
Examples:
  unrolled train book.txt --out runs/book
  unrolled train chapters/ --cell gru --hidden-size 256 --layers 2 --seconds 600
  unrolled train book.txt --unit word --epochs 10
  unrolled train --resume runs/book --epochs 100
  unrolled train --config runs/book/config.json --seed 2 --out runs/book2
  unrolled train book.txt --init-from runs/book --out runs/book2 --learning-rate 0.0005
  unrolled train --data_dir book.txt --rnn_size 128 --num_layers 2 --seq_length 50   (as in char-rnn)

Ctrl-C and SIGTERM end the running step, save, say how to go on, and exit with 130 and 143; a second
one exits at once. A crash loses only what came after the last checkpoint, which is made every
--checkpoint-every steps, twice a minute and at each evaluation.`;

/** `args` say which task it is; each has options of its own. */
export function addTrain(program: Command, finish: Finish, args: readonly string[]): void {
  const command = program.command("train");
  const task = taskOf(args);
  if (task !== undefined) {
    declareTaskOptions(command.description(task.summary), task).action(
      async (files: string[], options: TaskCommandOptions) => {
        const { trainTask } = await import("../tasks/train-task.ts");
        finish(await trainTask(task, files, options, command));
      },
    );
    return;
  }
  const names = [LANGUAGE_MODEL, ...TASKS.map(({ name }) => name)];
  declareOptions(command.description("Train a language model on text, or another task (--task NAME --help)."))
    .addOption(choice("--task <name>", "what to train", names).default(LANGUAGE_MODEL))
    .action(async (files: string[], options: TrainCommandOptions) => {
      const { train } = await import("./train.ts");
      finish(await train(files, withPreset(options, command), command));
    });
}

/** As it is typed after `--task`. */
export const LANGUAGE_MODEL = "language-model";

/** The task that is named, or that of the run which goes on; undefined for a language model. */
function taskOf(args: readonly string[]): TaskDeclaration | undefined {
  const valueOf = (flag: string): string | undefined => {
    const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
    return at < 0 ? undefined : args[at].includes("=") ? args[at].slice(flag.length + 1) : args[at + 1];
  };
  if (args[0] !== "train") return undefined;
  const name = valueOf("--task");
  const run = valueOf("--resume") ?? valueOf("--config");
  return taskNamed(name ?? (run === undefined ? undefined : storedTask(run)) ?? LANGUAGE_MODEL);
}

/** The task in a run's config.json; undefined where it can't be read, which is told when it is needed. */
function storedTask(run: string): string | undefined {
  for (const file of [run, join(run, "config.json")]) {
    try {
      if (!statSync(file).isFile()) continue;
      const { task } = JSON.parse(readFileSync(file, "utf8")) as { readonly task?: string };
      return task;
    } catch {
      // nothing there, or no configuration
    }
  }
  return undefined;
}

const DIFFERENCES: OptionDifferences = {
  texts: {
    batchSize: "rows per batch",
    epochs: "stop after so many passes (default: 50, without --steps and --seconds)",
    validation: "part of the text kept for evaluation",
    evaluateEvery: "steps between evaluations (default: an epoch, 100 to 1000)",
    dryRun: "say what the run would take (parameters, memory, time per epoch) and stop",
  },
  defaults: { hiddenSize: 128, validation: 0.05 },
  own: {
    overwrite: [choice("--unit <unit>", "what a token is", ["char", "byte", "word"]).default("char")],
    layers: [
      new Option("--embedding-size <n>", "numbers per token (default: 64, or the hidden size)").argParser(
        integer(1, 65_536),
      ),
      new Option("--tie-weights", "one matrix for embedding and output layer; needs --embedding-size = --hidden-size"),
    ],
    dropout: [new Option("--sequence-length <n>", "time steps per batch").argParser(integer(1)).default(50)],
    learningRateDecayAfter: [
      new Option("--learning-rate-decay-every <n>", "… or every so many epochs (x 0.5 if not given)").argParser(
        integer(1),
      ),
      new Option("--rmsprop-decay <x>", "memory of rmsprop (default: 0.99)").argParser(number(0, 0.999999)),
    ],
    anomaly: [
      // no task has it: a diagnosis looks into embedding, layers and scores of a language model, batch by batch of its text
      new Option("--diagnose", "say at each evaluation what hinders learning, and what to change"),
      new Option("--shuffle", "windows in random order instead of carried state"),
      new Option("--stream", "read the text as it is needed, not at once (default: above 64 MiB)"),
    ],
    dryRun: [choice("--preset <name>", "defaults of another tool", ["char-rnn", "torch-rnn"])],
  },
};

function declareOptions(command: Command): Command {
  command.argument("[files...]", "text files, or folders of .txt files; not needed with --resume and --config");
  return declareTrainOptions(command, DIFFERENCES).addHelpText("after", EXAMPLES);
}
