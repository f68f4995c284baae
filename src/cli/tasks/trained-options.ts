import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { CONFIG_FILE, readRunConfig } from "unrolled/node";
import { modelOptions } from "../options/model-options.ts";
import { fromStored, isTyped } from "../options/stored.ts";
import { directoryOf } from "./task-of.ts";
import { optionsOfTask, type TaskDeclaration } from "./task.ts";

/**
 * Options that the model at `path`, a run directory or a file in one, was trained with; none for a
 * file that was moved.
 */
export function trainedOptions(path: string, declaration: TaskDeclaration): Readonly<Record<string, unknown>> {
  const directory = directoryOf(path);
  if (!existsSync(join(directory, CONFIG_FILE))) return {};
  const { task, options } = readRunConfig(directory);
  return task === declaration.name ? fromStored(options, optionsOfTask(declaration)) : {};
}

/**
 * Options of `predict` or `evaluate`: what is typed, else what says how the files of the training
 * were read (for `evaluate` all that the model was trained with), else the defaults. The encoding
 * is each file's own, and leaving out what can't be read has to be asked for each time.
 */
export function readingOptions(
  kind: "predictOptions" | "evaluateOptions",
  path: string,
  declaration: TaskDeclaration,
  command: Command,
): Readonly<Record<string, unknown>> {
  const options = modelOptions(kind, declaration, command);
  const isRead = (name: string): boolean =>
    kind === "evaluateOptions" ||
    (Object.hasOwn(declaration.predictOptions, name) && (name.endsWith("Column") || READING.includes(name)));
  const trained = Object.entries(trainedOptions(path, declaration)).filter(
    ([name]) => !OWN.includes(name) && isRead(name) && !isTyped(command, name),
  );
  return { ...options, ...Object.fromEntries(trained) };
}

/** Options that are not those of the training. */
const OWN: readonly string[] = ["encoding", "skipBad"];

/** Options of files, besides columns, that are those of the training where none is typed. */
const READING: readonly string[] = ["separator", "header"];
