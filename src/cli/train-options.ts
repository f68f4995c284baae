/** @file Options of `unrolled train`. Its work is loaded when it is called. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Unit } from "unrolled";
import { type OptimizerName, OPTIMIZERS } from "./optimizer-names.ts";
import { withPreset } from "./presets.ts";
import type { Finish } from "./program.ts";
import { TASKS, taskNamed } from "./tasks/declarations.ts";
import type { TaskDeclaration } from "./tasks/task.ts";
import { declareTaskOptions, type TaskCommandOptions } from "./tasks/train-task-options.ts";
import { threadsOption } from "./threads.ts";
import { integer, norm, number } from "./values.ts";

export type TrainCommandOptions = {
  out?: string;
  overwrite?: boolean;
  unit: Unit;
  cell: "lstm" | "gru" | "rnn";
  dialect: "tf1" | "keras" | "torch";
  hiddenSize: number;
  layers: number;
  embeddingSize?: number;
  tieWeights?: boolean;
  dropout: number;
  sequenceLength: number;
  batchSize: number;
  steps?: number;
  epochs?: number;
  seconds?: number;
  optimizer: OptimizerName;
  learningRate: number;
  learningRateDecay?: number;
  learningRateDecayAfter?: number;
  learningRateDecayEvery?: number;
  rmspropDecay?: number;
  clipNorm: number;
  validation: number;
  evaluateEvery?: number;
  checkpointEvery: number;
  shuffle?: boolean;
  stream?: boolean;
  seed: number;
  initFrom?: string;
  resume?: string;
  config?: string;
  dryRun?: boolean;
  anomaly?: boolean;
  diagnose?: boolean;
  preset?: "char-rnn" | "torch-rnn";
  threads?: number;
  quiet?: boolean;
  json?: boolean;
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
        const { trainTask } = await import("./tasks/train-task.ts");
        finish(await trainTask(task, files, options, command));
      },
    );
    return;
  }
  const names = [LANGUAGE_MODEL, ...TASKS.map(({ name }) => name)];
  declareOptions(command.description("Train a language model on text, or another task (--task NAME --help)."))
    .addOption(new Option("--task <name>", "what to train").choices(names).default(LANGUAGE_MODEL))
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
  const files = [run, join(run, "config.json")].filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  try {
    const { task } = JSON.parse(readFileSync(files[0] ?? "", "utf8")) as { readonly task?: string };
    return task;
  } catch {
    return undefined;
  }
}

function declareOptions(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[], fallback?: string): Option =>
    new Option(flags, text).choices(choices).default(fallback);
  return command
    .argument("[files...]", "text files, or folders of .txt files; not needed with --resume and --config")
    .option("--out <dir>", "where to save (default: runs/NAME)")
    .option("--overwrite", "replace a model that is already there")
    .addOption(choice("--unit <unit>", "what a token is", ["char", "byte", "word"], "char"))
    .addOption(choice("--cell <cell>", "kind of recurrent cell", ["lstm", "gru", "rnn"], "lstm"))
    .addOption(choice("--dialect <dialect>", "whose initial values and layout", ["tf1", "keras", "torch"], "tf1"))
    .option("--hidden-size <n>", "units per layer", integer(1, 65_536), 128)
    .option("--layers <n>", "recurrent layers", integer(1, 256), 1)
    .option("--embedding-size <n>", "numbers per token (default: 64, or the hidden size)", integer(1, 65_536))
    .option("--tie-weights", "one matrix for embedding and output layer; needs --embedding-size = --hidden-size")
    .option("--dropout <p>", "dropped after each layer while training", number(0, 0.999), 0)
    .option("--sequence-length <n>", "time steps per batch", integer(1), 50)
    .option("--batch-size <n>", "rows per batch", integer(1), 32)
    .option("--steps <n>", "stop after so many steps", integer(1))
    .option("--epochs <n>", "stop after so many passes (default: 50, without --steps and --seconds)", integer(1))
    .option("--seconds <n>", "stop after so much time", number(0))
    .addOption(choice("--optimizer <name>", "update rule", Object.keys(OPTIMIZERS), "adam"))
    .option("--learning-rate <x>", "size of the updates", number(0), 0.002)
    .option("--learning-rate-decay <x>", "multiply the rate by this each epoch", number(0))
    .option("--learning-rate-decay-after <n>", "… from this epoch on (default: 10)", integer(0))
    .option("--learning-rate-decay-every <n>", "… or every so many epochs (x 0.5 if not given)", integer(1))
    .option("--rmsprop-decay <x>", "memory of rmsprop (default: 0.99)", number(0, 0.999999))
    .option("--clip-norm <x>", "largest gradient norm; 0 or off: none", norm, 5)
    .option("--validation <p>", "part of the text kept for evaluation", number(0, 0.9), 0.05)
    .option("--evaluate-every <n>", "steps between evaluations (default: an epoch, 100 to 1000)", integer(1))
    .option("--checkpoint-every <n>", "steps between saves; also twice a minute", integer(1), 500)
    .option("--anomaly", "name the operation in which a number stops being finite")
    .option("--diagnose", "say at each evaluation what hinders learning, and what to change")
    .option("--shuffle", "windows in random order instead of carried state")
    .option("--stream", "read the text as it is needed, not at once (default: above 64 MiB)")
    .option("--seed <n>", "same seed, same model", integer(0), 0)
    .option("--init-from <dir>", "start from the weights of a saved model")
    .option("--resume <dir>", "go on with a run exactly where its last checkpoint is")
    .option("--config <file>", "options and data of another run's config.json; what is typed comes first")
    .option("--dry-run", "say what the run would take (parameters, memory, time per epoch) and stop")
    .addOption(choice("--preset <name>", "defaults of another tool", ["char-rnn", "torch-rnn"]))
    .addOption(threadsOption())
    .option("--quiet", "no progress")
    .option("--json", "one JSON event per line on stdout; the rest on stderr")
    .addHelpText("after", EXAMPLES);
}
