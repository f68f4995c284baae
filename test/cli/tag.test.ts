/** The task `tag` with files as tools write them: the built command, from training to the answers. */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, run: runCommand, unrolled } = commandFolder("tag");

const unrolledWith = (input: string, args: readonly string[]): Result => runCommand(args, { input });

const write = (name: string, text: string): void => writeFileSync(file(name), text);

/** What a command prints that has to succeed and say nothing else. */
function said({ status, stdout, stderr }: Result): string {
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

/** "to CITY ." and "with NAME .": the word before tells which. */
const NAMES = ["Karl", "Mira", "Otto", "Yuki"];
const CITIES = ["Oslo", "Lima", "Bergen", "Quito"];
const sentences = Array.from({ length: 48 }, (_, i) =>
  i % 2 === 0 ? ["to", CITIES[(i >> 1) % 4], "."] : ["with", NAMES[(i >> 1) % 4], "."],
);
const tagsOf = ([first]: readonly string[]): string[] => ["O", first === "to" ? "B-LOC" : "B-PER", "O"];

const columns = (tagOf: (tag: string) => string = (tag) => tag): string =>
  sentences
    .map((tokens) => `${tokens.map((token, t) => `${token} ${tagOf(tagsOf(tokens)[t])}\n`).join("")}\n`)
    .join("");

const spans = sentences.map(([first, name]) => {
  const start = first.length + 1;
  return { text: `${first} ${name}.`, label: [[start, start + name.length, first === "to" ? "LOC" : "PER"]] };
});

const SMALL = "--hidden-size 8 --embedding-size 12 --character-size 4 --dropout 0 --input-dropout 0 --word-dropout 0";
const LEARN = "--learning-rate 0.05 --epochs 8 --batch-size 8 --quiet";

const train = (name: string, ...more: readonly string[]): Result =>
  unrolled("train", name, "--task", "tag", ...SMALL.split(" "), ...LEARN.split(" "), ...more);

beforeAll(() => {
  write("bio.conll", columns());
  write(
    "bilou.conll",
    columns((tag) => tag.replace("B-", "U-")),
  );
  write(
    "suffix.conll",
    columns((tag) => tag.replace(/B-(.*)/, "$1_B")),
  );
  write("doccano.jsonl", spans.map((one) => `${JSON.stringify(one)}\n`).join(""));
  write("typo.conll", columns().replace(/\. O\n\n$/, ". 0\n\n"));
  write("rare.conll", `${columns()}the O\nRhine B-RIVER\n`);
  write(
    "pos.conll",
    columns((tag) => (tag === "O" ? "X" : "NN")),
  );
  for (const name of ["bio.conll", "bilou.conll", "suffix.conll", "doccano.jsonl", "pos.conll"])
    said(train(name, "--out", `runs/${name}`));
}, 120_000);

describe.each([
  ["bio.conll", "B-LOC", "B-PER"],
  ["bilou.conll", "U-LOC", "U-PER"],
  ["suffix.conll", "LOC_B", "PER_B"],
  ["doccano.jsonl", "B-LOC", "B-PER"],
])("%s", (name, loc, per) => {
  test("raw text is cut as the data were, also at punctuation, and tagged as the data are", () => {
    const text = "to Oslo.\n\nwith Mira, Karl.";
    const answer = said(unrolledWith(text, ["predict", `runs/${name}`]));
    expect(answer).toBe(
      `to\tO\nOslo\t${loc}\n.\tO\n\n\nwith\tO\nMira\t${per}\n,\tO\nKarl\t${/Karl\t(\S+)/.exec(answer)?.[1]}\n.\tO\n\n`,
    );
  });

  test("what it was trained on can be predicted, from a file and from standard input", () => {
    const fromFile = said(unrolled("predict", `runs/${name}`, name));
    const given = readFileSync(file(name), "utf8");
    const fromInput = said(unrolledWith(given, ["predict", `runs/${name}`]));
    expect(fromInput).toBe(fromFile);
    const blocks = fromFile.trimEnd().split("\n\n");
    expect(blocks).toHaveLength(48);
    // each line of columns has the predicted tag behind it
    if (name.endsWith(".conll")) expect(fromFile).toBe(given.replaceAll(/ (\S+)$/gm, " $1 $1"));
    else expect(blocks[0]).toBe(`to\tO\nOslo\t${loc}\n.\tO`);
  });

  test("it is measured by its names", () => {
    expect(said(unrolled("evaluate", `runs/${name}`, name, "--all"))).toMatch(
      /f1 1\.0000\n[^]*LOC .* 24\nPER .* 24\nall /,
    );
    expect(said(unrolled("evaluate", `runs/${name}`, "bio.conll", "--all"))).toMatch(/f1 1\.0000\n/);
  });
});

test("one wrong tag is refused with its line; --skip-bad leaves its sentence out, --scheme none takes it", () => {
  const { status, stderr } = train("typo.conll", "--dry-run");
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^unrolled train: .*typo\.conll line 191: expected a tag like B-X, I-X or O, as 143 of 144 are, got "0"\. .*--scheme none\)\n$/,
  );
  expect(said(train("typo.conll", "--dry-run", "--skip-bad"))).toContain("47 sentences (5 tags, scheme BIO, ");
  expect(said(train("typo.conll", "--dry-run", "--scheme", "none"))).toContain("48 sentences (4 tags, no scheme, ");
});

test("a tag that occurs once is trained on, whichever part it falls into, and told where it is unknown", () => {
  for (const seed of ["0", "1", "2", "3", "4", "5"])
    expect(said(train("rare.conll", "--dry-run", "--seed", seed, "--validation", "0.5"))).toContain("(7 tags, ");
  const answer = said(unrolled("evaluate", "runs/bio.conll", "rare.conll"));
  expect(answer).toMatch(/\nRIVER +0\.00 +0\.00 +0\.00 +1\n/);
  expect(answer).toMatch(
    /1 word with a tag that the model does not have counts as a mistake: B-RIVER \(1, the first in \S*rare\.conll line 194\)\n$/,
  );
});

test("where the tags have no scheme, it is said what is measured", () => {
  expect(said(unrolled("evaluate", "runs/pos.conll", "pos.conll", "--all"))).toMatch(
    /\nthe tags have no scheme: F1 counts words.*\n$/,
  );
});

test("a column of other tags is refused, with the option", () => {
  expect(unrolled("evaluate", "runs/bio.conll", "pos.conll").stderr).toMatch(
    /line 1: expected tags of the model.*--tag-column\n$/,
  );
});

test("answers as JSON have what joins them with the input", () => {
  const json = (result: Result): Record<string, unknown>[] =>
    said(result)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const [first, blank, last] = json(unrolledWith("to Oslo.\n\nwith Mira", ["predict", "runs/bio.conll", "--json"]));
  expect(first).toMatchObject({
    line: 1,
    text: "to Oslo.",
    offsets: [
      [0, 2],
      [3, 7],
      [7, 8],
    ],
    tags: ["O", "B-LOC", "O"],
  });
  expect(blank).toMatchObject({ line: 2, text: "", tags: [] });
  expect(last).toMatchObject({ line: 3, spans: [{ label: "PER", start: 1, end: 2 }] });
  const given = '{"id": "a7", "text": "to Oslo."}\n{"id": 8, "tokens": ["with", "Mira"]}\n';
  expect(json(unrolledWith(given, ["predict", "runs/bio.conll", "--json"]))).toMatchObject([
    { id: "a7", place: "standard input line 1", tags: ["O", "B-LOC", "O"] },
    { id: 8, tags: ["O", "B-PER"] },
  ]);
});

test("the format and the cut can be said", () => {
  expect(said(unrolledWith("to O\nOslo O\n", ["predict", "runs/bio.conll", "--format", "text"]))).toMatch(
    /^to\tO\nO\t\S+\n\nOslo\t/,
  );
  expect(said(unrolledWith("to\nOslo\n", ["predict", "runs/bio.conll", "--format", "columns"]))).toBe(
    "to O\nOslo B-LOC\n",
  );
  expect(said(unrolledWith("to Oslo.\n", ["predict", "runs/bio.conll", "--tokenizer", "spaces"]))).toMatch(
    /^to\tO\nOslo\.\t/,
  );
});

test("tables with a row per token, and texts in a table, are read by every command", () => {
  const rows = sentences.flatMap((tokens, i) =>
    tokens.map((token, t) => `${t === 0 ? `Sentence: ${i}` : ""},${token},X,${tagsOf(tokens)[t]}\n`),
  );
  write("gmb.csv", `Sentence #,Word,POS,Tag\n${rows.join("")}`);
  expect(said(train("gmb.csv", "--dry-run"))).toContain("48 sentences (5 tags, scheme BIO, ");
  expect(said(unrolled("evaluate", "runs/bio.conll", "gmb.csv"))).toContain("f1 1.0000");
  const answer = said(unrolled("predict", "runs/bio.conll", "gmb.csv"));
  expect(answer.startsWith("to\tO\nOslo\tB-LOC\n.\tO\n\nwith\tO\nKarl\tB-PER\n")).toBe(true);
  write("texts.csv", "id,text\n7,to Oslo.\n8,with Mira\n");
  expect(said(unrolled("predict", "runs/bio.conll", "texts.csv"))).toBe(
    "to\tO\nOslo\tB-LOC\n.\tO\n\nwith\tO\nMira\tB-PER\n\n",
  );
});

test("other encodings are read, and said where they are not sure", () => {
  writeFileSync(file("latin1.conll"), Buffer.from("to O\nZürich B-LOC\n", "latin1"));
  const { stdout, stderr } = unrolled("predict", "runs/bio.conll", "latin1.conll");
  expect(stderr).toMatch(/latin1\.conll is not UTF-8 and is read as windows-1252/);
  expect(stdout).toMatch(/^to O O\nZürich B-LOC \S+\n$/);
  expect(said(unrolled("predict", "runs/bio.conll", "latin1.conll", "--encoding", "latin1"))).toBe(stdout);
});
