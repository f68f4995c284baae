/** @file Ops of networks against ONNX Runtime's numbers, in both precisions. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Shape } from "../../base/index.ts";
import * as ops from "../index.ts";
import { scope, type Tensor, tensor } from "../index.ts";

type Arguments = ops.ResizeOptions &
  ops.TopKOptions & {
    readonly alpha?: number;
    readonly approximate?: boolean;
    readonly axes?: number[];
    readonly axis?: number;
    readonly b?: number;
    readonly diagonal?: number;
    readonly epsilon?: number;
    readonly equation: string;
    readonly frameStep: number;
    readonly groups: number;
    readonly indices: number[][];
    readonly k: number;
    readonly onesided?: boolean;
    readonly padding: [number, number][];
    readonly repeats: number[];
    readonly sign?: "divisor" | "dividend";
    readonly upper?: boolean;
    readonly variance: number[];
  };

type Case = {
  readonly op: string;
  readonly shapes: readonly Shape[];
  readonly arguments: Arguments;
  readonly output: { readonly shape: Shape; readonly data: readonly number[] };
};

const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/golden/data/network-functions.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Case[] };

const ids = (indices: number[][]): Tensor => tensor(indices, { dtype: "int32" });

const special: Readonly<Record<string, (inputs: Tensor[], given: Arguments) => Tensor>> = {
  elu: ([x], { alpha }) => ops.elu(x, alpha),
  celu: ([x], { alpha }) => ops.celu(x, alpha),
  leakyRelu: ([x], { alpha }) => ops.leakyRelu(x, alpha),
  thresholdedRelu: ([x], { alpha }) => ops.thresholdedRelu(x, alpha),
  prelu: ([x, slope]) => ops.prelu(x, slope),
  gelu: ([x], { approximate }) => ops.gelu(x, { approximate }),
  mod: ([x], { b = 1, sign }) => ops.mod(x, b, { sign }),
  padWith: ([x], { padding, mode }) => ops.padWith(x, padding, { mode: mode as ops.PadMode }),
  tile: ([x], { repeats }) => ops.tile(x, repeats),
  resize: ([x], given) => ops.resize(x, given),
  stft: ([x], { frameStep, onesided }) =>
    ops.stft(x, { frameStep, onesided, window: pattern([6], 1, x.dtype as "float32") }),
  einsum: (inputs, { equation }) => ops.einsum(equation, ...inputs),
  gatherElements: ([x], { indices, axis }) => ops.gatherElements(x, ids(indices), axis),
  gatherNd: ([x], { indices }) => ops.gatherNd(x, ids(indices)),
  topK: ([x], { k, axis, largest }) => ops.topK(x, k, axis, { largest }).values,
  trilu: ([x], { upper, diagonal }) => ops.trilu(x, { upper, diagonal }),
  hardmax: ([x], { axis }) => ops.hardmax(x, axis),
  prod: ([x], { axes }) => ops.prod(x, axes),
  instanceNormalization: ([x, scale, bias], { epsilon }) => ops.instanceNormalization(x, scale, bias, epsilon),
  groupNormalization: ([x, scale, bias], { epsilon, groups }) =>
    ops.groupNormalization(x, groups, scale, bias, epsilon),
  batchNormalization: ([x, scale, bias, mean], { variance }) =>
    ops.batchNormalization(x, scale, bias, { mean, variance: tensor(variance, { dtype: x.dtype }) }).y,
};

function run({ op, arguments: given }: Case, inputs: Tensor[]): Tensor {
  if (Object.hasOwn(special, op)) return special[op](inputs, given);
  return (ops as unknown as Readonly<Record<string, (x: Tensor) => Tensor>>)[op](inputs[0]);
}

/** Inputs of the goldens: see `pattern` in test/golden/make_network_ops.py. */
function pattern(shape: Shape, seed: number, dtype: "float32" | "float64"): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, (_, i) => (((i * i * 31 + i * 17 + seed * 101) % 61) - 30) / 16);
  return tensor(data, { shape, dtype });
}

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test.each(cases.map((row, i) => [`${row.op} ${i} ${JSON.stringify(row.arguments)}`, row] as const))(
    "%s",
    (_, row) => {
      scope(() => {
        const y = run(
          row,
          row.shapes.map((shape, seed) => pattern(shape, seed, dtype)),
        );
        expect(y.shape).toEqual(row.output.shape);
        const values = y.values();
        // the goldens are float32, with sums of numbers as large as the largest result
        const largest = row.output.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        row.output.data.forEach((expected, i) => {
          expect(Math.abs(values[i] - expected)).toBeLessThanOrEqual(2e-6 * largest);
        });
      });
    },
  );
});
