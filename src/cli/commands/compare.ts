import { existsSync } from "node:fs";
import { basename, join, normalize } from "node:path";
import {
  compareCurves,
  dataHash,
  type Metrics,
  METRICS_FILE,
  readMetrics,
  readRunConfig,
  type RunConfig,
  type RunSummary,
  summarizeRun,
  writeFileDurably,
} from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { count, duration, plural, real, table } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";

export type CompareOptions = { plot?: string; json?: boolean };

type Run = {
  readonly name: string;
  /** Name that is typed after `--task`. */
  readonly task: string;
  /** Undefined for a model of one's own. */
  readonly cell: Value;
  readonly layers: Value;
  readonly hiddenSize: Value;
  readonly parameters: number | undefined;
  /** Options, data and software by name. */
  readonly settings: Readonly<Record<string, Value>>;
  /** Measures of the evaluation with the lowest loss. */
  readonly measures: Readonly<Record<string, number>>;
  readonly metrics: readonly Metrics[];
  readonly summary: RunSummary;
};

type Value = string | number | boolean | undefined;

/** Options that differ, with the values of the runs in their order. */
type Differences = Readonly<Record<string, readonly Value[]>>;

/** Prints runs side by side, and draws their curves where that is asked for. */
export async function compare(directories: readonly string[], { plot, json }: CompareOptions): Promise<void> {
  if (plot !== undefined && !plot.endsWith(".svg"))
    throw new UsageError(`--plot: expected a name that ends in .svg, got ${JSON.stringify(plot)}`);
  const names = namesOf(directories);
  const runs = directories.map((directory, i) => readRun(directory, names[i]));
  const other = runs.find(({ task }) => task !== runs[0].task);
  if (other !== undefined)
    throw new UsageError(
      `expected runs of one task, got ${runs[0].task} (${names[0]}) and ${other.task} (${other.name})`,
    );
  if (plot !== undefined && !runs.some(({ metrics }) => metrics.length > 0))
    throw new UsageError("--plot: expected a run with at least one step to draw, got none");
  const differences = differencesOf(runs);
  if (json) sayJson(report(runs, directories, differences));
  else say(`${figures(runs)}\n\n${settings(names, differences)}`);
  if (plot === undefined) return;
  await writeFileDurably(plot, await compareCurves(runs));
  if (!json) say(`\ndrawn in ${plot}`);
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
  const { task, options, data, facts, maker } = asUsage(() => readRunConfig(directory));
  const file = join(directory, METRICS_FILE);
  if (!existsSync(file))
    throw new UsageError(`expected a run directory with ${METRICS_FILE}, got ${JSON.stringify(directory)}`);
  const metrics = readMetrics(file);
  const summary = summarizeRun(metrics);
  const { started: _started, ...made } = maker;
  return {
    name,
    task,
    cell: options["cell"],
    layers: options["layers"],
    hiddenSize: options["hiddenSize"],
    parameters: facts["parameters"],
    settings: { ...options, data: nameOfData(data), ...made },
    metrics,
    summary,
    measures: summary.best?.measures ?? {},
  };
}

/** "lstm 2x128", or "-" for a model of one's own. */
const networkOf = ({ cell, layers, hiddenSize }: Pick<Run, "cell" | "layers" | "hiddenSize">): string =>
  cell === undefined ? "-" : `${String(cell)} ${String(layers)}x${String(hiddenSize)}`;

/** A row for each run, with a column for each measure that one of them has. */
function figures(runs: readonly Run[]): string {
  const measures = [...new Set(runs.flatMap((run) => Object.keys(run.measures)))];
  const hasSpeed = runs.some(({ summary }) => summary.tokensPerSecond !== undefined);
  const header = [
    "run",
    "model",
    "parameters",
    "steps",
    "best loss",
    ...measures,
    ...(hasSpeed ? ["speed"] : []),
    "time",
    "ended",
  ];
  const rows = runs.map(({ name, parameters, summary, ...run }) => [
    name,
    networkOf(run),
    shown(parameters, count),
    count(summary.steps),
    shown(summary.best?.loss, real),
    ...measures.map((measure) => shown(run.measures[measure], real)),
    ...(hasSpeed ? [shown(summary.tokensPerSecond, count)] : []),
    shown(summary.seconds, duration),
    summary.ended ?? "not yet",
  ]);
  const right = new Set(header.flatMap((_, column) => (column > 1 && column < header.length - 1 ? [column] : [])));
  const note =
    "Losses and measures are of the held-out data, where the loss was lowest; model is cell, layers and hidden size; speed is per second.";
  return `${table([header, ...rows], right)}\n${note}`;
}

const shown = (x: number | undefined, format: (x: number) => string): string => (x === undefined ? "-" : format(x));

function settings(names: readonly string[], differences: Differences): string {
  const rows = Object.entries(differences).map(([option, values]) => [option, ...values.map((x) => String(x ?? "-"))]);
  if (rows.length > 0) return table([["what differs", ...names], ...rows]);
  return `${plural(names.length, "run")}, no difference in their options, data and software`;
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
  const described = runs.map(({ name, task, cell, layers, hiddenSize, parameters, summary, measures }, i) => ({
    run: directories[i],
    name,
    task,
    cell,
    layers,
    hiddenSize,
    parameters,
    ...summary,
    measures,
  }));
  return { runs: described, differences };
}
