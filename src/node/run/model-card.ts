/** @file `README.md` of a run: a model card, with a head that the Hugging Face Hub and other tools read. */
import { basename, join, resolve } from "node:path";
import { writeFileDurablySync } from "../files/durable-file.ts";
import {
  bytesOf,
  count,
  dataTable,
  fenced,
  makerRows,
  markdown,
  MOST_FILES,
  plural,
  real,
  table,
  yaml,
} from "./card-text.ts";
import { CURVES_FILE } from "../pictures/curves.ts";
import { dataHash, type RunConfig } from "./run-config.ts";
import type { RunSummary } from "./run-summary.ts";

/** Name of the model card in a run directory. */
export const CARD_FILE = "README.md";

export type ModelCardOptions = {
  /** Of the model. Default: that of the directory. */
  readonly name?: string;
  /** Identifier of its licence, such as "mit". Default: none is named. */
  readonly license?: string;
  /** ISO 639 code of the language of its data. Default: "und", undetermined. */
  readonly language?: string;
};

/** Writes the model card of a run into its directory, durably, and returns its path. Throws the file system's own errors. */
export function writeModelCard(
  directory: string,
  config: RunConfig,
  summary: RunSummary,
  { name = basename(resolve(directory)), ...options }: ModelCardOptions = {},
): string {
  const file = join(directory, CARD_FILE);
  writeFileDurablySync(file, modelCard(config, summary, { name, ...options }));
  return file;
}

/** The text of a model card. The same run gives the same text. */
export function modelCard(
  config: RunConfig,
  summary: RunSummary,
  { name = "model", license, language = "und" }: ModelCardOptions = {},
): string {
  const head = yamlHead(config, summary, { name, language, ...(license !== undefined && { license }) });
  return `---\n${head}---\n\n${body(config, summary, name)}`;
}

function yamlHead(
  { command, seed, data, model, maker }: RunConfig,
  { best }: RunSummary,
  { name, language, license }: { readonly name: string; readonly language: string; readonly license?: string },
): string {
  const metrics =
    best &&
    [
      { type: "cross_entropy", name: "Validation loss (nats per token)", value: best.loss },
      { type: "bits_per_character", name: "Validation bits per character", value: best.bitsPerCharacter },
      { type: "perplexity", name: "Validation perplexity (per token)", value: best.perplexity },
    ].filter(({ value }) => Number.isFinite(value));
  const task = { type: "text-generation", name: "Text generation" };
  const isListed = data.length <= MOST_FILES;
  const files = isListed ? data.map(({ path }) => basename(path)).join(", ") : `${count(data.length)} files`;
  const dataset = { type: "text", name: files };
  const all = { files: data.length, bytes: bytesOf(data), sha256: dataHash(data) };
  return yaml({
    library_name: "unrolled",
    pipeline_tag: "text-generation",
    license,
    language,
    tags: ["unrolled", "recurrent-neural-network", "language-model", model.cell, `${model.unit}-level`],
    // those of the Hub would be `datasets`, by their names there
    unrolled: { version: maker.unrolled, node: maker.node, command, seed, data: isListed ? data : all },
    "model-index": [{ name, results: metrics === undefined ? [] : [{ task, dataset, metrics }] }],
  });
}

function body(config: RunConfig, summary: RunSummary, name: string): string {
  const { command, seed, data, model, training, facts, maker, continued } = config;
  const { best } = summary;
  const how = [
    ["seed", String(seed)],
    ...makerRows(maker, continued),
    ["optimizer", `${training.optimizer}, learning rate ${training.learningRate}`],
    ["batch", `${plural(training.batchSize, "row")} of ${plural(training.sequenceLength, "token")}`],
    ["gradient norm", training.clipNorm === Infinity ? "not limited" : `clipped to ${training.clipNorm}`],
    ["dropout", String(model.dropout)],
    ["kept for validation", `${Number((100 * training.validation).toFixed(4))} % of the text, at its end`],
  ];
  const figures = [
    ["parameters", count(facts.parameters)],
    ["vocabulary", `${count(facts.vocabulary)} different tokens`],
    ["best validation loss", best && `${real(best.loss)} nats per token, after step ${count(best.step)}`],
    ["bits per character", best?.bitsPerCharacter === undefined ? undefined : real(best.bitsPerCharacter)],
    ["perplexity", best?.perplexity === undefined ? undefined : real(best.perplexity)],
    ["training loss of the last step", summary.trainingLoss && `${real(summary.trainingLoss)} nats per token`],
    ["steps", `${count(summary.steps)}${summary.epochs === undefined ? "" : `, ${real(summary.epochs)} epochs`}`],
    ["tokens trained on", count(summary.steps * training.batchSize * training.sequenceLength)],
    ["time", summary.seconds && `${count(summary.seconds)} seconds`],
    ["speed", summary.tokensPerSecond && `${count(summary.tokensPerSecond)} tokens per second`],
  ];
  const files =
    best === undefined
      ? "`model.safetensors` is the model after the last step."
      : "`model.safetensors` is the model after the last step, `best.safetensors` the one with the best validation loss.";
  const kind = { char: "characters", byte: "bytes", word: "words" }[model.unit];
  return `# ${markdown(name)}

A language model over ${kind}: ${plural(model.layers, "layer")} of ${model.cell.toUpperCase()} with ${plural(model.hiddenSize, "unit")}, embeddings of ${count(model.embeddingSize)} numbers. It continues text in the manner of the text that it was trained on. It knows nothing else, and its output is not checked by anybody.

## How it was trained

${fenced(command, "sh")}

${table(["what", "value"], how)}

${dataTable(data)}

## Figures

${table(
  ["what", "value"],
  figures.flatMap(([what, value]) => (value ? [[what as string, value]] : [])),
)}

![Losses, learning rate and gradient norm by step](${CURVES_FILE})

## How to use it

${files}

${fenced("unrolled sample . --length 500 --temperature 0.8", "sh")}

${fenced(
  [
    'import { generate } from "unrolled";',
    'import { loadModel } from "unrolled/node";',
    "",
    'const model = loadModel(".");',
    'for await (const token of generate(model, "", { temperature: 0.8, maxTokens: 500 })) process.stdout.write(token);',
  ].join("\n"),
  "ts",
)}
`;
}
