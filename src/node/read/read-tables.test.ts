/** Tables in the dialects of programs: the records that are read are those that were written. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test, vi } from "vitest";
import { readRecords } from "./read-examples.ts";
import type { ReadRecordsOptions } from "./record.ts";
import { recordText } from "./record-values.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-tables-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(name: string, contents: string | Uint8Array): string {
  const file = join(folder, `${files++}-${name}`);
  writeFileSync(file, contents);
  return file;
}

type Example = { readonly text: string; readonly label: string };

/** The examples of a file, also through standard input in small pieces. */
async function read(
  file: string,
  contents: string | Uint8Array,
  { text = "text", label = "label", ...options }: ReadRecordsOptions & { text?: string; label?: string } = {},
): Promise<Example[]> {
  const bytes = Buffer.from(contents);
  async function* input() {
    for (let at = 0; at < bytes.length; at += 1000) yield await Promise.resolve(bytes.subarray(at, at + 1000));
  }
  const found: Example[][] = [];
  for (const [path, more] of [
    [file, {}],
    ["-", { input: input() }],
  ] as const) {
    const examples: Example[] = [];
    for await (const entry of readRecords([path], { ...options, ...more }))
      examples.push({ text: recordText(entry, text), label: recordText(entry, label) });
    found.push(examples);
  }
  expect(found[1]).toEqual(found[0]);
  return found[0];
}

const WORDS = ["win a free cruise", "see the report", "train is late", "claim your prize"];
const examples = (n: number, change: (text: string, i: number) => string = (text) => text): Example[] =>
  Array.from({ length: n }, (_, i) => ({
    text: change(`${WORDS[i % 4]} ${i}`, i),
    label: i % 4 === 0 ? "spam" : "ham",
  }));

const lines = (head: string, rows: readonly string[], end = "\n"): string =>
  [...(head === "" ? [] : [head]), ...rows].map((row) => row + end).join("");
const always = (field: string): string => `"${field.replaceAll('"', '""')}"`;
const needed =
  (separator: string) =>
  (field: string): string =>
    /["\r\n]/.test(field) || field.includes(separator) ? always(field) : field;
const rows = (all: readonly Example[], separator: string, quote: (field: string) => string = needed(separator)) =>
  all.map(({ text, label }) => [text, label].map(quote).join(separator));

const prose = examples(200, (text, i) => (i % 7 === 0 ? `"${text}," he said; then | left` : text));
const raw = examples(200, (text, i) =>
  i === 20 ? `"${text}` : i === 60 ? `${text}"` : i === 90 ? `"${text}" he said` : text,
);
const paragraphs = examples(200, (text, i) => (i % 5 === 0 ? `${text},\nand so on, and on\n\n"bye"` : text));

test.each<[name: string, file: string, contents: string | Uint8Array, expected: Example[], options?: object]>([
  ["Excel, German", "x.csv", lines("text;label", rows(prose, ";"), "\r\n"), prose],
  ["Excel, UTF-8", "x.csv", `\uFEFF${lines("text,label", rows(prose, ","), "\r\n")}`, prose],
  [
    "Excel, Unicode text",
    "x.txt",
    Buffer.from(`\uFEFF${lines("text\tlabel", rows(prose, "\t"), "\r\n")}`, "utf16le"),
    prose,
    { format: "table" },
  ],
  ["UTF-16 without a mark", "x.csv", Buffer.from(lines("text,label", rows(prose, ",")), "utf16le"), prose],
  [
    "UTF-16, big-endian",
    "x.csv",
    Buffer.from(`\uFEFF${lines("text,label", rows(prose, ","))}`, "utf16le").swap16(),
    prose,
  ],
  ["Excel for the Macintosh", "x.csv", lines("text,label", rows(prose, ","), "\r"), prose],
  ["Google Sheets", "x.csv", lines("text,label", rows(paragraphs, ","), "\r\n").trimEnd(), paragraphs],
  [
    "pandas with its index",
    "x.csv",
    lines(
      ",text,label",
      rows(paragraphs, ",").map((row, i) => `${i},${row}`),
    ),
    paragraphs,
  ],
  ["pandas, tabs", "x.tsv", lines("text\tlabel", rows(paragraphs, "\t")), paragraphs],
  [
    "R, write.csv",
    "x.csv",
    lines(
      '"","text","label"',
      rows(prose, ",", always).map((row, i) => `"${i}",${row}`),
    ),
    prose,
  ],
  [
    "R, write.table",
    "x.txt",
    lines(
      '"text" "label"',
      prose.map(({ text, label }, i) =>
        [`${i + 1}`, text, label].map((x) => `"${x.replaceAll('"', '\\"')}"`).join(" "),
      ),
    ),
    prose,
    { format: "table" },
  ],
  ["PostgreSQL, COPY ... CSV", "x.csv", lines("text,label", rows(paragraphs, ",")), paragraphs],
  ["PostgreSQL, COPY", "x.tsv", lines("text\tlabel", rows(raw, "\t", String)), raw],
  [
    "Kaggle, columns without names, Latin-1",
    "x.csv",
    Buffer.from(
      lines(
        "v1,v2,,,",
        prose.map(({ text, label }) => `${label},${always(text)},,,`),
      ),
      "latin1",
    ),
    prose,
    { text: "v2", label: "v1" },
  ],
  [
    "without a head",
    "SMSSpamCollection",
    lines(
      "",
      raw.map(({ text, label }) => `${label}\t${text}`),
    ),
    raw,
    { header: false, text: "1", label: "0" },
  ],
  [
    "pipes",
    "x.csv",
    lines(
      "text|label",
      rows(
        examples(200, (text) => `${text}, or; so`),
        "|",
      ),
    ),
    examples(200, (text) => `${text}, or; so`),
  ],
  ["quotes around everything", "x.csv", lines('"text","label"', rows(paragraphs, ",", always)), paragraphs],
  ["quotes that are characters", "x.csv", lines("text,label", rows(raw, ",", String)), raw],
  [
    "an inner quote that isn't doubled",
    "x.csv",
    lines(
      "text,label",
      prose.map(({ text, label }) => `"${text.replace(/^"|,"/g, "")} the "late" one, again",${label}`),
    ),
    prose.map(({ text, label }) => ({ text: `${text.replace(/^"|,"/g, "")} the "late" one, again`, label })),
  ],
  [
    "commas at the ends of rows",
    "x.csv",
    lines(
      "text,label",
      rows(prose, ",").map((row) => `${row},`),
    ),
    prose,
  ],
  [
    "commas at the ends of all lines",
    "x.csv",
    lines(
      "text,label,",
      rows(prose, ",").map((row) => `${row},`),
    ),
    prose,
  ],
  ["names in spaces and capitals", "x.csv", lines(" Text , LABEL", rows(prose, ",")), prose],
  [
    "equal columns",
    "x.csv",
    lines(
      "text,label,label",
      rows(prose, ",").map((row, i) => `${row},${prose[i].label}`),
    ),
    prose,
  ],
  [
    "blank lines",
    "x.csv",
    lines(
      "\ntext,label\n",
      rows(prose, ",").map((row) => `${row}\n`),
    ),
    prose,
  ],
  [
    "JSON lines of Hugging Face datasets",
    "x.jsonl",
    lines(
      "",
      paragraphs.map((one) => JSON.stringify({ idx: 1, ...one })),
    ),
    paragraphs,
  ],
  ["pandas, to_json of records", "x.json", JSON.stringify(paragraphs), paragraphs],
  ["an object with a list", "x.json", JSON.stringify({ data: paragraphs }, null, 2), paragraphs],
  ["objects of several lines", "x.json", paragraphs.map((one) => JSON.stringify(one, null, 2)).join("\n"), paragraphs],
  [
    "numbers with spaces between them",
    "x.txt",
    lines(
      "",
      raw.map((_, i) => `  ${i % 2}.0   -${i}.25e-01`),
    ),
    raw.map((_, i) => ({ text: `-${i}.25e-01`, label: `${i % 2}.0` })),
    { format: "table", header: false, text: "1", label: "0" },
  ],
  [
    "decimal commas",
    "x.csv",
    lines(
      "temp, C;label;text",
      prose.map(({ text, label }) => `1,5;${label};${needed(";")(text)}`),
    ),
    prose,
  ],
])("%s", async (_name, file, contents, expected, options) => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(await read(write(file, contents), contents, options)).toEqual(expected);
  warn.mockRestore();
});

test("what is written with quotes around everything is read, whatever it is", async () => {
  const field = fc.string({ unit: fc.constantFrom("a", ",", ";", '"', "\n", " ", "é", "🙂", "\t"), maxLength: 8 });
  const table = fc.array(fc.record({ text: field, label: field }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom(",", ";", "\t", "|"), async (all, separator) => {
      const contents = lines(["text", "label"].map(always).join(separator), rows(all, separator, always));
      expect(await read(write("p.csv", contents), contents, { separator })).toEqual(all);
    }),
    { seed: 4, numRuns: 100 },
  );
});

test("Parquet, and files that gzip has packed", async () => {
  const columns = [
    { name: "text", data: prose.map(({ text }) => text) },
    { name: "label", data: prose.map(({ label }) => label) },
    { name: "n", data: prose.map((_, i) => BigInt(i)), type: "INT64" as const },
    { name: "day", data: prose.map((_, i) => new Date(Date.UTC(2020, 0, 1 + i))), type: "TIMESTAMP" as const },
  ];
  for (const codec of ["UNCOMPRESSED", "SNAPPY"] as const) {
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData: columns, codec, rowGroupSize: 64 }));
    const found: unknown[] = [];
    for await (const { record, line } of readRecords([write("x.parquet", bytes)])) found.push({ ...record, line });
    expect(found).toEqual(
      prose.map((one, i) => ({
        ...one,
        n: i,
        day: new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10),
        line: i + 1,
      })),
    );
    const cut = write("cut.parquet", bytes.subarray(0, bytes.length - 9));
    await expect(readRecords([cut]).next()).rejects.toThrow(/cut\.parquet: expected a Parquet file/);
  }
  const csv = lines("text,label", rows(prose, ","));
  const found: unknown[] = [];
  for await (const { record } of readRecords([write("x.csv.gz", gzipSync(csv))])) found.push(record);
  expect(found).toEqual(prose);
  const damaged = write("cut.csv.gz", gzipSync(csv).subarray(0, 200));
  await expect(readRecords([damaged]).next()).rejects.toThrow(/cut\.csv\.gz: expected text that gzip has packed/);
  const zeros = write("zeros.csv.gz", gzipSync(Buffer.alloc(48 * 2 ** 20, 0x61)));
  await expect(readRecords([zeros]).next()).rejects.toThrow(/zeros\.csv\.gz: expected text of at most/);
});

test("says which encoding was taken, and refuses what is not sure", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const latin = write("latin1.csv", Buffer.from(lines("text,label", ["café,ham"]), "latin1"));
  expect(await read(latin, Buffer.from("text,label\ncafé,ham\n"))).toEqual([{ text: "café", label: "ham" }]);
  expect(warn.mock.calls.flat().join()).toContain("latin1.csv is not UTF-8 and is read as windows-1252");
  warn.mockRestore();
  // Korean in EUC-KR, and UTF-8 with one byte lost
  const korean = Buffer.from([...Buffer.from("text,label\nhello,a\n"), 0xbe, 0xc8, 0xb3, 0xe7, 0x2c, 0x61, 0x0a]);
  const file = write("korean.csv", korean);
  await expect(read(file, korean)).rejects.toThrow(/korean\.csv line 3: expected UTF-8 text, got other bytes \(0xbe\)/);
  await expect(read(file, korean)).rejects.toThrow(/--encoding names another/);
  expect(await read(file, korean, { encoding: "euc-kr" })).toEqual([
    { text: "hello", label: "a" },
    { text: "안녕", label: "a" },
  ]);
  const cut = Buffer.concat([Buffer.from("text,label\ncafé,a\ncaf"), Buffer.of(0xc3), Buffer.from(",a\n")]);
  await expect(read(write("cut.csv", cut), cut)).rejects.toThrow(/cut\.csv line 3: expected UTF-8 text/);
});

test("plain text and tables on standard input are told apart", async () => {
  const first = async (text: string, options: ReadRecordsOptions = {}): Promise<unknown> => {
    async function* input() {
      yield await Promise.resolve(text);
    }
    const { value } = await readRecords(["-"], { input: input(), textColumn: "body", ...options }).next();
    return value === undefined ? undefined : value.record;
  };
  expect(await first("id,body\n1,hello\n")).toEqual({ id: "1", body: "hello" });
  expect(await first('{"body":"hello"}\n')).toEqual({ body: "hello" });
  expect(await first("so, this is; some|body's text\n")).toEqual({ body: "so, this is; some|body's text" });
  expect(await first("{so} it goes\n")).toEqual({ body: "{so} it goes" });
  // a model of a table without names is asked a sentence, and a row
  const unnamed = { header: false, textColumn: "1" };
  expect(await first("win a prize, now\n", unnamed)).toEqual({ "1": "win a prize, now" });
  expect(await first("spam\twin a prize, now\n", unnamed)).toEqual({ "0": "spam", "1": "win a prize, now" });
});

test.each<[name: string, contents: string, message: RegExp]>([
  ["zero.csv", "text,label\na,b\nc\0,d\n", /zero\.csv line 3: expected text, got a zero byte/],
  [
    "more.csv",
    `text,label\n${"a,b\n".repeat(9)}a,b,c\n`,
    /more\.csv line 11: expected 2 fields, got 3\. --separator sets/,
  ],
  [
    "open.csv",
    `text,label\n${'"a, b",c\n'.repeat(9)}"a, b,c\n`,
    /open\.csv line 11: expected a closing quote, got the end/,
  ],
  ["comma.jsonl", '{"text":"a","label":"b"},\n', /comma\.jsonl line 1: .* Remove the comma at the end of each line/],
  [
    "none.csv",
    "Body,Class\na,b\n",
    /none\.csv line 1: expected a column "text", got "Body", "Class"\. --no-header reads/,
  ],
  [
    "two.csv",
    "text,label,label\na,b,b\na,b,c\n",
    /two\.csv line 3: expected one column "label", got 2 with the values "b" and "c"/,
  ],
])("refuses %s with the line and the cure", async (name, contents, message) => {
  await expect(read(write(name, contents), contents)).rejects.toThrow(message);
});

test("rows that can't be read are left out and told, where that is asked for", async () => {
  const contents = `text,label\na,b\na,b,c\n"a\nc,d\n{,e\n`;
  const bad: string[] = [];
  const found: unknown[] = [];
  for await (const { record } of readRecords([write("bad.csv", contents)], {
    onBad: ({ message }) => bad.push(message),
  }))
    found.push(record);
  expect(found).toEqual([
    { text: "a", label: "b" },
    { text: "c", label: "d" },
    { text: "{", label: "e" },
  ]);
  expect(bad.map((message) => /line \d+/.exec(message)?.[0])).toEqual(["line 3", "line 4"]);
});

test.each([
  ["x.csv", ";"],
  ["x.csv", ","],
  ["x.txt", "\t"],
  ["x.csv", "|"],
])("a first line of Excel's tells the separator: %s %j", async (name, separator) => {
  // a single row, which tells nothing by itself
  const few = examples(1, (text) => `${text}, a; b`);
  for (const begin of ["sep=", "\uFEFFSEP="]) {
    const contents = `${begin}${separator}\r\n${lines(`text${separator}label`, rows(few, separator), "\r\n")}`;
    expect(await read(write(name, contents), contents, { format: "table" })).toEqual(few);
    expect(await read(write(name, contents), contents, { textColumn: "text" })).toEqual(few);
  }
});

test("a first cell that begins as Excel's line does is data", async () => {
  const table = "sep=x,label\na,b\n";
  expect(await read(write("x.csv", table), table, { text: "sep=x" })).toEqual([{ text: "a", label: "b" }]);
});

test("a beginning of a workbook's bytes alone is text", async () => {
  const table = "P,label\na,b\n";
  expect(await read(write("x.csv", table), table, { text: "P" })).toEqual([{ text: "a", label: "b" }]);
});
