import { checkChoice, describe, FormatError, sentence } from "../../base/index.ts";
import { type Normalization, NORMALIZATIONS } from "../../data/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { TagScheme } from "../../metrics/index.ts";
import { asFormatError, field, type Fields, parseFields, type StackConfig, stackFields } from "../../model/index.ts";
import { tagConstraints } from "./scheme.ts";
import type { TagNotation } from "./notation.ts";
import { type Tokenizer, TOKENIZERS } from "./split-tokens.ts";
import { UNKNOWN_TOKEN } from "./words.ts";

/** All that inference needs, apart from the parameters. */
export type TaggerConfig = StackConfig & {
  readonly scheme: TagScheme;
  readonly tags: readonly string[];
  /** Known words, `words[0]` for all others. */
  readonly words: readonly string[];
  /** Known characters, `characters[0]` for all others. */
  readonly characters: readonly string[];
  /**
   * Whether words are looked up in lower case. The characters and the shape are those of the word
   * as it is written.
   */
  readonly lowercase: boolean;
  /** Numbers for a word. */
  readonly embeddingSize: number;
  /**
   * Numbers for a character, and units of the layer that reads a word in each direction. 0: words
   * only.
   */
  readonly characterSize: number;
  /** Numbers for how a word is written. 0: none. */
  readonly shapeSize: number;
  /** Layer that scores the tags: a CRF scores their order too. */
  readonly output: "crf" | "softmax";
  /** Probability of dropping a number of what stands for a word, while training. */
  readonly inputDropout: number;
  readonly seed: number;
  /** Notation of the training data, where it is not that of the scheme. */
  readonly notation?: TagNotation | undefined;
  /** Way to cut a text into tokens like those of the training data. Default "punctuation". */
  readonly tokenizer?: Tokenizer | undefined;
  /** Unicode form in which words and characters are looked up. Left out where it is "none". */
  readonly normalize?: Normalization | undefined;
};

const text = (where: string, value: unknown): string => field.text(where, value);

const size = (where: string, value: unknown): number => (value === 0 ? 0 : field.size(where, value));

/** Names in a file of fields that are called otherwise here. */
const FILE_NAMES = { lowercase: "lowerCase", embeddingSize: "wordSize" } as const;

type FileConfig = Omit<TaggerConfig, keyof typeof FILE_NAMES> & {
  readonly lowerCase: boolean;
  readonly wordSize: number;
};

/** The fields in their order, some under other names. */
const renamed = (fields: object, names: Readonly<Record<string, string>>): { [name: string]: unknown } =>
  Object.fromEntries(Object.entries(fields).map(([name, value]: [string, unknown]) => [names[name] ?? name, value]));

const fields: Fields<FileConfig> = {
  ...stackFields,
  scheme: (where, value) => checkChoice(where, value, ["BIO", "BIOES", "none"]),
  tags: field.list(text),
  words: field.list(text),
  characters: field.list(text),
  lowerCase: (where, value) => field.flag(where, value),
  wordSize: field.size,
  characterSize: size,
  shapeSize: size,
  output: (where, value) => checkChoice(where, value, ["crf", "softmax"]),
  inputDropout: field.probability,
  seed: field.integer,
  notation: (where, value) => (value === undefined ? undefined : notation(where, value)),
  tokenizer: (where, value) => (value === undefined ? undefined : checkChoice(where, value, TOKENIZERS)),
  normalize: (where, value) => (value === undefined ? undefined : checkChoice(where, value, NORMALIZATIONS)),
};

const notation = (where: string, value: unknown): TagNotation =>
  parseFields<TagNotation>(where, value, {
    letters(name, letters) {
      if (typeof letters === "string" && /^(?:[Bb][IiMm]|[Bb][IiMm][EeLl][SsUuWw])$/.test(letters)) return letters;
      throw new FormatError(sentence(name, 'letters such as "BIES"', describe(letters)));
    },
    order: (name, order) => checkChoice(name, order, ["prefix", "suffix"]),
    separator: text,
    outside: text,
  });

/** The configuration as a file holds it. */
export function taggerFields({
  tags,
  words,
  characters,
  notation,
  tokenizer,
  normalize,
  ...rest
}: TaggerConfig): JsonValue {
  const lists = { tags: [...tags], words: [...words], characters: [...characters] };
  const more = {
    ...(notation !== undefined && { notation: { ...notation } }),
    ...(tokenizer !== undefined && tokenizer !== "punctuation" && { tokenizer }),
    ...(normalize !== undefined && normalize !== "none" && { normalize }),
  };
  return { ...(renamed(rest, FILE_NAMES) as { [name: string]: JsonValue }), ...lists, ...more };
}

/** Configuration that `configuration()` gave. Throws FormatError. */
export function parseTaggerConfig(value: JsonValue): TaggerConfig {
  const where = "tagger configuration";
  const names = Object.fromEntries(Object.entries(FILE_NAMES).map(([name, inFile]) => [inFile, name]));
  const config = renamed(parseFields(where, value, fields), names) as TaggerConfig;
  for (const name of ["tags", "words", "characters"] as const) {
    const list = config[name];
    if (list.length === 0 || new Set(list).size !== list.length)
      throw new FormatError(sentence(where, `${name} that differ`, list.length === 0 ? "none" : "one of them twice"));
    if (name !== "tags" && list[0] !== UNKNOWN_TOKEN)
      throw new FormatError(sentence(where, `${name} that begin with ${UNKNOWN_TOKEN}`, JSON.stringify(list[0])));
  }
  asFormatError(() => tagConstraints(config.tags, config.scheme));
  return config;
}
