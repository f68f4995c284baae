import { expect, test } from "vitest";
import { TASKS, taskNamed } from "../tasks/declarations.ts";
import { optionsOfTask, type TaskDeclaration } from "../tasks/task.ts";
import { fromStored, toStored } from "./stored.ts";

const table = (name: string) => optionsOfTask(taskNamed(name) as TaskDeclaration);

test.each([
  ["tag", { keepCase: true, oneDirection: true }, { lowercase: false, bidirectional: false }],
  ["tag", { keepCase: false }, { lowercase: true }],
  ["translate", { withoutInputFeeding: true }, { inputFeeding: false }],
  ["forecast", { context: 20, season: 7, seriesEmbedding: 3 }, { contextLength: 20, period: 7, embeddingSize: 3 }],
  [
    "transcribe",
    { window: 0.03, hop: 0.02, lowerCase: true },
    { windowSeconds: 0.03, hopSeconds: 0.02, lowercase: true },
  ],
])("%s: options with the names of before, %j", (name, stored, expected) => {
  expect(fromStored(stored, table(name))).toEqual(expected);
});

test("what is stored is read as it was, infinity and what is off included", () => {
  const options = { clipNorm: Infinity, bidirectional: false, lowercase: true, seed: 3, out: "here", dryRun: true };
  const stored = toStored(options, table("tag"));
  expect(stored).toEqual({ clipNorm: "off", bidirectional: false, lowercase: true, seed: 3 });
  expect(fromStored(stored, table("tag"))).toEqual({
    clipNorm: Infinity,
    bidirectional: false,
    lowercase: true,
    seed: 3,
  });
});

test.each([
  [{ batchSize: "x" }, 'config.json: options.batchSize: expected an integer >= 1, got "x"'],
  [{ cell: "lstn" }, /options\.cell: expected .*lstm.*, got "lstn"/],
  [{ bidirectional: "yes" }, 'options.bidirectional: expected true or false, got "yes"'],
  [{ hiddensize: 3 }, 'options: expected no "hiddensize"'],
  [{ out: "elsewhere" }, 'options: expected no "out"'],
])("says which option is wrong: %j", (stored, message) => {
  expect(() => fromStored(stored, table("tag"))).toThrow(message);
});

test("no option is called as another was before", () => {
  for (const task of TASKS) {
    const rows = Object.entries(optionsOfTask(task));
    for (const [name, { formerly }] of rows)
      if (formerly !== undefined)
        expect(
          rows.map(([other]) => other),
          `${task.name} ${name}`,
        ).not.toContain(formerly);
  }
});
