/** @file The task `classify`: its name, texts and options. */
import { choice, integer, onUnless, text } from "../options/table.ts";
import { NORMALIZE, RECORD_ANSWER_OPTIONS, SKIP_BAD_ROWS, TABLE_OPTIONS } from "../options/table-options.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

type Pooling = "last" | "mean" | "max" | "attention";
const POOLINGS: readonly Pooling[] = ["last", "mean", "max", "attention"];

/** Options of classifiers of texts, sequences and pictures. */
export const CLASSIFIER_OPTIONS = {
  bidirectional: onUnless("read from the beginning only", { formerly: "oneDirection" }),
  classWeights: choice(["balanced"], "balanced: each class counts the same, however rare", {}),
} as const;

/** `--pooling` with its default. */
export const pooling = (standard: Pooling) =>
  choice(POOLINGS, "what is kept of all steps: the last, the mean, the largest, or a weighted mean", {
    default: standard,
  });

export const CLASSIFY_OPTIONS = {
  textColumn: text("name", "column of the text", { default: "text" }),
  labelColumn: text("name", "column of the class", { default: "label" }),
  valuesColumn: text("name", "column of the rows of numbers, or columns of numbers: t0,t1 or t0..t99 or t*", {
    default: "values",
  }),
  ...TABLE_OPTIONS,
  ...NORMALIZE,
  ...SKIP_BAD_ROWS,
  unit: choice(
    ["word", "char", "byte"],
    "what is read at a time (default: word; char where texts have few spaces, such as Chinese, or are single words)",
    { before: "word" },
  ),
  maxVocabulary: integer("most frequent words or characters to know", { min: 2 }),
  maxLength: integer("words or characters to read of each text (default: 1,000 words, 5,000 characters)", {}),
  embeddingSize: integer("numbers for a word or character", { max: 65_536, default: 64 }),
  scaler: choice(["standard", "minMax", "robust", "none"], "how numbers are scaled", { default: "standard" }),
  pooling: pooling("mean"),
  ...CLASSIFIER_OPTIONS,
} as const;

export const CLASSIFY_PREDICT_OPTIONS = {
  textColumn: text("name", "column of the text, in tables and JSON", { default: "text" }),
  valuesColumn: text("name", "column of the rows of numbers, or columns of numbers", { default: "values" }),
  ...TABLE_OPTIONS,
  ...SKIP_BAD_ROWS,
  ...RECORD_ANSWER_OPTIONS,
} as const;

const { textColumn, labelColumn, valuesColumn } = CLASSIFY_OPTIONS;

export const CLASSIFY: TaskDeclaration = {
  name: "classify",
  kind: "classifier",
  summary: "Train a model that tells the class of texts or of sequences of numbers.",
  data: "CSV, TSV, JSON or JSONL with a text (or, in JSON, rows of numbers) and a label, or a folder with a folder of .txt files for each class",
  options: CLASSIFY_OPTIONS,
  defaults: {},
  predictOptions: CLASSIFY_PREDICT_OPTIONS,
  evaluateOptions: { textColumn, labelColumn, valuesColumn, ...TABLE_OPTIONS, ...SKIP_BAD_ROWS },
  examples: [
    "unrolled train spam.csv --task classify --text-column body --out runs/spam",
    'echo "win a free prize" | unrolled predict runs/spam',
    "unrolled evaluate runs/spam test.csv",
  ],
  pipeline: "text-classification",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
