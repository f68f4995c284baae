import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { encodeCorpus, type LanguageModel, languageModel, train as trainModel } from "unrolled";
import { loadModel, MODEL_FILE, readCorpus, readCorpusBytes, saveModel } from "unrolled/node";
import { asUsage, EXIT, UsageError } from "./failure.ts";
import { count, duration, plural, real, shellWord } from "./format.ts";
import { trainingStatus } from "./status.ts";
import { architectureConflict, modelOptions, outputDirectory, settingsOf, stepsPerEpoch } from "./train-settings.ts";
import { stopSignals } from "./stop-signals.ts";
import type { TrainCommandOptions } from "./train-options.ts";

/** Seconds after which the model is saved in any case. */
const SAVE_INTERVAL = 30;

/** Trains and saves; returns the exit code. */
export async function train(files: readonly string[], options: TrainCommandOptions, command: Command): Promise<number> {
  const directory = outputDirectory(options, files);
  if (existsSync(join(directory, MODEL_FILE)) && !options.overwrite) {
    const got = `${JSON.stringify(directory)}. Add --overwrite to replace it`;
    throw new UsageError(`--out: expected a directory without a model, got ${got}`);
  }
  if (options.steps !== undefined && options.epochs !== undefined)
    throw new UsageError("expected --steps or --epochs, got both");
  const { model, ids } = asUsage(() => prepare(files, options, command));
  const perEpoch = stepsPerEpoch(ids, options);
  const { signal, received, stop, release } = stopSignals();
  const settings = settingsOf(options, ids, perEpoch, signal);
  makeDirectory(directory);
  const stream = options.json ? process.stderr : process.stdout;
  const status = trainingStatus(stream, { quiet: options.quiet === true, seconds: options.seconds });
  status.note(describe(model, ids));
  status.note(`${describePlan(options, perEpoch)}; saves to ${join(directory, MODEL_FILE)}`);
  // a reader that went away, such as `| head`, ends the run but loses nothing of it
  process.stdout.on("error", () => stop(EXIT.ok));
  process.stderr.on("error", () => {});

  let saved: string | undefined;
  let savedAt = performance.now();
  try {
    for await (const event of trainModel(model, settings)) {
      status.show(event);
      if (options.json && !process.stdout.errored) process.stdout.write(`${JSON.stringify(event, finiteOnly)}\n`);
      const isLate = performance.now() - savedAt >= SAVE_INTERVAL * 1000;
      if (event.kind !== "step" || event.step % options.checkpointEvery === 0 || isLate) {
        saved = saveModel(model, directory);
        savedAt = performance.now();
      }
      if (event.kind !== "end") continue;
      status.end();
      status.chart();
      const how = event.reason === "aborted" ? "interrupted" : "done";
      status.note(`${how} after ${plural(event.step, "step")} in ${duration(event.seconds)}, loss ${real(event.loss)}`);
    }
  } catch (error) {
    status.end();
    if (saved !== undefined) status.note(`the last good model is in ${saved}`);
    throw error;
  } finally {
    release();
  }
  status.note(`saved ${saved}\nnext: unrolled sample ${shellWord(directory)}`);
  return received() ?? EXIT.ok;
}

function describe(model: LanguageModel, ids: Int32Array): string {
  const { unit, size } = model.vocabulary;
  const { cell, hiddenSize, layers } = model.config;
  const network = `${cell}, ${plural(layers, "layer")} of ${count(hiddenSize)}, ${count(model.parameterCount)} parameters`;
  return `${plural(ids.length, "token")} (${unit}, ${count(size)} different); ${network}`;
}

/** How long it will go on. */
function describePlan({ steps, epochs, seconds }: TrainCommandOptions, perEpoch: number): string {
  const limits = [
    ...(steps === undefined ? [] : [plural(steps, "step")]),
    ...(epochs === undefined ? [] : [plural(epochs, "epoch")]),
    ...(seconds === undefined ? [] : [duration(seconds)]),
  ];
  return `${limits.join(" or ") || "50 epochs"}, ${plural(perEpoch, "step")} per epoch`;
}

/** Before training, so that a place that can't be written is known before the work is done. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new UsageError(
      `--out: expected a directory to write to, got ${JSON.stringify(directory)} (${(error as Error).message})`,
    );
  }
}

/** JSON has no NaN: a number that is not finite is written as its name. */
const finiteOnly = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

/** The model, new or from a file, and the corpus as its tokens. */
function prepare(
  files: readonly string[],
  options: TrainCommandOptions,
  command: Command,
): { model: LanguageModel; ids: Int32Array } {
  const start = options.initFrom === undefined ? undefined : loadModel(options.initFrom);
  const conflict = start && architectureConflict(start, options, command);
  if (conflict !== undefined) throw new UsageError(conflict);
  const isByte = (start?.vocabulary.unit ?? options.unit) === "byte";
  const corpus = isByte ? readCorpusBytes(files) : readCorpus(files);
  if (start !== undefined) return { model: start, ids: encodeCorpus(start.vocabulary, corpus) };
  const model = languageModel({ corpus, ...modelOptions(options) });
  return { model, ids: model.corpus as Int32Array };
}
