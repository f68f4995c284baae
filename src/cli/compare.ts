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
import { asUsage, UsageError } from "./failure.ts";
import { count, duration, plural, real, table } from "./format.ts";

export type CompareOptions = { out?: string; json?: boolean };

type Run = {
  readonly name: string;
  readonly config: RunConfig;
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
  if (out !== undefined && !runs.some(({ metrics }) => metrics.length > 0))
    throw new UsageError("--out: expected a run with at least one step to draw, got none");
  const differences = differencesOf(runs);
  if (json) console.log(JSON.stringify(report(runs, directories, differences)));
  else console.log([figures(runs), settings(names, differences)].join("\n\n"));
  if (out === undefined) return;
  await writeFileDurably(out, await compareCurves(runs));
  if (!json) console.log(`\ndrawn in ${out}`);
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
  const config = asUsage(() => readRunConfig(directory));
  const file = join(directory, METRICS_FILE);
  if (!existsSync(file))
    throw new UsageError(`expected a run directory with ${METRICS_FILE}, got ${JSON.stringify(directory)}`);
  const metrics = readMetrics(file);
  return { name, config, metrics, summary: summarizeRun(metrics) };
}

function figures(runs: readonly Run[]): string {
  const header = ["run", "model", "parameters", "steps", "best loss", "bits/char", "tokens/s", "time", "ended"];
  const rows = runs.map(
    ({ name, config: { model, facts }, summary: { steps, best, tokensPerSecond, seconds, ended } }) => [
      name,
      `${model.cell} ${model.layers}x${model.hiddenSize}`,
      count(facts.parameters),
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
  `${data.length === 1 ? basename(data[0].path) : plural(data.length, "file")} ${dataHash(data).slice(0, 8)}`;

function differencesOf(runs: readonly Run[]): Differences {
  const all = runs.map(({ config }) => settingsOf(config));
  const options = new Set(all.flatMap((settings) => Object.keys(settings)));
  const values = [...options].map((option) => [option, all.map((settings) => settings[option])] as const);
  return Object.fromEntries(values.filter(([, list]) => new Set(list).size > 1));
}

function report(runs: readonly Run[], directories: readonly string[], differences: Differences): object {
  const described = runs.map(({ name, config: { model, facts }, summary }, i) => ({
    run: directories[i],
    name,
    cell: model.cell,
    layers: model.layers,
    units: model.hiddenSize,
    parameters: facts.parameters,
    ...summary,
  }));
  return { runs: described, differences };
}
