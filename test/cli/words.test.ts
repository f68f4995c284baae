/** The command's words for what was typed wrong: no names of functions, and what to type instead. */
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandFolder } from "../helpers/cli.ts";

const { file, run, unrolled } = commandFolder("words");

beforeAll(() => {
  const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 2 === 0 ? "good" : "bad"} thing,${i % 2}\n`);
  writeFileSync(file("texts.csv"), `id,text,label\n${rows.join("")}`);
  const args = "train texts.csv --task classify --epochs 1 --hidden-size 4 --out run -q".split(" ");
  const day = (i: number): string => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
  const days = Array.from({ length: 44 }, (_, i) => `${day(i)},${i < 40 ? i % 7 : ""},${i % 2}\n`);
  writeFileSync(file("days.csv"), `date,value,promo\n${days.join("")}`);
  const series =
    "train days.csv --task forecast --covariates promo --horizon 6 --epochs 1 --hidden-size 4 --out days -q";
  expect(unrolled(...series.split(" "))).toMatchObject({ status: 0 });
  // -q is --quiet
  expect(unrolled(...args)).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test.each([
  [
    "predict run hello",
    'unrolled predict: expected a file, got "hello", which does not exist. A text is read from the standard input: echo hello | unrolled predict run',
  ],
  ["train nowhere.csv --task classify", 'unrolled train: expected a file, got "nowhere.csv", which does not exist'],
  ["train nowhere.csv", 'unrolled train: expected a text file or a folder, got "nowhere.csv", which does not exist'],
  ["evaluate run nowhere.csv", 'unrolled evaluate: expected a file, got "nowhere.csv", which does not exist'],
  [
    "predict nowhere x",
    'unrolled predict: expected a run directory with model.safetensors, or a model file, got "nowhere". Train one with: unrolled train FILE --out nowhere',
  ],
  ["compare nowhere", "unrolled compare: expected"],
  ["inspect texts.csv", "unrolled inspect: "],
  [
    "predict run texts.csv --id-column id",
    "unrolled predict: --id-column: expected --csv or --json with it, which print the column, got neither",
  ],
  [
    "train days.csv --task forecast --horizon 50",
    "unrolled train: --horizon: expected at most 35, since the longest series has 40 values, of which 4 are held out, got 50",
  ],
  [
    "train days.csv --task forecast --horizon 3 --held-out 40",
    "unrolled train: --held-out: expected at most 38, since the longest series has 40 values, got 40",
  ],
  [
    "train days.csv --task forecast --horizon 3 --lags 7,50",
    "unrolled train: --lags: expected at most 40, since the longest series has 40 values, got 50",
  ],
  [
    "predict days days.csv",
    "unrolled predict: --horizon: expected at most 4, since promo must be known for each step, and is for 4 after the last value, got 6. --horizon 4 forecasts these",
  ],
  ["train texts.csv --task classify --lr 1", "--lr (Did you mean --learning-rate?)"],
  ["train texts.csv --task classify --num-layers 1", "--num-layers (Did you mean --layers?)"],
  ["train texts.csv --task classify --delimiter ;", "--delimiter (Did you mean --separator?)"],
  ["train texts.csv --task forecast --date-column date", "--date-column (Did you mean --time-column?)"],
  ["train texts.csv --task forecast --test-size 3", "--test-size (Did you mean --validation?)"],
  ["sample run --max-tokens 3", "--max-tokens (Did you mean --length?)"],
  ["predict run texts.csv --id id", "--id (Did you mean --id-column?)"],
])("%s", (args, message) => {
  const { status, stderr } = unrolled(...args.split(" "));
  expect(status).not.toBe(0);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^unrolled \w+: (?:[a-z]+[A-Z]\w*|train|evaluate|classify)(?: \w+)?: /);
  expect(stderr.trimEnd()).not.toContain("\n");
});

test("what is proposed can be typed where npx runs the command", () => {
  const env = { npm_command: "exec", npm_config_user_agent: "npm/10.8.2 node/v20.19.0 linux x64" };
  const args = "train texts.csv --task classify --epochs 1 --hidden-size 4 --out other".split(" ");
  expect(run(args, { env }).stdout).toMatch(/^next: npx unrolled predict other FILE$/m);
  expect(run(["predict", "nowhere"], { env }).stderr).toContain(
    "Train one with: npx unrolled train FILE --out nowhere",
  );
});
