/** @file What is to be trained on a table, where nobody said. */
import { existsSync } from "node:fs";
import { extname } from "node:path";
import type { Command } from "commander";
import { readRecords } from "unrolled/node";
import { isTyped } from "../options/stored.ts";
import type { TaskDeclaration, TaskOptions } from "../tasks/task.ts";
import { UsageError } from "../terminal/failure.ts";
import { shellWord } from "../terminal/format.ts";

const TABLES: readonly string[] = [".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet"];
const TAGS = /\.(?:conll\w*|iob2?|bio|bioes)$/i;

/** Names of columns that a task reads. */
const COLUMNS: readonly (readonly [task: string, names: RegExp])[] = [
  ["tag", /^(?:tokens|spans|tags|ner_tags|entities)$/i],
  ["translate", /^(?:source|target|src|tgt|translation)$/i],
  ["forecast", /^(?:date|time|timestamp|datetime|ds|month|start)$/i],
  ["classify", /^(?:label|class|category|sentiment|spam|v1)$/i],
];

/**
 * Throws UsageError where a table would be trained on as the text of a language model, which is
 * named nowhere on the command line.
 */
export async function refuseTables(
  { name }: TaskDeclaration,
  files: readonly string[],
  { resume, config }: TaskOptions & { readonly config?: unknown },
  command: Command,
): Promise<void> {
  if (name !== "language-model" || isTyped(command, "task") || resume !== undefined || config !== undefined) return;
  const file = files.find((one) => TABLES.includes(extname(one.replace(/\.gz$/i, "")).toLowerCase()) || TAGS.test(one));
  // a file that is not there is told when it is read
  if (file === undefined || !existsSync(file)) return;
  const task = TAGS.test(file) ? "tag" : await taskOf(file);
  const other =
    task === undefined
      ? "--task says what to train on its rows: classify, tag, forecast or translate"
      : `--task ${task} trains on its rows`;
  throw new UsageError(
    `${shellWord(file)}: expected a text, got a table. ${other}; --task language-model takes it for a text`,
  );
}

/** The task that reads columns of these names, if the file can be read. */
async function taskOf(file: string): Promise<string | undefined> {
  try {
    for await (const { record } of readRecords([file], { onBad: () => {} }))
      return COLUMNS.find(([, names]) => Object.keys(record).some((name) => names.test(name.trim())))?.[0];
  } catch {
    // what is wrong with it is reported when it is read
  }
  return undefined;
}
