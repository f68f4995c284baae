import { mkdirSync } from "node:fs";
import type { Command } from "commander";
import { useThreads } from "unrolled";
import { linesOf, savePicture } from "../tasks/evaluated.ts";
import { loadTask } from "../tasks/load.ts";
import { taskOfModel, typedModel } from "../tasks/task-of.ts";
import { isTyped } from "../options/stored.ts";
import { type TrainedFiles, trainedFiles } from "../tasks/trained-files.ts";
import { readingOptions, trainedOptions } from "../tasks/trained-options.ts";
import type { Evaluated, TaskOptions } from "../tasks/task.ts";
import { asUsageLater } from "../terminal/failure.ts";
import { interruptible } from "../terminal/interruptible.ts";
import { say, sayJson, warn } from "../terminal/output.ts";

export type EvaluateOptions = {
  readonly threads?: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly out?: string;
};

/** Prints the model's measures on the files. */
export async function evaluate(
  directory: string,
  files: readonly string[],
  { threads, all, json, out }: EvaluateOptions,
  command: Command,
): Promise<void> {
  if (threads !== undefined) useThreads(threads);
  const bytes = typedModel(directory, "unrolled evaluate RUN FILE");
  const declaration = taskOfModel(bytes);
  const options: Partial<TaskOptions> = readingOptions("evaluateOptions", directory, declaration, command);
  const task = await loadTask(declaration);
  const model = task.decode(bytes);
  const measure = async (): Promise<Part> => {
    const trained = trainedFiles(directory, files, (paths) => task.files?.(paths) ?? paths);
    if (trained.are === "all" && all !== true) {
      const typed = Object.entries(options).filter(([name]) => isTyped(command, name));
      const trainedWith = { ...trainedOptions(directory, declaration), ...Object.fromEntries(typed) } as TaskOptions;
      const held = await task.evaluateHeldOut(model, trained.paths, trainedWith);
      if (held !== undefined) return { ...held, isHeldOut: true, note: HELD_OUT };
    }
    const note = all === true ? undefined : noteOf(trained, files);
    return { ...(await task.evaluate(model, files, options)), isHeldOut: false, note };
  };
  const evaluated = await asUsageLater(() => interruptible(measure));
  const { measures, counts, isHeldOut, note } = evaluated;
  if (note !== undefined) warn(`unrolled evaluate: ${note}`);
  if (json) sayJson({ ...measures, ...counts, ...(isHeldOut && { heldOut: true }) });
  else for (const line of linesOf(evaluated)) say(line);
  if (out === undefined) return;
  mkdirSync(out, { recursive: true });
  for (const [name, draw] of Object.entries(evaluated.pictures ?? {})) await savePicture(out, name, draw);
}

/** An evaluation, with a line about its data. */
type Part = Evaluated & { readonly isHeldOut: boolean; readonly note: string | undefined };

const HELD_OUT =
  "the model was trained on these files: measured on the part that was held out; --all measures all of them";

/** Says that figures are better than those of new data, where the model was trained on the data. */
function noteOf(trained: TrainedFiles, files: readonly string[]): string | undefined {
  if (trained.are === "new") return undefined;
  const better = "new data gives worse figures";
  if (trained.are === "all") return `the model was trained on all of this, nothing was held out: ${better}`;
  const shown = trained.paths.slice(0, 3).join(", ");
  const more = trained.paths.length > 3 ? ` and ${trained.paths.length - 3} more` : "";
  const hint = trained.paths.length >= files.length ? "; with all files of the run, what it held out is measured" : "";
  return `the model was trained on ${shown}${more}: ${better}${hint}`;
}
