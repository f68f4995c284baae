/** @file Small ONNX graphs, run by ONNX Runtime and as a network of ours. */
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-web";
import { scope, tensor } from "../../src/index.ts";
import { importModel, type Network } from "../../src/import/index.ts";
import { type AttributeValue, nodeMessage, tensorMessage, valueMessage } from "../../src/import/onnx/build.ts";
import type { OnnxNode } from "../../src/import/onnx/messages.ts";
import { writeOnnxModel } from "../../src/import/onnx/write-model.ts";
import "../onnx/onnx-oracle.ts";

export type Numbers = {
  readonly dtype: "float32" | "float64" | "int32" | "int64" | "bool";
  readonly shape: readonly number[];
  readonly data: readonly number[];
};

export type GraphCase = {
  readonly nodes: readonly OnnxNode[];
  /** Values that a run gives. */
  readonly inputs?: Readonly<Record<string, Numbers>>;
  /** Values that lie in the file. */
  readonly initializers?: Readonly<Record<string, Numbers>>;
  readonly outputs: readonly string[];
  readonly opset?: number;
};

/** The file of a graph. */
export const onnxBytes = ({ nodes, inputs = {}, initializers = {}, outputs, opset = 17 }: GraphCase): Uint8Array =>
  writeOnnxModel({
    irVersion: 8,
    producer: "unrolled tests",
    producerVersion: "",
    opsets: new Map([["", opset]]),
    metadata: new Map(),
    functions: [],
    graph: {
      name: "test",
      isSparse: false,
      nodes: [...nodes],
      initializers: Object.entries(initializers).map(([name, { dtype, shape, data }]) =>
        tensorMessage(name, { dtype: dtype === "int64" ? "int32" : dtype, shape, data: typed(dtype, data) }, dtype),
      ),
      inputs: Object.entries(inputs).map(([name, { dtype, shape }]) =>
        valueMessage(
          name,
          dtype,
          shape.map(() => null),
        ),
      ),
      outputs: outputs.map((name) => ({ name, type: 0, shape: undefined })),
    },
  });

function typed(
  dtype: Numbers["dtype"],
  data: readonly number[],
): Float32Array | Float64Array | Int32Array | Uint8Array {
  if (dtype === "float32") return Float32Array.from(data);
  if (dtype === "float64") return Float64Array.from(data);
  return dtype === "bool" ? Uint8Array.from(data) : Int32Array.from(data);
}

/** Shape and numbers of each output. */
export type Results = Record<string, { readonly shape: number[]; readonly data: number[] }>;

export async function runInOnnxRuntime(bytes: Uint8Array, { inputs = {}, outputs }: GraphCase): Promise<Results> {
  const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 4 });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => [
      name,
      dtype === "int64"
        ? new OnnxTensor("int64", BigInt64Array.from(data.map(BigInt)), [...shape])
        : new OnnxTensor(dtype, typed(dtype, data) as Float32Array, [...shape]),
    ]),
  );
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    outputs.map((name) => {
      const { dims, data } = results[name];
      return [name, { shape: [...dims], data: Array.from(data as Iterable<number | bigint>, Number) }];
    }),
  );
}

export function runNetwork(model: Network, { inputs = {}, outputs }: GraphCase): Results {
  return scope(() => {
    const given = Object.fromEntries(
      Object.entries(inputs).map(([name, { dtype, shape, data }]) => [
        name,
        tensor(typed(dtype, data), { shape, dtype: dtype === "int64" ? "int32" : dtype }),
      ]),
    );
    const results = model.run(given);
    return Object.fromEntries(
      outputs.map((name) => [name, { shape: [...results[name].shape], data: Array.from(results[name].values()) }]),
    );
  });
}

/**
 * Both, and the largest difference between them, relative to numbers above 1; NaN where shapes
 * differ.
 */
export async function compareWithOnnxRuntime(
  one: GraphCase,
): Promise<{ ours: Results; theirs: Results; error: number }> {
  const bytes = onnxBytes(one);
  const theirs = await runInOnnxRuntime(bytes, one);
  const ours = runNetwork(await importModel(bytes), one);
  const error = Math.max(
    0,
    ...one.outputs.map((name) => {
      const [a, b] = [ours[name], theirs[name]];
      if (JSON.stringify(a.shape) !== JSON.stringify(b.shape)) return NaN;
      return Math.max(0, ...a.data.map((value, i) => differenceOf(value, b.data[i])));
    }),
  );
  return { ours, theirs, error };
}

const differenceOf = (a: number, b: number): number =>
  Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));

/** One node on inputs of these numbers. */
export const oneNode = (
  op: string,
  inputs: readonly (Numbers | undefined)[],
  attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
  { opset = 17, outputs = 1, fixed = [] }: { opset?: number; outputs?: number; fixed?: readonly number[] } = {},
): GraphCase => {
  const named = inputs.map((value, i) => [`in${i}`, value] as const);
  const results = Array.from({ length: outputs }, (_, i) => `out${i}`);
  const chosen = (isFixed: boolean): Record<string, Numbers> =>
    Object.fromEntries(
      named.flatMap(([name, value], i) =>
        value !== undefined && fixed.includes(i) === isFixed ? [[name, value]] : [],
      ),
    );
  return {
    nodes: [
      nodeMessage(
        op,
        named.map(([name, value]) => (value === undefined ? "" : name)),
        results,
        attributes,
      ),
    ],
    inputs: chosen(false),
    initializers: chosen(true),
    outputs: results,
    opset,
  };
};
