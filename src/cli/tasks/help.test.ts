import { Command } from "commander";
import { expect, test } from "vitest";
import { declareTrain } from "../commands/train-options.ts";
import { flagOf } from "../options/table.ts";
import { TASKS } from "./declarations.ts";
import { optionsOfTask } from "./task.ts";

test.each(TASKS.map((task) => [task.name, task] as const))("%s: no option has two defaults", (_, task) => {
  const { options } = declareTrain(new Command("train"), task);
  for (const { flags, description, defaultValue } of options)
    expect(description.includes("default") && defaultValue !== undefined, `${flags}: ${description}`).toBe(false);
  const epochs = options.find(({ long }) => long === "--epochs");
  expect(epochs?.defaultValue).toBe(task.defaults.epochs);
});

test("the help names the standard input where training reads it", () => {
  const help = (name: string): string => {
    const task = TASKS.find((one) => one.name === name);
    if (task === undefined) throw new Error(name);
    return declareTrain(new Command("train"), task).helpInformation();
  };
  for (const name of ["image", "transcribe"]) expect(help(name)).not.toMatch(/standard\s+input/);
  expect(help("classify")).toMatch(/standard\s+input/);
});

test("a flag has one meaning: the same row, or another only where its default or range differs", () => {
  const parsers = new Map<string, string>();
  for (const task of TASKS)
    for (const table of [optionsOfTask(task), task.predictOptions, task.evaluateOptions ?? {}])
      for (const [name, { placeholder = "" }] of Object.entries(table)) {
        // of predict: text that names a directory, and a file
        const before = parsers.get(name) ?? placeholder;
        expect(placeholder, `${flagOf(name)} of ${task.name}`).toBe(before);
        parsers.set(name, before);
      }
});
