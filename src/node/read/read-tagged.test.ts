import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { readTagged } from "./read-tagged.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-tagged-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("columns and JSON lines are told by the name", () => {
  const expected = [{ tokens: ["in", "Zürich"], tags: ["O", "B-LOC"] }];
  expect(readTagged(file("a.conll", "in\tO\nZürich\tB-LOC\n"))).toEqual(expected);
  expect(readTagged(file("a.txt", "in IN O\nZürich NNP B-LOC\n"))).toEqual(expected);
  expect(readTagged(file("a.jsonl", '{"tokens": ["in", "Zürich"], "tags": ["O", "B-LOC"]}\n'))).toEqual(expected);
  expect(readTagged(file("b.txt", "1 in O x\n"), { tokenColumn: 1, tagColumn: 2 })).toEqual([
    { tokens: ["in"], tags: ["O"] },
  ]);
});

test("other encodings are recognised or said", () => {
  const text = "Zürich B-LOC\nja O\n";
  const expected = [{ tokens: ["Zürich", "ja"], tags: ["B-LOC", "O"] }];
  expect(readTagged(file("16.conll", Buffer.from(`\uFEFF${text}`, "utf16le")))).toEqual(expected);
  expect(readTagged(file("mark.conll", `\uFEFF${text}`))).toEqual(expected);
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(readTagged(file("latin.conll", Buffer.from(text, "latin1")))).toEqual(expected);
  expect(warn.mock.calls.flat().join()).toMatch(/latin\.conll is not UTF-8 and is read as windows-1252/);
  warn.mockRestore();
  expect(readTagged(file("latin2.conll", Buffer.from(text, "latin1")), { encoding: "latin1" })).toEqual(expected);
});

test("tables are told by the name or the head", () => {
  const text =
    'Sentence #,Word,POS,Tag\nSentence: 1,Oslo,NNP,B-geo\n,",",",",O\n,"""",``,O\nSentence: 2,Lima,NNP,B-geo\n';
  const expected = [
    { tokens: ["Oslo", ",", '"'], tags: ["B-geo", "O", "O"] },
    { tokens: ["Lima"], tags: ["B-geo"] },
  ];
  for (const name of ["gmb.csv", "gmb.txt"]) expect(readTagged(file(name, text))).toEqual(expected);
  const tabs = 'Sentence #\tWord\tPOS\tTag\n1\tOslo\tNNP\tB-geo\n1\t,\t,\tO\n1\t"\t``\tO\n2\tLima\tNNP\tB-geo\n';
  expect(readTagged(file("gmb.tsv", tabs))).toEqual(expected);
  const semicolons = file("a.dat", "word;tag\nOslo;B-LOC\nja;O\n");
  expect(readTagged(semicolons, { separator: ";" })).toEqual([{ tokens: ["Oslo", "ja"], tags: ["B-LOC", "O"] }]);
  expect(() => readTagged(file("none.csv", "Oslo,B-LOC\n"))).toThrow(/none\.csv line 1: expected a column called/);
});

test("annotations of brat are read with the text beside them", () => {
  file("a.txt", "Mira calls\nOslo");
  expect(readTagged(file("a.ann", "T1\tPER 0 4\tMira\nT2\tLOC 11 15\tOslo\n"))).toEqual([
    { tokens: ["Mira", "calls"], tags: ["B-PER", "O"] },
    { tokens: ["Oslo"], tags: ["B-LOC"] },
  ]);
  expect(() => readTagged(file("alone.ann", "T1\tPER 0 4\tMira\n"))).toThrow(/alone\.txt", which does not exist/);
});

test("errors name the file and the line", () => {
  const path = file("c.conll", "in\tO\nParis\tLOC\n");
  expect(() => readTagged(path, { scheme: "BIO" })).toThrow(
    `${path} line 2: expected a tag of scheme "BIO", got "LOC"`,
  );
  // Cyrillic in windows-1251
  expect(() => readTagged(file("d.conll", Uint8Array.of(0xce, 0xf1, 0xeb, 0xee, 0x20, 0x4f)))).toThrow(
    /d\.conll line 1: expected UTF-8 text, got other bytes.*--encoding/,
  );
});
