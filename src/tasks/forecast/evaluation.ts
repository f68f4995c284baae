/** @file How good a forecaster is. */
import type { Pieces } from "#platform";
import type { Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import { type Backtest, backtestInPieces, type BacktestOptions, foldsOf, listOf } from "./backtest.ts";
import type { Forecaster } from "./model.ts";
import type { Series } from "./series.ts";
import { evaluateOn, heldWindows, prepare } from "./windows.ts";

/** On the steps that the folds of a backtest forecast. */
export type ForecasterEvaluation = Backtest & {
  /**
   * Loss of the head, a mean over the values that are there, each with the true values before it.
   */
  readonly loss: number;
};

/** Windows whose loss is computed together. */
const ROWS = 32;

function* evaluateInPieces(
  model: Forecaster,
  series: Series | readonly Series[],
  options: BacktestOptions,
): Pieces<ForecasterEvaluation> {
  const { horizon, folds, stride } = foldsOf(model, options);
  const backtest = yield* backtestInPieces(model, series, options);
  const length = model.config.contextLength + model.config.horizon;
  const windows = listOf(series).flatMap((one) => {
    const prepared = prepare("evaluateForecaster", model, one, 0);
    return heldWindows({ ...prepared, end: one.values.length - horizon - (folds - 1) * stride }, length);
  });
  return { loss: yield* evaluateOn(model, length, windows, ROWS), ...backtest };
}

/**
 * Loss of a model and the measures of its `backtest`: forecasts from several points of each series
 * against what came. With `signal` the answer is a promise, which rejects with the signal's reason
 * when that aborts.
 *
 * Throws DataError for a series that is too short, RangeError for options.
 */
export const evaluateForecaster: Interruptible<
  Forecaster,
  Series | readonly Series[],
  BacktestOptions,
  ForecasterEvaluation
> = interruptibleFor("forecaster")("evaluateForecaster", "horizon folds stride period samples seed", evaluateInPieces);
