import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { aRunConfig } from "../../../test/helpers/run-config.ts";
import { DataError, FormatError, UnsupportedError } from "../../base/index.ts";
import { CELL_NAMES } from "../../rnn/index.ts";
import { describeData, readRunConfig, readRunOptions, type RunConfig, runMaker, writeRunConfig } from "./run-config.ts";

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
    model: { tieWeights: true },
    training: { steps: 1000, clipNorm: Infinity, shuffle: true, initFrom: 'a "b"\n' },
  });
  expect(writeRunConfig(directory, config)).toBe(file);
  expect(readRunConfig(directory)).toEqual(config);
  expect(readRunConfig(file)).toEqual(config);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    format: "unrolled-run",
    version: 1,
    training: { clipNorm: "off", batchSize: 32 },
  });
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
    (c) => (c.training.batchSize = "x"),
    `config.json: training.batchSize: expected an integer >= 1, got "x"`,
  ],
  [
    "an enumeration",
    (c) => (c.model.cell = "lstn"),
    `config.json: model.cell: expected ${CELL_NAMES.map((name) => `"${name}"`).join(" | ")}, got "lstn"`,
  ],
  [
    "a range",
    (c) => (c.training.validation = 1),
    "config.json: training.validation: expected a number in [0, 0.9], got 1",
  ],
  ["a list for an object", (c) => (c.model = [] as never), "config.json: model: expected an object, got []"],
  ["a section that is missing", (c) => delete c.facts, "config.json: facts: expected an object, got undefined"],
  [
    "a field that is missing",
    (c) => delete c.training.learningRate,
    "config.json: training.learningRate: expected a finite number >= 0, got undefined",
  ],
  [
    "an unknown field",
    (c) => (c.model.hiddensize = 3),
    'config.json: model: expected only unit, cell, dialect, hiddenSize, layers, embeddingSize, dropout, tieWeights, got "hiddensize"',
  ],
  ["an unknown section", (c) => (c.extra = {}), 'got "extra"'],
  [
    "no gradient norm",
    (c) => (c.training.clipNorm = "none"),
    'config.json: training.clipNorm: expected a number > 0, or "off", got "none"',
  ],
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
  const bad = aRunConfig({ training: { batchSize: 0 } });
  expect(() => writeRunConfig(directory, bad)).toThrow(/training\.batchSize: expected an integer >= 1, got 0/);
  const nan = aRunConfig({ training: { learningRate: NaN } });
  expect(() => writeRunConfig(directory, nan)).toThrow(FormatError);
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
});

describe("options for another run", () => {
  test("all of a run", () => {
    const { model, training, seed, data } = aRunConfig();
    writeRunConfig(directory, aRunConfig());
    expect(readRunOptions(directory)).toEqual({ model, training, seed, data });
  });

  test("some, written by hand, and checked all the same", () => {
    writeFileSync(file, '{"training": {"batchSize": 64, "clipNorm": "off"}}');
    expect(readRunOptions(file)).toEqual({ model: {}, training: { batchSize: 64, clipNorm: Infinity } });
    writeFileSync(file, "{}");
    expect(readRunOptions(file)).toEqual({ model: {}, training: {} });
    writeFileSync(file, '{"training": {"batchSize": 0.5}}');
    expect(() => readRunOptions(file)).toThrow(/config\.json: training\.batchSize: expected an integer >= 1, got 0\.5/);
    writeFileSync(file, '{"batchSize": 64}');
    expect(() => readRunOptions(file)).toThrow(/expected only .*, got "batchSize"/);
  });
});

test("files are described as readCorpus finds them", () => {
  const folder = join(directory, "chapters");
  mkdirSync(folder);
  for (const [name, text] of [
    ["10.txt", "ten"],
    ["2.txt", ""],
    ["notes.md", "no"],
  ])
    writeFileSync(join(folder, name), text);
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  expect(describeData([folder])).toEqual([
    { path: join(folder, "2.txt"), bytes: 0, sha256: sha256("") },
    { path: join(folder, "10.txt"), bytes: 3, sha256: sha256("ten") },
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
