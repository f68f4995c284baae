/** `train --task`, `predict` and `evaluate`, the built command as a user meets it: each task on a few examples. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { randomStream } from "unrolled";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, type Result, withoutCutOff } from "../helpers/cli.ts";

const { file, run: runCommand, unrolled } = commandFolder("tasks");

const unrolledWith = (input: string | Uint8Array, args: readonly string[]): Result => runCommand(args, { input });

/** What a command prints that has to succeed. */
function said({ status, stdout, stderr }: Result): string {
  expect(withoutCutOff(stderr)).toBe("");
  expect(status).toBe(0);
  return stdout;
}

function write(name: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(file(name)), { recursive: true });
  writeFileSync(file(name), contents);
}

const lines = (list: readonly unknown[]): string =>
  list.map((one) => `${typeof one === "string" ? one : JSON.stringify(one)}\n`).join("");

const random = randomStream(5);
const NOUNS = ["cat", "dog", "ball", "tree"];
const COLOURS = ["red", "blue", "green"];
const oneOf = (list: readonly string[]): string => list[random.integer(list.length)];
const day = (i: number): string => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);

/** An idx file of bytes. */
function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  const head = Buffer.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n])]);
  return Buffer.concat([head, Buffer.from(data)]);
}
const pixels = (isDark: boolean): number[] =>
  Array.from({ length: 36 }, () => random.integer(100) + (isDark ? 0 : 150));
const png = (data: readonly number[], width = 6): Uint8Array =>
  encode({ width, height: data.length / width, channels: 1, depth: 8, data: Uint8Array.from(data) });

beforeAll(() => {
  const texts = Array.from({ length: 24 }, (_, i) => ({
    text: `${oneOf(NOUNS)} ${i % 2 === 0 ? "good" : "bad"} ${oneOf(NOUNS)}`,
    label: i % 2 === 0 ? "yes" : "no",
  }));
  write("texts.csv", lines(["text,label", ...texts.map(({ text, label }) => `${text},${label}`)]));
  write("texts.jsonl", lines(texts));
  write("named.csv", lines(["body,class", ...texts.map(({ text, label }) => `${text},${label}`)]));
  for (const [i, { text, label }] of texts.entries()) write(`classes/${label}/${i}.txt`, text);
  const rows = (i: number): number[][] => Array.from({ length: 3 + (i % 3) }, (_, t) => [random.normal() + (i % 2), t]);
  write("numbers.jsonl", lines(texts.map(({ label }, i) => ({ values: rows(i), label }))));
  for (let i = 0; i < 16; i++) write(`pictures/${i % 2 === 0 ? "dark" : "light"}/${i}.png`, png(pixels(i % 2 === 0)));
  const all = Array.from({ length: 16 }, (_, i) => pixels(i % 2 === 0)).flat();
  write("images.idx", idx([16, 6, 6], all));
  write(
    "labels.idx",
    idx(
      [16],
      Array.from({ length: 16 }, (_, i) => i % 2),
    ),
  );
  const sentences = Array.from({ length: 24 }, () => [oneOf(COLOURS), oneOf(NOUNS), "and", oneOf(NOUNS)]);
  const tagOf = (word: string): string => (COLOURS.includes(word) ? "B-COL" : "O");
  write("tags.conll", sentences.map((words) => `${words.map((w) => `${w} ${tagOf(w)}\n`).join("")}\n`).join(""));
  write("tags.jsonl", lines(sentences.map((tokens) => ({ tokens, tags: tokens.map(tagOf) }))));
  const history = (shop: string, days: number): string[] =>
    Array.from({ length: days }, (_, i) => {
      const value = i < 60 ? (10 + 5 * Math.sin((2 * Math.PI * i) / 7) + random.normal()).toFixed(3) : "";
      return `${day(i)},${value},${shop},${i % 7 === 6 ? 1 : 0}`;
    });
  const head = "date,value,shop,holiday";
  write("sales.csv", lines([head, ...history("a", 60), ...history("b", 60)]));
  write("future.csv", lines([head, ...history("a", 64), ...history("b", 64)]));
  const pairs = Array.from({ length: 24 }, () => [oneOf(COLOURS), oneOf(NOUNS)] as const);
  write("pairs.tsv", lines(pairs.map(([a, b]) => `${a} ${b}\t${b} ${a}`)));
  write("pairs.jsonl", lines(pairs.map(([a, b]) => ({ source: `${a} ${b}`, target: `${b} ${a}` }))));
  write("none.idx", idx([0, 6, 6], []));
  for (const name of ["empty.csv", "empty.jsonl", "empty.conll", "empty.tsv"]) write(name, "");
});

type Case = {
  readonly name: string;
  readonly files: readonly string[];
  /** The task and its options: what is random in training is on. */
  readonly options: readonly string[];
  readonly toPredict: readonly string[];
  /** How many answers there are then. */
  readonly answers: number;
  /** Of one answer as JSON. */
  readonly keys: readonly string[];
  readonly measures: readonly string[];
  readonly counts: readonly string[];
  readonly pictures: readonly string[];
  /** What `--dry-run` shows of an example. */
  readonly preview: RegExp;
  /** Whether only what depends on the format of the data is tested. */
  readonly isOtherFormat?: true;
};

const general = ["--hidden-size", "6", "--layers", "2", "--dropout", "0.3", "--batch-size", "8"];
const classes = {
  keys: ["label", "probability", "probabilities"],
  measures: ["loss", "accuracy", "f1", "rocAuc"],
  counts: ["examples"],
  pictures: ["confusion.svg"],
};
const forTask = (task: string, ...more: readonly string[]): string[] => ["--task", task, ...general, ...more];
const tagged = {
  options: forTask("tag", "--word-dropout", "2", "--embedding-size", "8", "--character-size", "4"),
  answers: 24,
  keys: ["tokens", "tags", "spans", "score", "probabilities"],
  measures: ["loss", "accuracy", "f1"],
  counts: ["sentences", "words", "spans"],
  pictures: [],
  preview: /\w+\/B-COL \w+\/O and\/O/,
};
const translated = {
  options: forTask("translate", "--merges", "4", "--embedding-size", "6", "--scheduled-sampling", "linear:0.1"),
  answers: 24,
  keys: ["source", "translations"],
  measures: ["loss", "perplexity", "exactMatch", "bleu", "chrF"],
  counts: ["pairs"],
  pictures: ["attention.svg"],
  preview: /^ {2}.+ -> .+/m,
};

const cases: Case[] = [
  {
    name: "texts in CSV",
    files: ["texts.csv"],
    options: forTask("classify", "--class-weights", "balanced"),
    toPredict: ["texts.csv"],
    answers: 24,
    preview: /(yes|no): \w+ (good|bad) \w+/,
    ...classes,
  },
  {
    name: "texts in JSONL",
    isOtherFormat: true,
    files: ["texts.jsonl"],
    options: forTask("classify", "--unit", "char", "--pooling", "attention"),
    toPredict: ["texts.jsonl"],
    answers: 24,
    preview: /(yes|no): \w+ (good|bad) \w+/,
    ...classes,
  },
  {
    name: "a folder of classes",
    isOtherFormat: true,
    files: ["classes"],
    options: forTask("classify"),
    toPredict: ["classes/yes/0.txt", "classes/no/1.txt"],
    answers: 2,
    preview: /(yes|no): \w+ (good|bad) \w+/,
    ...classes,
  },
  {
    name: "rows of numbers",
    isOtherFormat: true,
    files: ["numbers.jsonl"],
    options: forTask("classify", "--scaler", "robust"),
    toPredict: ["numbers.jsonl"],
    answers: 24,
    preview: /(yes|no): \d rows, scaled: -?\d/,
    ...classes,
  },
  {
    name: "a folder of pictures",
    files: ["pictures"],
    options: forTask("image", "--shift", "1", "--affine", "0.2"),
    toPredict: ["pictures/dark/0.png", "pictures/light/1.png"],
    answers: 2,
    preview: /(dark|light), 6 x 6:\n/,
    ...classes,
  },
  {
    name: "idx files",
    isOtherFormat: true,
    files: ["images.idx", "labels.idx"],
    options: forTask("image", "--scan", "patches", "--patch", "3"),
    toPredict: ["images.idx"],
    answers: 16,
    preview: /[01], 6 x 6:\n/,
    ...classes,
  },
  { name: "tags in CoNLL", files: ["tags.conll"], toPredict: ["words.txt"], ...tagged },
  { name: "tags in JSONL", files: ["tags.jsonl"], toPredict: ["words.txt"], isOtherFormat: true, ...tagged },
  {
    name: "series with covariates",
    files: ["sales.csv"],
    options: forTask("forecast", "--series-column", "shop", "--covariates", "holiday", "--horizon", "4"),
    toPredict: ["future.csv"],
    answers: 2,
    keys: ["series", "dates", "mean", "quantiles"],
    measures: ["mase", "crps", "weightedQuantileLoss", "smape", "coverage80", "coverage95"],
    counts: ["series", "forecasts", "horizon", "period"],
    pictures: ["forecast.svg"],
    preview: /\d+ steps, \d+ values to predict/,
  },
  { name: "pairs in TSV", files: ["pairs.tsv"], toPredict: ["pairs.tsv"], ...translated },
  { name: "pairs in JSONL", files: ["pairs.jsonl"], toPredict: ["pairs.jsonl"], isOtherFormat: true, ...translated },
];

describe.each(cases)("$name", (one) => {
  const { name, files, options, toPredict, answers, keys, measures, counts, pictures, preview, isOtherFormat } = one;
  /** What does not depend on the format of the data is a test of one format for each task. */
  const testOnce = (title: string, check: () => void): void => {
    if (isOtherFormat !== true) test(title, check);
  };
  const run = `runs/${name}`;
  const train = (...args: readonly string[]): string =>
    said(unrolled("train", ...files, ...options, "--schedule", "constant", "--no-keep-best", ...args));
  const bytes = (path: string, model = "model"): Buffer => readFileSync(file(`${path}/${model}.safetensors`));

  beforeAll(() => {
    write("words.txt", "red cat and dog\n".repeat(24));
    const output = train("--out", run, "--steps", "7");
    expect(output).toMatch(/done after 7 steps/);
    expect(output).toContain(`next: unrolled predict '${run}' FILE`);
  });

  testOnce("--dry-run shows three examples and writes nothing", () => {
    const output = train("--dry-run", "--out", "runs/dry");
    expect(output.match(/^example [123]$/gm)).toHaveLength(3);
    expect(output).toMatch(preview);
    expect(output).toMatch(/^process +\d[\d.]* [MG]iB with Node and the data/m);
    expect(output).toMatch(/^time +.* per epoch/m);
    expect(existsSync(file("runs/dry"))).toBe(false);
    if (name !== cases[0].name) return;
    const { bytes: live, processBytes } = JSON.parse(train("--dry-run", "--out", "runs/dry", "--json")) as {
      bytes: number;
      processBytes: number;
    };
    // Node alone takes 40 MiB and more
    expect(processBytes).toBeGreaterThan(live + 40 * 2 ** 20);
  });

  testOnce("the run directory", () => {
    const all = ["model.safetensors", "best.safetensors", "config.json", "metrics.jsonl", "README.md", "curves.svg"];
    for (const one of [...all, ...pictures]) expect(existsSync(file(join(run, one))), one).toBe(true);
    const card = readFileSync(file(join(run, "README.md")), "utf8");
    for (const picture of pictures) expect(card).toContain(`(${picture})`);
    const config = JSON.parse(readFileSync(file(join(run, "config.json")), "utf8")) as object;
    expect(config).toMatchObject({ task: options[1], inputs: files, options: { hiddenSize: 6, steps: 7 } });
  });

  testOnce("a run that was stopped goes on bit for bit", () => {
    const parts = `${run} in parts`;
    train("--out", parts, "--steps", "3", "--quiet");
    expect(bytes(parts).equals(bytes(run))).toBe(false);
    said(unrolled("train", "--resume", parts, "--steps", "7", "--quiet"));
    expect(bytes(parts).equals(bytes(run))).toBe(true);
    expect(bytes(parts, "best").equals(bytes(run, "best"))).toBe(true);
  });

  testOnce("--config makes the same model of the same data", () => {
    said(unrolled("train", "--config", run, "--out", `${run} again`, "--quiet"));
    expect(bytes(`${run} again`).equals(bytes(run))).toBe(true);
  });

  testOnce("predict, as text", () => expect(said(unrolled("predict", run, ...toPredict))).not.toBe(""));

  test("predict, as JSON", () => {
    const json = said(unrolled("predict", run, ...toPredict, "--json"));
    const found = json.trimEnd().split("\n");
    expect(found).toHaveLength(answers);
    for (const line of found)
      expect(Object.keys(JSON.parse(line) as object)).toEqual(expect.arrayContaining([...keys]));
  });

  testOnce("evaluate, with pictures, and of the best model as JSON", () => {
    const out = `${run} evaluated`;
    const evaluated = (model: string, ...args: readonly string[]): unknown =>
      JSON.parse(said(unrolled("evaluate", model, ...files, "--all", "--json", ...args)));
    expect(Object.keys(evaluated(run, "--out", out) as object)).toEqual([...measures, ...counts]);
    for (const picture of pictures) expect(readFileSync(file(join(out, picture)), "utf8")).toMatch(/<svg /);
    if (name === cases[0].name) evaluated(join(run, "best.safetensors"));
  });
});

test.each<[string, string, string, RegExp]>([
  ["texts in CSV", "cat good dog\n\ntree bad cat\n", "", /^(yes|no)\t0\.\d{4}\n\n(yes|no)\t0\.\d{4}\n$/],
  ["tags in CoNLL", "red cat\nblue dog\n", "", /^red\t\S+\ncat\t\S+\n\nblue\t\S+\ndog\t\S+\n\n$/],
  ["pairs in TSV", "red cat\nblue dog\n", "--beams 2 --n-best 2 --plot look.svg", /^(-\d+\.\d{4}\t.*\n){4}$/],
])("predict reads the standard input: %s", (name, input, options, expected) => {
  const args = ["predict", `runs/${name}`, ...options.split(" ").filter((word) => word !== "")];
  expect(said(unrolledWith(input, args))).toMatch(expected);
});

test.each(["texts in CSV", "rows of numbers", "tags in CoNLL", "pairs in TSV"])(
  "predict has no answers for an empty standard input: %s",
  (name) => {
    expect(said(unrolledWith("", ["predict", `runs/${name}`, "-", "--json"]))).toBe("");
    if (name !== "texts in CSV") return;
    expect(said(unrolledWith("", ["predict", `runs/${name}`]))).toBe("");
    expect(said(unrolledWith("", ["predict", `runs/${name}`, "/dev/null"]))).toBe("");
  },
);

test("predict reads a picture and a table from the standard input", () => {
  const picture = readFileSync(file("pictures/dark/0.png"));
  expect(said(unrolledWith(picture, ["predict", "runs/a folder of pictures"]))).toMatch(/^(dark|light)\t/);
  const table = readFileSync(file("future.csv"));
  const args = ["predict", "runs/series with covariates", "--csv", "--plot", "plot.svg"];
  const { stderr, ...result } = unrolledWith(table, args);
  expect(stderr).toBe("unrolled: pictures are in plot.svg and plot-2.svg\n");
  expect(said({ ...result, stderr: "" })).toMatch(/^series,date,mean,.*\na,2024-03-01,/);
  expect(existsSync(file("plot.svg"))).toBe(true);
  expect(existsSync(file("plot-2.svg"))).toBe(true);
});

test.each([
  ["texts.csv", "--task classify"],
  ["tags.conll", "--task tag"],
  ["tags.jsonl", "--task tag"],
  ["sales.csv", "--task forecast --series-column shop --horizon 4"],
  ["pairs.tsv", "--task translate"],
  ["pairs.jsonl", "--task translate"],
])("train reads the standard input: %s", (name, options) => {
  const input = readFileSync(file(name));
  const args = [...options.split(" "), "--hidden-size", "4", "--steps", "2", "--out", `runs/stdin ${name}`];
  said(unrolledWith(input, ["train", "-", ...args]));
});

test("a run that read the standard input goes on with the same examples", () => {
  const resume = ["--resume", "runs/stdin texts.csv", "--steps", "3"];
  const { status, stderr } = unrolled("train", ...resume);
  expect(stderr).toMatch(/--resume: expected files, got none. The run read them from standard input; pass them again/);
  expect(status).toBe(2);
  said(unrolledWith(readFileSync(file("texts.csv")), ["train", "-", ...resume]));
});

test("columns of a run are those of predict and evaluate too", () => {
  const columns = ["--text-column", "body", "--label-column", "class"];
  const args = ["named.csv", "--task", "classify", ...columns, "--steps", "1", "--out", "runs/named"];
  said(unrolled("train", ...args));
  expect(
    said(unrolled("predict", "runs/named", "named.csv"))
      .trimEnd()
      .split("\n"),
  ).toHaveLength(24);
  expect(said(unrolled("predict", "runs/named", "texts.csv", "--text-column", "text"))).not.toBe("");
  said(unrolled("evaluate", "runs/named", "named.csv", "--all"));
});

test("training goes on from a saved model, which keeps its architecture", () => {
  const init = ["train", "texts.csv", "--task", "classify", "--init-from", "runs/texts in CSV", "--steps", "2"];
  said(unrolled(...init, "--out", "runs/more"));
  const config = readFileSync(file("runs/more/config.json"), "utf8");
  expect(JSON.parse(config)).toMatchObject({ options: { hiddenSize: 6, layers: 2, dropout: 0.3 } });
  const { status, stderr } = unrolled(...init, "--out", "runs/even more", "--hidden-size", "7");
  expect(stderr).toBe("unrolled train: --hidden-size: expected 6, as in the saved model, got 7\n");
  expect(status).toBe(2);
});

test("a run does not go on with other data", () => {
  const [head, first, ...rest] = readFileSync(file("texts.csv"), "utf8").split("\n");
  write("changed.csv", [head, first.replace(/yes$/, "no"), ...rest].join("\n"));
  const { status, stderr } = unrolled("train", "changed.csv", "--resume", "runs/texts in CSV in parts", "--steps", "9");
  expect(stderr).toMatch(
    /^unrolled train: train resume (training|validation): expected "\d+-\w+", as in the checkpoint/,
  );
  expect(status).toBe(1);
});

test("--config takes what is typed first", () => {
  const args = ["--config", "runs/texts in CSV/config.json", "--out", "runs/seed", "--seed", "9", "--epochs", "1"];
  said(unrolled("train", ...args));
  const { options } = JSON.parse(readFileSync(file("runs/seed/config.json"), "utf8")) as { options: object };
  expect(options).toMatchObject({ seed: 9, epochs: 1, hiddenSize: 6 });
  expect(options).not.toHaveProperty("steps");
});

test("the speed is of what is counted, and the default of a limit gives way to the one that is typed", () => {
  const args = ["sales.csv", "--task", "forecast", "--series-column", "shop", "--hidden-size", "4", "--horizon", "4"];
  expect(said(unrolled("train", ...args, "--steps", "2", "--out", "runs/speed"))).toMatch(/step 1\/2 .* values\/s/);
  expect(said(unrolled("train", ...args, "--seconds", "0.01", "--out", "runs/time"))).toMatch(/done after \d+ steps?/);
  const { options } = JSON.parse(readFileSync(file("runs/time/config.json"), "utf8")) as { options: object };
  expect(options).not.toHaveProperty("epochs");
});

describe("inspect and compare", () => {
  test.each(["texts in CSV", "a folder of pictures", "tags in CoNLL", "series with covariates", "pairs in TSV"])(
    "inspect: %s",
    (name) => {
      expect(said(unrolled("inspect", `runs/${name}`))).toMatch(/^hiddenSize +6$/m);
      const { configuration, parameters } = JSON.parse(said(unrolled("inspect", `runs/${name}`, "--json"))) as {
        configuration: Record<string, unknown>;
        parameters: { count: number }[];
      };
      const { facts } = JSON.parse(readFileSync(file(`runs/${name}/config.json`), "utf8")) as {
        facts: { parameters: number };
      };
      expect(configuration).toMatchObject({ cell: "lstm", hiddenSize: 6, parameters: facts.parameters });
      expect(parameters.reduce((total, one) => total + one.count, 0)).toBe(facts.parameters);
    },
  );

  test("compare puts runs of one task side by side", () => {
    const runs = ["runs/texts in CSV", "runs/seed"];
    const output = said(unrolled("compare", ...runs, "--plot", "compare.svg"));
    expect(output).toMatch(/^run +model +parameters +steps +best loss +accuracy +speed +time +ended\n/);
    expect(output).toMatch(/^texts in CSV +lstm 2x6 +[\d,]+ +7 +\d\.\d+ +\d\S* +[\d,]+ +\d+s +done$/m);
    expect(output).toMatch(/^seed +0 +9$/m);
    expect(readFileSync(file("compare.svg"), "utf8")).toMatch(/<svg /);
    const { runs: found } = JSON.parse(said(unrolled("compare", ...runs, "--json"))) as { runs: object[] };
    expect(found[0]).toMatchObject({ task: "classify", measures: { accuracy: expect.any(Number) as number } });
  });
});

const wrong: [string, string, RegExp][] = [
  // data
  ["train bad.csv --task classify", "text,label\na,b\nc\n", /bad\.csv line 3: expected 2 fields, got 1/],
  ["train bad.jsonl --task classify", '{"text":"a","label":"b"}\n{"te', /bad\.jsonl line 2: expected JSON/],
  ["train bad.csv --task classify", "text,label\na,b\nc,b\n", /expected at least two classes/],
  ["train bad.conll --task tag", "a O\nb\n\n", /bad\.conll line 2: expected at least 2 columns/],
  ["train bad.jsonl --task tag", '{"tokens":["a"],"tags":[]}\n', /bad\.jsonl line 1/],
  ["train bad.csv --task forecast", "date,value\n2024-01-01,1\n2024-01-02,x\n", /bad\.csv line 3 value: expected a nu/],
  ["train bad.csv --task forecast", "date,value\n2024-01-01,1\n2024-01-02,2\n2024-01-09,2\n", /bad\.csv line 4/],
  ["train bad.tsv --task translate", "a\tb\nc\n", /bad\.tsv line 2: expected 2 fields, got 1/],
  ["train damaged --task image", "", /damaged\/b\/1\.png: expected a PNG or JPEG picture/],
  ["train images.idx --task image", "", /images\.idx: expected an idx file of labels/],
  // empty files and what isn't there
  ["train empty.csv --task classify", "", /empty\.csv: expected at least one example, got none/],
  ["train empty.conll --task tag", "", /empty\.conll: expected at least one sentence, got none/],
  ["train empty.csv --task forecast", "", /empty\.csv: expected at least one row, got none/],
  ["train empty.tsv --task translate", "", /empty\.tsv: expected at least one pair/],
  ["train nowhere.csv --task classify", "", /expected a file, got "nowhere\.csv", which does not exist/],
  ["train nowhere.conll --task tag", "", /expected a file, got "nowhere\.conll", which does not exist/],
  ["train nowhere --task image", "", /"nowhere": expected a folder or an idx file/],
  [
    "train named.csv --task classify --out runs/none",
    "",
    /named\.csv line 1: expected a column "label", got "body", "class"\. --label-column names the column/,
  ],
  ["train sales.csv --task forecast --value-column x", "", /sales\.csv line 1: expected a column "x", got "date"/],
  ["predict RUN nowhere.txt", "", /expected a file, got "nowhere\.txt", which does not exist/],
  ["predict RUN named.csv", "", /named\.csv line 1: expected a column "text", got "body", "class"\. --text-column, or/],
  ["predict RUN empty.csv", "", /empty\.csv: expected at least one example, got none/],
  ["predict RUN bad.csv", "text\n", /bad\.csv: expected at least one example, got none/],
  ["predict RUN bad.json", "[]", /bad\.json: expected at least one example, got none/],
  ["predict TAGS empty.conll", "", /empty\.conll: expected at least one sentence, got none/],
  ["predict PAIRS empty.tsv", "", /empty\.tsv: expected at least one text, got none/],
  ["predict PAIRS empty.jsonl", "", /empty\.jsonl: expected at least one text, got none/],
  ["predict PICTURES none.idx", "", /none\.idx: expected at least one picture, got none/],
  ["predict SERIES empty.csv", "", /empty\.csv: expected at least one row, got none/],
  ["evaluate RUN empty.csv", "", /empty\.csv: expected at least one example, got none/],
  ["evaluate RUN nowhere.csv", "", /expected a file, got "nowhere\.csv"/],
  [
    "evaluate RUN bad.csv",
    "text,label\na,maybe\n",
    /bad\.csv line 2: expected one of the model's 2 labels, got "maybe"\. .* --label-column/,
  ],
  // options
  ["train texts.csv --task classify --frob", "", /expected an option of this command, got --frob/],
  ["train texts.csv --task cook", "", /--task: expected one of language-model, classify, .*, got "cook"/],
  ["train texts.csv --task classify --beams 3", "", /expected an option of this command, got --beams/],
  ["train --task classify", "", /expected CSV, TSV, JSON or JSONL .*, got no files/],
  ["train texts.csv --task classify --steps 1 --epochs 1", "", /expected --steps or --epochs, got both/],
  ["train pairs.tsv --task translate --scheduled-sampling x", "", /--scheduled-sampling: expected inverse-sigmoid:K/],
  ["predict RUN texts.csv --beams 3", "", /--beams: not an option of "classify", the task this model was trained for/],
  ["predict RUN texts.csv --frob", "", /expected an option of this command, got --frob/],
  // runs
  ["train --resume RUN --hidden-size 7", "", /--hidden-size: expected 6, as in the run that is resumed, got 7/],
  ["train --resume RUN --text-column x", "", /--text-column: expected text, as in the run that is resumed, got x/],
  ["train --resume RUN --out other", "", /expected --resume or --out, got both/],
  ["train --resume RUN --config RUN", "", /expected --resume or --config, got both/],
  ["train --resume RUN --task image", "", /--task: expected classify, as in "runs\/.*", got image/],
  ["train --resume RUN --task language-model", "", /--task: expected classify, as in "runs\/.*", got language-model/],
  ["train --config RUN --task tag", "", /--task: expected classify/],
  ["train --resume nowhere --task classify", "", /expected a run directory with config\.json/],
  ["train texts.csv --task classify --out RUN", "", /--out: expected a directory without a model/],
  [
    "train texts.csv --task classify --init-from TAGS",
    "",
    /expected a model of the task classify, got one of the task tag/,
  ],
  ["train texts.csv --task classify --init-from nowhere", "", /expected a run directory with model\.safetensors/],
  ["predict nowhere", "", /expected a run directory with model\.safetensors/],
  ["sample RUN", "", /expected a language model, got one of the task classify. To use it: unrolled predict/],
  ["diagnose RUN", "", /expected a language model, got one of the task classify. To use it: unrolled predict/],
  ["compare RUN TAGS", "", /expected runs of one task, got classify \(texts in CSV\) and tag/],
];

const RUNS: Readonly<Record<string, string>> = {
  RUN: "runs/texts in CSV",
  TAGS: "runs/tags in CoNLL",
  PAIRS: "runs/pairs in TSV",
  PICTURES: "runs/idx files",
  SERIES: "runs/series with covariates",
};

test.each(wrong)("says what is wrong: %s (%j)", (typed, contents, message) => {
  const args = typed.split(" ").map((word) => RUNS[word] ?? word);
  if (args[1].startsWith("bad.") || args[2]?.startsWith("bad."))
    write(args.find((arg) => arg.startsWith("bad.")) as string, contents);
  write("damaged/a/0.png", png(pixels(true)));
  write("damaged/b/1.png", "no picture");
  const { status, stdout, stderr } = unrolled(...args);
  expect(stderr.trimEnd()).toMatch(message);
  expect(stderr).toMatch(/^unrolled \w+: [^\n]+\n$/);
  expect(stdout).toBe("");
  expect(status).toBe(2);
});

test("help is a sentence", () => {
  for (const task of ["classify", "image", "tag", "forecast", "translate"]) {
    const help = said(unrolled("train", "--task", task, "--help")).replaceAll(/\s+/g, " ");
    expect(help).toMatch(/Train a model that (?!Train)/);
    expect(help).toContain("--dry-run");
  }
});
