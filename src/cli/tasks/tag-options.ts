/** @file What `--task tag` is, and its options. */
import { Option } from "commander";
import { integer, number } from "../terminal/values.ts";
import type { TaskDeclaration } from "./task.ts";

export const TAG: TaskDeclaration = {
  name: "tag",
  kind: "tagger",
  summary: "Train a model that gives each word of a sentence a tag, such as parts of speech or names.",
  data: "CoNLL columns (a word and its tag per line, a blank line between sentences), or JSONL with tokens and tags, or text and spans",
  options: [
    new Option(
      "--scheme <scheme>",
      "of the model's tags, to which those of the data are turned (default: the data's)",
    ).choices(["BIO", "BIOES", "none"]),
    new Option("--token-column <n>", "of the word, from 0").argParser(integer(0)).default(0),
    new Option("--tag-column <n>", "of the tag, from 0; -1 is the last").argParser(integer(-64)).default(-1),
    new Option("--output <layer>", "crf, or softmax: each word by itself").choices(["crf", "softmax"]).default("crf"),
    new Option("--word-size <n>", "numbers for a word").argParser(integer(1, 65_536)).default(100),
    new Option("--character-size <n>", "numbers for a character; 0 reads no characters")
      .argParser(integer(0, 65_536))
      .default(25),
    new Option("--shape-size <n>", "numbers for capitals and digits; 0 for none")
      .argParser(integer(0, 65_536))
      .default(8),
    new Option("--min-count <n>", "words that occur less often are unknown").argParser(integer(1)).default(1),
    new Option("--max-words <n>", "most frequent words to know").argParser(integer(2)).default(50_000),
    new Option("--keep-case", "look words up as they are written"),
    new Option("--one-direction", "read from the beginning only"),
    new Option("--input-dropout <p>", "of what stands for a word").argParser(number(0, 0.999)).default(0.3),
    new Option("--word-dropout <a>", "a word seen n times is taken for unknown with probability a/(a+n)")
      .argParser(number(0))
      .default(0.25),
  ],
  defaults: { hiddenSize: 100, dropout: 0.3, learningRate: 0.003 },
  predictOptions: [
    new Option("--batch-size <n>", "lines that are tagged together, without effect on the tags")
      .argParser(integer(1))
      .default(64),
    new Option("--free", "allow tags in an order that the scheme doesn't have"),
  ],
  examples: [
    "unrolled train train.conll --task tag --out runs/names",
    'echo "we flew to New York" | unrolled predict runs/names',
    "unrolled evaluate runs/names test.conll",
  ],
  load: async () => {
    const { tagTask } = await import("./tag.ts");
    return tagTask;
  },
};
