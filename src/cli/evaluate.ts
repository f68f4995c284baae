import type { Command } from "commander";
import { encodeCorpus, evaluate, useThreads } from "unrolled";
import { loadModel, readCorpus, readCorpusBytes } from "unrolled/node";
import { asUsage } from "./failure.ts";
import { count, real, table } from "./format.ts";
import { threadsOption } from "./threads.ts";

const EXAMPLES = `
Examples:
  unrolled evaluate runs/book other-book.txt
  unrolled evaluate runs/book other-book.txt --json`;

export function addEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("How well a model predicts a text: loss, perplexity, bits per character.")
    .argument("<dir>", "run directory or model file")
    .argument("<files...>", "text files, or folders of .txt files")
    .addOption(threadsOption())
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action((directory: string, files: string[], { threads, json }: { threads?: number; json?: boolean }) => {
      if (threads !== undefined) useThreads(threads);
      const model = asUsage(() => loadModel(directory));
      const isByte = model.vocabulary.unit === "byte";
      const ids = asUsage(() => encodeCorpus(model.vocabulary, isByte ? readCorpusBytes(files) : readCorpus(files)));
      const result = evaluate(model, ids);
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
    });
}
