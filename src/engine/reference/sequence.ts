/** @file Code shared by the three recurrent kernels. */
import type { LayerInputGradients, LayerInputs, Operand, RnnBackward, RnnForward } from "../engine.ts";
import { sumColumns } from "./long-sums.ts";
import { type Matrix, multiplyAdd, multiplyAddLong, transposed } from "./matmul.ts";
import { type FloatArray, floats, integers } from "./memory.ts";
import { addRows } from "./move.ts";

/** Whether row b still has a step at time t. */
export function activeRows(lengths: Operand | undefined, batch: number): (row: number, t: number) => boolean {
  if (lengths === undefined) return () => true;
  const limit = integers(lengths).slice(0, batch);
  return (row, t) => t < limit[row];
}

/** Sizes T, B and G*H. */
function sizesOf({
  recurrent,
  states,
}: Pick<RnnForward, "recurrent" | "states">): Record<"steps" | "batch" | "width", number> {
  return { steps: states.shape[0] - 1, batch: states.shape[1], width: recurrent.shape[1] };
}

/** A zeroed array of the same precision. */
export function scratchLike(array: FloatArray, length: number): FloatArray {
  return array instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

/** A whole array as a matrix of `row` columns. */
export const matrix = (data: FloatArray, row: number, at = 0): Matrix => ({ data, at, row });

/** For each active row at time t, copies that row of `from` to `to`. */
export function copyActive(
  to: FloatArray,
  from: FloatArray,
  width: number,
  batch: number,
  t: number,
  active: (row: number, t: number) => boolean,
): void {
  for (let row = 0; row < batch; row++) {
    if (active(row, t)) to.set(from.subarray(row * width, (row + 1) * width), row * width);
  }
}

/** to = from, or 0 if `from` is absent. */
export function setOrClear(to: FloatArray, from: Operand | undefined): void {
  if (from === undefined) to.fill(0);
  else to.set(floats(from));
}

/** The initial state and the outputs that follow it in `states` [T+1, B, P]. */
export function splitStates(states: Operand): readonly [initial: FloatArray, outputs: FloatArray] {
  const all = floats(states);
  const first = states.shape[1] * states.shape[2];
  return [all.subarray(0, first), all.subarray(first)];
}

/** x·W for all time steps, [T, B, G*H]. */
export function projectInputs(arrays: LayerInputs & Pick<RnnForward, "recurrent" | "states">): FloatArray {
  const { steps, batch, width } = sizesOf(arrays);
  const z = scratchLike(floats(arrays.states), steps * batch * width);
  if (arrays.ids !== undefined) {
    const projected = floats(arrays.projected);
    integers(arrays.ids).forEach((id, at) => z.set(projected.subarray(id * width, (id + 1) * width), at * width));
    return z;
  }
  const features = arrays.inputs.shape[2];
  const x = matrix(floats(arrays.inputs), features);
  multiplyAdd(matrix(z, width), x, matrix(floats(arrays.inputKernel), width), steps * batch, features, width);
  return z;
}

/**
 * Arrays for the gradients of inputs, kernels and bias, besides `dz` [T, B, G*H], the gradient of
 * the pre-activations.
 */
type OuterGradients = LayerInputGradients & Pick<RnnBackward, "recurrent" | "states" | "dRecurrent" | "dBias">;

/**
 * Writes the gradients of inputs, kernels and bias. `dzRecurrent` is the gradient of h·R if it
 * differs from that of x·W.
 */
export function outerGradients(arrays: OuterGradients, dz: FloatArray, dzRecurrent: FloatArray = dz): void {
  const { states } = arrays;
  const { steps, batch, width } = sizesOf(arrays);
  const outputs = states.shape[2];
  const rows = steps * batch;
  if (arrays.ids === undefined) inputGradients(arrays, matrix(dz, width), rows);
  else addRows(dz, integers(arrays.ids), floats(arrays.dProjected).fill(0), width);
  const dRecurrent = floats(arrays.dRecurrent);
  dRecurrent.fill(0);
  const previous = matrix(floats(states), outputs);
  multiplyAddLong(matrix(dRecurrent, width), previous, matrix(dzRecurrent, width), outputs, rows, width, true);
  columnSums(arrays.ids === undefined ? dz : floats(arrays.dProjected), floats(arrays.dBias));
}

/** Writes the gradients of inputs with one vector per step, and of their kernel. */
function inputGradients(
  { inputs, inputKernel, dInputs, dInputKernel }: LayerInputGradients & { readonly ids?: undefined },
  gradient: Matrix,
  rows: number,
): void {
  const [features, width] = inputKernel.shape;
  if (dInputs) {
    const dx = floats(dInputs);
    dx.fill(0);
    const back = transposed(matrix(floats(inputKernel), width), features, width);
    multiplyAdd(matrix(dx, features), gradient, back, rows, width, features);
  }
  const dKernel = floats(dInputKernel);
  dKernel.fill(0);
  multiplyAddLong(matrix(dKernel, width), matrix(floats(inputs), features), gradient, features, rows, width, true);
}

/** to [n] = the sums of the columns of x [.., n], in the order of the rows. */
export function columnSums(x: FloatArray, to: FloatArray): void {
  sumColumns(to, x.length, (i) => x[i]);
}
