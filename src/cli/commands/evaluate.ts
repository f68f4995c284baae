import { mkdirSync } from "node:fs";
import type { Command } from "commander";
import { type LanguageModel, evaluate as evaluateModel, loadLanguageModel, useThreads } from "unrolled";
import { readModelBytes } from "unrolled/node";
import { asUsage, asUsageLater } from "../terminal/failure.ts";
import { count, real, table } from "../terminal/format.ts";
import { interruptible, uninterrupted, workSignal } from "../terminal/interruptible.ts";
import { taskOfModel } from "../model-task.ts";
import { tokensOf } from "../model-text.ts";
import { say, sayJson } from "../terminal/output.ts";
import { refuseOthers } from "../terminal/own-options.ts";
import type { TaskDeclaration, TaskOptions } from "../tasks/task.ts";
import { linesOf, savePicture } from "../tasks/train-task.ts";
import { trainedOptions } from "../training/trained-options.ts";

export type EvaluateCommandOptions = { threads?: number; json?: boolean; out?: string; [own: string]: unknown };

/** Prints how well the model does on the files. */
export async function evaluate(
  directory: string,
  files: readonly string[],
  options: EvaluateCommandOptions,
  command: Command,
): Promise<void> {
  if (options.threads !== undefined) useThreads(options.threads);
  const bytes = asUsage(() => readModelBytes(directory));
  const declaration = taskOfModel(bytes);
  refuseOthers("evaluateOptions", declaration, command);
  if (declaration === undefined) await evaluateLanguageModel(loadLanguageModel(bytes), files, options);
  else await evaluateTask(declaration, bytes, { directory, files, options });
}

async function evaluateLanguageModel(
  model: LanguageModel,
  files: readonly string[],
  { json }: EvaluateCommandOptions,
): Promise<void> {
  const ids = asUsage(() => uninterrupted(() => tokensOf(model, files)));
  const result = await interruptible(() => evaluateModel(model, ids, { signal: workSignal() }));
  if (json) {
    sayJson(result);
    return;
  }
  const rows = [
    ["loss (nats per token)", real(result.loss)],
    ["perplexity", real(result.perplexity)],
    ["bits per character", real(result.bitsPerCharacter)],
    ["tokens", count(result.tokens)],
  ];
  say(table(rows, new Set([1])));
}

async function evaluateTask(
  declaration: TaskDeclaration,
  bytes: Uint8Array,
  asked: { readonly directory: string; readonly files: readonly string[]; readonly options: EvaluateCommandOptions },
): Promise<void> {
  const { directory, files, options } = asked;
  const task = await declaration.load();
  const own = (declaration.evaluateOptions ?? []).map((option) => option.attributeName());
  const typed = Object.fromEntries(own.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
  const all = { ...trainedOptions(directory), ...typed } as Partial<TaskOptions>;
  const model = task.decode(bytes);
  const found = await asUsageLater(() => interruptible(() => task.evaluate(model, files, all)));
  if (options.json) sayJson(found.measures);
  else for (const line of linesOf(found)) say(line);
  if (options.out === undefined) return;
  mkdirSync(options.out, { recursive: true });
  for (const [name, draw] of Object.entries(found.pictures ?? {})) await savePicture(options.out, name, draw);
}
