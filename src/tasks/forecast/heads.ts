/**
 * @file What the network's numbers mean: a distribution of the next value, its loss and draws from
 * it. N values, P numbers for each.
 */
import { exp, log1p, type RandomStream } from "../../base/index.ts";
import {
  add,
  maximum,
  mean,
  mul,
  negativeBinomialLoss,
  normalLoss,
  reshape,
  slice,
  softplus,
  square,
  studentTLoss,
  sub,
  type Tensor,
  tensor,
} from "../../tensor/index.ts";
import { drawNegativeBinomial, drawStudentT } from "./draws.ts";

export type HeadName = "normal" | "studentT" | "negativeBinomial" | "quantile" | "mean";
export const HEADS: readonly HeadName[] = ["normal", "studentT", "negativeBinomial", "quantile", "mean"];

/** Smallest deviation, scale, mean and α: where the network says 0, likelihoods stay finite. */
const SMALLEST = 1e-6;

export type HeadContext = {
  /** Levels of the quantile head, ascending. */
  readonly levels: readonly number[];
};

export type Head = {
  /** P. */
  size(context: HeadContext): number;
  /**
   * Loss of each of N targets [N] under the raw numbers [N, P]; `scales` [N] is the scale of each
   * one's series.
   */
  loss(raw: Tensor, targets: Tensor, scales: Tensor, context: HeadContext): Tensor;
  /** One value from P raw numbers at `at`. */
  draw(raw: ArrayLike<number>, at: number, scale: number, random: RandomStream, context: HeadContext): number;
  /** Whether targets and draws are in the series' own unit, and not scaled. */
  readonly isUnscaled?: true;
};

/** Column `i` of raw numbers [N, P], as [N]. */
const column = (raw: Tensor, i: number): Tensor => reshape(slice(raw, [0, i], [raw.shape[0], 1]), [raw.shape[0]]);
const positive = (x: Tensor): Tensor => add(softplus(x), SMALLEST);
const positiveNumber = (x: number): number => Math.max(x, 0) + log1p(exp(-Math.abs(x))) + SMALLEST;

export const heads: Readonly<Record<HeadName, Head>> = {
  /** Mean and deviation. */
  normal: {
    size: () => 2,
    loss: (raw, targets) => normalLoss(targets, column(raw, 0), positive(column(raw, 1))),
    draw: (raw, at, _, random) => raw[at] + positiveNumber(raw[at + 1]) * random.normal(),
  },
  /** Location, scale, degrees of freedom above 2, where there is a variance. */
  studentT: {
    size: () => 3,
    loss: (raw, targets) =>
      studentTLoss(targets, column(raw, 0), positive(column(raw, 1)), add(positive(column(raw, 2)), 2)),
    draw: (raw, at, _, random) =>
      raw[at] + positiveNumber(raw[at + 1]) * drawStudentT(random, 2 + positiveNumber(raw[at + 2])),
  },
  /**
   * Mean, multiplied by the scale, and α, divided by its root (Salinas et al. 2020, section 3.3).
   */
  negativeBinomial: {
    size: () => 2,
    isUnscaled: true,
    loss: (raw, targets, scales) => {
      const roots = tensor(
        Float32Array.from(scales.values(), (x) => 1 / Math.sqrt(x)),
        { dtype: raw.dtype },
      );
      return negativeBinomialLoss(targets, mul(positive(column(raw, 0)), scales), mul(positive(column(raw, 1)), roots));
    },
    draw: (raw, at, scale, random) =>
      drawNegativeBinomial(random, positiveNumber(raw[at]) * scale, positiveNumber(raw[at + 1]) / Math.sqrt(scale)),
  },
  /**
   * A number for each level; draws are by the inverse of the distribution function, linear in
   * between and beyond.
   */
  quantile: {
    size: ({ levels }) => levels.length,
    loss(raw, targets, _, { levels }) {
      const row = tensor(Float32Array.from(levels), { shape: [1, levels.length], dtype: raw.dtype });
      const error = sub(reshape(targets, [targets.size, 1]), raw);
      return mul(mean(maximum(mul(error, row), mul(error, sub(row, 1))), -1), 2);
    },
    draw(raw, at, _, random, { levels }) {
      // in order, where the network crosses them (Chernozhukov, Fernández-Val and Galichon 2010)
      const sorted = Float64Array.from(levels, (_level, i) => raw[at + i]).toSorted();
      return inverse(levels, sorted, random.uniform());
    },
  },
  /** One number: squared error, no spread. */
  mean: {
    size: () => 1,
    loss: (raw, targets) => square(sub(targets, column(raw, 0))),
    draw: (raw, at) => raw[at],
  },
};

function inverse(levels: readonly number[], values: ArrayLike<number>, u: number): number {
  if (levels.length === 1) return values[0];
  let above = 1;
  while (above < levels.length - 1 && levels[above] < u) above++;
  const share = (u - levels[above - 1]) / (levels[above] - levels[above - 1]);
  return values[above - 1] + share * (values[above] - values[above - 1]);
}
