/** @file What `--task forecast` is, and its options. */
import { Option } from "commander";
import { integer } from "../terminal/values.ts";
import type { TaskDeclaration } from "./task.ts";

/** Checks a list; it stays text. */
function steps(text: string): string {
  for (const part of text.split(",")) integer(1)(part);
  return text;
}

const season = (): Option =>
  new Option(
    "--season <n>",
    "steps of the season of the naive forecast to beat (default: a day of hours, a week of days, a year of months)",
  ).argParser(integer(1));

const HEADS = ["studentT", "normal", "negativeBinomial", "quantile", "mean"];

export const FORECAST: TaskDeclaration = {
  name: "forecast",
  kind: "forecaster",
  summary: "Train a model that forecasts time series, with intervals around them.",
  data: "CSV files with a column of dates and one of values, or JSON lines with start and values",
  options: [
    new Option("--horizon <n>", "steps to forecast").argParser(integer(1)).default(28),
    new Option("--context <n>", "steps before those in a training window (default: four horizons)").argParser(
      integer(1),
    ),
    new Option("--time-column <name>", "column of the dates").default("date"),
    new Option("--value-column <name>", "column of the values; empty where one is missing").default("value"),
    new Option("--series-column <name>", "column that tells series apart (default: all rows are one)"),
    new Option(
      "--covariates <names>",
      "columns of what is known in advance, such as holidays, with commas between them",
    ),
    new Option("--lags <list>", "show the model the values so many steps ago, such as 7,364").argParser(steps),
    new Option("--head <name>", "what is learnt of the next value").choices(HEADS).default("studentT"),
    new Option("--scaler <name>", "how a series is scaled (default: standard; mean for negativeBinomial)").choices([
      "standard",
      "robust",
      "mean",
      "none",
    ]),
    season(),
    new Option(
      "--held-out <n>",
      "steps at the end of each series that are not trained on (default: the share --validation of the shortest that gives a horizon)",
    ).argParser(integer(0)),
    new Option("--series-embedding <n>", "numbers that are learnt for each series").argParser(integer(0)).default(0),
    new Option("--fill-gaps", "take dates that are left out as missing values"),
  ],
  defaults: { learningRate: 0.004, epochs: 30, batchSize: 16 },
  predictOptions: [
    new Option("--horizon <n>", "steps to forecast (default: those of the training)").argParser(integer(1)),
    new Option("--samples <n>", "paths to draw").argParser(integer(2)),
    new Option("--seed <n>", "of the draws").argParser(integer(0)),
    new Option("--plot <file>", "draw history and forecast as SVG"),
    new Option("--csv", "a table in commas"),
  ],
  evaluateOptions: [season()],
  examples: [
    "unrolled train births.csv --task forecast --value-column births --lags 7,364 --horizon 28",
    "unrolled predict runs/births births.csv --plot births.svg",
    "unrolled evaluate runs/births births.csv",
  ],
  load: async () => {
    const { forecastTask } = await import("./forecast.ts");
    return forecastTask;
  },
};
