/**
 * Runs one recurrent ONNX operator in ONNX Runtime: the second opinion for our own kernels and for
 * what we export. It runs in this process, in WebAssembly, on one thread.
 *
 * Operators: https://onnx.ai/onnx/operators/onnx__RNN.html, onnx__LSTM.html and onnx__GRU.html.
 * ONNX Runtime adds these rules of its own: Y is zero past a row's length; a row of length 0 has
 * Y_h = Y_c = 0 whatever its initial state; `reverse` reverses the valid steps only; `layout` 1 is
 * refused.
 *
 * Letters: T steps, N batch rows, I input size, H hidden size, D directions (2 if bidirectional,
 * else 1), G gates (RNN 1: i; GRU 3: z,r,h; LSTM 4: i,o,f,c).
 */

import { env, InferenceSession, Tensor } from "onnxruntime-web";
import {
  inputShape,
  inputsOf,
  type OptionalInput,
  outputsOf,
  recurrentModel,
  type RecurrentInput,
  type RecurrentNode,
  type RecurrentOutput,
} from "./onnx-writer.ts";

/** The sizes of a run, and its tensors flat in row-major order. */
export interface RecurrentFeeds {
  /** T */
  readonly steps: number;
  /** N */
  readonly batch: number;
  /** I */
  readonly inputSize: number;
  /** [T,N,I] */
  readonly X: Float32Array;
  /** [D,G*H,I] */
  readonly W: Float32Array;
  /** [D,G*H,H] */
  readonly R: Float32Array;
  /** [D,2*G*H]: Wb, then Rb */
  readonly B?: Float32Array | undefined;
  /** [N], each from 0 to T; missing: all T */
  readonly sequence_lens?: Int32Array | undefined;
  /** [D,N,H]; missing: zeros */
  readonly initial_h?: Float32Array | undefined;
  /** LSTM only: [D,N,H]; missing: zeros */
  readonly initial_c?: Float32Array | undefined;
  /** LSTM only: [D,3*H], the peepholes of i, o and f; missing: zeros */
  readonly P?: Float32Array | undefined;
}

export interface RecurrentResult {
  /** [T,D,N,H] */
  readonly Y: Float32Array;
  /** [D,N,H] */
  readonly Y_h: Float32Array;
  /** [D,N,H], there for LSTM only */
  readonly Y_c?: Float32Array;
}

const OPTIONAL_INPUTS: readonly OptionalInput[] = ["B", "sequence_lens", "initial_h", "initial_c", "P"];

// One thread needs no worker, and sums in the same order on every run.
env.wasm.numThreads = 1;
// Errors are thrown as well, so that nothing below "fatal" need be printed.
env.logLevel = "fatal";

/** Sessions by node and inputs: a new one costs more than a run, and none depends on the weights. */
const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * What ONNX Runtime computes for `node`; an input that `feeds` leaves out is left out of the graph.
 * Throws if a tensor has the wrong length, or if the operator has no such input.
 */
export async function runOnnx(node: RecurrentNode, feeds: RecurrentFeeds): Promise<RecurrentResult> {
  const tensors = tensorsOf(node, feeds);
  const session = await sessionFor(node, feeds);
  const results = await session.run(tensors);
  const outputs = { Y: floats(results, "Y"), Y_h: floats(results, "Y_h") };
  return outputsOf(node.op).includes("Y_c") ? { ...outputs, Y_c: floats(results, "Y_c") } : outputs;
}

/** Frees every session; the next run makes new ones. */
export async function releaseSessions(): Promise<void> {
  const open = [...sessions.values()];
  sessions.clear();
  for (const session of open) await (await session).release();
}

function sessionFor(node: RecurrentNode, feeds: RecurrentFeeds): Promise<InferenceSession> {
  const inputs = OPTIONAL_INPUTS.filter((name) => feeds[name] !== undefined);
  const bytes = recurrentModel({ ...node, inputs });
  // The bytes are the key: two models that differ in anything the runtime sees differ here.
  const key = bytes.join();
  const known = sessions.get(key);
  if (known) return known;
  const created = InferenceSession.create(bytes, {
    executionProviders: ["wasm"],
    logSeverityLevel: 4,
  });
  sessions.set(key, created);
  // A refused model is not kept: the caller sees the error, and there is nothing to free.
  created.catch(() => sessions.delete(key));
  return created;
}

function tensorsOf(node: RecurrentNode, feeds: RecurrentFeeds): Record<string, Tensor> {
  checkSizes(feeds);
  const tensors: Record<string, Tensor> = {};
  for (const name of inputsOf(node.op)) {
    const data = feeds[name];
    if (data !== undefined) tensors[name] = tensorOf(node, feeds, name, data);
  }
  checkLengths(feeds);
  return tensors;
}

function tensorOf(
  node: RecurrentNode,
  feeds: RecurrentFeeds,
  name: RecurrentInput,
  data: Float32Array | Int32Array,
): Tensor {
  const sizes = { T: feeds.steps, N: feeds.batch, I: feeds.inputSize };
  const shape = inputShape(node, name).map((size) => (typeof size === "number" ? size : sizes[size]));
  const expected = shape.reduce((product, size) => product * size, 1);
  if (data.length !== expected) {
    const wanted = `${expected} values for [${shape.join()}]`;
    throw new Error(`runOnnx: ${name}: expected ${wanted}, got ${data.length}`);
  }
  return data instanceof Int32Array ? new Tensor("int32", data, shape) : new Tensor("float32", data, shape);
}

/** An empty tensor does not throw in the runtime: it aborts the whole WebAssembly module. */
function checkSizes(feeds: RecurrentFeeds): void {
  for (const name of ["steps", "batch", "inputSize"] as const) {
    const size = feeds[name];
    if (!Number.isInteger(size) || size < 1) {
      throw new Error(`runOnnx: ${name}: expected an integer of at least 1, got ${size}`);
    }
  }
}

function checkLengths(feeds: RecurrentFeeds): void {
  for (const length of feeds.sequence_lens ?? []) {
    if (length < 0 || length > feeds.steps) {
      throw new Error(`runOnnx: sequence_lens: expected 0 to ${feeds.steps}, got ${length}`);
    }
  }
}

/** A copy of an output, which outlives the runtime's own buffers. */
function floats(results: InferenceSession.ReturnType, name: RecurrentOutput): Float32Array {
  const data = results[name]?.data;
  if (!(data instanceof Float32Array)) {
    throw new Error(`runOnnx: ${name}: expected a float32 tensor, got ${results[name]?.type}`);
  }
  return data.slice();
}
