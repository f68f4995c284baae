/** @file The work of `--task forecast`. */
import { writeFileSync } from "node:fs";
import { forecastPicture, readSeries, type SeriesFile } from "unrolled/node";
import {
  backtest,
  featureNames,
  firstWindows,
  type Forecast,
  forecast,
  type Forecaster,
  forecaster,
  type ForecasterOptions,
  forecasterTask,
  type ForecasterTaskOptions,
  type ForecastMeasures,
  formatFrequency,
  loadForecaster,
  seasonalNaive,
  type Series,
} from "unrolled/tasks";
import { count, plural, real, table } from "../format.ts";
import { asTask, type Evaluated, type Prediction, type Task, type TaskOptions } from "./task.ts";

type ForecastTaskOptions = TaskOptions & {
  readonly horizon: number;
  readonly context?: number;
  readonly timeColumn: string;
  readonly valueColumn: string;
  readonly seriesColumn?: string;
  readonly covariates?: string;
  readonly lags?: string;
  readonly head: NonNullable<ForecasterOptions["head"]>;
  readonly scaler?: NonNullable<ForecasterOptions["scaler"]>;
  readonly season: number;
  readonly heldOut?: number;
  readonly seriesEmbedding: number;
  readonly fillGaps?: true;
};

type PredictOptions = {
  readonly horizon?: number;
  readonly samples?: number;
  readonly seed?: number;
  readonly plot?: string;
  readonly csv?: true;
};

/** Forecasts that a run makes at most to say how good it is. */
const FOLDS = 12;
const SEASON = 7;

const listOf = (text: string | undefined): string[] => (text === undefined ? [] : text.split(","));

const shortestOf = (series: readonly Series[]): number =>
  series.reduce((shortest, { values }) => Math.min(shortest, values.length), Infinity);

const heldOut = (series: readonly Series[], { heldOut: steps, validation }: ForecastTaskOptions): number =>
  steps ?? Math.floor(validation * shortestOf(series));

const withoutEnd = (series: Series, steps: number): Series => ({
  ...series,
  values: Array.from(series.values).slice(0, series.values.length - steps),
});

function create({ series, frequency }: SeriesFile, options: ForecastTaskOptions): Forecaster {
  const { cell, dialect, hiddenSize, layers, dropout, seed, horizon, context, head, scaler } = options;
  const held = heldOut(series, options);
  return forecaster({
    series: series.map((one) => withoutEnd(one, held)),
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    seed,
    horizon,
    head,
    frequency,
    ...(context !== undefined && { contextLength: context }),
    ...(scaler !== undefined && { scaler }),
    lags: listOf(options.lags).map(Number),
    covariates: listOf(options.covariates),
    embeddingSize: options.seriesEmbedding,
    columns: { time: options.timeColumn, value: options.valueColumn, series: options.seriesColumn ?? "" },
  });
}

/** Files with the columns that the model was trained on. */
const readFor = (
  { config: { columns, covariates } }: Forecaster,
  paths: readonly string[],
  fillGaps?: true,
): Promise<SeriesFile> =>
  readSeries(paths, {
    time: columns.time,
    value: columns.value,
    ...(columns.series !== "" && { series: columns.series }),
    covariates: covariates.map(({ name }) => name),
    fillGaps,
  });

const taskOptions = (data: SeriesFile, options: ForecastTaskOptions): ForecasterTaskOptions => ({
  series: data.series,
  validation: heldOut(data.series, options),
  batchSize: options.batchSize,
  seed: options.seed,
});

function preview(model: Forecaster, data: SeriesFile, options: ForecastTaskOptions): string[] {
  const { features, targets, weights, shape } = firstWindows(model, taskOptions(data, options), 3);
  const [steps, windows, size] = shape;
  const names = featureNames(model.config);
  return Array.from({ length: windows }, (_, b) => {
    const counted = Array.from({ length: steps }, (_t, t) => t * windows + b).filter((row) => weights[row] === 1);
    const row = counted.at(-1) ?? b;
    const last = counted.slice(-7).map((at) => real(targets[at]));
    return [
      `${count(steps)} steps, ${plural(counted.length, "value")} to predict; the last ones are ${last.join("  ")} (as scaled)`,
      "before the last one it sees:",
      ...names.map((name, i) => `  ${name}: ${real(features[row * size + i])}`),
    ].join("\n");
  });
}

/** A row for each step. */
function rowsOf(found: Forecast): { readonly head: string[]; readonly rows: string[][] } {
  const levels = Object.keys(found.quantiles);
  const head = [
    found.dates === undefined ? "step" : "date",
    "mean",
    ...levels.map((level) => `${100 * Number(level)} %`),
  ];
  const rows = found.mean.map((mean, h) => [
    found.dates?.[h] ?? String(h + 1),
    ...[mean, ...levels.map((level) => found.quantiles[level][h])].map((x) => String(Number(x.toPrecision(6)))),
  ]);
  return { head, rows };
}

async function* predict(
  model: Forecaster,
  inputs: readonly string[],
  { horizon, samples, seed, plot, csv }: PredictOptions,
): AsyncGenerator<Prediction> {
  const { series } = await readFor(model, inputs);
  const { frequency, columns } = model.config;
  for (const [i, one] of series.entries()) {
    const found = forecast(model, one, { horizon, samples, seed });
    const { head, rows } = rowsOf(found);
    const id = series.length > 1 ? [one.id] : [];
    const lines = csv
      ? [...(i === 0 ? [[...id.map(() => "series"), ...head]] : []), ...rows.map((row) => [...id, ...row])].map((row) =>
          row.join(","),
        )
      : [...id, table([head, ...rows], new Set(head.map((_, column) => column).slice(1)))];
    if (plot !== undefined) {
      const file = i === 0 ? plot : plot.replace(/(\.svg)?$/, `-${i + 1}.svg`);
      writeFileSync(file, await forecastPicture(one, found, { frequency, value: columns.value }));
    }
    yield {
      text: lines.join("\n"),
      json: {
        series: one.id,
        dates: [...(found.dates ?? [])],
        mean: [...found.mean],
        quantiles: Object.fromEntries(Object.entries(found.quantiles).map(([level, values]) => [level, [...values]])),
      },
    };
  }
}

const NAMES: Readonly<Record<keyof ForecastMeasures, string>> = {
  mase: "MASE",
  crps: "CRPS",
  weightedQuantileLoss: "wQL",
  smape: "sMAPE",
  coverage80: "in 80 %",
  coverage95: "in 95 %",
};

/** Forecasts over the last steps, against the season before. */
async function measured(
  model: Forecaster,
  series: readonly Series[],
  held: number,
  season: number,
): Promise<Evaluated> {
  const { horizon, frequency, columns } = model.config;
  const folds = Math.max(1, Math.min(FOLDS, Math.floor(held / horizon)));
  const options = { horizon, folds, period: season };
  const own = backtest(model, series, options);
  const naive = backtest(
    ({ values }, asked) => seasonalNaive(values, { horizon: asked.horizon, period: season }),
    series,
    options,
  );
  const keys = Object.keys(NAMES) as (keyof ForecastMeasures)[];
  const rows = [
    ["", ...keys.map((key) => NAMES[key])],
    ["model", ...keys.map((key) => real(own.measures[key]))],
    [`value ${season} before`, ...keys.map((key) => real(naive.measures[key]))],
  ];
  const last = own.folds.findLast(({ id }) => id === (series[0].id ?? ""));
  const picture =
    last &&
    (() =>
      forecastPicture(withoutEnd(series[0], horizon), last.forecast, {
        frequency,
        actual: last.actual,
        value: columns.value,
      }));
  return {
    measures: { ...own.measures },
    text: `${plural(own.folds.length, "forecast")} of ${plural(horizon, "step")}\n${table(rows, new Set(rows[0].keys()))}`,
    ...(picture !== undefined && { pictures: { "forecast.svg": picture } }),
  };
}

const task: Task<Forecaster, SeriesFile, ForecastTaskOptions> = {
  read: (paths, { timeColumn, valueColumn, seriesColumn, covariates, fillGaps }) =>
    readSeries(paths, {
      time: timeColumn,
      value: valueColumn,
      series: seriesColumn,
      covariates: listOf(covariates),
      fillGaps,
    }),
  create,
  decode: loadForecaster,
  describe({ config }, { series }) {
    const values = series.reduce((sum, one) => sum + one.values.length, 0);
    const { cell, layers, hiddenSize, head, frequency } = config;
    const data = `${plural(series.length, "series").replace("seriess", "series")} (${plural(values, "value")}, every ${formatFrequency(frequency)})`;
    return `${data}; ${cell}, ${plural(layers, "layer")} of ${hiddenSize}, ${head}`;
  },
  preview,
  training(model, data, options) {
    const own = forecasterTask(model, taskOptions(data, options));
    const held = heldOut(data.series, options) * data.series.length;
    const all = data.series.reduce((sum, { values }) => sum + values.length, 0);
    return {
      task: own,
      unit: "values",
      stepsPerEpoch: [...(own.batches(0) as Iterable<unknown>)].length,
      examples: { training: all - held, validation: held },
    };
  },
  predict,
  async evaluate(model, paths, { season = SEASON, fillGaps }) {
    const { series } = await readFor(model, paths, fillGaps);
    const shortest = shortestOf(series);
    return measured(model, series, Math.min(4 * model.config.horizon, Math.floor(shortest / 2)), season);
  },
  async finish(model, data, options) {
    const held = heldOut(data.series, options);
    return held < model.config.horizon ? { measures: {} } : measured(model, data.series, held, options.season);
  },
};

/** As the commands see it. */
export const forecastTask: Task = asTask(task);
