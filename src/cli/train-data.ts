/** @file The model and the text of `unrolled train`: new, from a saved model, or from a run that goes on. */
import type { Command } from "commander";
import { encodeCorpus, type LanguageModel, languageModel } from "unrolled";
import { loadModel, readCorpus, readCorpusBytes, readRunConfig, readRunOptions, type RunOptions } from "unrolled/node";
import { UsageError } from "./failure.ts";
import { architectureConflict, modelOptions } from "./train-settings.ts";
import type { TrainCommandOptions } from "./train-options.ts";

/** What to train, and on what. */
export type TrainPlan = {
  /** As they were typed, or as the configuration has them. */
  readonly files: readonly string[];
  readonly options: TrainCommandOptions;
};

/** Files and options, with those of `--resume` and `--config` wherever none was typed. */
export function planOf(files: readonly string[], options: TrainCommandOptions, command: Command): TrainPlan {
  const { resume, config } = options;
  if (resume !== undefined && config !== undefined) throw new UsageError("expected --resume or --config, got both");
  if (resume !== undefined) {
    for (const name of ["out", "overwrite", "initFrom"] as const) {
      if (options[name] === undefined) continue;
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new UsageError(`expected --resume or --${flag}, got both`);
    }
    const plan = withOptions(files, options, readRunConfig(resume), command);
    return { ...plan, options: { ...plan.options, out: resume } };
  }
  const plan = config === undefined ? { files, options } : withOptions(files, options, readRunOptions(config), command);
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

/** The model, new or from a file, and the corpus as its tokens. */
export function prepare(
  { files, options }: TrainPlan,
  command: Command,
): { readonly model: LanguageModel; readonly ids: Int32Array } {
  const from = options.resume ?? options.initFrom;
  const start = from === undefined ? undefined : loadModel(from);
  const conflict = start && architectureConflict(start, options, command);
  if (conflict !== undefined) throw new UsageError(conflict);
  const isByte = (start?.vocabulary.unit ?? options.unit) === "byte";
  const corpus = isByte ? readCorpusBytes(files) : readCorpus(files);
  if (start !== undefined) return { model: start, ids: encodeCorpus(start.vocabulary, corpus) };
  const model = languageModel({ corpus, ...modelOptions(options) });
  return { model, ids: model.corpus as Int32Array };
}
