/** @file A recurrent network that gives a distribution of the next value of a time series. */
import {
  checkInteger,
  checkOptions,
  DataError,
  kindError,
  largestOf,
  randomStream,
  type RandomStream,
  sentence,
  type Optional,
  withoutUndefined,
} from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import {
  type EmbeddingLayer,
  embeddingLayer,
  type LinearLayer,
  linearLayer,
  parametersOf,
  type RecurrentStack,
  stackOf,
} from "../../layers/index.ts";
import {
  type BuildModel,
  decodeModelOf,
  type ModelKinds,
  type SavedModel,
  type StackConfig,
  stackConfigOf,
} from "../../model/index.ts";
import type { Parameters, State } from "../../rnn/index.ts";
import { concat, reshape, type Tensor, tensor } from "../../tensor/index.ts";
import { type CalendarFeature, usualFeatures } from "./calendar.ts";
import { DAILY, type Frequency, timeAfter } from "./frequency.ts";
import {
  type Columns,
  type Covariate,
  type ForecasterConfig,
  forecastFields,
  parseForecasterConfig,
  type Reading,
} from "./config.ts";
import { heads, type HeadName } from "./heads.ts";
import { featureNames } from "./inputs.ts";
import {
  checkIsSeries,
  checkSeries,
  type ScalerName,
  scaleOf,
  type Series,
  type SeriesNeeds,
  type SeriesScale,
} from "./series.ts";
import { usualLags } from "./season.ts";
import { checkSpread, type Spread } from "./spread.ts";

/** Between 1 % and 99 %, closer at the ends. */
const LEVELS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99];

export type ForecasterOptions = Optional<Omit<StackConfig, "bidirectional">> & {
  /**
   * Series to learn from: how values and covariates are scaled is found here, and the series that
   * there are.
   */
  readonly series: readonly Series[];
  /** Steps to forecast. Default 28. */
  readonly horizon?: number | undefined;
  /** Steps that the network sees before those in a training window. Default four horizons. */
  readonly contextLength?: number | undefined;
  /** Distribution, or number, that is learnt of the next value. Default "studentT". */
  readonly head?: HeadName | undefined;
  /** Levels of the quantile head. Default 15 from 0.01 to 0.99. */
  readonly levels?: readonly number[] | undefined;
  /**
   * Default "standard" (mean 0, deviation 1, by series); "mean" for negativeBinomial, which needs a
   * center of 0.
   */
  readonly scaler?: ScalerName | undefined;
  /**
   * Steps back of values that the network sees beside the last one, such as 7 and 364. Default: one
   * season and two (7 and 14 days, 12 and 24 months), and a year of days or a week of hours where
   * the longest series has three of them.
   */
  readonly lags?: readonly number[] | undefined;
  /**
   * Steps before a value whose mean is its level. Values are read and forecast as differences from
   * it, so that a series may go where it has never been. 0: as differences from the center of the
   * whole series. Default: `contextLength`; 0 for negativeBinomial.
   */
  readonly levelSteps?: number | undefined;
  /** Time between values. Default one day. */
  readonly frequency?: Frequency | undefined;
  /**
   * Default: what the frequency suggests where the series have dates, of the year only where one
   * spans two of them; else none.
   */
  readonly calendar?: readonly CalendarFeature[] | undefined;
  /** Names of the covariates, in the order of their rows. Default: none. */
  readonly covariates?: readonly string[] | undefined;
  /**
   * Numbers that stand for a series. Default 0: a series is known by its values only, and others
   * can be forecast.
   */
  readonly embeddingSize?: number | undefined;
  /**
   * Names of the columns of its files, which are kept with the model. Default "date", "value"
   * and none for the series.
   */
  readonly columns?: Optional<Columns> | undefined;
  /** Form of its files, which is kept with the model. Default: not known. */
  readonly reading?: Reading | undefined;
  /** Seed of the initial weights. Default 0. */
  readonly seed?: number | undefined;
};

/** Outputs of the network for T steps of B rows. */
export type ForecasterOutput = {
  /** Inputs of the head, [T*B, P], row t*B + b. */
  readonly raw: Tensor;
  readonly state: State;
};

/** Forecasts time series; use `forecaster(...)`. */
export class Forecaster implements SavedModel {
  readonly kind = "forecaster";
  #config: ForecasterConfig;
  readonly #stack: RecurrentStack;
  readonly #output: LinearLayer;
  readonly #embedding: EmbeddingLayer | undefined;
  /** Index of each series by its id. */
  readonly #seriesOf: ReadonlyMap<string, number>;

  /** Use `forecaster(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(config: ForecasterConfig, { initialize = true }: { readonly initialize?: boolean | undefined } = {}) {
    this.#config = config;
    // of equal ids the first
    this.#seriesOf = new Map(config.series.map(({ id }, i) => [id, i] as const).toReversed());
    const { embeddingSize, series, hiddenSize, seed } = config;
    const build = { random: randomStream(seed).named("init"), initialize };
    const outputSize = heads[config.head].size(config);
    const inputSize = featureNames(config).length + embeddingSize;
    this.#stack = stackOf({ ...config, inputSize, ...build });
    this.#output = linearLayer({ name: "output", inputSize: hiddenSize, outputSize, ...build });
    if (embeddingSize > 0)
      this.#embedding = embeddingLayer({ inputSize: series.length, outputSize: embeddingSize, ...build });
  }

  get config(): ForecasterConfig {
    return this.#config;
  }

  /**
   * Sets how far the ends of its intervals are moved from where it draws them, as `calibrate` does;
   * an empty list: not at all. It is saved with the model.
   */
  setSpread(spread: readonly Spread[]): void {
    const { spread: _before, ...rest } = this.#config;
    this.#config = spread.length === 0 ? rest : { ...rest, spread: checkSpread("setSpread", spread) };
  }

  /**
   * Every trainable tensor by its path: `rnn/0/kernel`, …, `output/kernel`, `output/bias`, and
   * `embedding` where there is one.
   */
  parameters(): Parameters {
    return parametersOf(this.#stack, this.#output, this.#embedding);
  }

  configuration(): JsonValue {
    return structuredClone(this.config) as unknown as JsonValue;
  }

  /** Requirements on a series. */
  get needs(): SeriesNeeds {
    const { covariates, calendar, head, frequency } = this.config;
    return {
      covariates: covariates.length,
      dated: calendar.length > 0,
      counts: head === "negativeBinomial",
      timeZone: frequency.timeZone,
    };
  }

  /** Scale of training for a series that was there, by its id; else from its values. */
  scaleOf({ id = "", values }: Series): SeriesScale {
    const known = this.#seriesOf.get(id);
    if (known !== undefined) return this.config.series[known];
    return scaleOf("forecast values", this.config.scaler, values);
  }

  /** Row of the series' embedding. Throws DataError for a series that has none. */
  indexOf({ id = "" }: Series): number {
    if (this.config.embeddingSize === 0) return 0;
    const index = this.#seriesOf.get(id);
    if (index === undefined)
      throw new DataError(
        sentence("forecast series", "one that the model was trained on (it has embeddings)", JSON.stringify(id)),
      );
    return index;
  }

  /**
   * Runs features [T, B, I] of rows whose series have these indices. With `random`, dropout is on.
   */
  forward(
    features: Tensor,
    indices: Int32Array,
    { state, random }: { readonly state?: State | undefined; readonly random?: RandomStream | undefined } = {},
  ): ForecasterOutput {
    const [steps, batch] = features.shape;
    const result = this.#stack.forward(this.#withEmbedding(features, indices), { random, initialState: state });
    const flat = reshape(result.outputs, [steps * batch, this.config.hiddenSize]);
    return { raw: this.#output.forward(flat), state: result.state };
  }

  #withEmbedding(features: Tensor, indices: Int32Array): Tensor {
    if (this.#embedding === undefined) return features;
    const [steps, batch] = features.shape;
    const ids = Int32Array.from({ length: steps * batch }, (_, i) => indices[i % batch]);
    return concat([features, this.#embedding.forward(tensor(ids, { shape: [steps, batch] }))], -1);
  }
}

/**
 * A network in the manner of DeepAR (Salinas, Flunkert, Gasthaus and Januschowski 2020): at each
 * step it reads the last value, values further back, the calendar and what else is known, and gives
 * a distribution of the next value. Defaults: one LSTM layer of 64 units, Student's t, 28 steps.
 *
 * Throws TypeError and RangeError for options, DataError for series without values or that lack
 * what the options need.
 */
export function forecaster({ series, ...options }: ForecasterOptions): Forecaster {
  checkOptions(
    "forecaster",
    arguments[0],
    "cell dialect hiddenSize layers dropout series horizon contextLength head levels scaler lags levelSteps frequency calendar covariates embeddingSize columns reading seed",
  );
  const where = "forecaster";
  if (!Array.isArray(series) || series.length === 0) throw kindError(`${where} series`, "at least one series", series);
  series.forEach((one, i) => checkIsSeries(`${where} series[${i}]`, one));
  const { covariates: names = [], head = "studentT", frequency = DAILY, horizon = 28 } = options;
  const stack = stackConfigOf(where, options, { hiddenSize: 64 });
  const isDated = series.every(({ start }) => start !== undefined);
  const given = {
    head,
    frequency,
    horizon,
    levels: options.levels ?? LEVELS,
    scaler: options.scaler ?? (head === "negativeBinomial" ? "mean" : "standard"),
    lags: [...new Set([1, ...(options.lags ?? usualLags(frequency, longestOf(series)))])].toSorted((a, b) => a - b),
    calendar: options.calendar ?? (isDated ? featuresFor(series, frequency) : []),
    contextLength: options.contextLength ?? 4 * horizon,
    embeddingSize: options.embeddingSize ?? 0,
    seed: options.seed ?? 0,
    columns: {
      time: "date",
      value: "value",
      series: "",
      ...(withoutUndefined(options.columns ?? {}) as Partial<Columns>),
    },
  };
  for (const [name, value] of Object.entries(given))
    forecastFields[name as keyof typeof given](`${where} ${name}`, value);
  if (head === "negativeBinomial" && given.scaler !== "mean" && given.scaler !== "none")
    throw kindError(`${where} scaler`, `"mean" or "none" with head "negativeBinomial"`, given.scaler);
  const levelSteps = checkInteger(
    `${where} levelSteps`,
    options.levelSteps ?? (head === "negativeBinomial" ? 0 : given.contextLength),
  );
  if (head === "negativeBinomial" && levelSteps > 0)
    throw kindError(`${where} levelSteps`, `0 with head "negativeBinomial"`, levelSteps);
  const ids = series.map(({ id = "" }) => id);
  if (new Set(ids).size < ids.length)
    throw new DataError(sentence(`${where} series`, "a different id for each", `${ids.length} series`));
  const needs: SeriesNeeds = {
    covariates: names.length,
    dated: given.calendar.length > 0,
    counts: head === "negativeBinomial",
    timeZone: frequency.timeZone,
  };
  series.forEach((one, i) => checkSeries(`${where} series[${i}]`, one, needs));
  const config: ForecasterConfig = {
    ...stack,
    ...given,
    series: series.map((one, i) => ({ id: ids[i], ...scaleOf(`${where} series[${i}]`, given.scaler, one.values) })),
    covariates: names.map((name, i) => covariateOf(name, i, series)),
    ...(options.reading !== undefined && { reading: options.reading }),
    ...(levelSteps > 0 && { levelSteps }),
  };
  // as it is read from a file, field by field in the same order: a run that goes on compares it
  return new Forecaster(parseForecasterConfig(config));
}

/**
 * Nothing can be learnt of the seasons from less than two years: whatever else changes would be
 * taken for one.
 */
function featuresFor(series: readonly Series[], frequency: Frequency): readonly CalendarFeature[] {
  const isLong = timeAfter(0, frequency, longestOf(series)) >= TWO_YEARS;
  return usualFeatures(frequency).filter((name) => isLong || (name !== "dayOfYear" && name !== "month"));
}

const longestOf = (series: readonly Series[]): number => largestOf(series.map(({ values }) => values.length));

const TWO_YEARS = 730 * 86_400_000;

function covariateOf(name: string, column: number, series: readonly Series[]): Covariate {
  const values = series.flatMap(({ covariates = [] }) => covariates.map((row) => row[column]));
  return { name, ...scaleOf(`forecaster covariate ${name}`, "standard", values) };
}

/** Builds a forecaster from the configuration in a file. */
const buildForecaster: BuildModel<Forecaster> = (configuration) =>
  new Forecaster(parseForecasterConfig(configuration), { initialize: false });

/** Builders by the kind in a file. */
export const forecasterKinds: ModelKinds<Forecaster> = { forecaster: buildForecaster };

/** The forecaster in the bytes that `encodeModel` made. Throws FormatError for anything else. */
export const loadForecaster = (bytes: Uint8Array): Forecaster =>
  decodeModelOf("loadForecaster", bytes, forecasterKinds);
