/** @file What `--task classify` is, and its options. */
import { Option } from "commander";
import { integer } from "../terminal/values.ts";
import type { TaskDeclaration } from "./task.ts";

/** Options that texts, sequences and pictures share. */
export const classifierOptions = (pooling: string): readonly Option[] => [
  new Option("--pooling <name>", "what is kept of all steps: the last, the mean, the largest, or a weighted mean")
    .choices(["last", "mean", "max", "attention"])
    .default(pooling),
  new Option("--one-direction", "read from the beginning only"),
  new Option("--class-weights <name>", "balanced: each class counts the same, however rare").choices(["balanced"]),
];

export const CLASSIFY: TaskDeclaration = {
  name: "classify",
  kind: "classifier",
  summary: "Train a model that tells the class of texts or of sequences of numbers.",
  data: "CSV, TSV, JSON or JSONL with a text (or, in JSON, rows of numbers) and a label, or a folder with a folder of .txt files for each class",
  options: [
    new Option("--text-column <name>", "of the text").default("text"),
    new Option("--label-column <name>", "of the class").default("label"),
    new Option("--values-column <name>", "of the rows of numbers, where there is no text").default("values"),
    new Option("--unit <unit>", "what is read at a time").choices(["word", "char", "byte"]).default("word"),
    new Option("--max-vocabulary <n>", "most frequent words or characters to know").argParser(integer(2)),
    new Option(
      "--max-length <n>",
      "words or characters to read of each text (default: 1,000 words, 5,000 characters)",
    ).argParser(integer(1)),
    new Option("--embedding-size <n>", "numbers for a word or character").argParser(integer(1, 65_536)).default(64),
    new Option("--scaler <name>", "of numbers").choices(["standard", "minMax", "robust", "none"]).default("standard"),
    ...classifierOptions("mean"),
  ],
  predictOptions: [
    new Option("--text-column <name>", "of the text, in tables and JSON").default("text"),
    new Option("--values-column <name>", "of the rows of numbers, in JSON").default("values"),
  ],
  examples: [
    "unrolled train spam.csv --task classify --text-column body --out runs/spam",
    'echo "win a free prize" | unrolled predict runs/spam',
    "unrolled evaluate runs/spam test.csv",
  ],
  load: async () => {
    const { classifyTask } = await import("./classify.ts");
    return classifyTask;
  },
};
