/**
 * @file One optimizer step over all parameters, in place. Formulas and their sources: `src/optim`.
 */
import { internalError } from "../../base/index.ts";
import type { Operand, OptimizerItem, OptimizerPreparation, OptimizerUpdate } from "../engine.ts";
import { type FloatArray, floats } from "./memory.ts";
import { roundingFor } from "./rounding.ts";

export function optimizerUpdate(
  update: OptimizerUpdate,
  items: readonly OptimizerItem[],
  preparation: OptimizerPreparation = {},
): void {
  for (const item of items) {
    const w = floats(item.parameter);
    updateOne(update, w, prepare(preparation, w, floats(item.gradient)), item.slots);
  }
}

/** Decays the parameter and returns the gradient for the step. */
function prepare(
  { parameterDecay = 0, gradientScale = 1, gradientDecay = 0, damping = 1 }: OptimizerPreparation,
  w: FloatArray,
  g: FloatArray,
): FloatArray {
  const round = roundingFor(w);
  const [shrink, scale, decay, damp] = [parameterDecay, gradientScale, gradientDecay, damping].map(round);
  if (shrink !== 0) sgd({ kind: "sgd", learningRate: shrink }, w, w);
  if (scale === 1 && decay === 0 && damp === 1) return g;
  return g.map((x, i) => {
    const scaled = round(scale * x);
    return damp * (decay === 0 ? scaled : round(scaled + round(decay * w[i])));
  });
}

function updateOne(update: OptimizerUpdate, w: FloatArray, g: FloatArray, slots: readonly Operand[]): void {
  const [first, second] = slots.map(floats);
  switch (update.kind) {
    case "sgd":
      return sgd(update, w, g);
    case "momentum":
      return momentum(update, w, g, first);
    case "rmsprop":
      return rmsprop(update, w, g, slots.map(floats));
    case "adagrad":
      return adagrad(update, w, g, first);
    case "adam":
      return adam(update, w, g, first, second);
    default:
      throw internalError(`optimizer ${String(update satisfies never)}`);
  }
}

type Update<K extends OptimizerUpdate["kind"]> = Extract<OptimizerUpdate, { kind: K }>;

function sgd({ learningRate }: Update<"sgd">, w: FloatArray, g: FloatArray): void {
  const round = roundingFor(w);
  const lr = round(learningRate);
  for (let i = 0; i < w.length; i++) w[i] -= round(lr * g[i]);
}

/**
 * plain: v = μ v + g, w -= lr v (Nesterov: lr (g + μ v)). scaled: v = μ v - lr g, w += v (Nesterov:
 * μ v - lr g).
 */
function momentum(update: Update<"momentum">, w: FloatArray, g: FloatArray, v: FloatArray): void {
  const round = roundingFor(w);
  const lr = round(update.learningRate);
  const mu = round(update.momentum);
  const scaled = update.velocity === "scaled";
  for (let i = 0; i < w.length; i++) {
    const gradient = scaled ? round(lr * g[i]) : g[i];
    v[i] = round(mu * v[i]) + gradient;
    const step = update.nesterov ? round(round(mu * v[i]) + gradient) : v[i];
    w[i] -= scaled ? step : round(lr * step);
  }
}

function rmsprop(update: Update<"rmsprop">, w: FloatArray, g: FloatArray, slots: readonly FloatArray[]): void {
  const square = slots[0];
  const velocity = update.momentum > 0 ? slots[1] : undefined;
  const mean = update.centered ? slots[slots.length - 1] : undefined;
  const round = roundingFor(w);
  const lr = round(update.learningRate);
  const decay = round(update.decay);
  const rest = round(1 - update.decay);
  const mu = round(update.momentum);
  const epsilon = round(update.epsilon);
  const scaled = update.velocity === "scaled";
  for (let i = 0; i < w.length; i++) {
    square[i] = round(decay * square[i]) + round(rest * round(g[i] * g[i]));
    let variance = square[i];
    if (mean) {
      mean[i] = round(decay * mean[i]) + round(rest * g[i]);
      // rounding can make it negative if all gradients are alike
      variance = Math.max(0, round(variance - round(mean[i] * mean[i])));
    }
    const root = update.epsilonInside
      ? round(Math.sqrt(round(variance + epsilon)))
      : round(round(Math.sqrt(variance)) + epsilon);
    const step = scaled ? round(round(lr * g[i]) / root) : round(g[i] / root);
    if (velocity) velocity[i] = round(mu * velocity[i]) + step;
    const move = velocity ? velocity[i] : step;
    w[i] -= scaled ? move : round(lr * move);
  }
}

function adagrad(update: Update<"adagrad">, w: FloatArray, g: FloatArray, square: FloatArray): void {
  const round = roundingFor(w);
  const lr = round(update.learningRate);
  const epsilon = round(update.epsilon);
  for (let i = 0; i < w.length; i++) {
    square[i] += round(g[i] * g[i]);
    const root = update.epsilonInside
      ? round(Math.sqrt(round(square[i] + epsilon)))
      : round(round(Math.sqrt(square[i])) + epsilon);
    w[i] -= round(round(lr * g[i]) / root);
  }
}

function adam(update: Update<"adam">, w: FloatArray, g: FloatArray, m: FloatArray, v: FloatArray): void {
  const round = roundingFor(w);
  const stepSize = round(update.stepSize);
  const rootScale = round(update.rootScale);
  const beta1 = round(update.beta1);
  const rest1 = round(1 - update.beta1);
  const beta2 = round(update.beta2);
  const rest2 = round(1 - update.beta2);
  const epsilon = round(update.epsilon);
  for (let i = 0; i < w.length; i++) {
    m[i] = round(beta1 * m[i]) + round(rest1 * g[i]);
    v[i] = round(beta2 * v[i]) + round(rest2 * round(g[i] * g[i]));
    const root = round(round(round(Math.sqrt(v[i])) * rootScale) + epsilon);
    w[i] -= round(stepSize * round(m[i] / root));
  }
}
