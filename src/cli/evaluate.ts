import { encodeCorpus, evaluate as evaluateModel, useThreads } from "unrolled";
import { loadModel, readCorpus, readCorpusBytes } from "unrolled/node";
import { asUsage } from "./failure.ts";
import { count, real, table } from "./format.ts";

export type EvaluateCommandOptions = { threads?: number; json?: boolean };

/** Prints how well the model predicts the files. */
export function evaluate(directory: string, files: readonly string[], { threads, json }: EvaluateCommandOptions): void {
  if (threads !== undefined) useThreads(threads);
  const model = asUsage(() => loadModel(directory));
  const isByte = model.vocabulary.unit === "byte";
  const ids = asUsage(() => encodeCorpus(model.vocabulary, isByte ? readCorpusBytes(files) : readCorpus(files)));
  const result = evaluateModel(model, ids);
  if (json) {
    console.log(JSON.stringify(result));
    return;
  }
  const rows = [
    ["loss (nats per token)", real(result.loss)],
    ["perplexity", real(result.perplexity)],
    ["bits per character", real(result.bitsPerCharacter)],
    ["tokens", count(result.tokens)],
  ];
  console.log(table(rows, new Set([1])));
}
