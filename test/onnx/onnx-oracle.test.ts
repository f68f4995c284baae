/**
 * Checks the oracle itself against plain float64 loops over the operators' equations, so that a
 * fault in the hand-written model cannot pass for a fault in our kernels.
 *
 * Letters: T steps, N batch rows, I input size, H hidden size, D directions, G gates.
 */

import { afterAll, describe, expect, it } from "vitest";
import { releaseSessions, runOnnx, type RecurrentFeeds, type RecurrentResult } from "./onnx-oracle.ts";
import { directionCount, GATES, recurrentModel, type RecurrentNode } from "./onnx-writer.ts";

/** ONNX Runtime computes in float32 and approximates tanh and the sigmoid. */
const TOLERANCE = 5e-6;
const SIZES = { steps: 4, batch: 3, inputSize: 5 };

afterAll(releaseSessions);

describe("runOnnx", () => {
  it("runs a bidirectional LSTM with peepholes, lengths and initial states", async () => {
    const node: RecurrentNode = { op: "LSTM", hiddenSize: 6, direction: "bidirectional" };
    const feeds = randomFeeds(node, 1, { sequence_lens: Int32Array.of(4, 2, 0) });
    const result = await runOnnx(node, feeds);
    expectClose(result, reference(node, feeds));
    // The row of length 0 loses its initial state.
    for (const state of [result.Y_h, result.Y_c]) {
      expect([...(state ?? [])].slice(2 * 6, 3 * 6)).toEqual(Array(6).fill(0));
    }
  });

  it("runs an LSTM with coupled gates", async () => {
    const node: RecurrentNode = { op: "LSTM", hiddenSize: 4, inputForget: true };
    const feeds = randomFeeds(node, 2);
    expectClose(await runOnnx(node, feeds), reference(node, feeds));
  });

  it.each([false, true])("runs a GRU with linear_before_reset %s", async (linearBeforeReset) => {
    const node: RecurrentNode = { op: "GRU", hiddenSize: 5, linearBeforeReset };
    const feeds = randomFeeds(node, 3);
    expectClose(await runOnnx(node, feeds), reference(node, feeds));
  });

  it("runs a reverse RNN, which reverses the valid steps only", async () => {
    const node: RecurrentNode = { op: "RNN", hiddenSize: 4, direction: "reverse" };
    const feeds = randomFeeds(node, 4, { sequence_lens: Int32Array.of(3, 4, 1) });
    expectClose(await runOnnx(node, feeds), reference(node, feeds));
  });

  it("passes on clip, activations and their parameters", async () => {
    const node: RecurrentNode = {
      op: "RNN",
      hiddenSize: 4,
      activations: ["HardSigmoid"],
      activationAlpha: [1 / 6],
      activationBeta: [0.4],
      clip: 0.5,
    };
    const feeds = randomFeeds(node, 5);
    const clipped = (a: number): number => Math.max(-0.5, Math.min(0.5, a)) / 6 + 0.4;
    expectClose(await runOnnx(node, feeds), reference(node, feeds, clipped));
  });

  it("runs without any optional input", async () => {
    const node: RecurrentNode = { op: "LSTM", hiddenSize: 3 };
    const { B, P, initial_h, initial_c, ...feeds } = randomFeeds(node, 6);
    const zeros = [B, P, initial_h, initial_c].map((data) => new Float32Array(data?.length ?? 0));
    const [b, p, h, c] = zeros;
    const explicit = { ...feeds, B: b, P: p, initial_h: h, initial_c: c };
    expectClose(await runOnnx(node, feeds), reference(node, explicit));
  });

  it("runs calls side by side, each with its own weights", async () => {
    const node: RecurrentNode = { op: "GRU", hiddenSize: 2 };
    const all = [7, 8, 9].map((seed) => randomFeeds(node, seed));
    const results = await Promise.all(all.map((feeds) => runOnnx(node, feeds)));
    results.forEach((result, k) => expectClose(result, reference(node, all[k] ?? fail())));
  });

  it("refuses tensors and inputs that do not fit", async () => {
    const node: RecurrentNode = { op: "GRU", hiddenSize: 2 };
    const feeds = randomFeeds(node, 10);
    await expect(runOnnx(node, { ...feeds, W: new Float32Array(7) })).rejects.toThrow(
      "runOnnx: W: expected 30 values for [1,6,5], got 7",
    );
    await expect(runOnnx(node, { ...feeds, sequence_lens: Int32Array.of(4, 5, 0) })).rejects.toThrow(
      "runOnnx: sequence_lens: expected 0 to 4, got 5",
    );
    await expect(runOnnx(node, { ...feeds, steps: 0 })).rejects.toThrow(
      "runOnnx: steps: expected an integer of at least 1, got 0",
    );
    await expect(runOnnx(node, { ...feeds, P: new Float32Array(6) })).rejects.toThrow("got P");
    await expect(runOnnx({ ...node, activations: ["No", "Tanh"] }, feeds)).rejects.toThrow("Got No");
  });
});

describe("recurrentModel", () => {
  it("refuses a size that is not a whole number", () => {
    expect(() => recurrentModel({ op: "RNN", hiddenSize: 1.5, inputs: [] })).toThrow(
      "varint: expected an integer from 0 to 2^31-1, got 1.5",
    );
  });
});

/** Every input the operator has, but for lengths; weights within ±0.6 keep the gates unsaturated. */
function randomFeeds(node: RecurrentNode, seed: number, extra: Partial<RecurrentFeeds> = {}): RecurrentFeeds {
  const { steps, batch, inputSize } = SIZES;
  const random = randomSource(seed);
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => 1.2 * random() - 0.6);
  const hidden = node.hiddenSize;
  const directions = directionCount(node);
  const rows = directions * GATES[node.op] * hidden;
  const states = directions * batch * hidden;
  const lstm = { initial_c: draw(states), P: draw(directions * 3 * hidden) };
  return {
    ...SIZES,
    X: draw(steps * batch * inputSize),
    W: draw(rows * inputSize),
    R: draw(rows * hidden),
    B: draw(2 * rows),
    initial_h: draw(states),
    ...(node.op === "LSTM" ? lstm : {}),
    ...extra,
  };
}

/** mulberry32: uniform in [0, 1). */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Reference {
  readonly Y: Float64Array;
  readonly Y_h: Float64Array;
  readonly Y_c: Float64Array;
}

/** The state of one row in one direction, [H] each. */
interface State {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** One direction's weights: a gate's part from x and from h, each with its own bias. */
interface Weights {
  readonly hidden: number;
  readonly fromX: (row: number, x: Float32Array) => number;
  readonly fromH: (row: number, h: Float64Array) => number;
  readonly peephole: (row: number) => number;
}

type Cell = (weights: Weights, x: Float32Array, state: State) => State;

function reference(
  node: RecurrentNode,
  feeds: RecurrentFeeds,
  activation: (a: number) => number = Math.tanh,
): Reference {
  const { steps, batch, inputSize } = feeds;
  const hidden = node.hiddenSize;
  const directions = directionCount(node);
  const cell = cellOf(node, activation);
  const Y = new Float64Array(steps * directions * batch * hidden);
  const Y_h = new Float64Array(directions * batch * hidden);
  const Y_c = new Float64Array(directions * batch * hidden);
  for (let d = 0; d < directions; d++) {
    const weights = weightsOf(node, feeds, d);
    const backward = node.direction === "reverse" || d === 1;
    for (let n = 0; n < batch; n++) {
      const length = feeds.sequence_lens?.[n] ?? steps;
      const at = (d * batch + n) * hidden;
      let state: State = {
        h: Float64Array.from({ length: hidden }, (_, u) => feeds.initial_h?.[at + u] ?? 0),
        c: Float64Array.from({ length: hidden }, (_, u) => feeds.initial_c?.[at + u] ?? 0),
      };
      for (let k = 0; k < length; k++) {
        const t = backward ? length - 1 - k : k;
        const from = (t * batch + n) * inputSize;
        state = cell(weights, feeds.X.subarray(from, from + inputSize), state);
        Y.set(state.h, ((t * directions + d) * batch + n) * hidden);
      }
      if (length === 0) continue;
      Y_h.set(state.h, at);
      Y_c.set(state.c, at);
    }
  }
  return { Y, Y_h, Y_c };
}

function weightsOf(node: RecurrentNode, feeds: RecurrentFeeds, d: number): Weights {
  const hidden = node.hiddenSize;
  const rows = GATES[node.op] * hidden;
  const bias = (row: number): number => feeds.B?.[d * 2 * rows + row] ?? 0;
  return {
    hidden,
    fromX: (row, x) => dot(feeds.W, d * rows + row, x) + bias(row),
    fromH: (row, h) => dot(feeds.R, d * rows + row, h) + bias(rows + row),
    peephole: (row) => feeds.P?.[d * 3 * hidden + row] ?? 0,
  };
}

/** Row `row` of a matrix as wide as `values`, times `values`. */
function dot(matrix: Float32Array, row: number, values: Float32Array | Float64Array): number {
  let sum = 0;
  values.forEach((value, k) => {
    sum += (matrix[row * values.length + k] ?? fail()) * value;
  });
  return sum;
}

function cellOf(node: RecurrentNode, activation: (a: number) => number): Cell {
  if (node.op === "RNN") return (weights, x, state) => rnn(weights, x, state, activation);
  if (node.op === "LSTM") return (weights, x, state) => lstm(weights, x, state, node.inputForget);
  return (weights, x, state) => gru(weights, x, state, node.linearBeforeReset);
}

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

function rnn(w: Weights, x: Float32Array, { h, c }: State, f: (a: number) => number): State {
  return { h: h.map((_, u) => f(w.fromX(u, x) + w.fromH(u, h))), c };
}

function lstm(w: Weights, x: Float32Array, { h, c }: State, coupled = false): State {
  const H = w.hidden;
  const gate = (g: number, u: number): number => w.fromX(g * H + u, x) + w.fromH(g * H + u, h);
  const next = c.map((old, u) => {
    const i = sigmoid(gate(0, u) + w.peephole(u) * old);
    const f = coupled ? 1 - i : sigmoid(gate(2, u) + w.peephole(2 * H + u) * old);
    return f * old + i * Math.tanh(gate(3, u));
  });
  // The output gate looks at the new cell.
  const out = next.map((cell, u) => sigmoid(gate(1, u) + w.peephole(H + u) * cell) * Math.tanh(cell));
  return { h: out, c: next };
}

function gru(w: Weights, x: Float32Array, { h, c }: State, linearBeforeReset = false): State {
  const H = w.hidden;
  const gate = (g: number, u: number): number => sigmoid(w.fromX(g * H + u, x) + w.fromH(g * H + u, h));
  const r = h.map((_, u) => gate(1, u));
  const resetH = h.map((old, u) => (r[u] ?? fail()) * old);
  const out = h.map((old, u) => {
    const row = 2 * H + u;
    const recurrent = linearBeforeReset ? (r[u] ?? fail()) * w.fromH(row, h) : w.fromH(row, resetH);
    const z = gate(0, u);
    return (1 - z) * Math.tanh(w.fromX(row, x) + recurrent) + z * old;
  });
  return { h: out, c };
}

function expectClose(actual: RecurrentResult, expected: Reference): void {
  expect(largestError(actual.Y, expected.Y)).toBeLessThanOrEqual(TOLERANCE);
  expect(largestError(actual.Y_h, expected.Y_h)).toBeLessThanOrEqual(TOLERANCE);
  if (actual.Y_c) expect(largestError(actual.Y_c, expected.Y_c)).toBeLessThanOrEqual(TOLERANCE);
}

/** NaN if any difference is, and so never within a tolerance. */
function largestError(actual: Float32Array, expected: Float64Array): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((worst, value, k) => Math.max(worst, Math.abs(value - (actual[k] ?? NaN))), 0);
}

function fail(): never {
  throw new Error("reference: expected a value, got a hole");
}
