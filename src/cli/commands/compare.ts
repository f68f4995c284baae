import { existsSync } from "node:fs";
import { basename, join, normalize } from "node:path";
import {
  compareCurves,
  dataHash,
  type Metrics,
  METRICS_FILE,
  readMetrics,
  readRunConfig,
  readTaskRunConfig,
  type RunConfig,
  type RunSummary,
  summarizeRun,
  taskOfRun,
  type TaskRunConfig,
  writeFileDurably,
} from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { count, duration, plural, real, table } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";
import { LANGUAGE_MODEL } from "./train-options.ts";

export type CompareOptions = { out?: string; json?: boolean };

type Run = {
  readonly name: string;
  /** As it is typed after `--task`. */
  readonly task: string;
  readonly cell: string;
  readonly layers: number;
  readonly units: number;
  readonly parameters: number;
  /** What it was told, by name. */
  readonly settings: Readonly<Record<string, Value>>;
  /** Of the evaluation with the lowest loss. */
  readonly measures: Readonly<Record<string, number>>;
  readonly metrics: readonly Metrics[];
  readonly summary: RunSummary;
};

type Value = string | number | boolean | undefined;

/** What differs: by option, the values of the runs in their order. */
type Differences = Readonly<Record<string, readonly Value[]>>;

/** Prints runs side by side, and draws their curves where that is asked for. */
export async function compare(directories: readonly string[], { out, json }: CompareOptions): Promise<void> {
  if (out !== undefined && !out.endsWith(".svg"))
    throw new UsageError(`--out: expected a name that ends in .svg, got ${JSON.stringify(out)}`);
  const names = namesOf(directories);
  const runs = directories.map((directory, i) => readRun(directory, names[i]));
  const other = runs.find(({ task }) => task !== runs[0].task);
  if (other !== undefined)
    throw new UsageError(
      `expected runs of one task, got ${runs[0].task} (${names[0]}) and ${other.task} (${other.name})`,
    );
  if (out !== undefined && !runs.some(({ metrics }) => metrics.length > 0))
    throw new UsageError("--out: expected a run with at least one step to draw, got none");
  const differences = differencesOf(runs);
  if (json) sayJson(report(runs, directories, differences));
  else
    say(
      [runs[0].task === LANGUAGE_MODEL ? figures(runs) : taskFigures(runs), settings(names, differences)].join("\n\n"),
    );
  if (out === undefined) return;
  await writeFileDurably(out, await compareCurves(runs));
  if (!json) say(`\ndrawn in ${out}`);
}

/** The last parts of the paths where they differ, else the paths. */
function namesOf(directories: readonly string[]): readonly string[] {
  const paths = directories.map((directory) => normalize(directory).replace(/(?<=.)[/\\]$/, ""));
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new UsageError(`expected different runs, got ${JSON.stringify(twice)} twice`);
  const short = paths.map((path) => basename(path));
  return new Set(short).size === short.length ? short : paths;
}

function readRun(directory: string, name: string): Run {
  const task = asUsage(() => taskOfRun(directory));
  const told = asUsage(() =>
    task === undefined ? ofLanguageModel(readRunConfig(directory)) : ofTask(readTaskRunConfig(directory)),
  );
  const file = join(directory, METRICS_FILE);
  if (!existsSync(file))
    throw new UsageError(`expected a run directory with ${METRICS_FILE}, got ${JSON.stringify(directory)}`);
  const metrics = readMetrics(file);
  const summary = summarizeRun(metrics);
  return { name, task: task ?? LANGUAGE_MODEL, ...told, metrics, summary, measures: measuresOf(metrics, summary) };
}

type Told = Pick<Run, "cell" | "layers" | "units" | "parameters" | "settings">;

const ofLanguageModel = (config: RunConfig): Told => ({
  cell: config.model.cell,
  layers: config.model.layers,
  units: config.model.hiddenSize,
  parameters: config.facts.parameters,
  settings: settingsOf(config),
});

function ofTask({ options, data, facts, maker }: TaskRunConfig): Told {
  const { started: _started, ...made } = maker;
  return {
    cell: String(options["cell"]),
    layers: Number(options["layers"]),
    units: Number(options["hiddenSize"]),
    parameters: facts.parameters,
    settings: { ...options, data: nameOfData(data), ...made },
  };
}

function measuresOf(metrics: readonly Metrics[], { best }: RunSummary): Readonly<Record<string, number>> {
  const found = metrics.find(({ kind, step }) => kind === "evaluation" && step === best?.step);
  const { measures = {} } = (found ?? {}) as { readonly measures?: Readonly<Record<string, unknown>> };
  const all = Object.entries({ perplexity: found?.perplexity, ...measures });
  return Object.fromEntries(all.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}

function figures(runs: readonly Run[]): string {
  const header = ["run", "model", "parameters", "steps", "best loss", "bits/char", "tokens/s", "time", "ended"];
  const rows = runs.map(
    ({ name, cell, layers, units, parameters, summary: { steps, best, tokensPerSecond, seconds, ended } }) => [
      name,
      `${cell} ${layers}x${units}`,
      count(parameters),
      count(steps),
      shown(best?.loss, real),
      shown(best?.bitsPerCharacter, real),
      shown(tokensPerSecond, count),
      shown(seconds, duration),
      ended ?? "not yet",
    ],
  );
  const note = "Losses are of the validation text, in nats per token; model is cell, layers and units.";
  return `${table([header, ...rows], new Set([2, 3, 4, 5, 6, 7]))}\n${note}`;
}

/** As `figures`, with what the task measures. */
function taskFigures(runs: readonly Run[]): string {
  const names = [...new Set(runs.flatMap(({ measures }) => Object.keys(measures)))];
  const header = ["run", "model", "parameters", "steps", "best loss", ...names, "time", "ended"];
  const rows = runs.map(({ name, cell, layers, units, parameters, measures, summary }) => [
    name,
    `${cell} ${layers}x${units}`,
    count(parameters),
    count(summary.steps),
    shown(summary.best?.loss, real),
    ...names.map((measure) => shown(measures[measure], real)),
    shown(summary.seconds, duration),
    summary.ended ?? "not yet",
  ]);
  const right = new Set(header.flatMap((_, column) => (column > 1 && column < header.length - 1 ? [column] : [])));
  const note =
    "Losses and measures are of the held-out examples, where the loss was lowest; model is cell, layers and units.";
  return `${table([header, ...rows], right)}\n${note}`;
}

const shown = (x: number | undefined, format: (x: number) => string): string => (x === undefined ? "-" : format(x));

function settings(names: readonly string[], differences: Differences): string {
  const rows = Object.entries(differences).map(([option, values]) => [option, ...values.map((x) => String(x ?? "-"))]);
  if (rows.length > 0) return table([["what differs", ...names], ...rows]);
  return `${plural(names.length, "run")}, no difference in what they were told`;
}

/** The settings of a run by their names, in the order of its file. */
function settingsOf({ seed, data, model, training, maker }: RunConfig): Readonly<Record<string, Value>> {
  const { started: _started, ...made } = maker;
  return {
    ...model,
    ...training,
    clipNorm: training.clipNorm === Infinity ? "off" : training.clipNorm,
    seed,
    data: nameOfData(data),
    ...made,
  };
}

/** The name of the file, or how many there are, with the beginning of their hash. */
const nameOfData = (data: RunConfig["data"]): string =>
  data.length === 0
    ? "standard input"
    : `${data.length === 1 ? basename(data[0].path) : plural(data.length, "file")} ${dataHash(data).slice(0, 8)}`;

function differencesOf(runs: readonly Run[]): Differences {
  const all = runs.map((run) => run.settings);
  const options = new Set(all.flatMap((settings) => Object.keys(settings)));
  const values = [...options].map((option) => [option, all.map((settings) => settings[option])] as const);
  return Object.fromEntries(values.filter(([, list]) => new Set(list).size > 1));
}

function report(runs: readonly Run[], directories: readonly string[], differences: Differences): object {
  const described = runs.map(({ name, task, cell, layers, units, parameters, summary, measures }, i) => ({
    run: directories[i],
    name,
    task,
    cell,
    layers,
    units,
    parameters,
    ...summary,
    measures,
  }));
  return { runs: described, differences };
}
