/** @file Runs a golden case of an optimizer, clipping, a schedule or a loss (see test/golden/README.md) and measures how far it is off. */
import { readFileSync } from "node:fs";
import { type FloatDType, typedArray } from "../../src/base/index.ts";
import {
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  clipScale,
  cosineAnnealing,
  cosineDecay,
  exponentialDecay,
  type Optimizer,
  type OptimizerConfig,
  optimizerFromConfig,
  type OptimizerName,
  type Parameters,
  plateau,
  presets,
  sgd,
  stepDecay,
} from "../../src/optim/index.ts";
import { sequenceLoss } from "../../src/rnn/index.ts";
import {
  add,
  exp,
  logSoftmax,
  mul,
  neg,
  oneHot,
  softmax,
  sparseSoftmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from "../../src/tensor/index.ts";

export type Framework = "torch" | "tf1" | "keras";
export type ArrayJson = { readonly shape: number[]; readonly data: number[] };
export type Arrays = Readonly<Record<string, ArrayJson>>;

export type OptimizerCase = {
  readonly name: string;
  readonly framework: Framework;
  readonly optimizer: { readonly type: OptimizerName } & OptimizerConfig;
  readonly rateDrop?: { readonly step: number; readonly learningRate: number };
  readonly parameters: Arrays;
  readonly gradients: readonly Arrays[];
  readonly trajectory: Readonly<Record<string, Arrays>>;
};

export type ClipCase = {
  readonly name: string;
  readonly framework: Framework;
  readonly clip:
    | { readonly type: "value"; readonly min: number; readonly max: number }
    | { readonly type: "norm" | "globalNorm"; readonly limit: number };
  readonly gradients: Arrays;
  readonly clipped: Arrays;
  readonly globalNorm?: number;
};

export type ScheduleCase = {
  readonly name: string;
  readonly dtype: FloatDType;
  readonly schedule: { readonly type: string } & Readonly<Record<string, number>>;
  readonly values: readonly number[];
  readonly metrics?: readonly number[];
};

type AveragingKey = "tt" | "tf" | "ft" | "ff";

export type LossCase = { readonly name: string } & (
  | {
      readonly kind: "sequenceLoss";
      readonly logits: ArrayJson;
      readonly targets: ArrayJson;
      readonly weights: ArrayJson;
      readonly results: Readonly<Record<AveragingKey, ArrayJson>>;
      readonly gradients: Readonly<Record<AveragingKey, ArrayJson>>;
    }
  | {
      readonly kind: "softmaxCrossEntropy";
      readonly logits: ArrayJson;
      readonly targets: ArrayJson;
      readonly labelSmoothing: number;
      readonly losses: ArrayJson;
      readonly gradients: ArrayJson;
    }
  | {
      readonly kind: "logSoftmax";
      readonly logits: ArrayJson;
      readonly outputs: ArrayJson;
      readonly lossWeights: ArrayJson;
      readonly gradients: ArrayJson;
    }
);

/** The cases of `test/golden/data/<file>.json`. */
export function readGoldens<C>(file: string): C[] {
  const url = new URL(`../golden/data/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { cases: C[] }).cases;
}

function load(arrays: Arrays, dtype: FloatDType): Parameters {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, floatTensor({ shape, data }, dtype)]),
  );
}

function floatTensor({ shape, data }: ArrayJson, dtype: FloatDType): Tensor {
  const values = typedArray(dtype, data.length);
  values.set(data);
  return tensor(values, { shape });
}

/** What differs in structure is no number: it throws. */
function expectSame(where: string, got: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${where}: expected ${b}, got ${a}`);
}

/** Largest |got - expected|; NaN and infinities that are not expected count as infinite. */
function difference(where: string, got: Tensor, { shape, data }: ArrayJson): number {
  expectSame(`${where} shape`, got.shape, shape);
  const values = got.values();
  let worst = 0;
  for (let i = 0; i < data.length; i++) {
    worst = Math.max(worst, Number.isFinite(values[i]) ? Math.abs(values[i] - data[i]) : Infinity);
  }
  return worst;
}

/** The largest |got - expected|, over the largest |expected| of all arrays. */
function relativeError(where: string, got: Parameters, expected: Arrays): number {
  expectSame(`${where} names`, Object.keys(got).sort(), Object.keys(expected).sort());
  let worst = 0;
  let scale = 0;
  for (const [name, array] of Object.entries(expected)) {
    worst = Math.max(worst, difference(`${where} ${name}`, got[name], array));
    for (const x of array.data) scale = Math.max(scale, Math.abs(x));
  }
  return worst / scale;
}

/** Keras' and PyTorch's SGD record a momentum of 0; our sgd has no such option. */
function optimizerOf({ name, framework, optimizer }: OptimizerCase): Optimizer {
  const { type, ...options } = optimizer;
  const config: Record<string, number | string | boolean> = {
    ...(presets[framework] as Readonly<Record<OptimizerName, OptimizerConfig>>)[type],
    ...options,
  };
  if (type === "sgd") {
    expectSame(`${name} momentum and dampening`, [config["momentum"] ?? 0, config["dampening"] ?? 0], [0, 0]);
    delete config["momentum"];
    delete config["dampening"];
  }
  return optimizerFromConfig(type, config);
}

/** Largest error of the parameters along the trajectory, relative to the largest parameter of each step that it records. */
export function optimizerError(golden: OptimizerCase, dtype: FloatDType): number {
  const { name, parameters: start, gradients, trajectory, rateDrop } = golden;
  const optimizer = optimizerOf(golden);
  const parameters = load(start, dtype);
  let state = optimizer.init(parameters);
  let worst = 0;
  const compared: number[] = [];
  gradients.forEach((gradient, index) => {
    const dropped = rateDrop !== undefined && index + 1 >= rateDrop.step;
    const options = dropped ? { learningRate: rateDrop.learningRate } : {};
    state = optimizer.update(parameters, load(gradient, dtype), state, options);
    expectSame(`${name} step`, state.step, index + 1);
    const expected = trajectory[String(state.step)];
    if (expected === undefined) return;
    worst = Math.max(worst, relativeError(`${name} step ${state.step}`, parameters, expected));
    compared.push(state.step);
  });
  expectSame(`${name} compared steps`, compared, Object.keys(trajectory).map(Number));
  return worst;
}

/** How far one step of gradient descent with rate 1 goes. */
function descent(gradients: Parameters, gradientScale: number): Parameters {
  const parameters = Object.fromEntries(
    Object.entries(gradients).map(([name, { shape }]) => [name, zeros(shape, "float64")]),
  );
  const optimizer = sgd({ learningRate: 1 });
  optimizer.update(parameters, gradients, optimizer.init(parameters), { gradientScale });
  return Object.fromEntries(Object.entries(parameters).map(([name, moved]) => [name, neg(moved)]));
}

/** Largest error of the clipped gradients, and of the global norm where there is one; float64. */
export function clipError({ name, framework, clip, gradients, clipped, globalNorm }: ClipCase): number {
  const input = load(gradients, "float64");
  switch (clip.type) {
    case "value":
      return relativeError(name, clipByValue(input, clip), clipped);
    case "norm": {
      const result = clipByNorm(input, clip.limit);
      expectSame(`${name} finite`, result.finite, true);
      return relativeError(name, result.gradients, clipped);
    }
    case "globalNorm": {
      const options = { epsilon: framework === "torch" ? 1e-6 : 0 };
      const result = clipByGlobalNorm(input, clip.limit, options);
      expectSame(`${name} finite`, result.finite, true);
      const norm = Math.abs(result.norm / (globalNorm ?? NaN) - 1);
      return Math.max(
        Number.isFinite(norm) ? norm : Infinity,
        relativeError(name, result.gradients, clipped),
        relativeError(`${name} in the update`, descent(input, clipScale(input, clip.limit, options).scale), clipped),
      );
    }
    default:
      throw new Error(`${name}: unknown clipping ${JSON.stringify(clip satisfies never)}`);
  }
}

function ratesOf({ name, schedule, values, metrics }: ScheduleCase): readonly number[] {
  const steps = values.map((_, step) => step);
  const {
    type,
    learningRate: initial,
    stepSize: every,
    gamma,
    period,
    decaySteps,
    decayRate,
    staircase,
    alpha,
  } = schedule;
  switch (type) {
    case "step":
      return steps.map(stepDecay({ initial, every, factor: gamma }));
    case "exponential":
      return steps.map(exponentialDecay({ initial, decaySteps: 1, decayRate: gamma }));
    case "exponentialDecay":
      return steps.map(exponentialDecay({ initial, decaySteps, decayRate, staircase: Boolean(staircase) }));
    case "cosineDecay":
      return steps.map(cosineDecay({ initial, decaySteps, alpha }));
    case "cosineAnnealing":
      return steps.map(cosineAnnealing({ initial, period, minimum: schedule["minimumRate"] }));
    case "reduceOnPlateau": {
      const { factor, patience, threshold, cooldown, minimumRate: minimum, epsilon: smallestChange } = schedule;
      const reducer = plateau({ initial, factor, patience, threshold, cooldown, minimum, smallestChange });
      return (metrics ?? []).map((metric) => {
        const rate = reducer.learningRate;
        reducer.observe(metric);
        return rate;
      });
    }
    default:
      throw new Error(`${name}: unknown schedule ${type}`);
  }
}

/** Largest error of the rates, relative to the initial one. */
export function scheduleError(golden: ScheduleCase): number {
  const rates = ratesOf(golden);
  expectSame(`${golden.name} steps`, rates.length, golden.values.length);
  const errors = rates.map((rate, t) => Math.abs(rate - golden.values[t]) / golden.schedule.learningRate);
  return errors.every(Number.isFinite) ? Math.max(...errors) : Infinity;
}

/** Largest difference of each result and gradient, by its name; float64. */
export function lossErrors(golden: LossCase): Map<string, number> {
  const logits = floatTensor(golden.logits, "float64");
  const errors = new Map<string, number>();
  /** Compares f and the gradient of the sum of `toSum(f)` (of f itself by default) with respect to the logits. */
  const compare = (
    what: string,
    f: () => Tensor,
    value: ArrayJson,
    gradient: ArrayJson,
    toSum = (y: Tensor): Tensor => y,
  ): void => {
    const { gradients, result } = valueAndGrad(() => {
      const y = f();
      return { value: sum(toSum(y)), y };
    }, logits);
    errors.set(what, difference(`${golden.name} ${what}`, result.y, value));
    errors.set(`gradient of ${what}`, difference(`${golden.name} gradient of ${what}`, gradients, gradient));
  };

  switch (golden.kind) {
    case "sequenceLoss": {
      const targets = tensor(Int32Array.from(golden.targets.data), { shape: golden.targets.shape });
      const weights = floatTensor(golden.weights, "float64");
      for (const key of Object.keys(golden.results) as AveragingKey[]) {
        const averages = { averageAcrossTimesteps: key[0] === "t", averageAcrossBatch: key[1] === "t" };
        compare(
          key,
          () => sequenceLoss(logits, targets, weights, averages),
          golden.results[key],
          golden.gradients[key],
        );
      }
      return errors;
    }
    case "softmaxCrossEntropy": {
      const { labelSmoothing, losses, gradients } = golden;
      const targets = tensor(Int32Array.from(golden.targets.data), { shape: golden.targets.shape });
      const classes = golden.logits.shape[golden.logits.shape.length - 1];
      const smoothed = add(
        mul(oneHot(targets, classes, { dtype: "float64" }), 1 - labelSmoothing),
        labelSmoothing / classes,
      );
      const composed = (): Tensor => neg(sum(mul(logSoftmax(logits), smoothed), -1));
      compare("composed losses", composed, losses, gradients);
      if (labelSmoothing === 0) compare("losses", () => sparseSoftmaxCrossEntropy(logits, targets), losses, gradients);
      return errors;
    }
    case "logSoftmax": {
      const weights = floatTensor(golden.lossWeights, "float64");
      const byWeight = (y: Tensor): Tensor => mul(y, weights);
      compare("outputs", () => logSoftmax(logits), golden.outputs, golden.gradients, byWeight);
      // softmax is the exponential of it: d/dx sum(w e^y) is its gradient for the weights w e^y
      const { gradients, result } = valueAndGrad(() => {
        const y = exp(logSoftmax(logits));
        return { value: sum(byWeight(y)), y };
      }, logits);
      compare("softmax", () => softmax(logits), json(result.y), json(gradients), byWeight);
      return errors;
    }
    default:
      throw new Error(`unknown loss ${JSON.stringify(golden satisfies never)}`);
  }
}

const json = (x: Tensor): ArrayJson => ({ shape: [...x.shape], data: Array.from(x.values(), Number) });
