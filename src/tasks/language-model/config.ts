import { checkChoice, valueError } from "../../base/index.ts";
import { type Vocabulary, vocabularyFromJSON } from "../../data/index.ts";
import type { CellName, Dialect } from "../../rnn/index.ts";
import { asFormatError, field, type Fields, parseFields } from "../../model/index.ts";

/** Architecture of a language model: everything but its vocabulary and its parameters. */
export type LanguageModelConfig = {
  readonly cell: CellName;
  readonly dialect: Dialect;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly embeddingSize: number;
  /** Probability of dropping an output of a layer while training. */
  readonly dropout: number;
  /** Seed of the initial parameters. */
  readonly seed: number;
  /**
   * Whether the embedding is the output layer's kernel as well, transposed; `embeddingSize` is
   * `hiddenSize` then. Left out where it is not.
   */
  readonly tieWeights?: boolean;
  /**
   * Distribution of the initial embedding: "normal" is N(0, 1), as in PyTorch, "uniform" is
   * U(±sqrt(3 / embeddingSize)). Left out where it is "uniform", as it was in each model of before.
   */
  readonly embeddingInitializer?: EmbeddingInitializer;
};

export const EMBEDDING_INITIALIZERS = ["normal", "uniform"] as const;

export type EmbeddingInitializer = (typeof EMBEDDING_INITIALIZERS)[number];

/** Checks of options as of a file. */
export const configFields: Fields<LanguageModelConfig> = {
  cell: field.cell,
  dialect: field.dialect,
  hiddenSize: field.size,
  layers: field.layers,
  embeddingSize: field.size,
  dropout: field.probability,
  seed: field.integer,
  // absent in files of models that are not tied
  tieWeights: (where, value = false) => field.flag(where, value),
  embeddingInitializer: (where, value = "uniform") => checkChoice(where, value, EMBEDDING_INITIALIZERS),
};

/** Throws RangeError where the tied matrix can't be both. */
export function checkTied(where: string, { tieWeights = false, embeddingSize, hiddenSize }: LanguageModelConfig): void {
  if (tieWeights && embeddingSize !== hiddenSize)
    throw valueError(`${where} embeddingSize`, `${hiddenSize}, the hiddenSize, with tieWeights`, embeddingSize);
}

/**
 * Checks a configuration that was read from a file. Throws FormatError that names the first wrong
 * field.
 */
export function parseLanguageModelConfig(value: unknown): { config: LanguageModelConfig; vocabulary: Vocabulary } {
  const where = "languageModel configuration";
  const { vocabulary, ...fields } = parseFields(where, value, {
    ...configFields,
    vocabulary: (_: string, given: unknown) => given,
  });
  const config = withoutDefaults(fields);
  asFormatError(() => checkTied(`${where}:`, config));
  return { config, vocabulary: vocabularyFromJSON(vocabulary) };
}

type Given = Omit<LanguageModelConfig, "tieWeights" | "embeddingInitializer"> & {
  readonly tieWeights?: boolean | undefined;
  readonly embeddingInitializer?: EmbeddingInitializer | undefined;
};

/** The configuration without the values that it has where they are left out. */
export function withoutDefaults({ tieWeights, embeddingInitializer, ...config }: Given): LanguageModelConfig {
  return {
    ...config,
    ...(tieWeights === true && { tieWeights }),
    ...(embeddingInitializer === "normal" && { embeddingInitializer }),
  };
}
