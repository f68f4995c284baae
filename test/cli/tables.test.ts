/** Tables of users in `train`, `predict` and `evaluate`: what joins with the input, and what is bad. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import Papa from "papaparse";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, type Result, withoutCutOff } from "../helpers/cli.ts";

const { file, run: runCommand } = commandFolder("tables");

const unrolled = (command: string, input?: string | Uint8Array): Result =>
  runCommand(command.split(" "), input === undefined ? {} : { input });

/** What a command prints that has to succeed. */
function said({ status, stdout, stderr }: Result): string {
  expect(withoutCutOff(stderr)).toBe("");
  expect(status).toBe(0);
  return stdout;
}

/** Rows of CSV by their names, read by another program. */
const parsed = (csv: string): Record<string, string>[] =>
  Papa.parse<Record<string, string>>(csv.trimEnd(), { header: true, delimiter: "," }).data;

const write = (name: string, contents: string | Uint8Array): void => writeFileSync(file(name), contents);

const TEXTS = ["win a prize", "see the report", 'say "yes", now', "train; late"];
const lines = (rows: readonly string[]): string => rows.map((row) => `${row}\n`).join("");
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const rows = Array.from({ length: 40 }, (_, i) => ({
  id: 100 + i,
  body: TEXTS[i % 4],
  kind: i % 4 === 0 ? "spam" : "ham",
}));
const TINY = "--hidden-size 4 --embedding-size 4 --steps 2 --quiet";

describe("classify", () => {
  beforeAll(() => {
    write("mails.csv", lines(["Id;Body;Kind;", ...rows.map(({ id, body, kind }) => `${id};${quoted(body)};${kind};`)]));
    said(
      unrolled(
        `train mails.csv --task classify --text-column Body --label-column Kind ${TINY} --out mails --overwrite`,
      ),
    );
  });

  test("predict gives a row for each row, which joins by id, file and line, from a file and from standard input", () => {
    const found = parsed(said(unrolled("predict mails mails.csv --csv --id-column Id")));
    expect(found.map(({ id, file, line, text }) => [id, file, line, text])).toEqual(
      rows.map(({ id, body }, i) => [String(id), "mails.csv", String(i + 2), body]),
    );
    for (const { label, probability } of found) {
      expect(["ham", "spam"]).toContain(label);
      // all digits: more than the four of the text for people
      expect(String(Number(probability))).toBe(probability);
      expect(probability.length).toBeGreaterThan(8);
    }
    const piped = parsed(said(unrolled("predict mails - --csv --id-column Id", readFileSync(file("mails.csv")))));
    expect(piped).toEqual(found.map((row) => ({ ...row, file: "" })));
    const json = said(unrolled("predict mails mails.csv --json --id-column Id")).trimEnd().split("\n");
    expect(JSON.parse(json[2]) as object).toMatchObject({ id: "102", file: "mails.csv", line: 4, text: TEXTS[2] });
    expect(said(unrolled("evaluate mails mails.csv --all"))).toContain("40");
  });

  test("a text in each line has an answer, and so has a blank one", () => {
    const text = "win a prize\n\nsee the report\n";
    write("texts.txt", text);
    const found = said(unrolled("predict mails texts.txt --csv"));
    expect(parsed(found).map(({ line, text }) => [line, text])).toEqual([
      ["1", "win a prize"],
      ["2", ""],
      ["3", "see the report"],
    ]);
    expect(parsed(found)[1]).toMatchObject({ label: "", probability: "" });
    expect(said(unrolled("predict mails", text)).split("\n")).toHaveLength(4);
  });

  test("a missing label is refused with its line, or left out and counted", () => {
    const bad = ["text,label", ...TEXTS.flatMap((text, i) => [`${quoted(text)},a`, `x ${i}, b `]), "lost,", 'and,"  "'];
    write("missing.csv", lines(bad));
    write(
      "missing.jsonl",
      '{"text":"a a","label":"x"}\n{"text":"b","label":null}\n{"text":"c"}\n{"text":"a a","label":"y"}\n',
    );
    const train = (name: string, more = "") =>
      unrolled(`train ${name} --task classify ${TINY} --dry-run ${more}`.trim());
    for (const [name, line] of [
      ["missing.csv", 10],
      ["missing.jsonl", 2],
    ] as const) {
      const { status, stderr } = train(name);
      expect(status).toBe(2);
      expect(stderr).toContain(`${name} line ${line}: expected a label as "label", got none`);
      expect(stderr).toContain("--skip-bad leaves such rows out");
    }
    const { stdout, stderr } = train("missing.csv", "--skip-bad");
    expect(stderr).toMatch(/2 of 10 rows left out: missing\.csv line 10: expected a label as "label", got none; /);
    expect(stdout).toContain("8 texts (2 labels");
    expect(train("missing.jsonl", "--skip-bad").stdout).toContain("2 texts (2 labels");
  });

  test("a wide table of numbers without names", () => {
    const wide = Array.from({ length: 30 }, (_, i) =>
      [
        1 + (i % 2),
        ...Array.from({ length: 8 }, (_x, t) => (Math.sin(t + i) + 3 * (i % 2)).toFixed(4)),
        ...(i > 20 ? ["NaN"] : ["1.5"]),
      ].join("\t"),
    );
    write("wide_TRAIN.tsv", lines(wide));
    const columns = "--no-header --label-column 0 --values-column 1..";
    said(unrolled(`train wide_TRAIN.tsv --task classify ${columns} --hidden-size 4 --steps 2 --quiet --out wide`));
    const found = parsed(said(unrolled("predict wide wide_TRAIN.tsv --csv")));
    expect(found).toHaveLength(30);
    said(unrolled("evaluate wide wide_TRAIN.tsv --all"));
    const named = ["label,t0,t1,t2", ...wide.map((row) => row.split("\t").slice(0, 4).join(","))];
    write("wide.csv", lines(named));
    for (const names of ["t0,t1,t2", "t0..t2", "t*"]) {
      const args = `train wide.csv --task classify --values-column ${names} --hidden-size 4 --dry-run`;
      expect(said(unrolled(args))).toContain("30 sequences (2 labels");
    }
  });
});

describe("translate", () => {
  const pairs = Array.from({ length: 24 }, (_, i) => [`${TEXTS[i % 4]} ${i}`, `${i} ${TEXTS[i % 4]}`]);
  const options = "--task translate --hidden-size 4 --embedding-size 4 --merges 0 --steps 2 --quiet";

  test("pairs with a third column, of which predict reads the first, and an empty side", () => {
    write("pairs.tsv", lines(pairs.map(([source, target]) => `${source}\t${target}\tCC-BY`)));
    said(unrolled(`train pairs.tsv ${options} --out pairs`));
    const found = parsed(said(unrolled("predict pairs pairs.tsv --csv --beams 1")));
    expect(found.map(({ source, line }) => [source, line])).toEqual(
      pairs.map(([source], i) => [source, String(i + 1)]),
    );
    write("three.txt", "a\tx\n\ne\ty\n");
    const three = said(unrolled("predict pairs three.txt --json --beams 1")).trimEnd().split("\n");
    expect(three.map((line) => (JSON.parse(line) as { source: string }).source)).toEqual(["a", "", "e"]);
    expect(said(unrolled("predict pairs --beams 1", "a\n\ne\n")).split("\n")).toHaveLength(4);
    write("half.tsv", lines([...pairs.map((pair) => pair.join("\t")), "lost\t"]));
    const { status, stderr } = unrolled(`train half.tsv ${options} --dry-run`);
    expect(status).toBe(2);
    expect(stderr).toContain("half.tsv line 25: expected a source and a target text, got no target. --skip-bad");
    expect(unrolled(`train half.tsv ${options} --dry-run --skip-bad`).stdout).toContain("24 pairs");
  });

  test("columns with names, which may be those of languages", () => {
    write("named.tsv", lines(["english\tfrench", ...pairs.map((pair) => pair.join("\t"))]));
    const { stdout, stderr } = unrolled(`train named.tsv ${options} --dry-run`);
    expect(stderr).toContain("the first line, english and french, is taken for names");
    expect(stdout).toContain("24 pairs");
    const typed = `train named.tsv ${options} --dry-run --source-column french --target-column english`;
    expect(said(unrolled(typed))).toContain("24 pairs");
    expect(unrolled(`train named.tsv ${options} --dry-run --no-header`).stdout).toContain("25 pairs");
  });
});

test.each([
  ["mails.csv", /mails\.csv: expected a text, got a table\. --task says what to train on its rows/],
  ["missing.csv", /--task classify trains on its rows; --task language-model takes it for a text/],
  ["days.csv", /--task forecast trains on its rows/],
])("a table is not trained on as a text without a word: %s", (name, message) => {
  write("days.csv", "date,value\n2020-01-01,1\n");
  const { status, stderr } = unrolled(`train ${name} --steps 1`);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});

test("a folder of Markdown, and texts in other encodings, are a language model's", () => {
  mkdirSync(file("notes"));
  write("notes/one.md", "# One\n\nsome words\n".repeat(100));
  said(unrolled("train notes --steps 1 --quiet --hidden-size 4 --out notes-run"));
  write("latin.txt", Buffer.from("déjà vu à la carte\n".repeat(200), "latin1"));
  const { status, stderr } = unrolled("train latin.txt --steps 1 --quiet --hidden-size 4 --out latin");
  expect(stderr).toContain("latin.txt is not UTF-8 and is read as windows-1252 (Latin-1); --encoding names another");
  expect(status).toBe(0);
  said(unrolled("train latin.txt --encoding latin1 --steps 1 --quiet --hidden-size 4 --out latin --overwrite"));
});

describe("what is typed wrong is told with its cure", () => {
  beforeAll(() => {
    write("plain.csv", lines(["text,label", ...rows.map(({ body, kind }) => `${quoted(body)},${kind}`)]));
    said(unrolled(`train plain.csv --task classify ${TINY} --out plain --overwrite`));
  });
  const refused = (command: string): string => {
    const { status, stdout, stderr } = unrolled(command);
    expect(stdout).toBe("");
    expect(status).toBe(2);
    return stderr;
  };

  test.each([
    "predict plain plain.csv --text-column bdy",
    "evaluate plain plain.csv --text-column bdy",
    "evaluate plain plain.csv --label-column bdy",
    `train plain.csv --task classify ${TINY} --dry-run --label-column bdy`,
    `train plain.csv --task translate ${TINY} --dry-run --source-column bdy`,
  ])("a missing column is an error, also with --skip-bad: %s", (command) => {
    for (const more of command.startsWith("predict") ? ["", " --skip-bad"] : [" --skip-bad"]) {
      const stderr = refused(command + more);
      expect(stderr).toContain('plain.csv line 1: expected a column "bdy", got "text", "label"');
      expect(stderr).not.toContain("skip-bad");
    }
  });

  test("--skip-bad that leaves nothing over is an error", () => {
    write("other.jsonl", '{"text":"a"}\n{"text":"b"}\n');
    expect(refused("predict plain other.jsonl --text-column bdy --skip-bad")).toContain(
      'expected at least one row that can be read, got none of 2: other.jsonl line 1: expected a value "bdy"',
    );
  });

  test.each([
    ["predict plain.csv", "unrolled predict RUN FILE"],
    ["predict plain.csv plain", "unrolled predict RUN FILE"],
    ["evaluate plain.csv plain", "unrolled evaluate RUN FILE"],
    ["sample plain.csv", "unrolled sample RUN --prime TEXT"],
    ["inspect plain.csv", "unrolled inspect RUN"],
  ])("a table in place of the run: %s", (command, usage) => {
    expect(refused(command)).toContain(
      `: expected a run directory or a model file, got "plain.csv". The run comes first: ${usage}\n`,
    );
  });

  test.each(["compare plain.csv plain", "diagnose plain.csv", "train --resume plain.csv"])(
    "a table in place of the run: %s",
    (command) => {
      expect(refused(command)).toContain('expected a run directory with config.json, or such a file, got "plain.csv"');
    },
  );

  test.each([
    ["book.xlsx", "PK\x03\x04\x14\0", "an Excel workbook (.xlsx). Save it as CSV"],
    [
      "book.csv",
      "PK\x03\x04\x14\0\xFF[Content_Types].xml xl/workbook.xml",
      "an Excel workbook (.xlsx). Save it as CSV",
    ],
    ["old.xls", "\xD0\xCF\x11\xE0\xA1\xB1", "an old Excel workbook (.xls). Save it as CSV"],
    ["page.pdf", "%PDF-1.7\n%\xE2\xE3", "a PDF. Save its text"],
  ])("%s is called by its name", (name, bytes, words) => {
    write(name, Buffer.from(bytes, "latin1"));
    const commands = [
      `train ${name} --task classify --dry-run`,
      `train ${name} --task forecast --dry-run`,
      `train ${name} --task language-model --dry-run`,
      `predict plain ${name}`,
    ];
    for (const command of name === "book.xlsx" ? commands : commands.slice(0, 1))
      expect(refused(command)).toContain(`${name}: expected text, got ${words}`);
  });

  test("labels that differ only in case, and a column of labels that occur once, are told", () => {
    const kinds = Array.from({ length: 40 }, (_, i) => (i < 3 ? "billing" : i % 2 === 0 ? "Billing" : "other"));
    write("kinds.csv", lines(["id,text,label", ...kinds.map((kind, i) => `${i},some text,${kind}`)]));
    const warned = (more: string): string =>
      unrolled(`train kinds.csv --task classify ${TINY} --dry-run${more}`).stderr;
    expect(warned("")).toBe('unrolled: labels "Billing" (18) and "billing" (3) differ only in case\n');
    expect(warned(" --label-column id")).toBe('unrolled: 40 of 40 labels occur once: is "id" the column of labels?\n');
  });

  test.each([
    [
      "train plain.csv --text-column text",
      "--task language-model, got --text-column, which belongs to --task classify,",
    ],
    ["train plain.csv --task classify --text text", "got --text (Did you mean --text-column?)"],
    ["train plain.csv --task classify --label text", "got --label (Did you mean --label-column?)"],
    ["train plain.csv --output plain", "got --output (Did you mean --out?)"],
    ["predict plain plain.csv --out a.csv", "the standard output: redirect that, as in --csv > pred.csv"],
    ["sample plain --temp 1", "got --temp (Did you mean --temperature?)"],
  ])("an option of something else: %s", (command, words) => {
    expect(refused(command)).toContain(words);
  });

  test("the pictures of several series are told; they are SVG", () => {
    const days = Array.from({ length: 28 }, (_, i) => `2024-01-${String(i + 1).padStart(2, "0")}`);
    const series = ["a", "b", "c"].flatMap((id) => days.map((date, i) => `${date},${id},${i % 7}`));
    write("days3.csv", lines(["date,id,value", ...series]));
    const options = "--series-column id --horizon 2 --context-length 4 --hidden-size 4 --steps 2 --quiet";
    expect(unrolled(`train days3.csv --task forecast ${options} --out days3`).status).toBe(0);
    const { status, stderr } = unrolled("predict days3 days3.csv --plot days.svg");
    expect(status).toBe(0);
    expect(stderr).toContain("unrolled: pictures are in days.svg and days-2.svg to days-3.svg\n");
    expect(readFileSync(file("days-3.svg"), "utf8")).toContain("<svg");
    expect(refused("predict days3 days3.csv --plot days.png")).toContain(
      '--plot: expected a name that ends in .svg, got "days.png"',
    );
  });
});
