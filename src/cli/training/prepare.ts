/** @file What a run has in hand before it begins: its data, its model, and what is trained. */
import type { Command } from "commander";
import type { SavedModel } from "unrolled";
import type { ResumePoint } from "unrolled/node";
import { asUsage, asUsageLater } from "../terminal/failure.ts";
import { loadTask } from "../tasks/load.ts";
import type { Task, TaskDeclaration, TaskOptions, TaskTraining } from "../tasks/task.ts";
import type { Plan } from "./plan.ts";
import { withLength } from "./run-length.ts";
import { savedModel, withSavedModel } from "./start-model.ts";

export type Prepared = {
  readonly task: Task;
  readonly files: readonly string[];
  readonly options: TaskOptions;
  readonly data: unknown;
  readonly model: SavedModel;
  readonly training: TaskTraining;
  /** Point from which the run is resumed. Undefined: it begins. */
  readonly from: ResumePoint | undefined;
};

/** Reads the data, and makes or loads the model. Throws UsageError for what can't be trained on. */
export async function prepare(
  declaration: TaskDeclaration,
  { files, options: planned }: Plan,
  command: Command,
  from?: ResumePoint,
): Promise<Prepared> {
  const task = await loadTask(declaration);
  const data = await asUsageLater(async () => await task.read(files, planned));
  try {
    return { ...modelFor(declaration, task, data, { planned, command, from }), task, files, data, from };
  } catch (error) {
    if (planned.resume !== undefined) task.undo?.(data);
    throw error;
  }
}

type Start = {
  readonly planned: TaskOptions;
  readonly command: Command;
  readonly from: ResumePoint | undefined;
};

/** The model that is new or saved, and its training. */
function modelFor(
  declaration: TaskDeclaration,
  task: Task,
  data: unknown,
  { planned, command, from }: Start,
): Pick<Prepared, "model" | "options" | "training"> {
  const start = planned.resume ?? planned.initFrom;
  const model =
    start === undefined ? asUsage(() => task.create(data, planned)) : savedModel(start, declaration, task, from?.model);
  const options =
    start === undefined
      ? withDecided(planned, task.decided?.(model))
      : withSavedModel(planned, model, { declaration, task, command });
  const training = asUsage(() => task.training(model, data, start === undefined ? planned : options));
  return { model, options: withLength(options, training.stepsPerEpoch), training };
}

/** The options with those that the data have decided, where none was given. */
function withDecided(options: TaskOptions, decided: Readonly<Record<string, unknown>> = {}): TaskOptions {
  const missing = Object.entries(decided).filter(([name]) => options[name] === undefined);
  return { ...options, ...Object.fromEntries(missing) };
}
