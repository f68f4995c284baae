/**
 * @file The weights of a recurrent layer, whatever framework they come from: a block for each gate.
 * Letters: I inputs, H units, P outputs (H, or the projection).
 */
import { FormatError, formatShape, sentence } from "../../base/index.ts";
import type { NamedArrays } from "../../layers/index.ts";

/**
 * Gates by their usual letters: i input, f forget, g candidate, o output; r reset, z update, n new.
 */
export type Gate = "i" | "f" | "g" | "o" | "r" | "z" | "n" | "h";

/** Weights of one gate. */
export type GateWeights = {
  /** [I, H] */
  readonly input: Float64Array;
  /** [P, H] */
  readonly recurrent: Float64Array;
  /** [H] */
  readonly bias: Float64Array;
  /** [H], added to the recurrent product; undefined where the layer has no second bias. */
  readonly recurrentBias: Float64Array | undefined;
};

export type CellWeights = {
  readonly cell: "gru" | "lstm" | "rnn";
  readonly inputSize: number;
  readonly units: number;
  /** P. */
  readonly outputSize: number;
  readonly gates: Readonly<Partial<Record<Gate, GateWeights>>>;
  /** Added to the forget gate when computing. */
  readonly forgetBias: number;
  /** [H] each, where gates see the cell state. */
  readonly peepholes: Readonly<Record<"i" | "f" | "o", Float64Array>> | undefined;
  /** [H, P] */
  readonly projection: Float64Array | undefined;
  /** Whether a GRU's reset gate is applied after the recurrent product. */
  readonly resetAfter: boolean;
};

/** Gates of each cell, in the order of this package's traces. */
export const GATES: Readonly<Record<CellWeights["cell"], readonly Gate[]>> = {
  gru: ["r", "z", "n"],
  lstm: ["i", "f", "g", "o"],
  rnn: ["h"],
};

/** A matrix whose columns are blocks, one for each gate. */
export type Matrix = { readonly rows: number; readonly columns: number; readonly data: ArrayLike<number> };

/** An array of two axes; `transposed` swaps them. Throws FormatError for another shape. */
export function matrixIn(where: string, arrays: NamedArrays, name: string, transposed = false): Matrix {
  const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
  if (array === undefined || array.shape.length !== 2) {
    const got = array === undefined ? "none" : formatShape(array.shape);
    throw new FormatError(sentence(where, `an array ${JSON.stringify(name)} of two axes`, got));
  }
  const [rows, columns] = array.shape;
  if (!transposed) return { rows, columns, data: array.data };
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[j * rows + i] = array.data[i * columns + j];
  return { rows: columns, columns: rows, data };
}

/** An array of one axis. Throws FormatError for another shape. */
export function vectorIn(where: string, arrays: NamedArrays, name: string, size: number): Float64Array {
  const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
  if (array?.data.length !== size) {
    const got = array === undefined ? "none" : formatShape(array.shape);
    throw new FormatError(sentence(where, `an array ${JSON.stringify(name)} of ${size} numbers`, got));
  }
  return Float64Array.from(array.data);
}

/** Columns of block `index`, of `width` each, from row `from` to before `to`. */
export function blockOf(
  { columns, data }: Matrix,
  index: number,
  width: number,
  from: number,
  to: number,
): Float64Array {
  const block = new Float64Array((to - from) * width);
  for (let i = from; i < to; i++)
    for (let j = 0; j < width; j++) block[(i - from) * width + j] = data[i * columns + index * width + j];
  return block;
}
