/** A `--resume` that is refused, the built command: whatever the reason, the run directory is afterwards what it was, byte for byte. */
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, unrolled } = commandFolder("refused");

const train = (...args: readonly string[]): Result => unrolled("train", ...args);

/** SHA-256 of each file below a directory, by its path; "folder" for a folder. */
function hashes(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(file(directory), { recursive: true, encoding: "utf8" }).toSorted();
  const hashOf = (path: string): string =>
    statSync(path).isDirectory() ? "folder" : createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(names.map((name) => [name, hashOf(join(file(directory), name))]));
}

/** Replaces what stands in a file. */
function edit(name: string, before: string, after: string): void {
  const text = readFileSync(file(name), "utf8");
  expect(text).toContain(before);
  writeFileSync(file(name), text.replace(before, after));
}

const TEXT = "the whale saw a big ship. ".repeat(80);
const TABLE = Array.from(
  { length: 24 },
  (_, i) => `word ${i % 2 === 0 ? "good" : "bad"},${i % 2 === 0 ? "yes" : "no"}`,
);

beforeAll(() => {
  writeFileSync(file("text.txt"), TEXT);
  // the same characters, so that the vocabulary takes them
  writeFileSync(file("other.txt"), TEXT.replace("whale", "ship "));
  writeFileSync(file("strange.txt"), TEXT.replace("whale", "WHALE"));
  writeFileSync(file("short.txt"), "the");
  const table = (rows: readonly string[]): string => ["text,label", ...rows, ""].join("\n");
  writeFileSync(file("texts.csv"), table(TABLE));
  writeFileSync(file("other.csv"), table(["word good,no", ...TABLE.slice(1)]));
  const small = ["--hidden-size", "6", "--batch-size", "4", "--steps", "4", "--evaluate-every", "2", "--quiet"];
  for (const [run, ...args] of [
    ["language model", "text.txt", "--sequence-length", "12"],
    ["task", "texts.csv", "--task", "classify"],
    ["language model with tokens", "text.txt", "--sequence-length", "12", "--stream"],
  ]) {
    expect(train(...args, "--out", run, ...small)).toMatchObject({ status: 0, stderr: "" });
    for (const name of ["configured", "damaged"]) cpSync(file(run), file(`${name} ${run}`), { recursive: true });
    edit(`configured ${run}/config.json`, '"clipNorm": 5', '"clipNorm": 6');
    // of a crash
    appendFileSync(file(`configured ${run}/metrics.jsonl`), '{"kind":"st');
    edit(`damaged ${run}/metrics.jsonl`, '"step"', "step");
  }
});

type Case = readonly [why: string, run: string, args: readonly string[], code: number, message: RegExp];

const refused: readonly Case[] = [
  ["an option", "language model", ["--batch-size", "8"], 2, /--batch-size: expected 4, as in the run that is resumed/],
  ["an option of the model", "language model", ["--hidden-size", "8"], 2, /--hidden-size: expected 6/],
  ["other text", "language model", ["other.txt"], 1, /train resume data: expected .*, as in the checkpoint/],
  ["other text on the disk", "language model", ["other.txt", "--stream"], 1, /train resume data: expected/],
  ["other text", "language model with tokens", ["other.txt", "--stream"], 1, /train resume data: expected/],
  ["unknown characters", "language model", ["strange.txt"], 2, /expected a character of the vocabulary/],
  ["unknown characters on the disk", "language model", ["strange.txt", "--stream"], 2, /character of the vocabulary/],
  ["too little text", "language model", ["short.txt"], 2, /expected/],
  ["too little text on the disk", "language model", ["short.txt", "--stream"], 2, /expected/],
  [
    "a changed config.json",
    "configured language model",
    [],
    1,
    /train resume --clip-norm: expected 5, as in the checkp/,
  ],
  [
    "a changed config.json, with the text on the disk",
    "configured language model",
    ["--stream"],
    1,
    /train resume --clip-norm: expected 5/,
  ],
  ["metrics that can't be read", "damaged language model", [], 1, /metrics\.jsonl line 1: expected/],
  ["an option", "task", ["--batch-size", "8"], 2, /--batch-size: expected 4, as in the run that is resumed/],
  ["other examples", "task", ["other.csv"], 1, /train resume \w+: expected .*, as in the checkpoint/],
  [
    "a changed config.json",
    "configured task",
    [],
    1,
    /train resume --clip-norm: expected 5, as in the checkpoint, got 6/,
  ],
  ["metrics that can't be read", "damaged task", [], 1, /metrics\.jsonl line 1: expected/],
];

describe("leaves the run as it was", () => {
  test.each(refused)("%s: %s", (_why, run, args, code, message) => {
    const before = hashes(run);
    expect(Object.keys(before)).toEqual(expect.arrayContaining(["metrics.jsonl", "model.safetensors", "checkpoints"]));
    const { status, stderr } = train(...args, "--resume", run, "--steps", "6");
    expect(stderr).toMatch(message);
    expect(status).toBe(code);
    expect(hashes(run)).toEqual(before);
  });
});

test.each(["language model", "task"])("and the run goes on then as if nothing had been asked: %s", (run) => {
  expect(train("--resume", run, "--steps", "6", "--quiet")).toMatchObject({ status: 0, stderr: "" });
  const kinds = readFileSync(join(file(run), "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step: number });
  expect(kinds.filter(({ kind }) => kind === "step").map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(kinds.filter(({ kind }) => kind === "end")).toEqual([kinds.at(-1)]);
});
