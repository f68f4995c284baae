/** `evaluate` on files that a model was trained on, and on what it can't answer or read. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, unrolled } = commandFolder("evaluate");

const HELD_OUT =
  "unrolled evaluate: the model was trained on these files: measured on the part that was held out; --all measures all of them\n";

function json({ status, stdout, stderr }: Result): Record<string, number | boolean> {
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return JSON.parse(stdout) as Record<string, number | boolean>;
}

const write = (name: string, text: string): void => writeFileSync(file(name), text);
const rows = (n: number, row: (i: number) => string): string => Array.from({ length: n }, (_, i) => row(i)).join("");

const train = (files: string, out: string, options: string): void => {
  const args = ["train", ...files.split(" "), "--out", out, "--quiet", "--epochs", "2", "--hidden-size", "4"];
  expect(unrolled(...args, ...options.split(" "))).toMatchObject({ status: 0 });
};

const mails = (from: number, n: number): string =>
  `text,label\n${rows(n, (i) => `mail ${i + from} ${i % 2 === 0 ? "free prize" : "see you"},${i % 2 === 0 ? "spam" : "ham"}\n`)}`;
const dayAt = (i: number): string => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);

beforeAll(() => {
  write("a.csv", mails(0, 30));
  write("b.csv", mails(30, 10));
  write("new.csv", mails(100, 10));
  write(
    "tags.conll",
    rows(20, (i) => `to O\n${i % 2 === 0 ? "Oslo" : "Lima"} B-LOC\n\n`),
  );
  write(
    "pairs.tsv",
    rows(20, (i) => `red ${i}\t${i} red\n`),
  );
  write("days.csv", `date,value\n${rows(60, (i) => `${dayAt(i)},${i % 7}\n`)}`);
  write("book.txt", "the whale saw a ship. ".repeat(100));
  for (const label of ["yes", "no"]) {
    mkdirSync(file(`classes/${label}`), { recursive: true });
    for (let i = 0; i < 10; i++) write(`classes/${label}/${i}.txt`, `${label} ${i} word`);
  }
  train("a.csv b.csv", "runs/mails", "--task classify");
  train("tags.conll", "runs/tags", "--task tag");
  train("pairs.tsv", "runs/pairs", "--task translate");
  train("days.csv", "runs/days", "--task forecast --horizon 3");
  train("book.txt", "runs/book", "--validation 0.25");
  train("classes", "runs/classes", "--task classify --validation 0.2");
  train("a.csv", "runs/whole", "--task classify --validation 0");
}, 120_000);

describe("files that the model was trained on are measured on the part held out", () => {
  test.each([
    ["mails", "a.csv b.csv", "examples", 4, 40],
    // what is held out depends on the order
    ["mails", "b.csv a.csv", "examples", 4, 40],
    ["tags", "tags.conll", "sentences", 2, 20],
    ["pairs", "pairs.tsv", "pairs", 2, 20],
    ["days", "days.csv", "forecasts", 2, 4],
    ["book", "book.txt", "tokens", 534, 2184],
    ["classes", "classes", "examples", 4, 20],
  ])("%s: %s", (run, files, name, held, all) => {
    const paths = files.split(" ");
    const found = unrolled("evaluate", `runs/${run}`, ...paths, "--json");
    expect(found.stderr).toContain(HELD_OUT);
    expect(json(found)).toMatchObject({ [name]: held, heldOut: true });
    const whole = unrolled("evaluate", `runs/${run}`, ...paths, "--json", "--all");
    expect(whole.stderr).toBe("");
    expect(json(whole)).toMatchObject({ [name]: all });
    expect(json(whole)["heldOut"]).toBeUndefined();
  });

  test("under another name, in any order, with the figure that training has printed", () => {
    copyFileSync(file("a.csv"), file("copy.csv"));
    const [one, other] = ["a.csv b.csv", "b.csv copy.csv"].map((files) =>
      json(unrolled("evaluate", "runs/mails", ...files.split(" "), "--json")),
    );
    expect(other).toEqual(one);
    const trained = unrolled("compare", "runs/mails", "--json");
    expect(trained.stdout).toContain(String(one["accuracy"]));
  });
});

test("other files are told apart from them", () => {
  const evaluate = (...files: string[]): Result => unrolled("evaluate", "runs/mails", ...files, "--json");
  expect(evaluate("new.csv")).toMatchObject({ stderr: "" });
  expect(json(evaluate("new.csv"))).toMatchObject({ examples: 10 });
  expect(evaluate("a.csv").stderr).toBe(
    "unrolled evaluate: the model was trained on a.csv: new data gives worse figures; with all files of the run, what it held out is measured\n",
  );
  expect(evaluate("b.csv", "new.csv").stderr).toBe(
    "unrolled evaluate: the model was trained on b.csv: new data gives worse figures\n",
  );
  const whole = unrolled("evaluate", "runs/whole", "a.csv", "--json");
  expect(whole.stderr).toContain("trained on all of this, nothing was held out: new data gives worse figures");
  expect(json(whole)).toMatchObject({ examples: 30 });
});

test("labels that the model lacks count as mistakes, and are named", () => {
  write("labels.csv", `${mails(0, 8)}hello,eggs\nhello,eggs\n`);
  const known = json(unrolled("evaluate", "runs/mails", "new.csv", "--json"));
  expect(known["accuracy"]).toBeLessThanOrEqual(1);
  const { stdout, stderr } = unrolled("evaluate", "runs/mails", "labels.csv");
  expect(stderr).toBe("");
  expect(stdout).toContain(
    "2 examples with a label that the model does not have count as mistakes: eggs (2, the first in labels.csv line 10)",
  );
  expect(stdout).toMatch(/^eggs +0\.00 +0\.00 +0\.00 +2$/m);
  expect(json(unrolled("evaluate", "runs/mails", "labels.csv", "--json"))["accuracy"]).toBeLessThanOrEqual(0.8);
});

test("--skip-bad of the training is not that of the evaluation", () => {
  write("holes.csv", `${mails(0, 30)}no label,\n`);
  write("other.csv", `${mails(50, 10)}no label,\n`);
  train("holes.csv", "runs/holes", "--task classify --skip-bad");
  expect(unrolled("evaluate", "runs/holes", "other.csv")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("other.csv line 12: expected a label as") as string,
  });
  expect(unrolled("evaluate", "runs/holes", "other.csv", "--skip-bad").stderr).toMatch(/1 of 11 rows? left out/);
  // the same rows as those of the training
  expect(json(unrolled("evaluate", "runs/holes", "holes.csv", "--json"))).toMatchObject({ examples: 3, heldOut: true });
}, 30_000);
