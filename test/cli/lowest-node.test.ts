/** The built command on the lowest Node that the package supports: what people do with a language model and with each task. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandFolder, type Result, withoutCutOff } from "../helpers/cli.ts";
import { lowestNode } from "../helpers/nodes.ts";
import { tinyTasks } from "../helpers/tiny-tasks.ts";

const lowest = lowestNode();
const { folder, run } = commandFolder("lowest");
const tasks = tinyTasks(folder);

const on = (node: string, args: readonly string[]): Result => run(args, { node, env: { UNROLLED_THREADS: "1" } });
const unrolled = (...args: readonly string[]): Result => on(lowest.path, args);

/** What a command prints that has to succeed. */
function said(...args: readonly string[]): string {
  const { status, stdout, stderr } = unrolled(...args);
  expect(withoutCutOff(stderr)).toBe("");
  expect(status).toBe(0);
  return stdout;
}

const model = (run: string): Buffer => readFileSync(join(folder, run, "model.safetensors"));

test("it is a Node 20", () => {
  console.log(`lowest Node: ${lowest.version}`);
  expect(lowest.version).toMatch(/^v20\.(19|[2-9]\d)\./);
});

describe.each(tasks)("$name", ({ name, args, toPredict }) => {
  const limits = ["--evaluate-every", "3", "--schedule", "constant", "--no-keep-best", "--quiet"];

  test("stops and goes on as the present Node does in one go", () => {
    on(process.execPath, ["train", ...args, ...limits, "--steps", "6", "--out", `${name}-present`]);
    said("train", ...args, ...limits, "--steps", "3", "--out", name);
    expect(model(name).equals(model(`${name}-present`))).toBe(false);
    // the file: a path below it is asked for then
    said("train", "--resume", `${name}/config.json`, "--steps", "6", "--quiet");
    expect(model(name).equals(model(`${name}-present`))).toBe(true);
  });

  // what is read and written is the same for every task
  test.runIf(["language-model", "classify"].includes(name))("begins another run with the configuration", () => {
    said("train", "--config", `${name}-present/config.json`, "--out", `${name}-again`, "--quiet");
    expect(model(`${name}-again`).equals(model(`${name}-present`))).toBe(true);
  });

  test("answers, measures and shows", () => {
    if (name === "language-model") expect(said("sample", name, "--length", "20", "--seed", "1")).toHaveLength(21);
    else expect(said("predict", name, ...toPredict)).not.toBe("");
    const data = args.slice(
      0,
      args.findIndex((arg) => arg.startsWith("--")),
    );
    expect(said("evaluate", name, ...data, "--all")).not.toBe("");
  });
});

test("looks at runs and at the machine", () => {
  for (const name of ["language-model", "translate"]) expect(said("inspect", name)).toContain("parameters");
  expect(said("compare", "classify", "classify-again")).toContain("classify-again");
  expect(said("diagnose", "language-model", "text.txt")).not.toBe("");
  expect(said("doctor")).toContain(lowest.version.slice(1));
  expect(said("hello")).toContain("hell -> ello");
  expect(said("completion", "bash")).toContain("complete");
  expect(said("--help")).toContain("Exit codes");
});

test.each([
  ["a path below a file", ["train", "text.txt/x"]],
  ["a run below a file", ["train", "--resume", "text.txt/x"]],
  ["a configuration below a file", ["train", "--config", "text.txt/x"]],
  ["a model below a file", ["sample", "text.txt/x"]],
  ["examples below a file", ["train", "texts.csv/x", "--task", "classify"]],
  ["pictures below a file", ["train", "texts.csv/x", "--task", "image"]],
  ["recordings below a file", ["train", "texts.csv/x", "--task", "transcribe"]],
])("one line for %s", (_name, args) => {
  const { status, stderr } = unrolled(...args);
  expect(stderr).toMatch(/^unrolled \w+: .*\n$/);
  expect(stderr).not.toContain("ENOTDIR");
  expect(status).toBe(2);
});
