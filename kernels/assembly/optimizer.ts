// Optimizer steps in place, on a share of the elements; see src/engine/reference/optimizer.ts.
import { Adagrad, Adam, Momentum, Nesterov, OptimizerStep, Rmsprop, Sgd } from "./generated/jobs";
import {
  adagradRow, adamRow, momentumRow, mulScalar, nesterovRow, rmspropCenteredRow, rmspropRow, sgdRow,
} from "./generated/rows";
import { LEFT, spare } from "./instance";
import { share } from "./pool";

/** Elements at a time: what is done to a gradient before the step stays in the nearest cache. */
const BLOCK: i32 = 1024;

/** First element that `thread` takes: vectors of eight, so that no two threads write to one. */
function firstOf(step: OptimizerStep, thread: i32, threads: i32): i32 {
  return min(step.elements, share((step.elements + 7) >> 3, thread, threads) << 3);
}

/** Decays n parameters from w on, and returns the address of their gradient as the formula takes it. */
function prepare(step: OptimizerStep, w: usize, offset: usize, n: i32): usize {
  const own = spare + LEFT, preparation = step.preparation;
  let g = step.item.gradient + offset;
  if (preparation.parameterDecay != 0) sgdRow(w, w, w, n, preparation.parameterDecay);
  if (preparation.gradientScale != 1) {
    mulScalar(g, own, n, preparation.gradientScale);
    g = own;
  }
  if (preparation.gradientDecay != 0) {
    sgdRow(g, w, own, n, -preparation.gradientDecay);
    g = own;
  }
  if (preparation.damping != 1) {
    mulScalar(g, own, n, preparation.damping);
    g = own;
  }
  return g;
}

export function sgd(job: Sgd, thread: i32, threads: i32): void {
  const step = job.step, end = firstOf(step, thread + 1, threads);
  for (let from = firstOf(step, thread, threads); from < end; from += BLOCK) {
    const n = min(BLOCK, end - from), at = <usize>from << 2, w = step.item.parameter + at, g = prepare(step, w, at, n);
    sgdRow(w, g, w, n, job.learningRate);
  }
}

export function momentum(job: Momentum, thread: i32, threads: i32): void {
  const step = job.step, factors = job.factors, end = firstOf(step, thread + 1, threads);
  for (let from = firstOf(step, thread, threads); from < end; from += BLOCK) {
    const n = min(BLOCK, end - from), at = <usize>from << 2, w = step.item.parameter + at, g = prepare(step, w, at, n);
    const v = job.velocity + at;
    momentumRow(w, g, v, w, v, n, factors.gradient, factors.velocity, factors.momentum);
  }
}

export function nesterov(job: Nesterov, thread: i32, threads: i32): void {
  const step = job.step, factors = job.factors, end = firstOf(step, thread + 1, threads);
  for (let from = firstOf(step, thread, threads); from < end; from += BLOCK) {
    const n = min(BLOCK, end - from), at = <usize>from << 2, w = step.item.parameter + at, g = prepare(step, w, at, n);
    const v = job.velocity + at;
    nesterovRow(w, g, v, w, v, n, factors.gradient, factors.velocity, factors.momentum);
  }
}

/** velocity and mean: 0 where there is none. */
export function rmsprop(job: Rmsprop, thread: i32, threads: i32): void {
  const step = job.step, factors = job.factors, end = firstOf(step, thread + 1, threads), own = spare + LEFT;
  const factor = factors.gradient, decay = factors.decay, rest = factors.rest, inside = factors.inside, outside = factors.outside;
  for (let from = firstOf(step, thread, threads); from < end; from += BLOCK) {
    const n = min(BLOCK, end - from), at = <usize>from << 2, w = step.item.parameter + at, g = prepare(step, w, at, n);
    const s = job.meanSquare + at, m = job.mean + at, v = job.velocity + at;
    if (job.mean) rmspropCenteredRow(g, s, m, own, s, m, n, factor, decay, rest, inside, outside);
    else rmspropRow(g, s, own, s, n, factor, decay, rest, inside, outside);
    if (job.velocity) momentumRow(w, own, v, w, v, n, 1, factors.velocity, factors.momentum);
    else sgdRow(w, own, w, n, factors.velocity);
  }
}

export function adagrad(job: Adagrad, thread: i32, threads: i32): void {
  const step = job.step, factors = job.factors, end = firstOf(step, thread + 1, threads);
  for (let from = firstOf(step, thread, threads); from < end; from += BLOCK) {
    const n = min(BLOCK, end - from), at = <usize>from << 2, w = step.item.parameter + at, g = prepare(step, w, at, n);
    const s = job.sumOfSquares + at;
    adagradRow(w, g, s, w, s, n, factors.learningRate, factors.inside, factors.outside);
  }
}

export function adam(job: Adam, thread: i32, threads: i32): void {
  const step = job.step, factors = job.factors, end = firstOf(step, thread + 1, threads);
  for (let from = firstOf(step, thread, threads); from < end; from += BLOCK) {
    const n = min(BLOCK, end - from), at = <usize>from << 2, w = step.item.parameter + at, g = prepare(step, w, at, n);
    const m = job.m + at, v = job.v + at;
    adamRow(w, g, m, v, w, m, v, n, factors.stepSize, factors.rootScale, factors.beta1, factors.rest1, factors.beta2, factors.rest2, factors.epsilon);
  }
}
