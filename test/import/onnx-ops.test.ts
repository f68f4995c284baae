/** Each op of a network beside ONNX Runtime, on random numbers. */
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { importModel } from "../../src/import/index.ts";
import { type AttributeValue, nodeMessage } from "../../src/import/onnx/build.ts";
import { tensor } from "../../src/index.ts";
import { compareWithOnnxRuntime, type Numbers, oneNode, onnxBytes } from "./onnx-graphs.ts";

const random = randomStream(5);
let draws = 0;

/** Random numbers in ±`scale`. */
function floats(shape: readonly number[], scale = 2): Numbers {
  const stream = random.at(draws++);
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    dtype: "float32",
    shape,
    data: Array.from({ length: size }, () => (stream.integer(20_001) / 10_000 - 1) * scale),
  };
}
const positive = (shape: readonly number[]): Numbers => ({
  ...floats(shape),
  data: floats(shape).data.map((x) => Math.abs(x) + 0.1),
});
const integers = (data: readonly number[], shape: readonly number[] = [data.length]): Numbers => ({
  dtype: "int64",
  shape,
  data,
});
const bools = (data: readonly number[], shape: readonly number[] = [data.length]): Numbers => ({
  dtype: "bool",
  shape,
  data,
});

type Case = readonly [
  op: string,
  inputs: readonly (Numbers | undefined)[],
  attributes?: Readonly<Record<string, AttributeValue>>,
  options?: Parameters<typeof oneNode>[3],
];

const unary = [
  "Abs",
  "Exp",
  "Floor",
  "Identity",
  "Neg",
  "Relu",
  "Sigmoid",
  "Sign",
  "Softplus",
  "Softsign",
  "Tanh",
  "Reciprocal",
];
const binary = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"];
const reductions = [
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSumExp",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceSumSquare",
];

const cases: readonly Case[] = [
  ...unary.map((op): Case => [op, [floats([3, 4])]]),
  ...["Sqrt", "Log"].map((op): Case => [op, [positive([3, 4])]]),
  ...binary.map((op): Case => [op, [floats([2, 3, 4]), floats([3, 1])]]),
  ["Sum", [floats([2, 3]), floats([3]), floats([2, 1])]],
  ["Pow", [positive([2, 3]), floats([3])]],
  ["Pow", [floats([2, 3]), { dtype: "float32", shape: [], data: [2] }]],
  ["Div", [integers([7, -7, 9, -9]), integers([2, 2, -4, -4])]],
  ["Mod", [integers([7, -7, 9, -9]), integers([3, 3, -4, -4])]],
  ["Mod", [floats([5]), positive([5])], { fmod: 1 }],
  ["And", [bools([0, 0, 1, 1]), bools([0, 1, 0, 1])]],
  ["Or", [bools([0, 0, 1, 1]), bools([0, 1, 0, 1])]],
  ["Xor", [bools([0, 0, 1, 1]), bools([0, 1, 0, 1])]],
  ["Not", [bools([0, 1])]],
  ["Clip", [floats([6]), { dtype: "float32", shape: [], data: [-0.5] }, { dtype: "float32", shape: [], data: [1] }]],
  ["Clip", [floats([6]), undefined, { dtype: "float32", shape: [], data: [0.25] }]],
  ["HardSigmoid", [floats([9], 5)]],
  ["HardSigmoid", [floats([9], 5)], { alpha: { float: 1 / 6 } }],
  ["HardSigmoid", [floats([9], 5)], { alpha: { float: 0.3 }, beta: { float: 0.4 } }],
  ["LeakyRelu", [floats([9])]],
  ["LeakyRelu", [floats([9])], { alpha: { float: 0.3 } }],
  ["Elu", [floats([9])], { alpha: { float: 0.7 } }],
  ["PRelu", [floats([2, 3]), floats([3])]],
  ["Dropout", [floats([5])]],
  ["Where", [bools([1, 0, 1]), floats([2, 3]), floats([1])]],
  ["Cast", [floats([6], 4)], { to: 6 }],
  ["Cast", [floats([6], 4)], { to: 7 }],
  ["Cast", [integers([0, 1, 2])], { to: 9 }],
  ["Shape", [floats([2, 3, 4])]],
  ["Shape", [floats([2, 3, 4])], { start: 1, end: -1 }],
  ["Size", [floats([2, 3, 4])]],
  ["Reshape", [floats([2, 3, 4]), integers([0, -1])]],
  ["Flatten", [floats([2, 3, 4])], { axis: 2 }],
  ["Flatten", [floats([2, 3, 4])], { axis: 0 }],
  ["Transpose", [floats([2, 3, 4])]],
  ["Transpose", [floats([2, 3, 4])], { perm: [1, 2, 0] }],
  ["Squeeze", [floats([1, 3, 1])]],
  ["Squeeze", [floats([1, 3, 1]), integers([-1])]],
  ["Squeeze", [floats([1, 3, 1])], { axes: [0] }, { opset: 11 }],
  ["Unsqueeze", [floats([2, 3]), integers([0, -1])]],
  ["Unsqueeze", [floats([2, 3])], { axes: [1] }, { opset: 11 }],
  ["Concat", [floats([2, 3]), floats([2, 1])], { axis: -1 }],
  ["Split", [floats([5, 2]), integers([2, 3])], {}, { outputs: 2 }],
  ["Split", [floats([2, 6])], { axis: 1 }, { outputs: 3 }],
  ["Slice", [floats([5, 4]), integers([1]), integers([1000]), integers([0])]],
  ["Slice", [floats([5, 4]), integers([-1, 3]), integers([-6, 0]), integers([0, 1]), integers([-2, -1])]],
  ["Slice", [floats([5, 4]), integers([0]), integers([5]), integers([0]), integers([2])]],
  ["Slice", [floats([5, 4]), integers([3]), integers([2])]],
  ["Slice", [floats([5, 4])], { starts: [1], ends: [-1], axes: [1] }, { opset: 9 }],
  ["Gather", [floats([4, 3]), integers([0, -1, 2, 1], [2, 2])]],
  ["Gather", [floats([4, 3]), integers([2, 0])], { axis: 1 }],
  ["Gather", [floats([4, 3]), integers([1], [])]],
  ["Expand", [floats([3, 1]), integers([2, 1, 4])]],
  ["Tile", [floats([2, 3]), integers([2, 3])]],
  ["Range", [integers([3], []), integers([20], []), integers([4], [])]],
  ["ConstantOfShape", [integers([2, 3])]],
  ["Pad", [floats([2, 3]), integers([1, 0, 0, 2])]],
  ["Pad", [floats([2, 3]), integers([1, 0, 0, 2]), { dtype: "float32", shape: [], data: [-1.5] }]],
  ...reductions.flatMap((op): Case[] => [
    [op, [floats([2, 3, 4])]],
    [op, [floats([2, 3, 4])], { axes: [1, -1], keepdims: 0 }],
  ]),
  ["ReduceSum", [floats([2, 3, 4])]],
  ["ReduceSum", [floats([2, 3, 4]), integers([-1])], { keepdims: 0 }],
  ["ReduceSum", [floats([2, 3])], { noop_with_empty_axes: 1 }],
  ["ReduceLogSum", [positive([2, 3])]],
  ["ReduceMean", [floats([2, 3, 4]), integers([0])], {}, { opset: 18 }],
  ["ArgMax", [floats([3, 4])], { axis: 1 }],
  ["ArgMin", [floats([3, 4])], { axis: 0, keepdims: 0 }],
  ["ArgMax", [{ dtype: "float32", shape: [4], data: [1, 3, 3, 2] }], { select_last_index: 1 }],
  ["Softmax", [floats([2, 3, 4])]],
  ["Softmax", [floats([2, 3, 4])], { axis: 1 }],
  ["Softmax", [floats([2, 3, 4])], {}, { opset: 11 }],
  ["LogSoftmax", [floats([2, 3, 4])], { axis: 0 }],
  ["CumSum", [floats([3, 4]), integers([1], [])]],
  ["CumSum", [floats([3, 4]), integers([0], [])], { exclusive: 1, reverse: 1 }],
  ["MatMul", [floats([2, 3, 4]), floats([4, 5])]],
  ["MatMul", [floats([2, 3, 4]), floats([2, 4, 5])]],
  ["MatMul", [floats([4]), floats([4, 5])]],
  ["MatMul", [floats([3, 4]), floats([4])]],
  ["Gemm", [floats([3, 4]), floats([4, 5]), floats([5])]],
  [
    "Gemm",
    [floats([4, 3]), floats([5, 4]), floats([3, 1])],
    { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } },
  ],
  ["LayerNormalization", [floats([2, 3, 4]), floats([4]), floats([4])]],
  ["LayerNormalization", [floats([2, 3, 4]), floats([3, 4])], { axis: 1, epsilon: { float: 0.01 } }],
  ...["Ceil", "Round", "Sin", "Cos", "Tan", "Atan", "Asinh", "Erf", "HardSwish", "Sinh", "Cosh"].map((op): Case => [
    op,
    [floats([3, 4])],
  ]),
  ...["Asin", "Acos", "Atanh"].map((op): Case => [op, [floats([3, 4], 0.9)]]),
  ["Selu", [floats([9])]],
  ["Celu", [floats([9])], { alpha: { float: 0.5 } }],
  ["ThresholdedRelu", [floats([9])], { alpha: { float: 0.5 } }],
  ["Mean", [floats([2, 3]), floats([3]), floats([2, 1])]],
  ["IsNaN", [{ dtype: "float32", shape: [3], data: [1, NaN, -2] }]],
  ["IsInf", [{ dtype: "float32", shape: [3], data: [Infinity, 1, -Infinity] }], { detect_negative: 0 }],
  ["ReduceProd", [floats([2, 3, 4])], { axes: [1] }],
  ["Hardmax", [floats([3, 4])], { axis: 0 }],
  ["GatherElements", [floats([3, 4]), integers([0, -1, 2, 1, 0, 2, 1, -3], [2, 4])]],
  ["GatherND", [floats([2, 3, 4]), integers([0, 1, 1, -1], [2, 2])]],
  ["ScatterElements", [floats([3, 4]), integers([0, 2, -1, 1], [1, 4]), floats([1, 4])]],
  ["ScatterElements", [floats([3]), integers([1, 1]), floats([2])], { reduction: "add" }],
  ["ScatterND", [floats([4, 2]), integers([0, -1], [2, 1]), floats([2, 2])]],
  ["TopK", [floats([3, 5]), integers([2])], {}, { outputs: 2 }],
  ["TopK", [floats([3, 5]), integers([2])], { axis: 0, largest: 0 }, { outputs: 2 }],
  ["Trilu", [floats([4, 4]), integers([1], [])]],
  ["Trilu", [floats([4, 4])], { upper: 0 }],
  ["Einsum", [floats([2, 3, 4]), floats([2, 4, 5])], { equation: "bij,bjk->bik" }],
  ["OneHot", [integers([0, 2, -1]), integers([3], []), { dtype: "float32", shape: [2], data: [0.5, 2] }]],
  [
    "OneHot",
    [integers([0, 2, 1, 1], [2, 2]), integers([3], []), { dtype: "float32", shape: [2], data: [0, 1] }],
    { axis: 1 },
  ],
  ["Pad", [floats([2, 5]), integers([0, 2, 0, 3])], { mode: "reflect" }],
  ["Pad", [floats([2, 5]), integers([1, 0, 0, 2])], { mode: "edge" }],
  ["Pad", [floats([2, 5]), integers([0, -1, 0, 2])]],
  ["Conv", [floats([2, 3, 7]), floats([4, 3, 3]), floats([4])], { pads: [1, 2] }],
  ["Conv", [floats([2, 4, 9]), floats([4, 2, 3])], { group: 2, strides: [2], dilations: [2] }],
  ["Conv", [floats([1, 2, 6, 5]), floats([3, 2, 3, 2]), floats([3])], { strides: [2, 1], pads: [1, 0, 1, 1] }],
  ["Conv", [floats([1, 2, 6, 5]), floats([3, 2, 3, 2])], { auto_pad: "SAME_UPPER", strides: [2, 2] }],
  ["Conv", [floats([1, 2, 6, 5]), floats([3, 2, 3, 2])], { auto_pad: "SAME_LOWER" }],
  [
    "ConvTranspose",
    [floats([2, 3, 5]), floats([3, 2, 3]), floats([2])],
    { strides: [2], pads: [1, 1], output_padding: [1] },
  ],
  ["MaxPool", [floats([1, 2, 6, 5])], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }],
  ["MaxPool", [floats([1, 2, 7])], { kernel_shape: [3], strides: [2], ceil_mode: 1 }],
  ["AveragePool", [floats([1, 2, 6, 5])], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }],
  ["AveragePool", [floats([1, 2, 6])], { kernel_shape: [3], pads: [1, 1], count_include_pad: 1 }],
  ["GlobalAveragePool", [floats([2, 3, 4, 5])]],
  ["GlobalMaxPool", [floats([2, 3, 4, 5])]],
  ["BatchNormalization", [floats([2, 3, 4]), floats([3]), floats([3]), floats([3]), positive([3])]],
  ["InstanceNormalization", [floats([2, 3, 4]), floats([3]), floats([3])]],
  [
    "Resize",
    [floats([1, 1, 3, 4]), undefined, { dtype: "float32", shape: [4], data: [1, 1, 2, 1.5] }],
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  ],
  [
    "Resize",
    [floats([1, 2, 3, 4]), undefined, { dtype: "float32", shape: [4], data: [1, 1, 2, 0.5] }],
    { mode: "linear" },
  ],
  ["STFT", [floats([2, 40, 1]), integers([8], []), undefined, integers([16], [])]],
  ["STFT", [floats([1, 40, 1]), integers([5], []), positive([16])], { onesided: 0 }],
  ["DFT", [floats([2, 8, 1])]],
  [
    "DequantizeLinear",
    [
      { dtype: "int32", shape: [4], data: [5, -6, 7, 100] },
      { dtype: "float32", shape: [], data: [0.25] },
    ],
  ],
];

describe("ops beside ONNX Runtime", () => {
  test.each(cases.map(([op, inputs, attributes = {}, options = {}], i) => ({ op, inputs, attributes, options, i })))(
    "$i $op $attributes",
    async ({ op, inputs, attributes, options }) => {
      const { ours, theirs, error } = await compareWithOnnxRuntime(oneNode(op, inputs, attributes, options));
      expect(error, JSON.stringify({ ours, theirs })).toBeLessThanOrEqual(2e-6);
      // the same where all operands lie in the file and are computed while it is read
      const fixed = oneNode(op, inputs, attributes, { ...options, fixed: inputs.map((_, i) => i) });
      expect((await compareWithOnnxRuntime(fixed)).error).toBeLessThanOrEqual(2e-6);
    },
  );
});

test("outputs that nothing reads may be missing; those that are read are named", async () => {
  const x = floats([2, 3]);
  const nodes = [nodeMessage("Dropout", ["x"], ["y", "mask"]), nodeMessage("Neg", ["y"], ["z"])];
  expect((await compareWithOnnxRuntime({ nodes, inputs: { x }, outputs: ["z"] })).error).toBe(0);
  const model = await importModel(onnxBytes({ nodes, inputs: { x }, outputs: ["mask"] }));
  expect(() => model.run({ x: tensor([[1, 2]]) })).toThrow('expected a value "mask", got none');
});
