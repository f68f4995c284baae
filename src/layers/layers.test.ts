import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Shape, type Tree } from "../base/index.ts";
import {
  type Cell,
  CELL_NAMES,
  cellByName,
  dynamicRnn,
  gateRanges,
  gruCell,
  lstmCell,
  multiRnnCell,
  orthogonal,
} from "../rnn/index.ts";
import {
  add,
  concat,
  dropout,
  randomTensor,
  scope,
  slice,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../tensor/index.ts";
import { embeddingLayer } from "./embedding-layer.ts";
import { parameterCount, parametersOf } from "./layer.ts";
import { layerNormLayer } from "./layer-norm-layer.ts";
import { linearLayer } from "./linear-layer.ts";
import { recurrentStack } from "./recurrent-stack.ts";

const normal = (shape: Shape, seed = 1): Tensor =>
  randomTensor(shape, randomStream(seed), { kind: "normal", mean: 0, deviation: 1 });
const numbers = (x: Tensor): number[] => Array.from(x.values());
const pathsOf = (layer: { parameters(): object }): string[] => Object.keys(layer.parameters());

describe("linear", () => {
  test("is x·kernel + bias over the last axis", () => {
    const layer = linearLayer({ inputSize: 3, outputSize: 2, name: "output" });
    const { "output/kernel": kernel, "output/bias": bias } = layer.parameters();
    expect([kernel.shape, bias.shape]).toEqual([[3, 2], [2]]);
    const [a, b, c] = [kernel.toArray() as number[][]].flatMap((rows) => rows.map(([first]) => first));
    const out = layer.forward(tensor([[[1, 2, 3]]]));
    expect(out.shape).toEqual([1, 1, 2]);
    expect(numbers(out)[0]).toBeCloseTo(a + 2 * b + 3 * c, 6);
    expect(() => layer.forward(tensor([[1, 2]]))).toThrow(RangeError);
    expect(() => linearLayer({ inputSize: 3, outputSize: 0 })).toThrow("linearLayer outputSize");
    expect(() => linearLayer({ inputSize: 0, outputSize: 1 })).toThrow("linearLayer input size");
  });

  test("a tied kernel is read transposed, and is no parameter of its own", () => {
    const embedding = embeddingLayer({ inputSize: 5, outputSize: 3 });
    const layer = linearLayer({ inputSize: 3, outputSize: 5, tiedKernel: embedding.table });
    expect(pathsOf(layer)).toEqual(["linear/bias"]);
    const [row] = embedding.table.toArray() as number[][];
    const [first] = numbers(layer.forward(tensor([row])));
    expect(first).toBeCloseTo(
      row.reduce((total, x) => total + x * x, 0),
      6,
    );
    const parameters = parametersOf(embedding, layer);
    const { gradients } = valueAndGrad(() => sum(layer.forward(tensor([[1, 0, 0]]))), parameters);
    expect(gradients["embedding"].toArray()).toEqual(new Array(5).fill([1, 0, 0]));
  });
});

test("an embedding gives rows of its table, and takes them to a stack", () => {
  const layer = embeddingLayer({ inputSize: 4, outputSize: 3, name: "words/embedding" });
  expect(pathsOf(layer)).toEqual(["words/embedding"]);
  const ids = tensor(Int32Array.of(2, 0, 2, 3), { shape: [4, 1] });
  const table = layer.table.toArray() as number[][];
  expect(layer.forward(ids).toArray()).toEqual([2, 0, 2, 3].map((id) => [table[id]]));
  const stack = recurrentStack({ cell: "rnn", inputSize: 3, hiddenSize: 2 });
  const [a, b] = [layer.forward(ids), layer.inputs(ids)].map((inputs) => numbers(stack.forward(inputs).outputs));
  expect(a).toEqual(b);
});

test("layer normalisation has mean 0 and variance 1, then a gain and a shift", () => {
  const layer = layerNormLayer({ inputSize: 4, epsilon: 0 });
  expect(pathsOf(layer)).toEqual(["norm/gamma", "norm/beta"]);
  const out = numbers(layer.forward(tensor([[1, 2, 3, 6]])));
  const [mean, deviation] = [3, Math.sqrt(14 / 4)];
  [1, 2, 3, 6].forEach((x, i) => expect(out[i]).toBeCloseTo((x - mean) / deviation, 6));
  // deviations of 1e-3 are not taken for more than they are: 1e-5 is added to the variance
  const [small] = numbers(layerNormLayer({ inputSize: 2 }).forward(tensor([[1e-3, -1e-3]])));
  expect(small).toBeCloseTo(1e-3 / Math.sqrt(1e-6 + 1e-5), 5);
});

test("dropout is off without a stream, and keeps the mean with one", () => {
  const x = tensor(new Float32Array(10_000).fill(1));
  expect(dropout(x, 0.3, undefined)).toBe(x);
  const kept = numbers(dropout(x, 0.3, randomStream(1))).filter((y) => y !== 0);
  expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.7)]));
  expect(Math.abs(kept.length - 7000)).toBeLessThan(200);
  expect(() => dropout(x, 1, randomStream(1))).toThrow("dropout rate");
});

describe("a recurrent stack", () => {
  test.each(CELL_NAMES)("%s: is its cells on top of each other", (name) => {
    const stack = recurrentStack({ cell: name, inputSize: 3, hiddenSize: [4, 2], random: randomStream(5) });
    const cell = multiRnnCell([cellByName(name, 4, "tf1"), cellByName(name, 2, "tf1")]);
    cell.build(3, { random: randomStream(5).named("rnn") });
    const x = normal([6, 2, 3]);
    const lengths = [6, 4];
    const expected = dynamicRnn(cell, x, { lengths, timeMajor: true });
    const { outputs, state } = stack.forward(x, { lengths });
    expect(numbers(outputs)).toEqual(numbers(expected.outputs));
    expect(leavesOf(state as Tree<Tensor>).map(([path]) => path)).toEqual(
      leavesOf(expected.state as unknown as Tree<Tensor>).map(([path]) => path),
    );
    expect(pathsOf(stack)).toEqual(pathsOf(cell).map((path) => `rnn/${path}`));
    expect([stack.outputSize, parameterCount(stack)]).toEqual([2, parameterCount(cell)]);
    const { trace = {} } = stack.forward(x, { trace: true });
    const traced = leavesOf(trace as Tree<Tensor>).map(([path]) => path);
    for (const path of gateRanges(stack.gates).keys()) expect(traced).toContain(path);
  });

  test.each([false, true])("bidirectional %s: goes on from a state, and takes lengths, dropout and a trace", (both) => {
    const stack = recurrentStack({ inputSize: 3, hiddenSize: 2, layers: 2, dropout: 0.5, bidirectional: both });
    const x = normal([5, 2, 3]);
    expect(stack.outputSize).toBe(both ? 4 : 2);
    const { outputs, state } = stack.forward(x, { initialState: stack.initialState(2) });
    expect(numbers(outputs)).toEqual(numbers(stack.forward(x).outputs));
    expect(numbers(stack.forward(x, { initialState: state }).outputs)).not.toEqual(numbers(outputs));
    expect(
      numbers(stack.forward(x, { random: randomStream(1) }).outputs).filter((y) => y === 0).length,
    ).toBeGreaterThan(2);
    expect(numbers(stack.forward(x, { lengths: [5, 3] }).outputs).filter((y) => y === 0)).toHaveLength(
      2 * stack.outputSize,
    );
    const traced = leavesOf(stack.forward(x, { trace: true }).trace as Tree<Tensor>).map(([path]) => path);
    for (const path of gateRanges(stack.gates).keys()) expect(traced).toContain(path);
    expect(traced).toContain(both ? "1/backward/f" : "1/f");
  });

  test.each([false, true])("bidirectional %s: residual layers add what they read", (bidirectional) => {
    const options = { cell: "gru", inputSize: 3, hiddenSize: 2, layers: 2, bidirectional } as const;
    const residual = recurrentStack({ ...options, residual: true });
    const plain = recurrentStack(options);
    const lowest = recurrentStack({ ...options, layers: 1 });
    expect(parameterCount(residual)).toBe(parameterCount(plain));
    const x = normal([4, 2, 3]);
    const lengths = [4, 2];
    // the same initial values, so that they differ by the lowest layer's outputs
    const expected = add(plain.forward(x, { lengths }).outputs, lowest.forward(x, { lengths }).outputs);
    const named = Object.entries(residual.parameters()).map(
      ([path, value]) => [path.replace("/cell/", "/"), value] as const,
    );
    for (const [path, value] of named) expect(numbers(value)).toEqual(numbers(plain.parameters()[path]));
    expect(numbers(residual.forward(x, { lengths }).outputs)).toEqual(numbers(expected));
  });

  test("both directions are one from each end", () => {
    const stack = recurrentStack({ inputSize: 3, hiddenSize: 2, bidirectional: true });
    const x = normal([3, 1, 3]);
    const half = (from: number): Tensor => slice(stack.forward(x).outputs, [0, 0, from], [-1, -1, 2]);
    const alone = lstmCell({ units: 2 });
    alone.build(3, { random: randomStream(0).named("rnn").named("0").named("backward") });
    const reversed = concat([2, 1, 0].map((t) => slice(x, [t], [1])));
    const { outputs } = dynamicRnn(alone, reversed, { timeMajor: true });
    expect(numbers(half(2))).toEqual(numbers(concat([2, 1, 0].map((t) => slice(outputs, [t], [1])))));
  });

  test("sizes and dialect are those of each layer", () => {
    const stack = recurrentStack({
      cell: "gru",
      dialect: "torch",
      inputSize: 2,
      hiddenSize: [3, 1, 2],
      bidirectional: true,
    });
    const shapes = Object.entries(stack.parameters()).map(([path, { shape }]) => [path, shape]);
    expect(Object.fromEntries(shapes)).toMatchObject({
      "rnn/0/forward/weight_ih": [9, 2],
      "rnn/1/backward/weight_ih": [3, 6],
      "rnn/2/forward/weight_ih": [6, 2],
    });
    expect(stack.outputSize).toBe(4);
    expect(stack.forward(normal([2, 1, 2])).outputs.shape).toEqual([2, 1, 4]);
  });

  test("takes cells of one's own", () => {
    const sizes: number[] = [];
    const make = (units: number): Cell => {
      sizes.push(units);
      return gruCell({ units, dialect: "torch", updateGate: "write" });
    };
    const stack = recurrentStack({ cell: make, inputSize: 2, hiddenSize: [3, 5] });
    expect(sizes).toEqual([3, 5]);
    expect(pathsOf(stack)).toContain("rnn/1/weight_ih");
  });

  test("refuses sizes that don't fit", () => {
    expect(() => recurrentStack({ inputSize: 1, hiddenSize: [2, 3], residual: true })).toThrow(
      "recurrentStack hiddenSize",
    );
    expect(() => recurrentStack({ inputSize: 1, hiddenSize: [2, 3], layers: 3 })).toThrow("recurrentStack hiddenSize");
    expect(() => recurrentStack({ inputSize: 1, hiddenSize: [] })).toThrow("recurrentStack layers");
    expect(() => recurrentStack({ inputSize: 1, hiddenSize: 1, dropout: 1 })).toThrow("recurrentStack dropout");
    expect(() => recurrentStack({ inputSize: 0, hiddenSize: 1 })).toThrow("recurrentStack inputSize");
  });
});

test("layers outlive the scope that they are made in, and take element type, stream and initializer", () => {
  const stack = scope(() => recurrentStack({ inputSize: 2, hiddenSize: 3, dtype: "float64" }));
  expect(stack.forward(tensor([[[1, 2]]], { dtype: "float64" })).outputs.dtype).toBe("float64");
  expect(numbers(scope(() => linearLayer({ inputSize: 2, outputSize: 1 })).forward(tensor([[1, 1]])))).toHaveLength(1);
  const kernelOf = (options: object): number[] =>
    numbers(linearLayer({ inputSize: 2, outputSize: 2, ...options }).parameters()["linear/kernel"]);
  expect(kernelOf({ random: randomStream(1) })).not.toEqual(kernelOf({}));
  expect(kernelOf({ initialize: false })).toEqual([0, 0, 0, 0]);
  const [a, b, c, d] = kernelOf({ initializer: orthogonal });
  expect(a * c + b * d).toBeCloseTo(0, 6);
});

test("parameters of several layers: in order, and no path twice", () => {
  const [a, b] = [
    linearLayer({ inputSize: 1, outputSize: 1 }),
    linearLayer({ inputSize: 1, outputSize: 1, name: "b" }),
  ];
  expect(Object.keys(parametersOf(b, undefined, a))).toEqual(["b/kernel", "b/bias", "linear/kernel", "linear/bias"]);
  expect(() => parametersOf(a, a)).toThrow(
    'parametersOf: expected a different path for each parameter, got "linear/kernel"',
  );
});
