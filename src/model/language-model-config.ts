import {
  checkChoice,
  checkInteger,
  checkNumber,
  describe,
  FormatError,
  kindError,
  sentence,
  valueError,
} from "../base/index.ts";
import { type Vocabulary, vocabularyFromJSON } from "../data/index.ts";
import type { Dialect } from "../rnn/index.ts";

/** Architecture of a language model: everything but its vocabulary and its parameters. */
export type LanguageModelConfig = {
  readonly cell: "rnn" | "lstm" | "gru";
  readonly dialect: Dialect;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly embeddingSize: number;
  /** Probability of dropping an output of a layer while training. */
  readonly dropout: number;
  /** Of the initial parameters. */
  readonly seed: number;
  /** Whether the embedding is the output layer's kernel as well, transposed; `embeddingSize` is `hiddenSize` then. Left out where it is not. */
  readonly tieWeights?: boolean;
};

/** The largest number below 1. */
const BELOW_ONE = 1 - 2 ** -53;

const size = (where: string, value: unknown): number => checkInteger(where, value, 1, 65_536);

type Fields = {
  readonly [Name in keyof LanguageModelConfig]-?: (where: string, value: unknown) => LanguageModelConfig[Name];
};

const fields: Fields = {
  cell: (where, value) => checkChoice(where, value, ["rnn", "lstm", "gru"]),
  dialect: (where, value) => checkChoice(where, value, ["tf1", "keras", "torch"]),
  hiddenSize: size,
  layers: (where, value) => checkInteger(where, value, 1, 256),
  embeddingSize: size,
  dropout: (where, value) => checkNumber(where, value, 0, BELOW_ONE),
  seed: (where, value) => checkInteger(where, value),
  // absent in files of models that are not tied
  tieWeights: (where, value = false) => checkFlag(where, value),
};

function checkFlag(where: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw kindError(where, "true or false", value);
  return value;
}

/** Throws RangeError where the tied matrix can't be both. */
export function checkTied(where: string, { tieWeights = false, embeddingSize, hiddenSize }: LanguageModelConfig): void {
  if (tieWeights && embeddingSize !== hiddenSize)
    throw valueError(`${where} embeddingSize`, `${hiddenSize}, the hiddenSize, with tieWeights`, embeddingSize);
}

/** What is wrong is the file, not a value that the caller gave. */
function asFormatError<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    throw new FormatError((error as Error).message);
  }
}

/** Checks a configuration that was read from a file. Throws FormatError that names the first wrong field. */
export function parseLanguageModelConfig(value: unknown): { config: LanguageModelConfig; vocabulary: Vocabulary } {
  const where = "languageModel configuration";
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FormatError(sentence(where, "an object", Array.isArray(value) ? "an array" : describe(value)));
  const { vocabulary, ...rest } = value as Record<string, unknown>;
  const names = Object.keys(fields) as (keyof LanguageModelConfig)[];
  const other = Object.keys(rest).find((name) => !Object.hasOwn(fields, name));
  if (other !== undefined)
    throw new FormatError(sentence(where, `${names.join(", ")} and no other field`, describe(other)));
  const config = asFormatError(() => {
    const entries = names.map((name) => [name, fields[name](`${where}: ${name}`, rest[name])] as const);
    const { tieWeights, ...others } = Object.fromEntries(entries) as LanguageModelConfig;
    const found = tieWeights === true ? { ...others, tieWeights } : others;
    checkTied(`${where}:`, found);
    return found;
  });
  return { config, vocabulary: vocabularyFromJSON(vocabulary) };
}
