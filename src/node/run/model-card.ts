/**
 * @file `README.md` of a run: a model card, with a head that the Hugging Face Hub and other tools
 * read.
 */
import { checkOptions } from "../../base/index.ts";
import { basename, join, resolve } from "node:path";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { CURVES_FILE } from "../pictures/curves.ts";
import { bytesOf, count, dataTable, fenced, makerRows, markdown, MOST_FILES, real, table, yaml } from "./card-text.ts";
import type { RunConfig } from "./run-config.ts";
import { dataHash } from "./run-data.ts";
import type { RunSummary } from "./run-summary.ts";

/** Name of the model card in a run directory. */
export const CARD_FILE = "README.md";

export type ModelCardOptions = {
  /** Default: "model", and for `writeModelCard` the name of the directory. */
  readonly name?: string | undefined;
  /** Identifier of the model's licence, such as "mit". Default: none is named. */
  readonly license?: string | undefined;
  /** ISO 639 code of the language of the data. Default: "und", undetermined. */
  readonly language?: string | undefined;
  /**
   * Name of the task on the Hugging Face Hub, such as "text-classification". Default: the run's
   * task.
   */
  readonly pipeline?: string | undefined;
  /** Purpose of the model, in a sentence or two. Default: its task and cell. */
  readonly about?: string | undefined;
  /** A command that uses the model, in its directory. Default: none. */
  readonly usage?: string | undefined;
  /** Results on held-out data by name. Default: none. */
  readonly measures?: Readonly<Record<string, number>> | undefined;
  /** Names of pictures beside the card. Default: none. */
  readonly pictures?: readonly string[] | undefined;
};

/**
 * Writes the model card of a run into its directory, durably, and returns its path. Throws the file
 * system's own errors.
 */
export function writeModelCard(
  directory: string,
  config: RunConfig,
  summary: RunSummary,
  { name = basename(resolve(directory)), ...options }: ModelCardOptions = {},
): string {
  checkOptions("writeModelCard", arguments[3], "name license language pipeline about usage measures pictures");
  const file = join(directory, CARD_FILE);
  writeFileDurablySync(file, modelCard(config, summary, { name, ...options }));
  return file;
}

/** The text of a model card. The same run gives the same text. */
export function modelCard(config: RunConfig, summary: RunSummary, options: ModelCardOptions = {}): string {
  checkOptions("modelCard", options, "name license language pipeline about usage measures pictures");
  return `---\n${headOf(config, summary, options)}---\n\n${bodyOf(config, summary, options)}`;
}

function headOf(
  { task, command, data, maker, options }: RunConfig,
  { best }: RunSummary,
  { name = "model", license, language = "und", pipeline = task, measures = {} }: ModelCardOptions,
): string {
  const results = {
    ...(best && { loss: best.loss, ...best.measures }),
    ...measures,
  };
  const metrics = Object.entries(results).flatMap(([measure, value]) =>
    value !== undefined && Number.isFinite(value)
      ? [{ type: measure, name: `Validation ${label(measure)}`, value }]
      : [],
  );
  const isListed = data.length <= MOST_FILES;
  const dataset = {
    type: pipeline,
    name: isListed ? data.map(({ path }) => basename(path)).join(", ") : `${count(data.length)} files`,
  };
  const all = { files: data.length, bytes: bytesOf(data), sha256: dataHash(data) };
  return yaml({
    library_name: "unrolled",
    pipeline_tag: pipeline,
    license,
    language,
    tags: ["unrolled", "recurrent-neural-network", task, String(options["cell"] ?? "lstm")],
    // data sets of the Hub would be `datasets`, by their names there
    unrolled: { version: maker.unrolled, node: maker.node, command, data: isListed ? data : all },
    "model-index": [
      { name, results: metrics.length === 0 ? [] : [{ task: { type: pipeline, name: task }, dataset, metrics }] },
    ],
  });
}

/** "stepsPerEpoch" and "bits_per_character" in words. */
const label = (name: string): string =>
  name.replaceAll("_", " ").replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function bodyOf(
  { task, command, data, options, facts, maker, continued }: RunConfig,
  { best, trainingLoss, steps, epochs, seconds, tokensPerSecond }: RunSummary,
  { name = "model", about, usage, measures = {}, pictures = [] }: ModelCardOptions,
): string {
  const network = `${String(options["cell"] ?? "a recurrent")} network`;
  const figures: readonly (readonly [string, string | number | undefined])[] = [
    ...Object.entries(facts).map(([fact, value]) => [label(fact), count(value)] as const),
    ["steps", `${count(steps)}${epochs === undefined ? "" : `, ${real(epochs)} epochs`}`],
    ["time", seconds && `${count(seconds)} seconds`],
    ["speed", tokensPerSecond && `${count(tokensPerSecond)} per second`],
    ["training loss of the last step", trainingLoss && real(trainingLoss)],
    ["best validation loss", best && `${real(best.loss)}, after step ${count(best.step)}`],
    ...Object.entries({ ...best?.measures, ...measures }).map(
      ([measure, value]) => [`${label(measure)}, validation`, real(value)] as const,
    ),
  ];
  const how = [
    ...Object.entries(options).map(([option, value]) => [option, String(value)]),
    ...makerRows(maker, continued),
  ];
  const files =
    best === undefined
      ? "`model.safetensors` is the model at the end of the run."
      : "`model.safetensors` is the model at the end of the run, `best.safetensors` the one with the best validation loss.";
  return `# ${markdown(name)}

${about ?? `A model of the task \`${task}\`: ${markdown(network)}, trained on the data below.`} Nobody has checked its answers.

## Figures

${table(
  ["figure", "value"],
  figures.flatMap(([figure, value]) => (value ? [[figure, String(value)]] : [])),
)}

![Losses, learning rate and gradient norm by step](${CURVES_FILE})
${pictures.map((file) => `\n![${file.replace(/\.[^.]*$/, "")}](${file})\n`).join("")}
## How it was trained

${fenced(command, "sh")}

${table(["option", "value"], how)}

${dataTable(data)}

## How to use it

${files}
${usage === undefined ? "" : `\n${fenced(usage, "sh")}\n`}`;
}
