/** @file Training of a forecaster: windows of series, the loss over all of their steps. */
import { atOnce, inPieces, type Pieces } from "#platform";
import { checkInteger, DataError, type RandomStream, randomStream, sentence } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { weightedMean } from "../../rnn/index.ts";
import { scope, type Tensor, tensor } from "../../tensor/index.ts";
import type { OwnTask } from "../../train/index.ts";
import type { Forecaster } from "./model.ts";
import { mostRows } from "../../data/index.ts";
import { heads } from "./heads.ts";
import { FeatureReader } from "./inputs.ts";
import { checkSeries, type Series, type SeriesScale } from "./series.ts";

export type ForecasterTaskOptions = {
  readonly series: readonly Series[];
  /**
   * Steps at the end of each series that are held out, and only evaluated. A series that would keep fewer than two values is too short for that: it is trained
   * on whole, and not evaluated. Default 0: none.
   */
  readonly validation?: number;
  /** Windows in a batch. Default 32. */
  readonly batchSize?: number;
  /** Steps from one window to the next; where the first begins is random in each epoch. Default: half of the model's horizon. */
  readonly stride?: number;
  /** Of the windows. Default 0. */
  readonly seed?: number;
};

/** Windows of W steps as rows: W is `contextLength + horizon`. */
export type WindowBatch = {
  /** [W, B, I]. */
  readonly features: Float32Array;
  /** [W * B], row t*B + b, in the unit that the head wants; 0 where it doesn't count. */
  readonly targets: Float32Array;
  /** 1 where a value is there and counts. */
  readonly weights: Float32Array;
  readonly scales: Float32Array;
  /** Rows of the series' embeddings, [B]. */
  readonly indices: Int32Array;
  readonly shape: readonly [number, number, number];
};

type Prepared = {
  readonly reader: FeatureReader;
  readonly values: Float64Array;
  readonly scale: SeriesScale;
  readonly index: number;
  /** Where what is held out begins: its length for none. */
  readonly end: number;
};
type Window = { readonly series: Prepared; readonly from: number; readonly to: number; readonly countsFrom: number };

/**
 * A forecaster with its series, for `trainOn`. An epoch is every window once, in random order, from a random beginning; all steps of a window count but
 * those whose value is missing. The loss is the head's mean: nats per value for distributions (of scaled values but for negativeBinomial), squared error
 * or pinball loss of scaled values for "mean" and "quantile".
 *
 * Throws TypeError and RangeError for options, DataError for series that don't fit or leave nothing to train on.
 */
export function forecasterTask(
  model: Forecaster,
  {
    series,
    validation = 0,
    batchSize = 32,
    stride = Math.ceil(model.config.horizon / 2),
    seed = 0,
  }: ForecasterTaskOptions,
): OwnTask<WindowBatch> {
  const where = "forecasterTask";
  checkInteger(`${where} validation`, validation);
  checkInteger(`${where} batchSize`, batchSize, 1);
  checkInteger(`${where} stride`, stride, 1);
  const random = randomStream(checkInteger(`${where} seed`, seed)).named("windows");
  const prepared = series.map((one, i) => prepare(`${where} series[${i}]`, model, one, validation));
  const length = model.config.contextLength + model.config.horizon;
  if (series.every(({ values }) => trainedLength(values, validation) === undefined))
    throw new DataError(sentence(`${where} series`, `more than ${validation + 1} values`, "fewer"));
  const held = prepared.flatMap((one) => heldWindows(one, length));
  // every window has the same length
  const rows = mostRows(batchSize, length);
  return {
    parameters: model.parameters(),
    *batches(epoch) {
      const own = random.at(epoch);
      const windows = prepared.flatMap((one) => trainingWindows(one, length, stride, own));
      const order = own.named("order").permutation(windows.length);
      for (let at = 0; at < order.length; at += rows)
        yield windowBatch(
          model,
          length,
          Array.from(order.subarray(at, at + rows), (i) => windows[i]),
        );
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
      validation,
      batchSize,
      stride,
      seed,
      values: checksum(prepared),
    },
  };
}

/**
 * How many values of a series come before the last `validation` ones, which are held out; undefined where there are fewer than two, or two that aren't
 * missing: there would be nothing to learn from.
 */
export function trainedLength(values: ArrayLike<number>, validation: number): number | undefined {
  const end = values.length - validation;
  let known = 0;
  for (let i = 0; i < end && known < 2; i++) if (!Number.isNaN(values[i])) known++;
  return known < 2 ? undefined : end;
}

/** A run that goes on begins with a model that may have been calibrated, which training doesn't see. */
function withoutSpread(configuration: JsonValue): JsonValue {
  const { spread: _, ...rest } = configuration as Readonly<Record<string, JsonValue>>;
  return rest;
}

function prepare(where: string, model: Forecaster, series: Series, validation: number): Prepared {
  checkSeries(where, series, model.needs);
  const scale = model.scaleOf(series);
  const reader = new FeatureReader(model.config, series, scale);
  const values = Float64Array.from(series.values);
  for (const value of values) reader.push(value);
  const end = trainedLength(values, validation) ?? values.length;
  return { reader, values, scale, index: model.indexOf(series), end };
}

function trainingWindows(series: Prepared, length: number, stride: number, random: RandomStream): Window[] {
  const { end } = series;
  if (end < 2) return [];
  const windows: Window[] = [];
  const first = end <= length ? 0 : random.named(`series ${series.index}`).integer(Math.min(stride, end - length + 1));
  for (let from = first; from === first || from + length <= end; from += stride)
    windows.push({ series, from, to: Math.min(end, from + length), countsFrom: from });
  return windows;
}

/** Each held-out step counts once, with as much before it as in training. */
function heldWindows(series: Prepared, length: number): Window[] {
  const windows: Window[] = [];
  const end = series.values.length;
  const context = Math.max(1, Math.floor(length / 2));
  for (let at = series.end; at < end; at += length - context) {
    const from = Math.max(0, at - context);
    windows.push({ series, from, to: Math.min(end, at + length - context), countsFrom: at });
  }
  return windows;
}

/** Some windows; what is shorter than W steps ends in steps that don't count. */
function windowBatch(model: Forecaster, length: number, windows: readonly Window[]): WindowBatch {
  const batch = windows.length;
  const { size } = windows[0].series.reader;
  const { isUnscaled } = heads[model.config.head];
  const features = new Float32Array(length * batch * size);
  const [targets, weights, scales] = Array.from({ length: 3 }, () => new Float32Array(length * batch));
  scales.fill(1);
  windows.forEach(({ series: { reader, values, scale }, from, to, countsFrom }, b) => {
    for (let t = from; t < to; t++) {
      const row = (t - from) * batch + b;
      reader.write(t, features, row * size);
      scales[row] = scale.scale;
      if (t < countsFrom || Number.isNaN(values[t])) continue;
      targets[row] = isUnscaled ? values[t] : (values[t] - scale.center) / scale.scale;
      weights[row] = 1;
    }
  });
  const indices = Int32Array.from(windows, ({ series }) => series.index);
  return { features, targets, weights, scales, indices, shape: [length, batch, size] };
}

/** How many count. */
const valuesOf = ({ weights }: WindowBatch): number => weights.reduce((sum, w) => sum + w, 0);

function lossOf(model: Forecaster, batch: WindowBatch, random?: RandomStream): Tensor {
  const { raw } = model.forward(tensor(batch.features, { shape: batch.shape }), batch.indices, { random });
  const losses = heads[model.config.head].loss(raw, tensor(batch.targets), tensor(batch.scales), model.config);
  return weightedMean(losses, tensor(batch.weights));
}

function* evaluateOn(model: Forecaster, length: number, windows: readonly Window[], batchSize: number): Pieces<number> {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < windows.length; at += batchSize) {
    const batch = windowBatch(model, length, windows.slice(at, at + batchSize));
    const own = valuesOf(batch);
    sum += own === 0 ? 0 : own * scope(() => lossOf(model, batch).item());
    count += own;
    yield;
  }
  return sum / count;
}

/** Tells other data apart: a rolling sum of the bits of the values. */
function checksum(series: readonly Prepared[]): number {
  let sum = 0;
  for (const { values } of series)
    for (const word of new Uint32Array(values.buffer)) sum = (Math.imul(sum, 0x01000193) ^ word) >>> 0;
  return sum;
}

/** The first windows of the first epoch, as the model sees them: for looking at. */
export function firstWindows(model: Forecaster, options: ForecasterTaskOptions, count: number): WindowBatch {
  for (const batch of forecasterTask(model, { ...options, batchSize: count }).batches(0) as Iterable<WindowBatch>)
    return batch;
  throw new DataError(sentence("firstWindows", "at least one window", "none"));
}
