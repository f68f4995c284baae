import { Command } from "commander";
import { expect, test } from "vitest";
import { TASKS } from "./declarations.ts";
import { declareTaskOptions } from "./train-task-options.ts";

test.each(TASKS.map((task) => [task.name, task] as const))("%s: no option has two defaults", (_, task) => {
  const { options } = declareTaskOptions(new Command("train"), task);
  for (const { flags, description, defaultValue } of options)
    expect(description.includes("default") && defaultValue !== undefined, `${flags}: ${description}`).toBe(false);
  const epochs = options.find(({ long }) => long === "--epochs");
  expect(epochs?.defaultValue).toBe(task.defaults?.epochs ?? 10);
});
