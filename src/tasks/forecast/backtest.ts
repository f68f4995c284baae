/** @file Forecasts from several points of the past, against what came, and the forecast that every other has to beat. */
import { carryOut, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import { checkInteger, DataError, sentence } from "../../base/index.ts";
import { coverage, crps, mase, pinball, smape } from "../../metrics/index.ts";
import { Forecaster } from "./forecaster.ts";
import { type Forecast, forecastOf } from "./result.ts";
import type { Series } from "./series.ts";
import type { ForecastOptions } from "./tracker.ts";

export type SeasonalNaiveOptions = {
  readonly horizon: number;
  /** Steps of a season: 7 for weeks of days, 364 for years of whole weeks. Default 1. */
  readonly period?: number;
  /** Past errors of the same forecast that become samples. Default 200. */
  readonly samples?: number;
  readonly dates?: readonly string[];
};

/**
 * Repeats the last season. Samples are that, plus the errors that it made h seasons ahead in the past (the latest of them), so that its intervals are fair
 * ones. A missing value is that of the season before. Throws DataError unless there is a season of values.
 */
export function seasonalNaive(
  values: ArrayLike<number>,
  { horizon, period = 1, samples = 200, dates }: SeasonalNaiveOptions,
): Forecast {
  const where = "seasonalNaive";
  checkInteger(`${where} horizon`, horizon, 1);
  checkInteger(`${where} period`, period, 1);
  const n = values.length;
  const at = (t: number): number => {
    for (let from = t; from >= 0; from -= period) if (!Number.isNaN(values[from])) return values[from];
    return NaN;
  };
  const paths = Array.from({ length: horizon }, (_, h) => {
    const seasons = Math.floor(h / period) + 1;
    const value = at(n + h - seasons * period);
    if (!(value === value)) throw new DataError(sentence(where, `a season of ${period} values`, `${n} values`));
    const errors: number[] = [];
    for (let t = n - 1; t - seasons * period >= 0 && errors.length < samples; t--) {
      const error = values[t] - at(t - seasons * period);
      if (!Number.isNaN(error)) errors.push(error);
    }
    // for lack of errors, the value itself
    return Array.from({ length: samples }, (_s, s) => value + (errors.length === 0 ? 0 : errors[s % errors.length]));
  });
  const flat = Float64Array.from({ length: samples * horizon }, (_, i) => paths[i % horizon][Math.floor(i / horizon)]);
  const found = forecastOf(flat, samples, { dates });
  return {
    ...found,
    quantiles: { ...found.quantiles, "0.5": paths.map((_, h) => at(n + h - (Math.floor(h / period) + 1) * period)) },
  };
}

/** How good forecasts were, over all of their steps. */
export type ForecastMeasures = {
  /** Of the median, by the errors of `period` in the values before the first fold. */
  readonly mase: number;
  /** Of the samples, in the unit of the values. */
  readonly crps: number;
  /** Twice the pinball loss, averaged over the levels 0.1 … 0.9, by the mean absolute value (Salinas et al. 2020, section 4). */
  readonly weightedQuantileLoss: number;
  readonly smape: number;
  readonly coverage80: number;
  readonly coverage95: number;
};

export type BacktestOptions = {
  /** Steps of each forecast. Default: the model's, or 28. */
  readonly horizon?: number;
  /** Forecasts, the last of which ends with the series. Default 4. */
  readonly folds?: number;
  /** Steps from one to the next. Default: the horizon, so that they don't overlap. */
  readonly stride?: number;
  /** Of the season by whose errors `mase` is scaled. Default 1. */
  readonly period?: number;
  readonly samples?: number;
  readonly seed?: number;
};

export type Fold = {
  readonly id: string;
  /** Values before it. */
  readonly origin: number;
  readonly actual: readonly number[];
  readonly forecast: Forecast;
};

export type Backtest = { readonly measures: ForecastMeasures; readonly folds: readonly Fold[] };

/** Forecasts from the history before a fold: `history.values` ends there, its covariates go on. */
export type ForecastFactory = (history: Series, options: ForecastOptions & { readonly horizon: number }) => Forecast;

/**
 * Rolling-origin evaluation: forecasts from `folds` points of each series, each from what was known before it. A model is as it is, and reads each series
 * once; a factory may be anything, such as `(history, { horizon }) => seasonalNaive(history.values, { horizon, period: 7 })`, or train a model for each fold.
 *
 * With `signal` the answer is a promise, which rejects with the signal's reason when that aborts. Throws DataError for a series that is too short.
 */
export function backtest(
  model: Forecaster | ForecastFactory,
  series: Series | readonly Series[],
  options: BacktestOptions & WithSignal,
): Promise<Backtest>;
export function backtest(
  model: Forecaster | ForecastFactory,
  series: Series | readonly Series[],
  options?: BacktestOptions & WithoutSignal,
): Backtest;
export function backtest(
  model: Forecaster | ForecastFactory,
  series: Series | readonly Series[],
  { signal, ...options }: BacktestOptions & MaybeSignal = {},
): Backtest | Promise<Backtest> {
  return carryOut(backtestInPieces(model, series, options), signal);
}

function* backtestInPieces(
  model: Forecaster | ForecastFactory,
  series: Series | readonly Series[],
  options: BacktestOptions,
): Pieces<Backtest> {
  const where = "backtest";
  const horizon = checkInteger(
    `${where} horizon`,
    options.horizon ?? (model instanceof Forecaster ? model.config.horizon : 28),
    1,
  );
  const folds = checkInteger(`${where} folds`, options.folds ?? 4, 1);
  const stride = checkInteger(`${where} stride`, options.stride ?? horizon, 1);
  const list = Array.isArray(series) ? (series as readonly Series[]) : [series as Series];
  const found: Fold[] = [];
  for (const one of list) {
    const first = one.values.length - horizon - (folds - 1) * stride;
    if (first < 1) {
      const expected = `more than ${horizon + (folds - 1) * stride} values in series ${JSON.stringify(one.id ?? "")}`;
      throw new DataError(sentence(where, expected, String(one.values.length)));
    }
    const origins = Array.from({ length: folds }, (_, k) => first + k * stride);
    if (model instanceof Forecaster) found.push(...(yield* byModel(model, one, origins, { ...options, horizon })));
    else
      for (const origin of origins) {
        found.push(foldOf(one, origin, horizon, model(historyOf(one, origin), { ...options, horizon })));
        yield;
      }
  }
  const starts = new Map(list.map((one) => [one.id ?? "", Array.from(one.values)]));
  return { measures: yield* measure(found, starts, options.period ?? 1), folds: found };
}

const historyOf = (series: Series, origin: number): Series => ({
  ...series,
  values: Array.from(series.values).slice(0, origin),
});

const foldOf = (series: Series, origin: number, horizon: number, forecast: Forecast): Fold => ({
  id: series.id ?? "",
  origin,
  actual: Array.from(series.values).slice(origin, origin + horizon),
  forecast,
});

/** The model's state moves on from origin to origin. */
function* byModel(
  model: Forecaster,
  series: Series,
  origins: readonly number[],
  options: ForecastOptions & { readonly horizon: number },
): Pieces<Fold[]> {
  const tracker = yield* model.startInPieces(historyOf(series, origins[0]));
  try {
    const folds: Fold[] = [];
    for (const origin of origins) {
      while (tracker.length < origin) {
        tracker.observe(series.values[tracker.length]);
        yield;
      }
      const own = { ...options, seed: (options.seed ?? 0) + origin };
      folds.push(foldOf(series, origin, options.horizon, yield* tracker.forecastInPieces(own)));
    }
    return folds;
  } finally {
    tracker.free();
  }
}

const LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

const mean = (values: readonly number[]): number => {
  const known = values.filter((x) => !Number.isNaN(x));
  return known.reduce((sum, x) => sum + x, 0) / known.length;
};

function* measure(
  folds: readonly Fold[],
  values: ReadonlyMap<string, readonly number[]>,
  period: number,
): Pieces<ForecastMeasures> {
  const firsts = new Map<string, number>();
  for (const { id, origin } of folds) firsts.set(id, Math.min(origin, firsts.get(id) ?? origin));
  const median = ({ forecast }: Fold): readonly number[] => forecast.quantiles["0.5"] ?? forecast.quantile(0.5);
  const inside = (level: number): number =>
    mean(
      folds.map(({ forecast, actual }) => {
        if (forecast.sampleCount === 1) return NaN;
        const { lower, upper } = forecast.interval(level);
        return coverage(actual, lower, upper);
      }),
    );
  const scores: number[] = [];
  const losses: number[] = [];
  for (const { forecast, actual } of folds) {
    const { samples, sampleCount } = forecast;
    for (const [h, y] of actual.entries()) {
      const drawn = Array.from({ length: sampleCount }, (_, s) => samples[s * actual.length + h]);
      scores.push(crps(drawn, y));
    }
    for (const level of LEVELS) losses.push(2 * pinball(actual, forecast.quantile(level), level));
    yield;
  }
  const size = mean(folds.flatMap(({ actual }) => actual.map(Math.abs)));
  return {
    mase: mean(
      folds.map((fold) => {
        const training = (values.get(fold.id) ?? []).slice(0, firsts.get(fold.id));
        return training.length > period ? mase(fold.actual, median(fold), { training, period }) : NaN;
      }),
    ),
    crps: mean(scores),
    weightedQuantileLoss: mean(losses) / size,
    smape: mean(folds.map((fold) => smape(fold.actual, median(fold)))),
    coverage80: inside(0.8),
    coverage95: inside(0.95),
  };
}
