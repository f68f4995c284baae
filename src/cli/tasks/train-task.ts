/** @file `unrolled train --task NAME`: trains a task's model and saves it. */
import { join } from "node:path";
import type { Command } from "commander";
import { type Callback, earlyStopping, type SavedModel, trainOn } from "unrolled";
import {
  CARD_FILE,
  continuedBy,
  describeFiles,
  lockRun,
  readTaskRunConfig,
  type RunLock,
  runMaker,
  type RunSummary,
  type TaskRunConfig,
  writeFileDurablySync,
  writeTaskCard,
  writeTaskRunConfig,
} from "unrolled/node";
import { asUsage, asUsageLater, EXIT } from "../terminal/failure.ts";
import { count, plural, real, shellWord } from "../terminal/format.ts";
import { say, sayJson, warn } from "../terminal/output.ts";
import { followRun, makeDirectory, refuseModel, sayStart } from "../training/run-loop.ts";
import { configWriter, type ResumePoint, resumePoint, RunRecorder } from "../training/run-recorder.ts";
import { type Status, trainingStatus } from "../terminal/status.ts";
import { stopSignals } from "../terminal/stop-signals.ts";
import { DRY_STEPS, figureLines, measureRun } from "../training/run-figures.ts";
import { loopOptions, outputDirectory, typedCommand } from "../training/train-settings.ts";
import { unlessItFails } from "../terminal/unless-it-fails.ts";
import type { Evaluated, Picture, Task, TaskDeclaration, TaskTraining } from "./task.ts";
import { savedModel, withSavedModel } from "./start-model.ts";
import { storedOptions, taskPlanOf } from "./task-plan.ts";
import type { TaskCommandOptions } from "./train-task-options.ts";

/** What a run has in hand before it begins. */
type Prepared = {
  readonly task: Task;
  readonly files: readonly string[];
  readonly options: TaskCommandOptions;
  readonly data: unknown;
  readonly model: SavedModel;
  readonly training: TaskTraining;
  /** For people. */
  readonly status: Status;
  /** Where the run goes on; undefined: it begins. */
  readonly resumed: ResumePoint | undefined;
};

/** Trains and saves; returns the exit code. */
export async function trainTask(
  declaration: TaskDeclaration,
  typedFiles: readonly string[],
  typedOptions: TaskCommandOptions,
  command: Command,
): Promise<number> {
  const { files, options: planned } = taskPlanOf(typedFiles, typedOptions, command);
  const directory = outputDirectory(planned, files);
  const isResumed = planned.resume !== undefined;
  if (!isResumed && !planned.dryRun && !planned.overwrite) refuseModel(directory);
  const prepared = async (): Promise<Prepared> => {
    const task = await declaration.load();
    const data = await asUsageLater(async () => await task.read(files, planned));
    const stream = planned.json ? process.stderr : process.stdout;
    const resumed =
      isResumed && planned.dryRun !== true
        ? await resumePoint(directory, (text) => warn(`unrolled train: ${text}`))
        : undefined;
    const from = planned.resume ?? planned.initFrom;
    const model =
      from === undefined
        ? asUsage(() => task.create(data, planned))
        : savedModel(from, declaration, task, resumed?.model);
    const options = from === undefined || isResumed ? planned : withSavedModel(planned, model, declaration, command);
    const training = asUsage(() => task.training(model, data, options));
    const status = trainingStatus(stream, {
      quiet: options.quiet === true,
      seconds: options.seconds,
      unit: training.unit ?? "examples",
    });
    return { task, files, options, data, model, training, status, resumed };
  };
  if (planned.dryRun === true) return dryRunTask(await prepared());
  // a run that goes on is this process's own before its checkpoint is read; a new one has no directory before its data is known to be good
  const early = isResumed ? undefined : await prepared();
  makeDirectory(directory);
  const lock = lockRun(directory);
  try {
    return await runIn(directory, declaration, early ?? (await prepared()), lock);
  } finally {
    lock.release();
  }
}

async function runIn(directory: string, { name }: TaskDeclaration, prepared: Prepared, lock: RunLock): Promise<number> {
  const { task, files, options, data, model, training, status, resumed: from } = prepared;
  const stops = stopSignals();
  const best = training.keepsBest === true ? keepBest() : undefined;
  const settings = {
    ...loopOptions(options, training.stepsPerEpoch),
    signal: stops.signal,
    ...(best && { callbacks: [best] }),
  };
  const run = trainOn(training.task, from === undefined ? settings : { ...settings, resume: from.snapshot });
  const cardOf =
    (found: Evaluated | undefined) =>
    (folder: string, summary: RunSummary): void =>
      writeTaskCard(folder, readTaskRunConfig(folder), summary, {
        measures: found?.measures ?? {},
        pictures: Object.keys(found?.pictures ?? {}),
      });
  const { examples, stepsPerEpoch } = training;
  const configOf = (): TaskRunConfig => ({
    task: name,
    command: typedCommand(),
    inputs: files,
    data: describeFiles(files.filter((file) => file !== "-")),
    options: storedOptions(options),
    facts: {
      parameters: parameterCount(model),
      trainingExamples: examples.training,
      validationExamples: examples.validation,
      stepsPerEpoch,
    },
    maker: runMaker(),
  });
  const recorder = new RunRecorder(model, directory, {
    every: options.checkpointEvery,
    from,
    lock,
    writeConfig: configWriter(
      directory,
      () => (from === undefined ? configOf() : continuedBy(readTaskRunConfig(directory), from.step, runMaker())),
      writeTaskRunConfig,
    ),
    writeCard: cardOf(undefined),
    lossUnit: "",
  });
  if (from === undefined) await recorder.begin(run);
  status.note(`${task.describe(model, data)}, ${count(parameterCount(model))} parameters`);
  const held = examples.validation === 0 ? "" : ` (${count(examples.validation)} held out)`;
  status.note(`${plural(examples.training, "example")}${held}, ${plural(stepsPerEpoch, "step")} per epoch`);
  for (const line of training.notes ?? []) status.note(line);
  sayStart(status, { files, options }, from);
  const finish = async (): Promise<void> => {
    if (best !== undefined) sayBest(best, status);
    const found = await reported(() => task.finish?.(model, data, options), status);
    if (found === undefined) return;
    if (found.changesModel === true) recorder.saveAgain();
    const pictures: Record<string, Picture> = {};
    for (const [name, draw] of Object.entries(found.pictures ?? {})) {
      if (await unlessItFails(name, () => savePicture(directory, name, draw))) pictures[name] = draw;
    }
    await unlessItFails(CARD_FILE, () => recorder.rewriteCard(cardOf({ ...found, pictures })));
    for (const line of linesOf(found)) status.note(line);
  };
  return followRun({
    training: run,
    recorder,
    status,
    stops,
    json: options.json === true,
    resumeCommand: options.resume === undefined ? `unrolled train --resume ${shellWord(directory)}` : typedCommand(),
    nextCommand: `unrolled predict ${shellWord(directory)} FILE`,
    finish,
  });
}

/** What a finished run reports. Its model is saved by now, so that what goes wrong here is told and ends nothing. */
export async function reported(
  find: () => Promise<Evaluated> | undefined,
  status: Status,
): Promise<Evaluated | undefined> {
  try {
    return await find();
  } catch (error) {
    status.note(`no report of how good it is: ${(error as Error).message}`);
    return undefined;
  }
}

/** Gives the model the weights of its best evaluation at the end, and never stops. */
const keepBest = (): Callback => earlyStopping({ patience: Number.MAX_SAFE_INTEGER });

function sayBest(callback: Callback, status: Status): void {
  const { best, bestStep } = (callback.state?.() ?? { best: null, bestStep: 0 }) as {
    readonly best: number | null;
    readonly bestStep: number;
  };
  if (best !== null)
    status.note(`keeps the weights of step ${count(bestStep)}, whose validation loss was lowest: ${real(best)}`);
}

export const parameterCount = (model: SavedModel): number =>
  Object.values(model.parameters()).reduce((total, { size }) => total + size, 0);

/** Draws a picture into a directory. */
export async function savePicture(directory: string, name: string, draw: Picture): Promise<void> {
  writeFileDurablySync(join(directory, name), await draw());
}

/** Measures and tables for people. */
export function linesOf({ measures, text }: Evaluated): string[] {
  const figures = Object.entries(measures).map(([name, value]) => `${name} ${real(value)}`);
  return [...(figures.length === 0 ? [] : [figures.join(", ")]), ...(text === undefined ? [] : [text])];
}

function withoutEvaluation(task: TaskTraining["task"]): TaskTraining["task"] {
  const copy: { evaluate?: unknown } = { ...task };
  delete copy.evaluate;
  return copy as TaskTraining["task"];
}

/** Shows examples as the model sees them, and what a run would take, from a few steps that are thrown away. */
async function dryRunTask({ task, options, data, model, training }: Prepared): Promise<number> {
  const { epochs: _epochs, seconds: _seconds, ...settings } = loopOptions(options, training.stepsPerEpoch);
  const shown = task.preview(model, data, options);
  const { examples, stepsPerEpoch } = training;
  const facts = {
    parameters: parameterCount(model),
    examples: examples.training,
    validation: examples.validation,
    stepsPerEpoch,
  };
  const run = trainOn(withoutEvaluation(training.task), { ...settings, steps: DRY_STEPS });
  const figures = await measureRun(run, facts);
  if (options.json === true) {
    sayJson({ kind: "plan", step: 0, ...facts, ...figures, preview: shown });
    return EXIT.ok;
  }
  const lines = [
    ...shown.flatMap((example, i) => [`example ${i + 1}`, ...example.split("\n").map((line) => `  ${line}`)]),
    "",
    task.describe(model, data),
    ...figureLines(figures, {
      parameters: facts.parameters,
      data: `${plural(examples.training, "example")}, ${count(examples.validation)} held out, ${plural(stepsPerEpoch, "step")} per epoch`,
      held: "parameters, optimizer, the largest step and evaluation",
    }),
  ];
  say(lines.join("\n"));
  return EXIT.ok;
}
