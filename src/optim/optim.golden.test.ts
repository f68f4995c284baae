/** @file Optimizers, clipping and schedules against TF1, Keras and PyTorch: `test/golden/data`, formulas in `test/golden/README.md`. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type FloatDType, typedArray } from "../base/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";
import {
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
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
  stepDecay,
} from "./index.ts";

type Framework = "torch" | "tf1" | "keras";
type ArrayJson = { readonly shape: number[]; readonly data: number[] };
type Arrays = Readonly<Record<string, ArrayJson>>;
type OptimizerCase = {
  readonly name: string;
  readonly framework: Framework;
  readonly optimizer: { readonly type: OptimizerName } & OptimizerConfig;
  readonly rateDrop?: { readonly step: number; readonly learningRate: number };
  readonly parameters: Arrays;
  readonly gradients: readonly Arrays[];
  readonly trajectory: Readonly<Record<string, Arrays>>;
};
type ClipCase = {
  readonly name: string;
  readonly framework: Framework;
  readonly clip:
    | { readonly type: "value"; readonly min: number; readonly max: number }
    | { readonly type: "norm" | "globalNorm"; readonly limit: number };
  readonly gradients: Arrays;
  readonly clipped: Arrays;
  readonly globalNorm?: number;
};
type ScheduleCase = {
  readonly name: string;
  readonly dtype: FloatDType;
  readonly schedule: { readonly type: string } & Readonly<Record<string, number>>;
  readonly values: readonly number[];
  readonly metrics?: readonly number[];
};

function cases<C>(file: string): C[] {
  const url = new URL(`../../test/golden/data/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { cases: C[] }).cases;
}

const load = (arrays: Arrays, dtype: FloatDType): Parameters =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      const values = typedArray(dtype, data.length);
      values.set(data);
      return [name, tensor(values, { shape })];
    }),
  );

/** The largest |got - expected|, over the largest |expected| of all arrays. */
function error(got: Parameters, expected: Arrays): number {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  let difference = 0;
  let scale = 0;
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(got[name]).toBeInstanceOf(Tensor);
    expect(got[name].shape).toEqual(shape);
    const values = got[name].values();
    for (let i = 0; i < data.length; i++) {
      // NaN must not pass
      expect(Number.isFinite(values[i])).toBe(true);
      difference = Math.max(difference, Math.abs(values[i] - data[i]));
      scale = Math.max(scale, Math.abs(data[i]));
    }
  }
  return difference / scale;
}

/** Keras' and PyTorch's SGD record a momentum of 0; our sgd has no such option. */
function build({ framework, optimizer }: OptimizerCase): Optimizer {
  const { type, ...options } = optimizer;
  const config: Record<string, number | string | boolean> = {
    ...(presets[framework] as Readonly<Record<OptimizerName, OptimizerConfig>>)[type],
    ...options,
  };
  if (type === "sgd") {
    expect([config["momentum"] ?? 0, config["dampening"] ?? 0]).toEqual([0, 0]);
    delete config["momentum"];
    delete config["dampening"];
  }
  return optimizerFromConfig(type, config);
}

function run(golden: OptimizerCase, dtype: FloatDType): number {
  const { parameters: start, gradients, trajectory, rateDrop } = golden;
  const optimizer = build(golden);
  const parameters = load(start, dtype);
  let state = optimizer.init(parameters);
  let worst = 0;
  let compared = 0;
  gradients.forEach((gradient, index) => {
    const dropped = rateDrop !== undefined && index + 1 >= rateDrop.step;
    const options = dropped ? { learningRate: rateDrop.learningRate } : {};
    state = optimizer.update(parameters, load(gradient, dtype), state, options);
    expect(state.step).toBe(index + 1);
    const expected = trajectory[String(state.step)];
    if (expected === undefined) return;
    worst = Math.max(worst, error(parameters, expected));
    compared++;
  });
  expect(compared).toBe(3);
  return worst;
}

const figures = new Map<string, number>();
const note = (family: string, value: number): void => {
  figures.set(family, Math.max(figures.get(family) ?? 0, value));
};

/** GOLDEN_FIGURES=1 prints the largest error of each family. */
afterAll(() => {
  if (process.env["GOLDEN_FIGURES"]) console.log(Object.fromEntries([...figures].map(([name, value]) => [name, value.toExponential(1)])));
});

describe.each([["optimizers", 42], ["rate-drop", 9]] as const)("%s", (file, count) => {
  const all = cases<OptimizerCase>(file);
  test("has all cases", () => expect(all.length).toBe(count));

  test.each(all)("$name, float64", (golden) => {
    const worst = run(golden, "float64");
    note(`${golden.optimizer.type} float64`, worst);
    expect(worst).toBeLessThan(1e-13);
  });

  test.each(all)("$name, float32", (golden) => {
    const worst = run(golden, "float32");
    note(`${golden.optimizer.type} float32`, worst);
    expect(worst).toBeLessThan(1e-6);
  });
});

describe("clipping", () => {
  test.each(cases<ClipCase>("clipping"))("$name", ({ framework, clip, gradients, clipped, globalNorm }) => {
    const input = load(gradients, "float64");
    let got: Parameters;
    switch (clip.type) {
      case "value":
        got = clipByValue(input, clip);
        break;
      case "norm":
        got = clipByNorm(input, clip.limit).gradients;
        break;
      case "globalNorm": {
        const result = clipByGlobalNorm(input, clip.limit, { epsilon: framework === "torch" ? 1e-6 : 0 });
        expect(result.finite).toBe(true);
        expect(Math.abs(result.norm / (globalNorm ?? NaN) - 1)).toBeLessThan(1e-14);
        got = result.gradients;
        break;
      }
      default:
        throw new Error(`unknown clipping ${JSON.stringify(clip satisfies never)}`);
    }
    const worst = error(got, clipped);
    note("clipping", worst);
    expect(worst).toBeLessThan(1e-14);
  });
});

describe("schedules", () => {
  test.each(cases<ScheduleCase>("schedules"))("$name", ({ schedule, dtype, values, metrics }) => {
    const { type, learningRate: initial } = schedule;
    const rates = ((): readonly number[] => {
      const steps = values.map((_, step) => step);
      const { stepSize: every, gamma, period, decaySteps, decayRate, staircase, alpha } = schedule;
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
          throw new Error(`unknown schedule ${type}`);
      }
    })();
    expect(rates.length).toBe(60);
    const worst = Math.max(...rates.map((rate, t) => Math.abs(rate - values[t]) / initial));
    note(`schedules ${dtype}`, worst);
    expect(worst).toBeLessThan(dtype === "float32" ? 2e-7 : 1e-14);
  });
});
