/** @file The task `tag`: its name, texts and options. */
import { choice, flag, integer, number, onUnless, text } from "../options/table.ts";
import { ANSWER_OPTIONS, NORMALIZE, TABLE_OPTIONS, TEXT_OPTIONS } from "../options/table-options.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

const COLUMNS = {
  tokenColumn: text(
    "column",
    "column of the word: a number from 0, or a name that the file has (default: told by the file)",
    {},
  ),
  tagColumn: text("column", "column of the tag, -1 for the last, or a name (default: told by the file)", {}),
  separator: TABLE_OPTIONS.separator,
  ...TEXT_OPTIONS,
} as const;

/** Options of files with tags. */
const DATA = {
  ...COLUMNS,
  offsets: choice(["utf16", "codepoint"], "what places of spans count after an emoji (default: what fits)", {}),
  badSpans: choice(
    ["mend", "skip", "refuse"],
    "spans with a space at an end, part of a word, or inside of another: mend them (whole words, the longer span), leave them out, or stop (default: mend, if few are part of a word)",
    {},
  ),
  skipBad: flag("leave out sentences that can't be read, and say how many and why"),
} as const;

const TOKENIZERS = ["spaces", "punctuation", "characters"] as const;

export const TAG_OPTIONS = {
  scheme: choice(
    ["BIO", "BIOES", "none"],
    "scheme of the model's tags; the data's are converted, or taken as they are with none (default: the data's)",
    {},
  ),
  ...DATA,
  tokenizer: choice(TOKENIZERS, "how predict cuts a text into words (default: as the data were cut)", {}),
  ...NORMALIZE,
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
  ...COLUMNS,
  format: choice(
    ["text", "columns", "json", "table"],
    "format of the input: a sentence per line, CoNLL columns, JSON, or CSV (default: told by name and content)",
    {},
  ),
  tokenizer: choice(TOKENIZERS, "how a text is cut into words (default: as the model was trained)", {}),
  batchSize: integer("lines that are tagged together, without effect on the tags", { default: 64 }),
  constrained: onUnless("allow tag sequences that the scheme forbids"),
  ...ANSWER_OPTIONS,
} as const;

export const TAG: TaskDeclaration = {
  name: "tag",
  kind: "tagger",
  summary: "Train a model that gives each word of a sentence a tag, such as parts of speech or names.",
  data: "CoNLL columns (a word and its tag per line, a blank line between sentences), or JSON with tokens and tags, or text and spans",
  options: TAG_OPTIONS,
  defaults: { hiddenSize: 100, dropout: 0.3, learningRate: 0.003 },
  predictOptions: TAG_PREDICT_OPTIONS,
  evaluateOptions: DATA,
  examples: [
    "unrolled train train.conll --task tag --out runs/names",
    'echo "we flew to New York" | unrolled predict runs/names',
    "unrolled evaluate runs/names test.conll",
  ],
  pipeline: "token-classification",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
