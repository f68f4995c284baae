/** @file `README.md` of a run: a model card, with a head that the Hugging Face Hub and other tools read. */
import { basename, join, resolve } from "node:path";
import { writeFileDurablySync } from "./durable-file.ts";
import { CURVES_FILE } from "./curves.ts";
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

/** More files than this are not listed but counted; `config.json` lists them all. */
const MOST_FILES = 10;

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
  const { command, seed, data, model, training, facts, maker } = config;
  const { best } = summary;
  const how = [
    ["seed", String(seed)],
    ["started", maker.started],
    ["trained with", `unrolled ${maker.unrolled}, Node ${maker.node}, ${maker.platform}`],
    ["engine", `${maker.engine}, numerics ${maker.numerics}, ${plural(maker.threads, "thread")}`],
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
  `import { loadModel } from "unrolled/node";

const model = loadModel(".");
for await (const token of model.generate("", { temperature: 0.8, maxTokens: 500 })) process.stdout.write(token);`,
  "ts",
)}
`;
}

function dataTable(data: RunConfig["data"]): string {
  const head = ["file", "bytes", "SHA-256"];
  if (data.length <= MOST_FILES) {
    const rows = data.map(({ path, bytes, sha256 }) => [path, count(bytes), sha256]);
    return `The data, in this order:\n\n${table(head, rows)}`;
  }
  const row = [`${count(data.length)} files`, count(bytesOf(data)), dataHash(data)];
  return `The data is listed in \`config.json\`; the hash here is that of the files' hashes.\n\n${table(head, [row])}`;
}

const bytesOf = (data: RunConfig["data"]): number => data.reduce((total, { bytes }) => total + bytes, 0);

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const count = (n: number): string => grouped.format(n);
const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
const real = (x: number): string => x.toFixed(Math.abs(x) < 100 ? 4 : 1);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((row) => line(row.map(markdown)))].join("\n");
}

/** Text that means nothing in Markdown, in one line. */
const markdown = (text: string): string => oneLine(text).replaceAll(/[\\`*_{}[\]<>|#~!&]/g, (sign) => `\\${sign}`);

/** Line breaks and other control characters become spaces. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();

/** A block of code, within a fence that is longer than any in it. */
function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...Array.from(code.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

type Yaml = string | number | undefined | readonly Yaml[] | { readonly [key: string]: Yaml };

/** YAML in block style, from objects and lists. Members that are undefined are left out. */
function yaml(value: { readonly [key: string]: Yaml }, indent = ""): string {
  return Object.entries(value)
    .map(([key, member]) => (member === undefined ? "" : `${indent}${key}:${yamlMember(member, indent)}`))
    .join("");
}

function yamlMember(value: Yaml, indent: string): string {
  if (typeof value !== "object") return ` ${yamlScalar(value)}\n`;
  if (!isList(value)) return `\n${yaml(value, `${indent}  `)}`;
  if (value.length === 0) return " []\n";
  const items = value.map((item) => {
    if (typeof item !== "object" || isList(item)) return `${indent}  - ${yamlScalar(item as string)}\n`;
    // the first member stands beside the dash
    const inner = `${indent}    `;
    return `${indent}  - ${yaml(item, inner).slice(inner.length)}`;
  });
  return `\n${items.join("")}`;
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);

/** Text in double quotes, unless it is a plain word: so no "no", no "1", no colon and no line break has a meaning. */
function yamlScalar(value: string | number | undefined): string {
  if (typeof value !== "string") return String(value);
  if (/^[a-z][a-z-]{4,}$/.test(value) && value !== "false") return value;
  // what YAML forbids and JSON does not
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
