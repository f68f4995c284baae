/**
 * @file Forecasts from several points of the past, against what came, and the forecast that every
 * other has to beat.
 */
import type { Pieces } from "#platform";
import { checkOptions, checkInteger, DataError, sentence } from "../../base/index.ts";
import { coverage, crps, mase, pinball, smape } from "../../metrics/index.ts";
import { type Interruptible, interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import { Forecaster } from "./model.ts";
import { type Forecast, forecastOf } from "./result.ts";
import type { Series } from "./series.ts";
import { missesOf, spreadOf, spreadOut } from "./spread.ts";
import { type ForecastOptions, trackerInPieces } from "./answers.ts";

export type SeasonalNaiveOptions = {
  readonly horizon: number;
  /** Steps of a season: 7 for weeks of days, 364 for years of whole weeks. Default 1. */
  readonly period?: number | undefined;
  /** Past errors of the same forecast that become samples. Default 200. */
  readonly samples?: number | undefined;
  readonly dates?: readonly string[] | undefined;
};

/**
 * Repeats the last season. Samples are that, plus the errors that it made h seasons ahead in the
 * past (the latest of them), so that its intervals are fair ones. A missing value is that of the
 * season before; where all of these are missing, such as Sundays of a shop that is closed, it is
 * the last value that is there. Throws DataError for fewer values than a season has, and where all
 * are missing.
 */
export function seasonalNaive(
  values: ArrayLike<number>,
  { horizon, period = 1, samples = 200, dates }: SeasonalNaiveOptions,
): Forecast {
  checkOptions("seasonalNaive", arguments[1], "horizon period samples dates");
  const where = "seasonalNaive";
  checkInteger(`${where} horizon`, horizon, 1);
  checkInteger(`${where} period`, period, 1);
  const n = values.length;
  if (n < period) throw new DataError(sentence(where, `at least ${period} values, a season`, String(n)));
  const known = Float64Array.from(values);
  let last = known.find((value) => !Number.isNaN(value));
  if (last === undefined) throw new DataError(sentence(where, "at least one value", `${n} that are missing`));
  /** The last value that is there, and before the first one that one. */
  const latest = known.map((value) => (last = Number.isNaN(value) ? (last as number) : value));
  const at = (t: number): number => {
    for (let from = t; from >= 0; from -= period) if (!Number.isNaN(values[from])) return values[from];
    return latest[t];
  };
  const paths = Array.from({ length: horizon }, (_, h) => {
    const seasons = Math.floor(h / period) + 1;
    const value = at(n + h - seasons * period);
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

/**
 * Measures of forecasts, over all of their values that are there. NaN where a measure isn't
 * defined, such as the wQL of values that are all 0.
 */
export type ForecastMeasures = {
  /**
   * Error of the median, scaled by the errors of `period` in the values before the first fold.
   * Series for which these are 0 or none are left out: `unscaled`.
   */
  readonly mase: number;
  /** Continuous ranked probability score of the samples, in the unit of the values. */
  readonly crps: number;
  /**
   * Twice the pinball loss, averaged over the levels 0.1 … 0.9, by the mean absolute value (Salinas
   * et al. 2020, section 4).
   */
  readonly weightedQuantileLoss: number;
  readonly smape: number;
  readonly coverage80: number;
  readonly coverage95: number;
};

export type BacktestOptions = {
  /** Steps of each forecast. Default: the model's, or 28. */
  readonly horizon?: number | undefined;
  /** Forecasts, the last of which ends with the series. Default 4. */
  readonly folds?: number | undefined;
  /** Steps from one to the next. Default: the horizon, so that they don't overlap. */
  readonly stride?: number | undefined;
  /** Steps of the season by whose errors `mase` is scaled. Default 1. */
  readonly period?: number | undefined;
  readonly samples?: number | undefined;
  readonly seed?: number | undefined;
};

export type Fold = {
  readonly id: string;
  /** Values before it. */
  readonly origin: number;
  readonly actual: readonly number[];
  readonly forecast: Forecast;
};

export type Backtest = {
  readonly measures: ForecastMeasures;
  readonly folds: readonly Fold[];
  /**
   * Ids of the series that `mase` leaves out: those that repeat each season exactly before the
   * first fold, such as constant ones, or are no longer than one.
   */
  readonly unscaled: readonly string[];
};

/** Forecasts from the history before a fold: `history.values` ends there, its covariates go on. */
export type ForecastFactory = (history: Series, options: ForecastOptions & { readonly horizon: number }) => Forecast;

/** One series as a list. */
export const listOf = (series: Series | readonly Series[]): readonly Series[] =>
  Array.isArray(series) ? (series as readonly Series[]) : [series as Series];

/**
 * Steps of a forecast, how many there are, and the steps from one to the next. Throws RangeError.
 */
export function foldsOf(
  model: Forecaster | ForecastFactory,
  options: BacktestOptions,
): { readonly horizon: number; readonly folds: number; readonly stride: number } {
  const where = "backtest";
  const usual = model instanceof Forecaster ? model.config.horizon : 28;
  const horizon = checkInteger(`${where} horizon`, options.horizon ?? usual, 1);
  const folds = checkInteger(`${where} folds`, options.folds ?? 4, 1);
  return { horizon, folds, stride: checkInteger(`${where} stride`, options.stride ?? horizon, 1) };
}

/** `backtest` as a generator that yields between pieces of the work. */
export function* backtestInPieces(
  model: Forecaster | ForecastFactory,
  series: Series | readonly Series[],
  options: BacktestOptions,
): Pieces<Backtest> {
  const where = "backtest";
  const { horizon, folds, stride } = foldsOf(model, options);
  const list = listOf(series);
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
  return yield* measureFolds(found, list, options.period ?? 1);
}

/**
 * Rolling-origin evaluation: forecasts from `folds` points of each series, each from what was known
 * before it. A model is as it is, and reads each series once; a factory may be anything, such as
 * `(history, { horizon }) => seasonalNaive(history.values, { horizon, period: 7 })`, or train a
 * model for each fold.
 *
 * With `signal` the answer is a promise, which rejects with the signal's reason when that aborts.
 * Throws DataError for a series that is too short.
 */
export const backtest: Interruptible<
  Forecaster | ForecastFactory,
  Series | readonly Series[],
  BacktestOptions,
  Backtest
> = interruptible("backtest", "horizon folds stride period samples seed", backtestInPieces);

function* calibrateInPieces(
  model: Forecaster,
  series: Series | readonly Series[],
  options: BacktestOptions,
): Pieces<Backtest> {
  model.setSpread([]);
  const list = listOf(series);
  const whole = yield* backtestInPieces(model, list, options);
  if (model.config.head === "mean") return whole;
  const missed = whole.folds.map((fold) => ({ fold, misses: missesOf(fold.forecast, fold.actual) }));
  const spread = spreadOf(missed.flatMap(({ misses }) => misses));
  const moved: Fold[] = [];
  for (const fold of whole.folds) {
    const others =
      missed.length > MANY_FOLDS
        ? []
        : missed.filter(({ fold: other }) => !overlap(fold, other)).flatMap(({ misses }) => misses);
    const own = others.length === 0 ? spread : spreadOf(others);
    moved.push({ ...fold, forecast: spreadOut(fold.forecast, own, model.needs.counts) });
    yield;
  }
  model.setSpread(spread);
  return yield* measureFolds(moved, list, options.period ?? 1);
}

/**
 * Sets the spread of a model so that its intervals hold their share of the values of the folds,
 * which training must not have seen: `setSpread` with what `spreadOf` finds. Returns a backtest in
 * which the intervals of each fold are moved by what the others say (where there are none, by its
 * own), so that its coverage is that of values which the spread has not seen.
 *
 * The mean head has no intervals and stays as it is. With `signal` the answer is a promise, which
 * rejects with the signal's reason when that aborts. Throws DataError for a series that is too
 * short.
 */
export const calibrate: Interruptible<Forecaster, Series | readonly Series[], BacktestOptions, Backtest> =
  interruptibleFor("forecaster")("calibrate", "horizon folds stride period samples seed", calibrateInPieces);

/** Among more than so many a fold's own values have next to no part in a spread. */
const MANY_FOLDS = 200;

const overlap = (a: Fold, b: Fold): boolean =>
  a.id === b.id && a.origin < b.origin + b.actual.length && b.origin < a.origin + a.actual.length;

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
  const tracker = yield* trackerInPieces(model, historyOf(series, origins[0]));
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

/** Mean of those that are numbers, NaN without any. */
class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    if (Number.isNaN(value)) return;
    this.#sum += value;
    this.#count++;
  }

  get value(): number {
    return this.#sum / this.#count;
  }
}

/** Each value counts once, in whatever fold it is. */
function* measureFolds(folds: readonly Fold[], series: readonly Series[], period: number): Pieces<Backtest> {
  const firsts = new Map<string, number>();
  for (const { id, origin } of folds) firsts.set(id, Math.min(origin, firsts.get(id) ?? origin));
  const scales = new Map<string, number>();
  for (const { id = "", values } of series) {
    scales.set(id, scaleOfErrors(Array.from(values).slice(0, firsts.get(id)), period));
  }
  const [scaled, score, loss, size, percentage, in80, in95] = Array.from({ length: 7 }, () => new Mean());
  for (const { id, forecast, actual } of folds) {
    const median = forecast.quantiles["0.5"] ?? forecast.quantile(0.5);
    const quantiles = LEVELS.map((level) => forecast.quantile(level));
    const [middle80, middle95] = forecast.sampleCount === 1 ? [] : [forecast.interval(0.8), forecast.interval(0.95)];
    actual.forEach((y, h) => {
      if (Number.isNaN(y)) return;
      scaled.add(Math.abs(y - median[h]) / (scales.get(id) as number));
      score.add(
        crps(
          Array.from({ length: forecast.sampleCount }, (_, s) => forecast.samples[s * actual.length + h]),
          y,
        ),
      );
      LEVELS.forEach((level, i) => loss.add(2 * pinball([y], [quantiles[i][h]], level)));
      size.add(Math.abs(y));
      percentage.add(smape([y], [median[h]]));
      in80.add(middle80 === undefined ? NaN : coverage([y], [middle80.lower[h]], [middle80.upper[h]]));
      in95.add(middle95 === undefined ? NaN : coverage([y], [middle95.lower[h]], [middle95.upper[h]]));
    });
    yield;
  }
  return {
    measures: {
      mase: scaled.value,
      crps: score.value,
      weightedQuantileLoss: size.value === 0 ? NaN : loss.value / size.value,
      smape: percentage.value,
      coverage80: in80.value,
      coverage95: in95.value,
    },
    folds,
    unscaled: series.flatMap(({ id = "" }) => (Number.isNaN(scales.get(id)) ? [id] : [])),
  };
}

/** Divisor of `mase`, NaN where there is none. */
const scaleOfErrors = (training: readonly number[], period: number): number =>
  training.length > period ? 1 / mase([1], [0], { training, period }) : NaN;
