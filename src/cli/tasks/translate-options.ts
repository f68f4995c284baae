/** @file What `--task translate` is, and its options. */
import { InvalidArgumentError, Option } from "commander";
import { integer, number } from "../terminal/values.ts";
import type { TaskDeclaration } from "./task.ts";

/** Checks a schedule; it stays text. */
function schedule(text: string): string {
  const [name, value, ...rest] = text.split(":");
  if (!["inverse-sigmoid", "exponential", "linear"].includes(name) || value === undefined || rest.length > 0)
    throw new InvalidArgumentError("Expected inverse-sigmoid:K, exponential:K or linear:SLOPE.");
  number(0)(value);
  return text;
}

export const TRANSLATE: TaskDeclaration = {
  name: "translate",
  kind: "translator",
  summary: "Train a model that turns a text into another, such as a sentence into another language.",
  data: "a source and a target text in each line with a tab between them, JSONL or CSV with source and target, or two text files with as many lines",
  options: [
    new Option("--source-column <name>", "of source texts in JSONL and CSV").default("source"),
    new Option("--target-column <name>", "of target texts in JSONL and CSV").default("target"),
    new Option("--merges <n>", "byte-pair merges of each language; 0 reads characters")
      .argParser(integer(0, 500_000))
      .default(500),
    new Option("--embedding-size <n>", "numbers for a token").argParser(integer(1, 65_536)).default(64),
    new Option("--attention <kind>", "how source tokens are scored")
      .choices(["bahdanau", "dot", "general", "concat"])
      .default("general"),
    new Option("--without-input-feeding", "the decoder doesn't read what it looked at before"),
    new Option("--one-direction", "the encoder reads from the beginning only"),
    new Option(
      "--scheduled-sampling <schedule>",
      "read own tokens more and more: inverse-sigmoid:K, exponential:K or linear:SLOPE, by batches",
    ).argParser(schedule),
  ],
  defaults: { hiddenSize: 128, learningRate: 0.005 },
  predictOptions: [
    new Option("--source-column <name>", "of the texts in JSONL and CSV").default("source"),
    new Option("--beams <n>", "hypotheses that are kept after each token").argParser(integer(1, 1000)).default(4),
    new Option("--n-best <n>", "translations of each text").argParser(integer(1, 1000)).default(1),
    new Option("--length-penalty <alpha>", "longer translations gain").argParser(number(0)).default(0),
    new Option("--coverage-penalty <beta>", "translations that leave something out lose")
      .argParser(number(0))
      .default(0),
    new Option("--attention <file>", "draw where the first translation looks (SVG)"),
  ],
  examples: [
    "unrolled train pairs.tsv --task translate --out runs/dates",
    'echo "July 14, 1989" | unrolled predict runs/dates --beams 8 --attention attention.svg',
    "unrolled evaluate runs/dates held-out.tsv",
  ],
  load: async () => {
    const { translateTask } = await import("./translate.ts");
    return translateTask;
  },
};
