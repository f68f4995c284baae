import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { aRunConfig } from "../../../test/helpers/run-config.ts";
import { DataError, FormatError, UnsupportedError } from "../../base/index.ts";
import { readRunConfig, readRunOptions, type RunConfig, writeRunConfig } from "./run-config.ts";
import { describeData } from "./run-data.ts";
import { runMaker } from "./run-maker.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-config-"));
const file = join(directory, "config.json");
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

/** A file as one would spoil it. */
function spoil(change: (config: Record<string, Record<string, unknown>>) => void): void {
  writeRunConfig(directory, aRunConfig());
  const json = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, unknown>>;
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

test("what is written is read, from the directory and from the file", () => {
  const config = aRunConfig({
    options: { tieWeights: true, clipNorm: "off", initFrom: 'a "b"\n' },
    inputs: ["book.txt"],
  });
  expect(writeRunConfig(directory, config)).toBe(file);
  expect(readRunConfig(directory)).toEqual(config);
  expect(readRunConfig(file)).toEqual(config);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    format: "unrolled-run",
    version: 1,
    options: { clipNorm: "off", batchSize: 32 },
  });
});

test("a language model's configuration of before is read, in its three parts", () => {
  const { task: _task, options, ...rest } = aRunConfig();
  const { seed, unit, cell, ...training } = options;
  const earlier = { format: "unrolled-run", version: 1, ...rest, seed, model: { unit, cell }, training };
  writeFileSync(file, JSON.stringify(earlier));
  expect(readRunConfig(directory)).toEqual(aRunConfig());
  writeFileSync(file, '{"training": {"batchSize": 64}, "seed": 3}');
  expect(readRunOptions(file)).toEqual({ task: "language-model", options: { batchSize: 64, seed: 3 } });
});

test("the same configuration gives the same bytes", () => {
  writeRunConfig(directory, aRunConfig());
  const bytes = readFileSync(file);
  writeRunConfig(directory, readRunConfig(directory));
  expect(readFileSync(file).equals(bytes)).toBe(true);
  expect(bytes.at(-1)).toBe(0x0a);
});

test.each<[string, (config: Record<string, Record<string, unknown>>) => void, string]>([
  [
    "a value",
    (c) => (c.options.batchSize = [1]),
    "config.json: options.batchSize: expected text, a number, true or false, got [1]",
  ],
  ["a list for an object", (c) => (c.options = [] as never), "config.json: options: expected an object, got []"],
  ["a fact", (c) => (c.facts.tokens = -1), "config.json: facts.tokens: expected an integer >= 0, got -1"],
  ["a section that is missing", (c) => delete c.facts, "config.json: facts: expected an object, got undefined"],
  ["a field that is missing", (c) => delete c.maker.engine, "config.json: maker.engine: expected text, got undefined"],
  ["an unknown section", (c) => (c.extra = {}), 'got "extra"'],
  [
    "a file",
    (c) => ((c.data as unknown as Record<string, unknown>[])[0].sha256 = "12"),
    'config.json: data[0].sha256: expected 64 hexadecimal digits, got "12"',
  ],
  ["a list of files", (c) => (c.data = {}), "config.json: data: expected a list of files, got an object"],
  ["another format", (c) => (c.format = "x" as never), 'config.json: format: expected "unrolled-run", got "x"'],
  ["a time", (c) => (c.maker.started = "yesterday"), "config.json: maker.started: expected a time such as"],
])("says which field is wrong: %s", (_, change, message) => {
  spoil(change);
  expect(() => readRunConfig(directory)).toThrow(FormatError);
  expect(() => readRunConfig(directory)).toThrow(message);
});

test("the whole list is an object, not a list, and JSON", () => {
  writeFileSync(file, "[]");
  expect(() => readRunConfig(file)).toThrow(/config\.json: expected an object, got \[\]/);
  writeFileSync(file, '{"seed": 1, "seed": 2}');
  expect(() => readRunConfig(file)).toThrow(/distinct keys/);
});

test("a later version is refused as such, whatever its fields", () => {
  spoil((c) => Object.assign(c, { version: 2, other: 1 }));
  expect(() => readRunConfig(directory)).toThrow(UnsupportedError);
  expect(() => readRunOptions(directory)).toThrow(/expected a version up to 1, got 2/);
});

test("no file", () => {
  expect(() => readRunConfig(directory)).toThrow(DataError);
  expect(() => readRunConfig(join(directory, "nowhere"))).toThrow(
    /expected a run directory with config\.json, .*nowhere/,
  );
});

test("what could not be read again is not written", () => {
  const bad = aRunConfig({ facts: { parameters: -1 } });
  expect(() => writeRunConfig(directory, bad)).toThrow(/facts\.parameters: expected an integer >= 0, got -1/);
  const nan = aRunConfig({ options: { learningRate: NaN } });
  expect(() => writeRunConfig(directory, nan)).toThrow(FormatError);
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
});

describe("options for another run", () => {
  test("all of a run", () => {
    writeRunConfig(directory, aRunConfig());
    expect(readRunOptions(directory)).toEqual(aRunConfig());
  });

  test("some, written by hand, and checked all the same", () => {
    writeFileSync(file, '{"options": {"batchSize": 64, "clipNorm": "off"}}');
    expect(readRunOptions(file)).toEqual({ task: "language-model", options: { batchSize: 64, clipNorm: "off" } });
    writeFileSync(file, "{}");
    expect(readRunOptions(file)).toEqual({ task: "language-model", options: {} });
    writeFileSync(file, '{"batchSize": 64}');
    expect(() => readRunOptions(file)).toThrow(/expected only .*, got "batchSize"/);
  });
});

test("files of the data are described, in folders too", () => {
  const folder = join(directory, "chapters");
  mkdirSync(folder);
  for (const [name, text] of [
    ["10.txt", "ten"],
    ["2.txt", ""],
  ])
    writeFileSync(join(folder, name), text);
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  expect(describeData([folder])).toEqual([
    { path: join(folder, "10.txt"), bytes: 3, sha256: sha256("ten") },
    { path: join(folder, "2.txt"), bytes: 0, sha256: sha256("") },
  ]);
  const large = "0123456789abcdef".repeat(700_000);
  writeFileSync(join(folder, "large"), large);
  expect(describeData([join(folder, "large")])[0]).toMatchObject({ bytes: 11_200_000, sha256: sha256(large) });
  expect(() => describeData([join(folder, "none")])).toThrow(DataError);
});

test("the maker is this process, and can be written", () => {
  const maker = runMaker();
  expect(maker).toMatchObject({
    node: process.versions.node,
    unrolled: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
  });
  const config: RunConfig = { ...aRunConfig(), maker };
  writeRunConfig(directory, config);
  expect(readRunConfig(directory).maker).toEqual(maker);
});
