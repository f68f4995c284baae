/** @file The task `forecast`: its name, texts and options. */
import { choice, flag, integer, text } from "../options/table.ts";
import { TABLE_OPTIONS } from "../options/table-options.ts";
import { integer as parseInteger, svgName } from "../options/values.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

/** Checks a list; it stays text. */
function steps(list: string): string {
  for (const part of list.split(",")) parseInteger(1)(part);
  return list;
}

/** Options of the reader, which `predict` and `evaluate` have as the training had them. */
const READING = {
  timeColumn: text(
    "names",
    "column of the dates, or several with commas: Date,Time (default: date, or the one that looks like it)",
    {},
  ),
  valueColumn: text(
    "name",
    "column of the values; empty where one is missing (default: value, or the only one of numbers)",
    {},
  ),
  valueColumns: text("names", 'columns of a wide table, each a series, with commas; "*": all that are numbers', {}),
  seriesColumn: text("name", "column that tells series apart (default: all rows are one)", {}),
  dateFormat: text(
    "format",
    "form of the dates: dd.MM.yyyy, %d.%m.%Y, seconds, milliseconds, excel (default: told by all of them)",
    {},
  ),
  timeZone: text("zone", "zone of times without an offset, and of the calendar: Europe/Berlin (default: UTC)", {}),
  decimal: choice([".", ","], "decimal sign of numbers (default: told by all of them)", {}),
  frequency: text("time", "time from row to row: hour, 15 minutes, weekday, month (default: told by the rows)", {}),
  fillGaps: flag("take dates that are left out as missing values"),
  ...TABLE_OPTIONS,
  skipBad: flag("leave out rows that can't be read, and say how many"),
} as const;

const PERIOD = {
  period: integer(
    "steps of the season of the naive forecast to beat (default: a day of hours, a week of days, a year of months)",
    { formerly: "season" },
  ),
};

export const FORECAST_OPTIONS = {
  horizon: integer("steps to forecast", { default: 28 }),
  contextLength: integer("steps before those in a training window (default: four horizons)", { formerly: "context" }),
  stride: integer("steps from one training window to the next (default: half a horizon)", {}),
  ...READING,
  covariates: text("names", "columns of what is known in advance, such as holidays, with commas between them", {}),
  lags: text(
    "list",
    "show the model the values so many steps ago, such as 7,364 (default: one season and two, a year of days; 1: none but the last)",
    { parse: steps, before: "1" },
  ),
  levelSteps: integer(
    "steps whose mean is the level from which values are forecast; 0: the mean of the series (default: those of the context; 0 for negativeBinomial)",
    { min: 0, before: 0 },
  ),
  head: choice(["studentT", "normal", "negativeBinomial", "quantile", "mean"], "what is learnt of the next value", {
    default: "studentT",
  }),
  scaler: choice(
    ["standard", "robust", "mean", "none"],
    "how a series is scaled (default: standard; mean for negativeBinomial)",
    {},
  ),
  ...PERIOD,
  heldOut: integer(
    "steps at the end of each series that are not trained on (default: the share --validation of the shortest that gives a horizon)",
    { min: 0 },
  ),
  embeddingSize: integer("numbers that are learnt for each series", {
    min: 0,
    default: 0,
    formerly: "seriesEmbedding",
  }),
} as const;

export const FORECAST_EVALUATE_OPTIONS = { ...PERIOD, ...READING } as const;

export const FORECAST_PREDICT_OPTIONS = {
  horizon: integer("steps to forecast (default: those of the training)", {}),
  samples: integer("paths to draw", { min: 2 }),
  seed: integer("same seed, same answers", { min: 0, default: 0 }),
  plot: text("file", "draw the answer (SVG)", { parse: svgName }),
  csv: flag("print CSV: date, mean and quantiles (q0.025, …), all digits"),
  ...READING,
} as const;

export const FORECAST: TaskDeclaration = {
  name: "forecast",
  kind: "forecaster",
  summary: "Train a model that forecasts time series, with intervals around them.",
  data: "tables with a column of dates and one of values, or JSON lines with start and values",
  options: FORECAST_OPTIONS,
  defaults: { learningRate: 0.004, epochs: 30, batchSize: 16 },
  before: { keepBest: true },
  // measured: docs/tasks/forecast.md
  complete: ({ schedule }) => ({ schedule: schedule ?? "constant" }),
  predictOptions: FORECAST_PREDICT_OPTIONS,
  evaluateOptions: FORECAST_EVALUATE_OPTIONS,
  examples: [
    "unrolled train births.csv --task forecast --value-column births --lags 7,364 --horizon 28",
    "unrolled predict runs/births births.csv --plot births.svg",
    "unrolled evaluate runs/births births.csv",
  ],
  pipeline: "time-series-forecasting",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
