/**
 * @file Options of `predict` and `evaluate` that only some tasks have: which task it is turns out
 * when the model's file is read.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { TASKS } from "../tasks/declarations.ts";
import type { TaskDeclaration } from "../tasks/task.ts";
import { UsageError } from "../terminal/failure.ts";
import { isTyped } from "./stored.ts";
import { type OptionTable, typedFlagOf } from "./table.ts";

type Kind = "predictOptions" | "evaluateOptions";

/**
 * Declares the options of all tasks, each once, with the tasks that have it. Values stay text,
 * since their ranges may differ.
 */
export function declareModelOptions(command: Command, kind: Kind): Command {
  const names = new Set(TASKS.flatMap((task) => Object.keys(task[kind] ?? {})));
  for (const name of names) {
    const rows = TASKS.flatMap((task) => {
      const row = task[kind]?.[name];
      return row === undefined ? [] : [{ task: task.name, row }];
    });
    const [{ row }] = rows;
    const value = row.placeholder === undefined ? "" : ` <${row.placeholder}>`;
    const option = new Option(`${typedFlagOf(name, row)}${value}`, `${row.help} (${tasksOf(rows)})`);
    if (row.choices !== undefined) option.choices(row.choices);
    command.addOption(option);
  }
  return command;
}

/** "tag, translate; default: 4", or "translate, default 4; transcribe" where defaults differ. */
function tasksOf(rows: readonly { readonly task: string; readonly row: OptionTable[string] }[]): string {
  const defaults = rows.map(({ row }) => (row.isNegated === true ? undefined : row.default));
  const names = rows.map(({ task }) => task);
  if (new Set(defaults).size === 1) {
    const [value] = defaults;
    return `${names.join(", ")}${value === undefined ? "" : `; default: ${String(value)}`}`;
  }
  return names
    .map((name, i) => (defaults[i] === undefined ? name : `${name}, default ${String(defaults[i])}`))
    .join("; ");
}

/**
 * The values of the options that the model's task has, or their defaults. Throws UsageError for a
 * value that is none, and for a typed option of another task.
 */
export function modelOptions(kind: Kind, task: TaskDeclaration, command: Command): Readonly<Record<string, unknown>> {
  const table = task[kind] ?? {};
  for (const other of TASKS)
    for (const [name, row] of Object.entries(other[kind] ?? {}))
      if (!Object.hasOwn(table, name) && isTyped(command, name))
        throw new UsageError(
          `${typedFlagOf(name, row)}: not an option of "${task.name}", the task this model was trained for`,
        );
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, row]) => {
      const value = isTyped(command, name) ? parsed(name, row, command.getOptionValue(name)) : row.default;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function parsed(name: string, row: OptionTable[string], value: unknown): unknown {
  if (row.placeholder === undefined) return value;
  try {
    return row.parse(String(value));
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const expected = error.message.replace(/^Expected |\.$/g, "");
    throw new UsageError(`${typedFlagOf(name, row)}: expected ${expected}, got ${JSON.stringify(value)}`);
  }
}
