import { join } from "node:path";
import type { Command } from "commander";
import { type LanguageModel, type TokenSource, train as trainModel } from "unrolled";
import {
  continuedBy,
  describeData,
  lockRun,
  MODEL_FILE,
  readRunConfig,
  type RunLock,
  runMaker,
  type RunSummary,
  writeModelCard,
  writeRunConfig,
} from "unrolled/node";
import { dryRun } from "../training/dry-run.ts";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { count, duration, plural, shellWord } from "../terminal/format.ts";
import { checkTaskOfRun } from "../model-task.ts";
import { followRun, makeDirectory, refuseModel, sayStart } from "../training/run-loop.ts";
import { configWriter, type ResumePoint, resumePoint, RunRecorder } from "../training/run-recorder.ts";
import { type Status, trainingStatus } from "../terminal/status.ts";
import { planOf, type Prepared, prepare, tokensAdded, type TrainPlan } from "../training/train-data.ts";
import { outputDirectory, runConfigOf, settingsOf, stepsPerEpoch, typedCommand } from "../training/train-settings.ts";
import { stopSignals } from "../terminal/stop-signals.ts";
import { LANGUAGE_MODEL, type TrainCommandOptions } from "./train-options.ts";

/** Trains and saves; returns the exit code. */
export async function train(
  typedFiles: readonly string[],
  typedOptions: TrainCommandOptions,
  command: Command,
): Promise<number> {
  const run = typedOptions.resume ?? typedOptions.config;
  if (run !== undefined) checkTaskOfRun(run, LANGUAGE_MODEL);
  const plan = asUsage(() => planOf(typedFiles, typedOptions, command));
  const { files, options } = plan;
  if (options.steps !== undefined && options.epochs !== undefined)
    throw new UsageError("expected --steps or --epochs, got both");
  const directory = outputDirectory(options, files);
  const isResumed = options.resume !== undefined;
  if (!isResumed && !options.dryRun && !options.overwrite) refuseModel(directory);
  const prepared = (from?: ResumePoint): Prepared => {
    const { model, ids } = asUsage(() => prepare(plan, command, directory, from?.model));
    return { model, ids, perEpoch: stepsPerEpoch(ids, options) };
  };
  if (options.dryRun === true) return dryRun(prepared(), options);
  // a run that goes on is this process's own before its text is written there as tokens; a new one has no directory before its text is known to be good
  const early = isResumed ? undefined : prepared();
  makeDirectory(directory);
  const lock = lockRun(directory);
  const removeNewTokens = isResumed ? tokensAdded(directory) : undefined;
  try {
    const stream = options.json ? process.stderr : process.stdout;
    const status = trainingStatus(stream, { quiet: options.quiet === true, seconds: options.seconds });
    const from = isResumed ? await resumePoint(directory, (text) => status.note(text)) : undefined;
    return await runIn(directory, plan, early ?? prepared(from), { from, lock, status });
  } catch (error) {
    // of a text that is refused; tokens that are needed are written again
    removeNewTokens?.();
    throw error;
  } finally {
    lock.release();
  }
}

/** Where a run begins or goes on, and what it has for itself. */
type Place = { readonly from: ResumePoint | undefined; readonly lock: RunLock; readonly status: Status };

async function runIn(
  directory: string,
  { files, options }: TrainPlan,
  { model, ids, perEpoch }: Prepared,
  { from, lock, status }: Place,
): Promise<number> {
  const stops = stopSignals();
  const settings = settingsOf(options, ids, perEpoch, stops.signal);
  const training = trainModel(model, from === undefined ? settings : { ...settings, resume: from.snapshot });
  const writeCard = (folder: string, summary: RunSummary): void =>
    void writeModelCard(folder, readRunConfig(folder), summary);
  const recorder = new RunRecorder(model, directory, {
    every: options.checkpointEvery,
    from,
    lock,
    writeConfig: configWriter(
      directory,
      () =>
        from === undefined
          ? runConfigOf(options, describeData(files), model, ids.length, perEpoch, runMaker())
          : continuedBy(readRunConfig(directory), from.step, runMaker()),
      writeRunConfig,
    ),
    writeCard,
    lossUnit: "nats per token",
  });
  if (from === undefined) await recorder.begin(training);
  status.note(describe(model, ids));
  status.note(`${describePlan(options, perEpoch)}; saves to ${join(directory, MODEL_FILE)}`);
  sayStart(status, { files, options }, from);

  // what was typed to go on, such as new limits, is needed again
  const resumeCommand =
    options.resume === undefined ? `unrolled train --resume ${shellWord(directory)}` : typedCommand();
  const nextCommand = `unrolled sample ${shellWord(directory)}`;
  return followRun({ training, recorder, status, stops, json: options.json === true, resumeCommand, nextCommand });
}

function describe(model: LanguageModel, ids: Int32Array | TokenSource): string {
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
