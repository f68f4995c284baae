import { DataError, encodeCorpus, type LanguageModel } from "unrolled";
import { readCorpus, readCorpusBytes } from "unrolled/node";

/** Text files and folders of them as a model's tokens. Throws DataError where there is no text in them, or text that the model doesn't know. */
export function tokensOf({ vocabulary }: LanguageModel, paths: readonly string[]): Int32Array {
  const ids = encodeCorpus(vocabulary, vocabulary.unit === "byte" ? readCorpusBytes(paths) : readCorpus(paths));
  if (ids.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one token, got none`);
  return ids;
}
