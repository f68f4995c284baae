/** @file The work of `--task forecast`. */
import { DataError } from "unrolled";
import { forecastPicture, type SeriesFile } from "unrolled/node";
import {
  backtest,
  type Backtest,
  type BacktestOptions,
  calibrate,
  featureNames,
  firstWindows,
  forecast,
  type Forecaster,
  forecaster,
  forecasterTask,
  type ForecasterTaskOptions,
  type ForecastMeasures,
  formatFrequency,
  loadForecaster,
  seasonalNaive,
  seasonOf,
  type Series,
} from "unrolled/tasks";
import { UsageError } from "../terminal/failure.ts";
import { count, networkOf, plural, real, table } from "../terminal/format.ts";
import { workSignal } from "../terminal/interruptible.ts";
import { warn } from "../terminal/output.ts";
import { plainMessage } from "../terminal/plain-message.ts";
import { forecastJson, forecastRows, tableLines, withoutOffsets } from "./forecast-answers.ts";
import { type SeriesSplit, splitNotes, splitSeries } from "./forecast-data.ts";
import { keptReading, listOf, readData, readLike } from "./forecast-reading.ts";
import type { OptionsOf } from "../options/table.ts";
import { exampleTraining } from "./example-training.ts";
import type { FORECAST_OPTIONS, FORECAST_PREDICT_OPTIONS } from "./forecast-options.ts";
import { Plots } from "./plots.ts";
import { asTask, type Evaluated, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof FORECAST_OPTIONS>;
type PredictOptions = OptionsOf<typeof FORECAST_PREDICT_OPTIONS>;

/**
 * Forecasts of each series that a run makes at most to say how good it is; more where there are few
 * series.
 */
const FOLDS = 12;
const FOLDS_OF_FEW = 24;
const FEW = 3;

const splitOf = ({ series }: SeriesFile, options: Options): SeriesSplit => splitSeries(series, options);

const longestOf = (series: readonly Series[]): number =>
  series.reduce((longest, { values }) => Math.max(longest, values.length), 0);

const withoutEnd = (series: Series, steps: number): Series => ({
  ...series,
  values: Array.from(series.values).slice(0, series.values.length - steps),
});

/** Throws UsageError for options that ask for more steps than the series have. */
function checkLengths(series: readonly Series[], { held, measured }: SeriesSplit, options: Options): void {
  const { horizon, lags, heldOut } = options;
  const longest = longestOf(series);
  const most = longest - 1 - (measured.length === 0 ? 0 : held);
  const rows = `the longest series has ${plural(longest, "value")}`;
  if (heldOut !== undefined && measured.length === 0 && heldOut > 0)
    throw new UsageError(`--held-out: expected at most ${longest - 2}, since ${rows}, got ${heldOut}`);
  const but = measured.length === 0 ? "" : `, of which ${held} are held out`;
  if (horizon > most) throw new UsageError(`--horizon: expected at most ${most}, since ${rows}${but}, got ${horizon}`);
  const lag = listOf(lags).find((one) => Number(one) > longest);
  if (lag !== undefined) throw new UsageError(`--lags: expected at most ${longest}, since ${rows}, got ${lag}`);
}

function create(data: SeriesFile, options: Options): Forecaster {
  const { cell, dialect, hiddenSize, layers, dropout, seed, horizon, contextLength, head, scaler } = options;
  const split = splitOf(data, options);
  checkLengths(data.series, split, options);
  const { held, trained, measured: measurable } = split;
  const long = new Set(measurable);
  return forecaster({
    series: (trained.length === 0 ? data.series : trained).map((one) => (long.has(one) ? withoutEnd(one, held) : one)),
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    seed,
    horizon,
    head,
    frequency: data.frequency,
    ...(contextLength !== undefined && { contextLength }),
    ...(scaler !== undefined && { scaler }),
    lags: options.lags === undefined ? undefined : listOf(options.lags).map(Number),
    levelSteps: options.levelSteps,
    covariates: listOf(options.covariates),
    embeddingSize: options.embeddingSize,
    ...keptReading(data, options),
  });
}

function taskOptions(data: SeriesFile, options: Options): ForecasterTaskOptions {
  const { trained, held } = splitOf(data, options);
  const { batchSize, seed, stride } = options;
  return { series: trained, heldOut: held, batchSize, seed, ...(stride !== undefined && { stride }) };
}

function preview(model: Forecaster, data: SeriesFile, options: Options): string[] {
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

async function* predict(
  model: Forecaster,
  inputs: readonly string[],
  { horizon, samples, seed, plot, ...reading }: PredictOptions,
): AsyncGenerator<Prediction> {
  const { series: all, notes, hasOffsets } = await readLike(model, inputs, reading);
  for (const note of notes) warn(note);
  const { frequency, columns } = model.config;
  const isForecast = forecastable(model);
  const series = all.filter(isForecast);
  const others = all.filter((one) => !isForecast(one)).map(({ id }) => JSON.stringify(id));
  if (others.length > 0 && series.length > 0)
    warn(`left out, for lack of values or of training on them: ${others.join(", ")}`);
  checkCovariates(model, series, horizon);
  const plots = plot === undefined ? undefined : new Plots(plot);
  // where there is nothing else, the error says what is wrong
  for (const [i, one] of (series.length === 0 ? all : series).entries()) {
    const drawn = await forecast(model, one, { horizon, samples, seed, signal: workSignal() });
    const found = hasOffsets ? drawn : withoutOffsets(drawn);
    const id = all.length > 1 || columns.series !== "" ? one.id : undefined;
    plots?.write(await forecastPicture(one, found, { frequency, value: columns.value }), i);
    yield {
      text: tableLines(found, id).join("\n"),
      json: forecastJson(one.id, found),
      rows: forecastRows(found, id),
    };
  }
  plots?.say();
}

/** Throws UsageError for more steps than covariates are known for, before the first forecast. */
function checkCovariates({ config }: Forecaster, series: readonly Series[], typed: number | undefined): void {
  const horizon = typed ?? config.horizon;
  if (config.covariates.length === 0) return;
  const names = config.covariates.map(({ name }) => name).join(", ");
  for (const { id = "", values, covariates = [] } of series) {
    const known = covariates.length - values.length;
    if (known < horizon) {
      const which = series.length === 1 ? "" : ` of ${JSON.stringify(id)}`;
      const reason = `${names}${which} must be known for each step, and is for ${known} after the last value`;
      const cure =
        known > 0
          ? `--horizon ${known} forecasts these`
          : "Add rows with these and an empty value for the steps to forecast";
      throw new UsageError(`--horizon: expected at most ${known}, since ${reason}, got ${horizon}. ${cure}`);
    }
  }
}

/** Whether a series has values, or is one of those that the model was made with. */
function forecastable({ config }: Forecaster): (series: Series) => boolean {
  const known = new Set(config.series.map(({ id }) => id));
  return ({ id = "", values }) =>
    known.has(id) || (config.embeddingSize === 0 && Array.from(values).some((value) => !Number.isNaN(value)));
}

const NAMES: Readonly<Record<keyof ForecastMeasures, string>> = {
  mase: "MASE",
  crps: "CRPS",
  weightedQuantileLoss: "wQL",
  smape: "sMAPE",
  coverage80: "in 80 %",
  coverage95: "in 95 %",
};

type Measuring = {
  /** `--period`, if it was given. */
  readonly asked: number | undefined;
  /** Backtest of the model, which may change its intervals. */
  readonly backtestOf: (
    model: Forecaster,
    series: readonly Series[],
    options: BacktestOptions,
  ) => Backtest | Promise<Backtest>;
};

/** Forecasts over the last `held` steps of series, against the season before. */
async function measured(
  model: Forecaster,
  { measured: series, held }: SeriesSplit,
  { asked, backtestOf }: Measuring,
): Promise<Evaluated> {
  const { frequency, columns } = model.config;
  const horizon = Math.min(model.config.horizon, held);
  const most = series.length <= FEW ? FOLDS_OF_FEW : FOLDS;
  const folds = Math.max(1, Math.min(most, Math.floor(held / horizon)));
  const period = asked ?? seasonOf(frequency, longestOf(series) - held);
  const options = { horizon, folds, period };
  const own = await backtestOf(model, series, options);
  const keys = Object.keys(NAMES) as (keyof ForecastMeasures)[];
  const cells = (measures: ForecastMeasures): string[] =>
    keys.map((key) => (Number.isNaN(measures[key]) ? "-" : real(measures[key])));
  const naive = naiveMeasures(series, options);
  const rows = [
    ["", ...keys.map((key) => NAMES[key])],
    ["model", ...cells(own.measures)],
    ...("failure" in naive ? [] : [[`value ${period} before`, ...cells(naive)]]),
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
  const text = [
    `${plural(own.folds.length, "forecast")} of ${plural(horizon, "step")}, season of ${plural(period, "step")} (${asked === undefined ? `for values every ${formatFrequency(frequency)}` : "--period"})`,
    table(rows, new Set(rows[0].keys())),
    ...("failure" in naive ? [`value ${period} before: not available (${naive.failure})`] : []),
    ...measureNotes(own),
  ];
  return {
    measures: Object.fromEntries(Object.entries(own.measures).filter(([, value]) => !Number.isNaN(value))),
    counts: { series: new Set(own.folds.map(({ id }) => id)).size, forecasts: own.folds.length, horizon, period },
    text: text.join("\n"),
    ...(picture !== undefined && { pictures: { "forecast.svg": picture } }),
  };
}

/** Measures of the seasonal naive forecast, or the reason why there are none. */
function naiveMeasures(
  series: readonly Series[],
  options: BacktestOptions & { readonly period: number },
): ForecastMeasures | { readonly failure: string } {
  try {
    return backtest(
      // a history that is shorter repeats its last value
      ({ values }, { horizon }) =>
        seasonalNaive(values, { horizon, period: values.length < options.period ? 1 : options.period }),
      series,
      options,
    ).measures;
  } catch (error) {
    return { failure: plainMessage((error as Error).message) };
  }
}

/** Notes on values that the measures leave out. */
function measureNotes({ unscaled, measures, folds }: Backtest): string[] {
  const all = new Set(folds.map(({ id }) => id)).size;
  const without = all === 1 ? "no MASE" : `MASE without ${count(unscaled.length)} series`;
  return [
    ...(unscaled.length > 0
      ? [
          `${without}: the values before repeat each season exactly, or are fewer, so that there is no error to scale by`,
        ]
      : []),
    ...(Number.isNaN(measures.weightedQuantileLoss) ? ["no wQL: the values to forecast are all 0 or missing"] : []),
  ];
}

/** Forecasts over the last steps of the series that are long enough. */
async function evaluatedOn(model: Forecaster, split: SeriesSplit, period: number | undefined): Promise<Evaluated> {
  const found = await measured(model, split, {
    asked: period,
    backtestOf: (own, some, asked) => backtest(own, some, { ...asked, signal: workSignal() }),
  });
  const left = [...split.short, ...split.empty].map(({ id = "" }) => JSON.stringify(id));
  const note = left.length === 0 ? "" : `\ntoo short to be measured: ${left.join(", ")}`;
  return { ...found, text: `${found.text ?? ""}${note}` };
}

const task: Task<Forecaster, SeriesFile, Options> = {
  read: readData,
  create,
  decode: loadForecaster,
  decided: ({ config: { lags, levelSteps = 0 } }) => ({ lags: lags.join(","), levelSteps }),
  describe({ config }, { series }) {
    const values = series.reduce((sum, one) => sum + one.values.length, 0);
    const { head, frequency } = config;
    const data = `${count(series.length)} series (${plural(values, "value")}, every ${formatFrequency(frequency)})`;
    return `${data}; ${networkOf(config)}, ${head}`;
  },
  preview,
  training(model, data, options) {
    // what an earlier training has found says nothing of this one
    model.setSpread([]);
    const own = forecasterTask(model, taskOptions(data, options));
    const split = splitOf(data, options);
    const held = split.held * split.measured.length;
    const all = split.trained.reduce((sum, { values }) => sum + values.length, 0);
    return exampleTraining(
      own,
      { training: all - held, validation: held },
      { unit: "values", notes: [...data.notes, ...splitNotes(split, options)] },
    );
  },
  predict: (model, inputs, options) => predict(model, inputs, options as PredictOptions),
  async evaluate(model, paths, { period, ...reading }) {
    const { series, notes } = await readLike(model, paths, reading);
    for (const note of notes) warn(note);
    const { horizon } = model.config;
    const longest = longestOf(series);
    const shortest = series.reduce(
      (least, { values: { length } }) => (length >= 2 * horizon ? Math.min(least, length) : least),
      longest,
    );
    const share = { heldOut: Math.min(4 * horizon, Math.floor(shortest / 2)), validation: 0, horizon };
    const split = splitSeries(series, share);
    if (split.measured.length === 0)
      throw new DataError(`evaluate: expected a series of at least four values, got ${plural(longest, "row")}`);
    return evaluatedOn(model, split, period);
  },
  async evaluateHeldOut(model, paths, options) {
    const { period, heldOut, validation, horizon, ...reading } = options;
    const { series, notes } = await readLike(model, paths, reading);
    for (const note of notes) warn(note);
    const split = splitSeries(series, { heldOut, validation, horizon });
    return split.measured.length === 0 ? undefined : evaluatedOn(model, split, period);
  },
  async finish(model, data, options) {
    const split = splitOf(data, options);
    if (split.measured.length === 0) return { measures: {} };
    const found = await measured(model, split, { asked: options.period, backtestOf: calibrate });
    const { spread = [] } = model.config;
    const moved = spread.map(({ level, factor }) => `${100 * level} % times ${real(factor)}`).join(", ");
    const note = spread.length === 0 ? "" : `\nwidths of the intervals, so that they hold what they say: ${moved}`;
    return { ...found, text: `${found.text ?? ""}${note}`, changesModel: spread.length > 0 };
  },
};

/** The task as the commands see it. */
export const forecastTask: Task = asTask(task);
