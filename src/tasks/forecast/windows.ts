/** @file Windows of series: what a forecaster is trained and measured on. */
import type { Pieces } from "#platform";
import type { RandomStream } from "../../base/index.ts";
import { weightedMean } from "../../rnn/index.ts";
import { scope, type Tensor, tensor } from "../../tensor/index.ts";
import { heads } from "./heads.ts";
import { FeatureReader } from "./inputs.ts";
import type { Forecaster } from "./model.ts";
import { checkSeries, type Series, type SeriesScale } from "./series.ts";

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

/** A series that was read. */
export type Prepared = {
  readonly reader: FeatureReader;
  readonly values: Float64Array;
  readonly scale: SeriesScale;
  readonly index: number;
  /** Start of the held-out values: the length for none. */
  readonly end: number;
};
/** Steps `from` … `to` - 1, of which those from `countsFrom` on count. */
export type Window = {
  readonly series: Prepared;
  readonly from: number;
  readonly to: number;
  readonly countsFrom: number;
};

/**
 * Number of values of a series before the last `heldOut` ones, which are held out; undefined
 * where there are fewer than two, or two that aren't missing: there would be nothing to learn from.
 */
export function trainedLength(values: ArrayLike<number>, heldOut: number): number | undefined {
  const end = values.length - heldOut;
  let known = 0;
  for (let i = 0; i < end && known < 2; i++) if (!Number.isNaN(values[i])) known++;
  return known < 2 ? undefined : end;
}

/** Throws as `checkSeries`. */
export function prepare(where: string, model: Forecaster, series: Series, heldOut: number): Prepared {
  checkSeries(where, series, model.needs);
  const scale = model.scaleOf(series);
  const reader = new FeatureReader(model.config, series, scale);
  const values = Float64Array.from(series.values);
  for (const value of values) reader.push(value);
  const end = trainedLength(values, heldOut) ?? values.length;
  return { reader, values, scale, index: model.indexOf(series), end };
}

/** Windows of an epoch, from a random beginning. */
export function trainingWindows(series: Prepared, length: number, stride: number, random: RandomStream): Window[] {
  const { end } = series;
  if (end < 2) return [];
  const windows: Window[] = [];
  const first = end <= length ? 0 : random.named(`series ${series.index}`).integer(Math.min(stride, end - length + 1));
  for (let from = first; from === first || from + length <= end; from += stride)
    windows.push({ series, from, to: Math.min(end, from + length), countsFrom: from });
  return windows;
}

/** Each held-out step counts once, with as much before it as in training. */
export function heldWindows(series: Prepared, length: number): Window[] {
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
export function windowBatch(model: Forecaster, length: number, windows: readonly Window[]): WindowBatch {
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
      targets[row] = isUnscaled ? values[t] : (values[t] - scale.center) / scale.scale - reader.level(t);
      weights[row] = 1;
    }
  });
  const indices = Int32Array.from(windows, ({ series }) => series.index);
  return { features, targets, weights, scales, indices, shape: [length, batch, size] };
}

/** Number of values that count. */
export const valuesOf = ({ weights }: WindowBatch): number => weights.reduce((sum, w) => sum + w, 0);

/** Mean over the values that count, a scalar. */
export function lossOf(model: Forecaster, batch: WindowBatch, random?: RandomStream): Tensor {
  const { raw } = model.forward(tensor(batch.features, { shape: batch.shape }), batch.indices, { random });
  const losses = heads[model.config.head].loss(raw, tensor(batch.targets), tensor(batch.scales), model.config);
  return weightedMean(losses, tensor(batch.weights));
}

/** Mean loss over the values that count, of `batchSize` windows at once. */
export function* evaluateOn(
  model: Forecaster,
  length: number,
  windows: readonly Window[],
  batchSize: number,
): Pieces<number> {
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
