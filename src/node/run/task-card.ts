/** @file `README.md` of a run of a task: a model card. */
import { basename, join, resolve } from "node:path";
import { bytesOf, count, dataTable, fenced, makerRows, markdown, MOST_FILES, real, table, yaml } from "./card-text.ts";
import { CURVES_FILE } from "../pictures/curves.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { CARD_FILE } from "./model-card.ts";
import { dataHash } from "./run-config.ts";
import type { RunSummary } from "./run-summary.ts";
import type { TaskRunConfig } from "./task-run-config.ts";

/** The Hub's names of the tasks that it knows. */
const PIPELINES: Readonly<Record<string, string>> = {
  classify: "text-classification",
  image: "image-classification",
  tag: "token-classification",
  forecast: "time-series-forecasting",
  translate: "translation",
  transcribe: "automatic-speech-recognition",
};

/**
 * Writes the model card of a run into its directory, durably. `measures` are those on the held-out examples, `pictures` the names of files beside the card.
 * Throws the file system's own errors.
 */
export function writeTaskCard(
  directory: string,
  config: TaskRunConfig,
  summary: RunSummary,
  {
    measures = {},
    pictures = [],
  }: { readonly measures?: Readonly<Record<string, number>>; readonly pictures?: readonly string[] } = {},
): void {
  const name = basename(resolve(directory));
  const head = headOf(name, config, measures);
  writeFileDurablySync(
    join(directory, CARD_FILE),
    `---\n${head}---\n\n${bodyOf(name, config, summary, measures, pictures)}`,
  );
}

function headOf(
  name: string,
  { task, command, data, maker, options }: TaskRunConfig,
  measures: Readonly<Record<string, number>>,
): string {
  const isListed = data.length <= MOST_FILES;
  const type = PIPELINES[task] ?? task;
  const dataset = {
    type: task,
    name: isListed ? data.map(({ path }) => basename(path)).join(", ") : `${count(data.length)} files`,
  };
  const metrics = Object.entries(measures)
    .filter(([, value]) => Number.isFinite(value))
    .map(([measure, value]) => ({ type: measure, name: measure, value }));
  const all = { files: data.length, bytes: bytesOf(data), sha256: dataHash(data) };
  return yaml({
    library_name: "unrolled",
    pipeline_tag: type,
    tags: ["unrolled", "recurrent-neural-network", task, String(options["cell"] ?? "lstm")],
    unrolled: { version: maker.unrolled, node: maker.node, command, data: isListed ? data : all },
    "model-index": [{ name, results: metrics.length === 0 ? [] : [{ task: { type, name: task }, dataset, metrics }] }],
  });
}

function bodyOf(
  name: string,
  { task, command, data, options, facts, maker, continued }: TaskRunConfig,
  { steps, epochs, seconds, best }: RunSummary,
  measures: Readonly<Record<string, number>>,
  pictures: readonly string[],
): string {
  const figures = [
    ["parameters", count(facts.parameters)],
    ["examples trained on", count(facts.trainingExamples)],
    ["examples held out", count(facts.validationExamples)],
    ["steps", `${count(steps)}${epochs === undefined ? "" : `, ${real(epochs)} epochs`}`],
    ["time", seconds && `${count(seconds)} seconds`],
    ["best loss on held-out examples", best && `${real(best.loss)}, after step ${count(best.step)}`],
    ...Object.entries(measures).map(([measure, value]) => [`${measure}, held-out examples`, real(value)]),
  ];
  const how = [
    ...Object.entries(options).map(([option, value]) => [option, String(value)]),
    ...makerRows(maker, continued),
  ];
  return `# ${markdown(name)}

A model of the task \`${task}\`, trained on the data below. Nobody has checked what it answers.

## Figures

${table(
  ["what", "value"],
  figures.flatMap(([what, value]) => (value ? [[what as string, value]] : [])),
)}

![Losses, learning rate and gradient norm by step](${CURVES_FILE})
${pictures.map((file) => `\n![${file.replace(/\.[^.]*$/, "")}](${file})\n`).join("")}
## How it was trained

${fenced(command, "sh")}

${table(["what", "value"], how)}

${dataTable(data)}

## How to use it

${fenced("unrolled predict . FILE", "sh")}
`;
}
