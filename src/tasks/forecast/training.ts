/** @file Training of a forecaster: windows of series, the loss over all of their steps. */
import { atOnce, inPieces } from "#platform";
import { checkOptions, checkInteger, DataError, randomStream, sentence } from "../../base/index.ts";
import { mostRows, shardRows, WHOLE } from "../../data/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { OwnTask } from "../../train/index.ts";
import { hashOf, bitsOf } from "../data-hash.ts";
import type { Forecaster } from "./model.ts";
import type { Series } from "./series.ts";
import {
  evaluateOn,
  heldWindows,
  lossOf,
  prepare,
  type Prepared,
  trainedLength,
  trainingWindows,
  valuesOf,
  windowBatch,
  type WindowBatch,
} from "./windows.ts";

export type ForecasterTaskOptions = {
  readonly series: readonly Series[];
  /**
   * Steps at the end of each series that are held out, and only evaluated. A series that would keep
   * fewer than two values is too short for that: it is trained on whole, and not evaluated. Default
   * 0: none.
   */
  readonly heldOut?: number | undefined;
  /** Windows in a batch. Default 32. */
  readonly batchSize?: number | undefined;
  /**
   * Steps from one window to the next; where the first begins is random in each epoch. Default:
   * half of the model's horizon.
   */
  readonly stride?: number | undefined;
  /** Seed of the order and the beginnings of the windows. Default 0. */
  readonly seed?: number | undefined;
};

/**
 * A forecaster with its series, for `trainOn`. An epoch is every window once, in random order, from
 * a random beginning; all steps of a window count but those whose value is missing. The loss is the
 * head's mean: nats per value for distributions (of scaled values but for negativeBinomial),
 * squared error or pinball loss of scaled values for "mean" and "quantile".
 *
 * Throws TypeError and RangeError for options, DataError for series that don't fit or leave nothing
 * to train on.
 */
export function forecasterTask(
  model: Forecaster,
  {
    series,
    heldOut = 0,
    batchSize = 32,
    stride = Math.ceil(model.config.horizon / 2),
    seed = 0,
  }: ForecasterTaskOptions,
): OwnTask<WindowBatch> {
  checkOptions("forecasterTask", arguments[1], "series heldOut batchSize stride seed");
  const where = "forecasterTask";
  checkInteger(`${where} heldOut`, heldOut);
  checkInteger(`${where} batchSize`, batchSize, 1);
  checkInteger(`${where} stride`, stride, 1);
  const random = randomStream(checkInteger(`${where} seed`, seed)).named("windows");
  const prepared = series.map((one, i) => prepare(`${where} series[${i}]`, model, one, heldOut));
  const length = model.config.contextLength + model.config.horizon;
  if (series.every(({ values }) => trainedLength(values, heldOut) === undefined))
    throw new DataError(sentence(`${where} series`, `more than ${heldOut + 1} values`, "fewer"));
  const held = prepared.flatMap((one) => heldWindows(one, length));
  // every window has the same length
  const rows = mostRows(batchSize, length);
  return {
    parameters: model.parameters(),
    *batches(epoch, shard = WHOLE) {
      const own = random.at(epoch);
      const windows = prepared.flatMap((one) => trainingWindows(one, length, stride, own));
      const order = own.named("order").permutation(windows.length);
      for (let at = 0; at < order.length; at += rows) {
        const batch = order.subarray(at, at + rows);
        const { from, to } = shardRows(batch.length, shard);
        const chosen = Array.from(batch.subarray(from, to), (i) => windows[i]);
        yield from === to ? undefined : windowBatch(model, length, chosen);
      }
    },
    loss: (batch, { random: dropout }) => ({ value: lossOf(model, batch, dropout), weight: valuesOf(batch) }),
    tokens: valuesOf,
    rehearsal() {
      const windows = prepared.flatMap((one) => trainingWindows(one, length, stride, random.at(0)));
      const heldRows = held.slice(0, rows);
      return {
        batches: [windowBatch(model, length, windows.slice(0, rows))],
        evaluate: heldRows.length === 0 ? undefined : () => void atOnce(evaluateOn(model, length, heldRows, rows)),
        largest: `a batch of ${Math.min(rows, windows.length)} windows of ${length} steps`,
        cures: ["contextLength", "batchSize"],
      };
    },
    ...(held.length > 0 && { evaluate: (signal) => inPieces(evaluateOn(model, length, held, rows), signal) }),
    fingerprint: {
      model: withoutSpread(model.configuration()),
      validation: heldOut,
      batchSize,
      stride,
      seed,
      values: checksum(prepared),
    },
  };
}

/**
 * A run that goes on begins with a model that may have been calibrated, which training doesn't see.
 */
function withoutSpread(configuration: JsonValue): JsonValue {
  const { spread: _, ...rest } = configuration as Readonly<Record<string, JsonValue>>;
  return rest;
}

/** Hash of the values. */
const checksum = (series: readonly Prepared[]): number =>
  hashOf(
    series.map(({ values }) => bitsOf(values)),
    { step: (hash, word) => Math.imul(hash, 0x01000193) ^ word, start: 0 },
  );

/** The first windows of the first epoch, as the model sees them: for looking at. */
export function firstWindows(model: Forecaster, options: ForecasterTaskOptions, count: number): WindowBatch {
  checkOptions("firstWindows", options, "series heldOut batchSize stride seed");
  for (const batch of forecasterTask(model, { ...options, batchSize: count }).batches(0) as Iterable<WindowBatch>)
    return batch;
  throw new DataError(sentence("firstWindows", "at least one window", "none"));
}
