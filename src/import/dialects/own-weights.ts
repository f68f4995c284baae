/** @file The weights of this package's cells, in each of their dialects. */
import { UnsupportedError, sentence } from "../../base/index.ts";
import type { NamedArrays } from "../../layers/index.ts";
import type { CellName, Dialect } from "../../rnn/index.ts";
import {
  blockOf,
  type CellWeights,
  type Gate,
  GATES,
  type GateWeights,
  type Matrix,
  matrixIn,
  vectorIn,
} from "./cell-weights.ts";

/** Settings of a cell that decide what its weights mean. */
export type CellSettings = {
  readonly cell: CellName;
  readonly dialect: Dialect;
  readonly inputSize: number;
  readonly units: number;
  /** Default 1 for tf1, else 0. */
  readonly forgetBias?: number | undefined;
  readonly peepholes?: boolean | undefined;
  readonly projection?: number | undefined;
  /** Place of a GRU's reset gate. Default: of torch and keras true, of tf1 false. */
  readonly resetAfter?: boolean | undefined;
};

/** Order of the blocks of gates. */
const ORDERS: Readonly<Record<CellWeights["cell"], Readonly<Record<Dialect, readonly Gate[]>>>> = {
  lstm: { tf1: ["i", "g", "f", "o"], keras: ["i", "f", "g", "o"], torch: ["i", "f", "g", "o"] },
  gru: { tf1: ["r", "z", "n"], keras: ["z", "r", "n"], torch: ["r", "z", "n"] },
  rnn: { tf1: ["h"], keras: ["h"], torch: ["h"] },
};

/**
 * The weights of a cell by their names in its dialect. Throws FormatError for arrays that do not
 * fit, UnsupportedError for a cell whose gates are not those of an LSTM, a GRU or an RNN.
 */
export function ownWeights(where: string, arrays: NamedArrays, settings: CellSettings): CellWeights {
  const { cell, dialect, inputSize, units, peepholes = false, projection } = settings;
  if (cell === "mingru")
    throw new UnsupportedError(sentence(where, "an lstm, gru or rnn cell", cell, "No other framework has its gates"));
  const outputSize = projection ?? units;
  const order = ORDERS[cell][dialect];
  const vector = (name: string, size: number): Float64Array => vectorIn(where, arrays, name, size);
  const common = {
    cell,
    inputSize,
    units,
    outputSize,
    forgetBias: cell === "lstm" ? (settings.forgetBias ?? (dialect === "tf1" ? 1 : 0)) : 0,
    peepholes: peepholes
      ? { i: vector("w_i_diag", units), f: vector("w_f_diag", units), o: vector("w_o_diag", units) }
      : undefined,
    projection: projection === undefined ? undefined : projectionOf(where, arrays, dialect),
    resetAfter: cell === "gru" && (settings.resetAfter ?? dialect !== "tf1"),
  };
  if (cell === "gru" && dialect === "tf1") {
    // two matrices: reset and update, and the candidate
    const gates = gatesIn(matrixIn(where, arrays, "gates/kernel"), ["r", "z"], common, vector("gates/bias", 2 * units));
    const candidate = gatesIn(
      matrixIn(where, arrays, "candidate/kernel"),
      ["n"],
      common,
      vector("candidate/bias", units),
    );
    return { ...common, gates: { ...gates, ...candidate } };
  }
  const width = GATES[cell].length * units;
  const second = dialect === "torch" || (dialect === "keras" && common.resetAfter);
  const [bias, recurrentBias] =
    dialect === "torch"
      ? [vector("bias_ih", width), vector("bias_hh", width)]
      : halves(vector("bias", second ? 2 * width : width), second ? 2 : 1);
  return { ...common, gates: gatesIn(joinedKernel(where, arrays, settings), order, common, bias, recurrentBias) };
}

/** Input and recurrent kernel below each other, [I + P, G * H]. */
function joinedKernel(where: string, arrays: NamedArrays, { dialect }: CellSettings): Matrix {
  if (dialect === "tf1") return matrixIn(where, arrays, "kernel");
  const isTorch = dialect === "torch";
  const input = matrixIn(where, arrays, isTorch ? "weight_ih" : "kernel", isTorch);
  const recurrent = matrixIn(where, arrays, isTorch ? "weight_hh" : "recurrent_kernel", isTorch);
  return {
    rows: input.rows + recurrent.rows,
    columns: input.columns,
    data: concatenated(input.data, recurrent.data),
  };
}

function concatenated(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const joined = new Float64Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

const halves = (values: Float64Array, count: number): Float64Array[] =>
  Array.from({ length: count }, (_, i) => values.slice((i * values.length) / count, ((i + 1) * values.length) / count));

function gatesIn(
  matrix: Matrix,
  order: readonly Gate[],
  { inputSize, units, outputSize }: { inputSize: number; units: number; outputSize: number },
  bias: Float64Array,
  recurrentBias?: Float64Array,
): Partial<Record<Gate, GateWeights>> {
  const part = (values: Float64Array, index: number): Float64Array => values.slice(index * units, (index + 1) * units);
  return Object.fromEntries(
    order.map((gate, index) => [
      gate,
      {
        input: blockOf(matrix, index, units, 0, inputSize),
        recurrent: blockOf(matrix, index, units, inputSize, inputSize + outputSize),
        bias: part(bias, index),
        recurrentBias: recurrentBias && part(recurrentBias, index),
      },
    ]),
  );
}

/** [H, P] */
const projectionOf = (where: string, arrays: NamedArrays, dialect: Dialect): Float64Array =>
  Float64Array.from(
    dialect === "torch"
      ? matrixIn(where, arrays, "weight_hr", true).data
      : matrixIn(where, arrays, "projection/kernel").data,
  );
