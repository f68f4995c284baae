import * as z from "zod/mini";
import { FormatError, sentence } from "../base/index.ts";
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
};

const size = (): z.ZodMiniNumber => z.int().check(z.minimum(1), z.maximum(65_536));

const schema: z.ZodMiniType<LanguageModelConfig> = z.strictObject({
  cell: z.enum(["rnn", "lstm", "gru"]),
  dialect: z.enum(["tf1", "keras", "torch"]),
  hiddenSize: size(),
  layers: z.int().check(z.minimum(1), z.maximum(256)),
  embeddingSize: size(),
  dropout: z.number().check(z.minimum(0), z.lt(1)),
  seed: z.int().check(z.minimum(0)),
});

/** Checks a configuration that was read from a file. Throws FormatError that names the first wrong field. */
export function parseLanguageModelConfig(value: unknown): { config: LanguageModelConfig; vocabulary: Vocabulary } {
  const where = "languageModel configuration";
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError(sentence(where, "an object", Array.isArray(value) ? "an array" : String(value)));
  }
  const { vocabulary, ...rest } = value as Record<string, unknown>;
  const result = z.safeParse(schema, rest);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new FormatError(`${where}: ${issue.path.join(".") || "fields"}: ${issue.message}`);
  }
  return { config: result.data, vocabulary: vocabularyFromJSON(vocabulary) };
}
