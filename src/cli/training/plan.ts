/**
 * @file What a run is made of: options that were typed, those of a configuration, or those of a run
 * that is resumed.
 */
import { statSync } from "node:fs";
import type { Command } from "commander";
import { checkRunData, readRunConfig, readRunOptions, type RunConfig } from "unrolled/node";
import { optionsOfTask, type TaskDeclaration, type TaskOptions } from "../tasks/task.ts";
import { LIMITS } from "../options/run-options.ts";
import { beforeOptions, fromStored, isTyped, refuseChanges, typedFlag } from "../options/stored.ts";
import { flagOf } from "../options/table.ts";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { directoryOf } from "../tasks/task-of.ts";

export type Plan = { readonly files: readonly string[]; readonly options: TaskOptions };

/**
 * Files and options, with those of `--resume`, `--config` and `--preset` wherever none was typed.
 * Throws UsageError for what doesn't go together.
 */
export function planOf(
  declaration: TaskDeclaration,
  files: readonly string[],
  options: TaskOptions,
  command: Command,
): Plan {
  const { resume, config } = options;
  const table = optionsOfTask(declaration);
  const typed = (name: string): boolean => isTyped(command, name);
  if (resume !== undefined && config !== undefined) throw new UsageError("expected --resume or --config, got both");
  if (typed("steps") && typed("epochs")) throw new UsageError("expected --steps or --epochs, got both");
  if (typed("patience") && typed("keepBest")) throw new UsageError("expected --patience or --no-keep-best, got both");
  if (resume !== undefined)
    for (const name of ["out", "overwrite", "initFrom", "preset"])
      if (typed(name)) throw new UsageError(`expected --resume or ${typedFlag(table, name)}, got both`);
  const preset = presetOf(declaration, options);
  const run = asUsage(() => storedRun(resume, config));
  if (run !== undefined && run.task !== declaration.name) {
    const place = JSON.stringify(resume ?? config);
    throw new UsageError(`--task: expected ${run.task}, as in ${place}, got ${declaration.name}`);
  }
  const stored = { ...preset, ...(run && optionsOfRun(run, declaration)) };
  if (resume !== undefined) refuseChanges(stored, options, table, command);
  if (files.length === 0 && run !== undefined) asUsage(() => checkInputs(run, resume !== undefined));
  const isLimited = LIMITS.some(typed);
  const limitedBefore = LIMITS.some((name) => name in stored);
  const kept = Object.entries(options).filter(
    // a limit that is typed or stored overrides the default one
    ([name]) => typed(name) || !isLimit(name) || !(isLimited || limitedBefore),
  );
  const taken = Object.entries(stored).filter(([name]) => !typed(name) && !(isLimited && isLimit(name)));
  const place = resume === undefined ? {} : { resume: directoryOf(resume), out: directoryOf(resume) };
  const merged = { ...Object.fromEntries(kept), ...Object.fromEntries(taken), ...place } as TaskOptions;
  const all = withSchedule({ ...merged, ...declaration.complete?.(merged, typed) }, typed);
  const inputs = files.length > 0 || run === undefined ? files : inputsOf(run);
  if (inputs.length === 0) throw new UsageError(`expected ${declaration.data}, got no files`);
  const isOld = resume !== undefined && run?.maker !== undefined && run.options?.["keepBest"] === undefined;
  return { files: inputs, options: isOld ? { ...all, evaluatesEachEpoch: true } : all };
}

const isLimit = (name: string): boolean => (LIMITS as readonly string[]).includes(name);

/** Options of a preset: the defaults of another tool. */
function presetOf({ presets = {} }: TaskDeclaration, { preset }: TaskOptions): Readonly<Record<string, unknown>> {
  return typeof preset === "string" ? (presets[preset] ?? {}) : {};
}

/**
 * Options of a run. One that is written by hand has the present defaults for what it leaves out.
 */
function optionsOfRun({ options = {}, maker }: StoredRun, task: TaskDeclaration): Readonly<Record<string, unknown>> {
  const table = optionsOfTask(task);
  return { ...(maker && { ...beforeOptions(table), ...task.before }), ...fromStored(options, table) };
}

const DECAYS = ["learningRateDecay", "learningRateDecayAfter", "learningRateDecayEvery"] as const;

/**
 * The options with the schedule where none is chosen. Throws UsageError for two that were typed.
 */
function withSchedule(options: TaskOptions, typed: (name: string) => boolean): TaskOptions {
  const decay = DECAYS.find((name) => options[name] !== undefined);
  if (decay === undefined) return { ...options, schedule: options.schedule ?? "cosine" };
  const typedDecay = DECAYS.find(typed);
  if (!typed("schedule")) return { ...options, schedule: "constant" };
  if (options.schedule !== "constant" && typedDecay !== undefined)
    throw new UsageError(`expected --schedule ${options.schedule} or ${flagOf(typedDecay)}, got both`);
  return options.schedule === "constant" ? options : { ...options, ...NO_DECAY };
}

const NO_DECAY = Object.fromEntries(DECAYS.map((name) => [name, undefined]));

type StoredRun = Pick<RunConfig, "task"> & Partial<RunConfig>;

function storedRun(resume: string | undefined, config: string | undefined): StoredRun | undefined {
  if (resume !== undefined) return readRunConfig(resume);
  return config === undefined ? undefined : readRunOptions(config);
}

/**
 * Paths that a run has read; a folder stays one, since what a file in it means may depend on the
 * others. Throws UsageError for the standard input, which is gone.
 */
function inputsOf({ data = [], inputs = data.map(({ path }) => path) }: StoredRun): readonly string[] {
  if (inputs.includes("-"))
    throw new UsageError("--resume: expected files, got none. The run read them from standard input; pass them again");
  return inputs;
}

/**
 * Files have to be what they were where the run is resumed; a folder may hold more than the run has
 * read.
 */
function checkInputs(run: StoredRun, unchanged: boolean): void {
  const inputs = inputsOf(run);
  const listed = (run.data ?? []).filter(({ path }) => inputs.includes(path));
  checkRunData(unchanged ? "--resume" : "--config", listed, { unchanged });
  const other = inputs.find((path) => !listed.some((file) => file.path === path) && !isFolder(path));
  if (other !== undefined)
    throw new UsageError(`config.json: inputs: expected files of its data, or folders, got ${JSON.stringify(other)}`);
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
