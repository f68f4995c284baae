/** @file Everything about a forecaster but its weights, as its file holds it. */
import { checkChoice, checkInteger, checkNumber, FormatError, kindError, sentence } from "../../base/index.ts";
import { asFormatError, field, type Fields, parseFields, type StackConfig, stackFields } from "../../model/index.ts";
import { CALENDAR_FEATURES, type CalendarFeature } from "./calendar.ts";
import { checkFrequency, type Frequency } from "./frequency.ts";
import { type HeadName, HEADS } from "./heads.ts";
import type { ScalerName, SeriesScale } from "./series.ts";
import { checkSpread, type Spread } from "./spread.ts";

export type KnownSeries = SeriesScale & { readonly id: string };
export type Covariate = SeriesScale & { readonly name: string };

/** Names of columns; lists of several have commas between them. */
export type Columns = { readonly time: string; readonly value: string; readonly series: string };

/** Form of the files that a model was trained on. */
export type Reading = {
  /** Whether each column of values is a series. */
  readonly isWide: boolean;
  /** Format of the dates, such as "dd.MM.yyyy"; "" where several fit them. */
  readonly dateFormat: string;
  readonly decimal: "." | ",";
  /** Whether times that are left out are missing values. */
  readonly fillGaps: boolean;
  /** Whether rows that can't be read are left out. */
  readonly skipBad: boolean;
};

export type ForecasterConfig = StackConfig & {
  readonly head: HeadName;
  /** Levels of the quantile head. */
  readonly levels: readonly number[];
  /** Scaler of a series. */
  readonly scaler: ScalerName;
  /** Steps back of the values that the network sees, ascending; the first is 1. */
  readonly lags: readonly number[];
  /**
   * Steps whose mean is the level of the next value: values are read and given as differences from
   * it. Absent: as they are, scaled.
   */
  readonly levelSteps?: number;
  readonly calendar: readonly CalendarFeature[];
  readonly frequency: Frequency;
  /** Steps that a training window has before the horizon. */
  readonly contextLength: number;
  /** Steps to forecast where nothing else is asked for. */
  readonly horizon: number;
  /** Numbers that stand for a series; 0: series are not told apart. */
  readonly embeddingSize: number;
  readonly seed: number;
  /** Series that the model was made with, and how each is scaled. */
  readonly series: readonly KnownSeries[];
  readonly covariates: readonly Covariate[];
  /** Names of the columns of its files; `series` is "" where there is one series. */
  readonly columns: Columns;
  /** Absent where there were no files, and in models from before there was this. */
  readonly reading?: Reading;
  /**
   * Factors by which `calibrate` moves the ends of its intervals from where it draws them.
   * Absent: not at all.
   */
  readonly spread?: readonly Spread[];
};

const SCALERS: readonly ScalerName[] = ["standard", "robust", "mean", "none"];

function scaled(where: string, value: unknown): SeriesScale & Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw kindError(where, "an object", value);
  const record = value as Record<string, unknown>;
  const center = checkNumber(`${where} center`, record["center"]);
  const scale = checkNumber(`${where} scale`, record["scale"], Number.MIN_VALUE);
  return { ...record, center, scale };
}

function checkLags(where: string, value: unknown): readonly number[] {
  const lags = field.list((at, lag) => checkInteger(at, lag, 1, 1_000_000))(where, value);
  if (lags[0] !== 1 || lags.some((lag, i) => i > 0 && lag <= lags[i - 1]))
    throw kindError(where, "1 and then larger and larger numbers of steps", lags);
  return lags;
}

function checkLevels(where: string, value: unknown): readonly number[] {
  const levels = field.list((at, level) => checkNumber(at, level, Number.MIN_VALUE, 1 - 2 ** -53))(where, value);
  if (levels.length === 0 || levels.some((level, i) => i > 0 && level <= levels[i - 1]))
    throw kindError(where, "levels between 0 and 1, ascending", levels);
  return levels;
}

/** Checks of everything but the stack: of options as of a file. */
export const forecastFields: Fields<Omit<ForecasterConfig, keyof StackConfig | "spread" | "reading" | "levelSteps">> = {
  head: (where, value) => checkChoice(where, value, HEADS),
  levels: checkLevels,
  scaler: (where, value) => checkChoice(where, value, SCALERS),
  lags: checkLags,
  calendar: field.list((where, value) => checkChoice(where, value, CALENDAR_FEATURES)),
  frequency: checkFrequency,
  contextLength: (where, value) => checkInteger(where, value, 1, 1_000_000),
  horizon: (where, value) => checkInteger(where, value, 1, 100_000),
  embeddingSize: (where, value) => checkInteger(where, value, 0, 65_536),
  seed: field.integer,
  series: field.list((where, value) => {
    const { center, scale, ...rest } = scaled(where, value);
    return { id: field.text(`${where} id`, rest["id"]), center, scale };
  }),
  covariates: field.list((where, value) => {
    const { center, scale, ...rest } = scaled(where, value);
    return { name: field.text(`${where} name`, rest["name"]), center, scale };
  }),
  columns(where, value) {
    if (typeof value !== "object" || value === null) throw kindError(where, "an object", value);
    const { time, value: values, series } = value as Partial<Record<keyof Columns, unknown>>;
    return {
      time: field.text(`${where} time`, time),
      value: field.text(`${where} value`, values),
      series: field.text(`${where} series`, series),
    };
  },
};

/** Checks how files were read, as from a file. */
export function checkReading(where: string, value: unknown): Reading {
  if (typeof value !== "object" || value === null) throw kindError(where, "an object", value);
  const { isWide, dateFormat, decimal, fillGaps, skipBad } = value as Partial<Record<keyof Reading, unknown>>;
  for (const [name, flag] of Object.entries({ isWide, fillGaps, skipBad }))
    if (typeof flag !== "boolean") throw kindError(`${where} ${name}`, "true or false", flag);
  return {
    isWide: isWide === true,
    dateFormat: field.text(`${where} dateFormat`, dateFormat),
    decimal: checkChoice(`${where} decimal`, decimal, [".", ","]),
    fillGaps: fillGaps === true,
    skipBad: skipBad === true,
  };
}

/** The configuration in a file. Throws FormatError for one that isn't. */
export function parseForecasterConfig(value: unknown): ForecasterConfig {
  const where = "forecaster file";
  // a file from before there were these has none of them
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const { spread, reading, levelSteps, ...rest } = (isObject ? value : {}) as {
    readonly spread?: unknown;
    readonly reading?: unknown;
    readonly levelSteps?: unknown;
  };
  const config = parseFields<Omit<ForecasterConfig, "spread" | "reading" | "levelSteps">>(
    where,
    isObject ? rest : value,
    {
      ...stackFields,
      ...forecastFields,
    },
  );
  return asFormatError(() => {
    if (config.bidirectional) throw new FormatError(sentence(where, "layers in one direction", "both"));
    return {
      ...config,
      ...(levelSteps !== undefined && { levelSteps: checkInteger(`${where}: levelSteps`, levelSteps, 1, 1_000_000) }),
      ...(reading !== undefined && { reading: checkReading(`${where}: reading`, reading) }),
      ...(spread !== undefined && { spread: checkSpread(`${where}: spread`, spread) }),
    };
  });
}
