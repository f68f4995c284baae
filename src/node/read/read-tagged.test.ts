import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
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

test("errors name the file and the line", () => {
  const path = file("c.conll", "in\tO\nParis\tLOC\n");
  expect(() => readTagged(path, { scheme: "BIO" })).toThrow(
    `${path} line 2: expected a tag of scheme "BIO", got "LOC"`,
  );
  expect(() => readTagged(file("d.conll", Uint8Array.of(0xff, 0x20, 0x4f)))).toThrow("d.conll");
});
