import { exp, exp32, log, log32 } from "../../base/index.ts";
import type { Operand, ReduceOp } from "../engine.ts";
import { ADDED_PART, isLong } from "./long-sums.ts";
import { arrayOf, type FloatArray, floats, integers } from "./memory.ts";
import { exactly, type Round, roundingFor } from "./rounding.ts";

/**
 * Sum of n contiguous elements in eight interleaved lanes, folded 8 -> 4 -> 2 -> 1: a fixed order
 * that SIMD can follow and whose error grows with n/8. A long sum has 16 lanes, see long-sums.ts.
 */
export function laneSum(x: FloatArray, at: number, n: number, round: Round): number {
  if (!isLong(x, n)) return folded(sumInLanes(8, x, at, n, round), round);
  const sums = new Array<number>(LONG_LANES).fill(0);
  const length = LONG_LANES * ADDED_PART;
  for (let start = 0; start < n; start += length) {
    const part = sumInLanes(LONG_LANES, x, at + start, Math.min(length, n - start), round);
    for (let l = 0; l < LONG_LANES; l++) sums[l] += part[l];
  }
  return round(folded(sums, exactly));
}

/** Lanes of a long sum. */
const LONG_LANES = 16;

/** `count` sums of every count-th element each; `count` is a power of two. */
function sumInLanes(count: number, x: FloatArray, at: number, n: number, round: Round): number[] {
  const lanes = new Array<number>(count).fill(0);
  for (let i = 0; i < n; i++) lanes[i & (count - 1)] = round(lanes[i & (count - 1)] + x[at + i]);
  return lanes;
}

/** The sum of the lanes, by adding halves: 8 -> 4 -> 2 -> 1. */
function folded(lanes: number[], round: Round): number {
  for (let width = lanes.length >> 1; width > 0; width >>= 1) {
    for (let l = 0; l < width; l++) lanes[l] = round(lanes[l] + lanes[l + width]);
  }
  return lanes[0];
}

export function reduce(op: ReduceOp, x: Operand, out: Operand, outer: number, n: number, inner: number): void {
  const from = arrayOf(x);
  const to = arrayOf(out);
  if (op === "sum" && inner === 1) {
    const round = roundingFor(from as FloatArray);
    for (let o = 0; o < outer; o++) to[o] = laneSum(from as FloatArray, o * n, n, round);
    return;
  }
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = o * n * inner + i;
      to[o * inner + i] = op === "sum" ? strided(from, at, n, inner) : extreme(op, from, at, n, inner);
    }
  }
}

/** Sum in index order, in float64; the caller's store rounds it. */
function strided(x: ArrayLike<number>, at: number, n: number, step: number): number {
  const round = x instanceof Float32Array ? Math.fround : exactly;
  const length = isLong(x, n) ? ADDED_PART : n;
  let sum = 0;
  for (let start = 0; start < n; start += length) {
    let part = 0;
    for (let k = start, end = Math.min(n, start + length); k < end; k++) part = round(part + x[at + k * step]);
    sum += part;
  }
  return sum;
}

/** Largest or smallest element, or its index. NaN wins; among equals the first wins. */
function extreme(op: Exclude<ReduceOp, "sum">, x: ArrayLike<number>, at: number, n: number, step: number): number {
  const largest = op === "max" || op === "argmax";
  let best = x[at];
  let index = 0;
  for (let k = 1; k < n && best === best; k++) {
    const value = x[at + k * step];
    if ((largest ? value > best : value < best) || value !== value) {
      best = value;
      index = k;
    }
  }
  return op === "argmax" || op === "argmin" ? index : best;
}

export function cumulativeSum(
  x: Operand,
  out: Operand,
  outer: number,
  n: number,
  inner: number,
  { exclusive, reverse }: { exclusive: boolean; reverse: boolean },
): void {
  const from = arrayOf(x);
  const to = arrayOf(out);
  const round = from instanceof Float32Array && !isLong(from, n) ? Math.fround : exactly;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let total = 0;
      for (let k = 0; k < n; k++) {
        const at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;
        const value = from[at];
        if (exclusive) to[at] = total;
        total = round(total + value);
        if (!exclusive) to[at] = total;
      }
    }
  }
}

export function softmax(x: Operand, out: Operand, logarithm: boolean): void {
  const from = floats(x);
  const to = floats(out);
  const n = x.shape[x.shape.length - 1];
  for (let at = 0; at < from.length; at += n) {
    const { maximum, total } = exponentials(from, to, at, n);
    const round = roundingFor(from);
    if (logarithm) {
      const shift = round(naturalLog(total, round));
      for (let j = 0; j < n; j++) to[at + j] = round(from[at + j] - maximum) - shift;
    } else {
      for (let j = 0; j < n; j++) to[at + j] = to[at + j] / total;
    }
  }
}

const naturalLog = (x: number, round: Round): number => (round === Math.fround ? log32(x) : log(x));

/** Writes exp(x - max) and returns the maximum and the sum. */
function exponentials(from: FloatArray, to: FloatArray, at: number, n: number): { maximum: number; total: number } {
  const round = roundingFor(from);
  const e = round === Math.fround ? exp32 : exp;
  let maximum = -Infinity;
  for (let j = 0; j < n; j++) maximum = Math.max(maximum, from[at + j]);
  // a row of -Infinity has no maximum to subtract; with 0 it becomes 0/0 = NaN
  if (maximum === -Infinity) maximum = 0;
  for (let j = 0; j < n; j++) to[at + j] = e(round(from[at + j] - maximum));
  return { maximum, total: laneSum(to, at, n, round) };
}

/** Gradient of softmax: y (dy - sum(dy y)); of log-softmax: dy - exp(y) sum(dy). */
export function softmaxBackward(y: Operand, dy: Operand, dx: Operand, logarithm: boolean): void {
  const value = floats(y);
  const upstream = floats(dy);
  const to = floats(dx);
  const round = roundingFor(value);
  const e = round === Math.fround ? exp32 : exp;
  const n = y.shape[y.shape.length - 1];
  for (let at = 0; at < value.length; at += n) {
    if (logarithm) {
      const total = laneSum(upstream, at, n, round);
      for (let j = 0; j < n; j++) to[at + j] = upstream[at + j] - round(e(value[at + j]) * total);
    } else {
      for (let j = 0; j < n; j++) to[at + j] = upstream[at + j] * value[at + j];
      const total = laneSum(to, at, n, round);
      for (let j = 0; j < n; j++) to[at + j] = value[at + j] * round(upstream[at + j] - total);
    }
  }
}

export function crossEntropy(logits: Operand, targets: Operand, loss: Operand, probabilities: Operand): void {
  const from = floats(logits);
  const to = floats(probabilities);
  const ids = integers(targets);
  const losses = floats(loss);
  const round = roundingFor(from);
  const n = logits.shape[logits.shape.length - 1];
  for (let row = 0; row < ids.length; row++) {
    const at = row * n;
    const { maximum, total } = exponentials(from, to, at, n);
    if (total === 0) {
      // all logits are -Infinity: no class is possible, and the exponentials are 0
      losses[row] = Infinity;
      continue;
    }
    losses[row] = naturalLog(total, round) - round(from[at + ids[row]] - maximum);
    for (let j = 0; j < n; j++) to[at + j] = to[at + j] / total;
  }
}

export function crossEntropyBackward(probabilities: Operand, targets: Operand, dLoss: Operand, dLogits: Operand): void {
  const p = floats(probabilities);
  const ids = integers(targets);
  const upstream = floats(dLoss);
  const to = floats(dLogits);
  const round = roundingFor(p);
  const n = probabilities.shape[probabilities.shape.length - 1];
  for (let row = 0; row < ids.length; row++) {
    const at = row * n;
    for (let j = 0; j < n; j++) to[at + j] = round(p[at + j] - (j === ids[row] ? 1 : 0)) * upstream[row];
  }
}

export function sumOfSquares(x: Operand, total: number): number {
  const data = floats(x);
  let sum = total;
  for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  return sum;
}

export const isAllFinite = (x: Operand): boolean => floats(x).every((value: number) => Number.isFinite(value));
