/** @file `unrolled train`: trains a task's model and saves it. */
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { type Callback, earlyStopping, parameterCount } from "unrolled";
import { CARD_FILE, describeData, MODEL_FILE, type ResumePoint, runDirectory, type RunLock } from "unrolled/node";
import { toStored } from "../options/stored.ts";
import { linesOf, savePicture } from "../tasks/evaluated.ts";
import { type Evaluated, optionsOfTask, type TaskDeclaration, type TaskOptions } from "../tasks/task.ts";
import { UsageError } from "../terminal/failure.ts";
import { count, duration, plural, real, shellWord } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";
import { plainMessage } from "../terminal/plain-message.ts";
import { type Status, trainingStatus } from "../terminal/status.ts";
import { stopSignals } from "../terminal/stop-signals.ts";
import { unlessItFails } from "../terminal/unless-it-fails.ts";
import { dryRun } from "../training/dry-run.ts";
import { evaluateEveryOf } from "../training/evaluation-plan.ts";
import { loopOptions, rateCallback } from "../training/loop-options.ts";
import { planOf } from "../training/plan.ts";
import { prepare, type Prepared } from "../training/prepare.ts";
import { refuseTables } from "../training/task-hint.ts";
import { followRun, makeDirectory, refuseModel, sayStart } from "../training/run-loop.ts";

/** Trains and saves; returns the exit code. */
export async function train(
  declaration: TaskDeclaration,
  typedFiles: readonly string[],
  typedOptions: TaskOptions,
  command: Command,
): Promise<number> {
  await refuseTables(declaration, typedFiles, typedOptions, command);
  const plan = planOf(declaration, typedFiles, typedOptions, command);
  const directory = outputDirectory(plan.options, plan.files);
  const { files, options } = { ...plan, options: { ...plan.options, out: directory } };
  const isResumed = options.resume !== undefined;
  if (!isResumed && !options.dryRun && !options.overwrite) refuseModel(directory);
  if (options.validation === 0)
    for (const [flag, isGiven] of [
      ["--patience", options.patience !== undefined],
      ["--schedule plateau", options.schedule === "plateau"],
    ] as const)
      if (isGiven) throw new UsageError(`${flag}: expected data held out for evaluations, got --validation 0`);
  const prepared = (from?: ResumePoint): Promise<Prepared> => prepare(declaration, { files, options }, command, from);
  if (options.dryRun === true) return dryRun(await prepared());
  // a resumed run locks its directory before it reads there; a new one has none before its data is
  // known to be good
  const early = isResumed ? undefined : await prepared();
  makeDirectory(directory);
  const lock = runDirectory(directory).lock();
  try {
    const run = early ?? (await prepared(await resumePoint(directory)));
    try {
      return await runIn(directory, declaration, run, lock);
    } catch (error) {
      if (isResumed) run.task.undo?.(run.data);
      throw error;
    }
  } finally {
    lock.release();
  }
}

const outputDirectory = (options: TaskOptions, files: readonly string[]): string =>
  options.out ?? join("runs", (files[0] !== "-" && basename(resolve(files[0])).replace(/\.[^.]*$/, "")) || "model");

/** The newest checkpoint. Throws UsageError where there is none. */
async function resumePoint(directory: string): Promise<ResumePoint> {
  const point = await runDirectory(directory).resumePoint({
    onDamaged: (error) => warn(`unrolled train: ${error.message} The checkpoint before it is used.`),
  });
  if (point !== undefined) return point;
  const again = `unrolled train --config ${shellWord(join(directory, "config.json"))} --out ${shellWord(directory)} --overwrite`;
  throw new UsageError(
    `--resume: expected a run with a checkpoint, got ${JSON.stringify(directory)} without. It begins again with: ${again}`,
  );
}

/** The present command as one would type it. */
const typedCommand = (): string => ["unrolled", ...process.argv.slice(2)].map(shellWord).join(" ");

async function runIn(
  directory: string,
  declaration: TaskDeclaration,
  { task, files, options, data, model, training, from }: Prepared,
  lock: RunLock,
): Promise<number> {
  const { stepsPerEpoch, unit = "examples", lossUnit } = training;
  const status = trainingStatus(options.json ? process.stderr : process.stdout, {
    quiet: options.quiet === true,
    seconds: options.seconds,
    unit,
  });
  const stops = stopSignals();
  const keepsBest = options.keepBest || options.patience !== undefined;
  const best = keepsBest ? earlyStopping({ patience: options.patience ?? Number.MAX_SAFE_INTEGER }) : undefined;
  const rate = rateCallback(options, { stepsPerEpoch, secondsBefore: from?.seconds ?? 0 });
  // a run of an earlier version goes on as it was begun
  const cadence = options["evaluatesEachEpoch"] === true ? undefined : evaluateEveryOf(options, stepsPerEpoch);
  const evaluateEvery = training.evaluateEvery ?? cadence;
  const run = training.start({
    ...(evaluateEvery !== undefined && { evaluateEvery }),
    ...loopOptions(options, stepsPerEpoch),
    signal: stops.signal,
    callbacks: [best, rate].filter((callback) => callback !== undefined),
    ...(from && { resume: from.snapshot }),
  });
  const recorder = runDirectory(directory).record(model, {
    checkpointEvery: options.checkpointEvery,
    from,
    lock,
    ...(lossUnit !== undefined && { lossUnit }),
    config: () => {
      const inputs = task.files?.(files) ?? files;
      return {
        task: declaration.name,
        command: typedCommand(),
        inputs,
        data: describeData(inputs.filter((file) => file !== "-")),
        options: toStored(options, optionsOfTask(declaration)),
        facts: { parameters: parameterCount(model), ...training.facts, stepsPerEpoch },
      };
    },
    card: { pipeline: declaration.pipeline, usage: declaration.usage(".") },
    onWarning: (message) => warn(`unrolled train: ${message}`),
  });
  if (from === undefined) await recorder.begin(run);
  status.note(`${task.describe(model, data)}, ${count(parameterCount(model))} parameters`);
  status.note(
    `${training.amount}, ${limitsOf(options)}, ${plural(stepsPerEpoch, "step")} per epoch; saves to ${join(directory, MODEL_FILE)}`,
  );
  for (const line of training.notes ?? []) status.note(line);
  sayStart(status, { files, options }, from);
  const finish = async (): Promise<void> => {
    if (best !== undefined) sayBest(best, status);
    const evaluated = await reported(() => task.finish?.(model, data, options), status);
    if (evaluated === undefined) return;
    if (evaluated.changesModel === true) recorder.saveAgain();
    const pictures: string[] = [];
    for (const [name, draw] of Object.entries(evaluated.pictures ?? {}))
      if (await unlessItFails(name, () => savePicture(directory, name, draw))) pictures.push(name);
    await unlessItFails(CARD_FILE, () => recorder.rewriteCard({ measures: evaluated.measures, pictures }));
    for (const line of linesOf(evaluated)) status.note(line);
  };
  return followRun({
    training: run,
    recorder,
    status,
    stops,
    json: options.json === true,
    // what was typed to resume, such as new limits, is needed again
    resumeCommand: options.resume === undefined ? `unrolled train --resume ${shellWord(directory)}` : typedCommand(),
    nextCommand: declaration.usage(directory),
    finish,
  });
}

/** Limits of the training, for people. */
function limitsOf({ steps, epochs, seconds }: TaskOptions): string {
  const limits = [
    ...(steps === undefined ? [] : [plural(steps, "step")]),
    ...(epochs === undefined ? [] : [plural(epochs, "epoch")]),
    ...(seconds === undefined ? [] : [duration(seconds)]),
  ];
  return limits.join(" or ");
}

/**
 * The report of a finished run. Its model is saved by now, so that what goes wrong here is shown
 * and ends nothing.
 */
export async function reported(
  evaluate: () => Promise<Evaluated> | undefined,
  status: Pick<Status, "note">,
): Promise<Evaluated | undefined> {
  try {
    return await evaluate();
  } catch (error) {
    status.note(`no report of how good it is: ${plainMessage((error as Error).message)}`);
    return undefined;
  }
}

function sayBest(callback: Callback, status: Status): void {
  const { best, bestStep } = (callback.state?.() ?? { best: null, bestStep: 0 }) as {
    readonly best: number | null;
    readonly bestStep: number;
  };
  if (best !== null)
    status.note(`keeps the weights of step ${count(bestStep)}, whose validation loss was lowest: ${real(best)}`);
}
