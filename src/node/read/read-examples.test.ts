import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DataError } from "../../base/index.ts";
import { classFiles, readRecords } from "./read-examples.ts";
import type { ReadRecordsOptions } from "./record.ts";
import { recordNumber, recordText } from "./record-values.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-records-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, contents: string | Uint8Array): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, contents);
  return file;
}

async function read(paths: readonly string[], options: ReadRecordsOptions = {}) {
  const entries = [];
  for await (const entry of readRecords(paths, options)) entries.push(entry);
  return entries;
}
const records = async (...args: Parameters<typeof read>) => (await read(...args)).map(({ record }) => record);

async function* pieces(...parts: (string | Uint8Array)[]) {
  for (const part of parts) yield await Promise.resolve(part);
}

const AB = [
  { text: "a", label: "x" },
  { text: "b, c", label: "y" },
];

describe("readRecords", () => {
  test.each([
    ["r.jsonl", '\uFEFF{"text":"a","label":"x"}\r\n\n{"text":"b, c","label":"y"}'],
    ["r.ndjson", '{"text":"a","label":"x"}\n{"text":"b, c","label":"y"}\n'],
    ["r.json", JSON.stringify(AB, null, 2)],
    ["r.csv", '\uFEFFtext,label\r\na,x\r\n"b, c",y\r\n'],
    ["r.tsv", "text\tlabel\na\tx\nb, c\ty\n"],
    ["jsonl.data", '\n {"text":"a","label":"x"}\n{"text":"b, c","label":"y"}\n'],
    ["json.data", JSON.stringify(AB)],
    ["tsv.data", "text\tlabel\na\tx\nb, c\ty\n"],
    ["csv.data", 'text,label\na,x\n"b, c",y\n'],
  ])("reads %s", async (name, contents) => {
    const file = write(name, contents);
    expect(await records([file])).toEqual(AB);
    // the same through standard input, cut after each byte
    const bytes = Array.from(Buffer.from(contents), (byte) => Uint8Array.of(byte));
    expect(await records(["-"], { input: pieces(...bytes) })).toEqual(AB);
  });

  test("several files, one after the other, with their places", async () => {
    const first = write("first.jsonl", '\n{"a":1}\n');
    const second = write("second.csv", 'a\n"2\n2"\n3\n');
    const third = write("third.json", '[{"a":4},{"a":5}]');
    const entries = await read([first, second, third]);
    expect(entries.map(({ record, file, line, place }) => ({ record, file, line, place }))).toEqual([
      { record: { a: 1 }, file: first, line: 2, place: `${first} line 2` },
      { record: { a: "2\n2" }, file: second, line: 2, place: `${second} line 2` },
      { record: { a: "3" }, file: second, line: 4, place: `${second} line 4` },
      { record: { a: 4 }, file: third, line: 1, place: `${third} item 1` },
      { record: { a: 5 }, file: third, line: 2, place: `${third} item 2` },
    ]);
  });

  test("lines come one by one", async () => {
    const seen: string[] = [];
    async function* input() {
      yield "one\ntw";
      await Promise.resolve();
      seen.push("asked for more");
      yield "o\n";
    }
    for await (const { record } of readRecords(["-"], { format: "lines", input: input() }))
      seen.push(String(record["text"]));
    expect(seen).toEqual(["one", "asked for more", "two"]);
    expect(await records([write("lines.txt", "a b\r\n\nc\n")])).toEqual([{ text: "a b" }, { text: "c" }]);
  });

  test("a column called __proto__ is one like any other; JSON has no such key, and none twice", async () => {
    const [{ record }] = await read([write("proto.csv", "__proto__\na\n")]);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(Object.entries(record)).toEqual([["__proto__", "a"]]);
    for (const contents of ['{"__proto__":"a"}', '{"text":"a","text":"b"}', '{"a":{"constructor":1}}']) {
      await expect(read([write("proto.jsonl", `{"text":"x"}\n${contents}`)])).rejects.toThrow(
        "proto.jsonl line 2: expected JSON",
      );
      await expect(read([write("proto.json", `[${contents}]`)])).rejects.toThrow(DataError);
    }
  });

  test("an empty file has no records", async () => {
    for (const name of ["none.jsonl", "none.csv", "none.data"]) expect(await records([write(name, "")])).toEqual([]);
  });

  test.each([
    ["bad.jsonl", '{"a":1}\n{"a":}\n', /bad\.jsonl line 2: expected JSON, got /],
    ["number.jsonl", '{"a":1}\n\n3\n', /number\.jsonl line 3: expected an object with a value by name, got 3/],
    ["item.json", '[{"a":1},[2]]', /item\.json item 2: expected an object with a value by name, got \[2\]/],
    ["cut.json", "[{", /cut\.json: expected JSON, got /],
    ["ragged.csv", "a,b\n1,2\n3\n", /ragged\.csv line 3: expected 2 fields, got 1/],
    [
      "bytes.csv",
      Uint8Array.of(0x61, 0x0a, 0xe9, 0xea, 0xeb, 0x0a),
      /bytes\.csv line 2: expected UTF-8 text, got other/,
    ],
  ])("says where %s is wrong", async (name, contents, message) => {
    await expect(read([write(name, contents)])).rejects.toThrow(message);
  });

  test("says what is wrong with a path, with bytes of standard input, with a format", async () => {
    await expect(read([join(folder, "missing.csv")])).rejects.toThrow(/missing\.csv", which does not exist/);
    await expect(read([folder])).rejects.toThrow(/which is a folder/);
    await expect(read(["-"], { input: pieces(Uint8Array.of(0xff)) })).rejects.toThrow(
      "standard input line 1: expected UTF-8 text, got other bytes",
    );
    await expect(read(["-"], { input: pieces('{"a":1}\n{'), format: "jsonl" })).rejects.toThrow(
      "standard input line 2: expected JSON",
    );
    await expect(read([], { format: "xml" as "csv" })).rejects.toThrow(/readRecords format/);
  });
});

test("values of records", async () => {
  const [entry] = await read([write("values.jsonl", '{"text":"a","n":1.5,"s":" 2 ","empty":"","list":[1]}')]);
  expect(recordText(entry, "text")).toBe("a");
  expect(recordText(entry, "n")).toBe("1.5");
  expect(recordNumber(entry, "n")).toBe(1.5);
  expect(recordNumber(entry, "s")).toBe(2);
  expect(() => recordText(entry, "body")).toThrow(
    /values\.jsonl line 1: expected a value "body", got "text", "n", "s", "empty", "list"/,
  );
  expect(() => recordText(entry, "list")).toThrow(/expected text as "list", got \[1\]/);
  expect(() => recordText(entry, "toString")).toThrow(/expected a value "toString"/);
  expect(() => recordNumber(entry, "text")).toThrow(/expected a number as "text", got "a"/);
  expect(() => recordNumber(entry, "empty")).toThrow(/expected a number as "empty", got ""/);
});

test("classFiles", () => {
  for (const name of ["c/spam/2.txt", "c/spam/10.TXT", "c/spam/.hidden.txt", "c/spam/x.png", "c/ham/1.txt", "c/a.txt"])
    write(name, "text");
  const root = join(folder, "c");
  expect(classFiles(root, [".txt"])).toEqual([
    { label: "ham", file: join(root, "ham/1.txt") },
    { label: "spam", file: join(root, "spam/2.txt") },
    { label: "spam", file: join(root, "spam/10.TXT") },
  ]);
  expect(() => classFiles(root, [".png"])).toThrow(/\.png files in ".*ham", got none/);
  expect(() => classFiles(join(root, "ham"), [".txt"])).toThrow(/a folder per class in ".*ham", got none/);
  expect(() => classFiles(join(root, "a.txt"), [".txt"])).toThrow(/expected a folder/);
});
