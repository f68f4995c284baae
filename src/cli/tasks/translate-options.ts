/** @file The task `translate`: its name, texts and options. */
import { InvalidArgumentError } from "commander";
import { choice, integer, number, onUnless, text } from "../options/table.ts";
import { NORMALIZE, RECORD_ANSWER_OPTIONS, SKIP_BAD_ROWS, TABLE_OPTIONS } from "../options/table-options.ts";
import { number as parseNumber, svgName } from "../options/values.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

/** Checks a schedule; it stays text. */
function schedule(typed: string): string {
  const [name, value, ...rest] = typed.split(":");
  if (!["inverse-sigmoid", "exponential", "linear"].includes(name) || value === undefined || rest.length > 0)
    throw new InvalidArgumentError("Expected inverse-sigmoid:K, exponential:K or linear:SLOPE.");
  parseNumber(0)(value);
  return typed;
}

export const TRANSLATE_OPTIONS = {
  sourceColumn: text("name", "column of source texts in tables and JSON", { default: "source" }),
  targetColumn: text("name", "column of target texts in tables and JSON", { default: "target" }),
  ...TABLE_OPTIONS,
  ...NORMALIZE,
  ...SKIP_BAD_ROWS,
  merges: integer("byte-pair merges of each language; 0 reads characters", { min: 0, max: 500_000, default: 500 }),
  embeddingSize: integer("numbers for a token", { max: 65_536, default: 64 }),
  attention: choice(["bahdanau", "dot", "general", "concat"], "how source tokens are scored", { default: "general" }),
  inputFeeding: onUnless("the decoder doesn't read its last attention", { formerly: "withoutInputFeeding" }),
  bidirectional: onUnless("the encoder reads from the beginning only", { formerly: "oneDirection" }),
  scheduledSampling: text(
    "schedule",
    "read own tokens more and more: inverse-sigmoid:K, exponential:K or linear:SLOPE, by batches",
    { parse: schedule },
  ),
} as const;

export const TRANSLATE_PREDICT_OPTIONS = {
  sourceColumn: text("name", "column of the texts in tables and JSON", { default: "source" }),
  ...TABLE_OPTIONS,
  ...SKIP_BAD_ROWS,
  ...RECORD_ANSWER_OPTIONS,
  beams: integer("hypotheses that are kept in the search", { max: 1000, default: 4 }),
  nBest: integer("translations of each text", { max: 1000, default: 1 }),
  lengthPenalty: number("longer translations gain", { default: 0 }),
  coveragePenalty: number("translations that leave something out lose", { default: 0 }),
  maxLength: integer("tokens after which a translation is cut off (default: twice the longest in training)", {}),
  plot: text("file", "draw the answer (SVG)", { parse: svgName }),
} as const;

const { sourceColumn, targetColumn } = TRANSLATE_OPTIONS;

export const TRANSLATE: TaskDeclaration = {
  name: "translate",
  kind: "translator",
  summary: "Train a model that turns a text into another, such as a sentence into another language.",
  data: "a source and a target text in each line with a tab between them, JSONL or CSV with source and target, or two text files with as many lines",
  options: TRANSLATE_OPTIONS,
  defaults: { hiddenSize: 128, learningRate: 0.005 },
  predictOptions: TRANSLATE_PREDICT_OPTIONS,
  evaluateOptions: { sourceColumn, targetColumn, ...TABLE_OPTIONS, ...SKIP_BAD_ROWS },
  examples: [
    "unrolled train pairs.tsv --task translate --out runs/dates",
    'echo "July 14, 1989" | unrolled predict runs/dates --beams 8 --plot attention.svg',
    "unrolled evaluate runs/dates held-out.tsv",
  ],
  pipeline: "translation",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
