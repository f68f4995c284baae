/**
 * @file Recurrent layers as ONNX nodes, time-major. Letters: T time, B batch, I inputs, H units, D
 * directions, G gates.
 */
import { sentence, UnsupportedError } from "../../../base/index.ts";
import type { StoredArray } from "../../../formats/index.ts";
import type { NamedArrays } from "../../../layers/index.ts";
import type { StackConfig } from "../../../model/index.ts";
import { type CellWeights, type Gate, type GateWeights } from "../../dialects/cell-weights.ts";
import { type CellSettings, ownWeights } from "../../dialects/own-weights.ts";
import type { GraphBuilder } from "./graph-builder.ts";

/** Order of the gates in W, R and B. */
const ONNX_GATES: Readonly<Record<CellWeights["cell"], readonly Gate[]>> = {
  lstm: ["i", "o", "f", "g"],
  gru: ["z", "r", "n"],
  rnn: ["h"],
};

const OPS: Readonly<Record<CellWeights["cell"], string>> = { lstm: "LSTM", gru: "GRU", rnn: "RNN" };

/** W [D, G*H, I], R [D, G*H, H], B [D, 2*G*H] and P [D, 3*H] of one or two directions. */
export function onnxWeights(
  where: string,
  directions: readonly CellWeights[],
): Record<"W" | "R" | "B" | "P", StoredArray | undefined> {
  const [{ cell, inputSize, units, outputSize, projection, peepholes }] = directions;
  if (projection !== undefined || outputSize !== units)
    throw new UnsupportedError(sentence(where, "layers without a projection", "one with a projection"));
  const order = ONNX_GATES[cell];
  const width = order.length * units;
  const rows = (name: "input" | "recurrent", columns: number): StoredArray => ({
    dtype: "float32",
    shape: [directions.length, width, columns],
    data: joined(
      directions.flatMap(({ gates }) =>
        order.map((gate) => transposed(gates[gate] as GateWeights, name, columns, units)),
      ),
    ),
  });
  const bias = joined(
    directions.flatMap(({ gates, forgetBias }) => [
      ...order.map((gate) => (gates[gate] as GateWeights).bias),
      // the forget bias is in the second bias, so that the first stays as it was trained
      ...order.map((gate) => {
        const second = (gates[gate] as GateWeights).recurrentBias ?? new Float64Array(units);
        return gate === "f" && forgetBias !== 0 ? second.map((value) => value + forgetBias) : second;
      }),
    ]),
  );
  return {
    W: rows("input", inputSize),
    R: rows("recurrent", units),
    B: { dtype: "float32", shape: [directions.length, 2 * width], data: bias },
    P:
      peepholes === undefined
        ? undefined
        : {
            dtype: "float32",
            shape: [directions.length, 3 * units],
            data: joined(directions.flatMap(({ peepholes: own }) => (own === undefined ? [] : [own.i, own.o, own.f]))),
          },
  };
}

/** [rows, H] of a gate as [H, rows]. */
function transposed(weights: GateWeights, name: "input" | "recurrent", rows: number, units: number): Float64Array {
  const from = weights[name];
  const to = new Float64Array(from.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < units; j++) to[j * rows + i] = from[i * units + j];
  return to;
}

function joined(parts: readonly Float64Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export type StackExport = {
  /** Name of the layers' parameters, such as "rnn". */
  readonly name: string;
  readonly config: Pick<StackConfig, "cell" | "dialect" | "hiddenSize" | "layers" | "bidirectional">;
  readonly inputSize: number;
  /** All parameters of the model. */
  readonly arrays: NamedArrays;
  /** Value [T, B, I]. */
  readonly inputs: string;
  /** Value int32 [B]; undefined: all steps are valid. */
  readonly lengths: string | undefined;
  /** Whether initial and last states are inputs and outputs of the graph, `state_0_h` and so on. */
  readonly states: boolean;
};

/** Values that a stack gives. */
export type StackValues = {
  /** [T, B, D*H]. */
  readonly outputs: string;
  /** Last h of the top layer by direction, [B, H]. */
  readonly last: readonly string[];
  /** Adds the last states to the outputs of the graph, after those that are there. */
  readonly addStates: () => void;
};

/** Adds the layers of a stack. */
export function addStack(where: string, graph: GraphBuilder, stack: StackExport): StackValues {
  const { name, config, arrays, lengths, states } = stack;
  const { cell, dialect, hiddenSize: units, layers, bidirectional } = config;
  const directions = bidirectional ? ["/forward", "/backward"] : [""];
  const parts = cell === "lstm" ? ["h", "c"] : ["h"];
  const nextStates: (() => void)[] = [];
  const addStates = (): void => {
    for (const add of nextStates) add();
  };
  let values: StackValues = { outputs: stack.inputs, last: [], addStates };
  for (let layer = 0; layer < layers; layer++) {
    const inputSize = layer === 0 ? stack.inputSize : directions.length * units;
    const at = `${name}/${layer}`;
    const settings: CellSettings = { cell, dialect, inputSize, units };
    const own = directions.map((direction) => ownWeights(where, under(arrays, `${at}${direction}/`), settings));
    const { W, R, B, P } = onnxWeights(`${where} ${at}`, own);
    const weight = (part: string, array: StoredArray | undefined): string =>
      array === undefined ? "" : graph.weight(`${at}/${part}`, array);
    const initial = parts.map((part) =>
      states ? stateInput(graph, `${layer}_${part}`, units, directions.length) : "",
    );
    const operands = [
      values.outputs,
      weight("W", W),
      weight("R", R),
      weight("B", B),
      lengths ?? "",
      ...initial,
      weight("P", P),
    ];
    while (operands.at(-1) === "") operands.pop();
    const [y, ...last] = graph.nodes(
      OPS[own[0].cell],
      operands,
      {
        hidden_size: units,
        direction: bidirectional ? "bidirectional" : "forward",
        linear_before_reset: own[0].cell === "gru" ? Number(own[0].resetAfter) : undefined,
      },
      1 + parts.length,
      at,
    );
    graph.noteForgetBias(at, own[0].forgetBias);
    if (states) {
      parts.forEach((part, i) =>
        nextStates.push(() => stateOutput(graph, `${layer}_${part}`, last[i], { initial: initial[i], lengths, units })),
      );
    }
    // [T, D, B, H] as [T, B, D*H]
    const outputs = bidirectional
      ? graph.node("Reshape", [graph.node("Transpose", [y], { perm: [0, 2, 1, 3] }), graph.sizes([0, 0, -1])])
      : graph.node("Squeeze", [y, graph.sizes([1])]);
    const top = directions.map((_, i) => graph.node("Gather", [last[0], graph.sizes([i], [])], { axis: 0 }));
    values = { outputs, last: top, addStates };
  }
  return values;
}

/** An initial state [B, H] of the graph as [1, B, H]. */
function stateInput(graph: GraphBuilder, part: string, units: number, directions: number): string {
  if (directions > 1) return "";
  return graph.node("Unsqueeze", [graph.input(`state_${part}`, "float32", ["batch", units]), graph.sizes([0])]);
}

/**
 * A last state as output: that of a row of length 0 is its initial one, where ONNX Runtime gives
 * zeros.
 */
function stateOutput(
  graph: GraphBuilder,
  part: string,
  last: string,
  { initial, lengths, units }: { initial: string; lengths: string | undefined; units: number },
): void {
  if (initial === "") return;
  const isEmpty =
    lengths && graph.node("Unsqueeze", [graph.node("Equal", [lengths, graph.scalar(0, "int32")]), graph.sizes([0, 2])]);
  const kept = isEmpty === undefined ? last : graph.node("Where", [isEmpty, initial, last]);
  graph.output(`next_state_${part}`, graph.node("Squeeze", [kept, graph.sizes([0])]), "float32", ["batch", units]);
}

/** Arrays whose names begin so, without that beginning. */
export const under = (arrays: NamedArrays, beginning: string): NamedArrays =>
  Object.fromEntries(
    Object.entries(arrays).flatMap(([name, array]) =>
      name.startsWith(beginning) ? [[name.slice(beginning.length), array]] : [],
    ),
  );
