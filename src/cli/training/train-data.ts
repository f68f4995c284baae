/** @file The model and the text of `unrolled train`: new, from a saved model, or from a run that goes on. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type LanguageModel, languageModel, loadLanguageModel, type TokenSource } from "unrolled";
import {
  checkRunData,
  corpusBytes,
  loadModel,
  readCorpus,
  readCorpusBytes,
  readRunConfig,
  readRunOptions,
  type RunOptions,
  streamCorpus,
} from "unrolled/node";
import { UsageError } from "../terminal/failure.ts";
import { runDirectory } from "../model-task.ts";
import { tokensOf } from "../model-text.ts";
import { architectureConflict, flagOf, modelOptions, runConflict } from "./train-settings.ts";
import type { TrainCommandOptions } from "../commands/train-options.ts";

/** Texts of more bytes are read as they are needed. */
const STREAM_ABOVE = 64 * 2 ** 20;

/** Where a run keeps the tokens of such a text. */
const TOKENS_FOLDER = "tokens";

/** What to train, and on what. */
export type TrainPlan = {
  /** As they were typed, or as the configuration has them. */
  readonly files: readonly string[];
  readonly options: TrainCommandOptions;
};

/** What a run has in hand before it begins. */
export type Prepared = {
  readonly model: LanguageModel;
  /** The corpus. */
  readonly ids: Int32Array | TokenSource;
  readonly perEpoch: number;
};

/** Files and options, with those of `--resume` and `--config` wherever none was typed. */
export function planOf(files: readonly string[], options: TrainCommandOptions, command: Command): TrainPlan {
  const { resume, config } = options;
  if (resume !== undefined && config !== undefined) throw new UsageError("expected --resume or --config, got both");
  if (resume !== undefined) {
    for (const name of ["out", "overwrite", "initFrom", "preset"] as const)
      if (options[name] !== undefined) throw new UsageError(`expected --resume or ${flagOf(name, command)}, got both`);
    const directory = runDirectory(resume);
    const run = readRunConfig(directory);
    const conflict = runConflict(run, options, command);
    if (conflict !== undefined) throw new UsageError(conflict);
    const plan = withOptions(files, options, run, command);
    if (files.length === 0) checkRunData("--resume", run.data, { unchanged: true });
    return { ...plan, options: { ...plan.options, resume: directory, out: directory } };
  }
  if (config === undefined && files.length > 0) return { files, options };
  const run = config === undefined ? undefined : readRunOptions(config);
  if (files.length === 0) checkRunData("--config", run?.data ?? [], { unchanged: false });
  const plan = run === undefined ? { files, options } : withOptions(files, options, run, command);
  if (plan.files.length === 0) throw new UsageError("expected text files or folders, got none");
  return plan;
}

function withOptions(
  files: readonly string[],
  options: TrainCommandOptions,
  { seed, data = [], model, training }: RunOptions,
  command: Command,
): TrainPlan {
  const typed = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  // one limit that is typed stands for all of them
  const isLimited = ["steps", "epochs", "seconds"].some(typed);
  const given = Object.entries({ ...(seed !== undefined && { seed }), ...model, ...training }).filter(
    ([name]) => !typed(name) && !(isLimited && ["steps", "epochs", "seconds"].includes(name)),
  );
  return {
    files: files.length > 0 ? files : data.map(({ path }) => path),
    options: { ...options, ...Object.fromEntries(given) },
  };
}

/** The model, new or from a file, and the corpus as its tokens. `directory` is that of the run, `known` the model's bytes where a checkpoint has them. */
export function prepare(
  { files, options }: TrainPlan,
  command: Command,
  directory: string,
  known?: Uint8Array,
): Omit<Prepared, "perEpoch"> {
  const from = options.resume ?? options.initFrom;
  const start = known !== undefined ? loadLanguageModel(known) : from === undefined ? undefined : loadModel(from);
  const conflict = start && architectureConflict(start, options, command);
  if (conflict !== undefined) throw new UsageError(conflict);
  if (options.stream === true || corpusBytes(files) > STREAM_ABOVE) {
    const { vocabulary, tokens } = streamCorpus(files, {
      folder: join(directory, TOKENS_FOLDER),
      unit: options.unit,
      ...(start && { vocabulary: start.vocabulary }),
    });
    return { model: start ?? languageModel({ vocabulary, ...modelOptions(options) }), ids: tokens };
  }
  if (start !== undefined) return { model: start, ids: tokensOf(start, files) };
  const corpus = options.unit === "byte" ? readCorpusBytes(files) : readCorpus(files);
  const model = languageModel({ corpus, ...modelOptions(options) });
  return { model, ids: model.corpus as Int32Array };
}

/** To be called before the corpus is prepared: what it returns removes the token files that have come to the run's directory since. */
export function tokensAdded(directory: string): () => void {
  const folder = join(directory, TOKENS_FOLDER);
  const before = existsSync(folder) ? readdirSync(folder) : undefined;
  return () => {
    if (before === undefined) rmSync(folder, { recursive: true, force: true });
    else for (const name of readdirSync(folder)) if (!before.includes(name)) rmSync(join(folder, name));
  };
}
