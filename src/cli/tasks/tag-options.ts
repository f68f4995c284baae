/** @file The task `tag`: its name, texts and options. */
import { choice, integer, number, onUnless } from "../options/table.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

export const TAG_OPTIONS = {
  scheme: choice(
    ["BIO", "BIOES", "none"],
    "scheme of the model's tags; the data's are converted (default: the data's)",
    {},
  ),
  tokenColumn: integer("column of the word, from 0", { min: 0, default: 0 }),
  tagColumn: integer("column of the tag, from 0; -1 is the last", { min: -64, default: -1 }),
  output: choice(["crf", "softmax"], "crf: the best sequence of tags; softmax: each word by itself", {
    default: "crf",
  }),
  embeddingSize: integer("numbers for a word", { max: 65_536, default: 100, formerly: "wordSize" }),
  characterSize: integer("numbers for a character; 0 reads no characters", { min: 0, max: 65_536, default: 25 }),
  shapeSize: integer("numbers for capitals and digits; 0 for none", { min: 0, max: 65_536, default: 8 }),
  minCount: integer("words that occur less often are unknown", { default: 1 }),
  maxVocabulary: integer("most frequent words to know", { min: 2, default: 50_000, formerly: "maxWords" }),
  lowercase: onUnless("look words up as they are written, not in lowercase", { formerly: "keepCase" }),
  bidirectional: onUnless("read from the beginning only", { formerly: "oneDirection" }),
  inputDropout: number("share dropped of the numbers that stand for a word", { max: 0.999, default: 0.3 }),
  wordDropout: number("a word seen n times is taken for unknown with probability a/(a+n)", { default: 0.25 }),
} as const;

export const TAG_PREDICT_OPTIONS = {
  batchSize: integer("lines that are tagged together, without effect on the tags", { default: 64 }),
  constrained: onUnless("allow tag sequences that the scheme forbids"),
} as const;

export const TAG: TaskDeclaration = {
  name: "tag",
  kind: "tagger",
  summary: "Train a model that gives each word of a sentence a tag, such as parts of speech or names.",
  data: "CoNLL columns (a word and its tag per line, a blank line between sentences), or JSONL with tokens and tags, or text and spans",
  options: TAG_OPTIONS,
  defaults: { hiddenSize: 100, dropout: 0.3, learningRate: 0.003, epochs: 10 },
  predictOptions: TAG_PREDICT_OPTIONS,
  examples: [
    "unrolled train train.conll --task tag --out runs/names",
    'echo "we flew to New York" | unrolled predict runs/names',
    "unrolled evaluate runs/names test.conll",
  ],
  pipeline: "token-classification",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
