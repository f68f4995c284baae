/** @file What the three recurrent kernels share. */
import type { Operand, RnnBackward, RnnForward } from "../engine.ts";
import { type Matrix, multiplyAdd, transposed } from "./matmul.ts";
import { type FloatArray, floats, integers } from "./memory.ts";

/** Whether row b still has a step at time t. */
export function activeRows(lengths: Operand | undefined, batch: number): (row: number, t: number) => boolean {
  if (lengths === undefined) return () => true;
  const limit = integers(lengths).slice(0, batch);
  return (row, t) => t < limit[row];
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

/** to = from, or zero. */
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
export function projectInputs({ inputs, inputKernel }: Pick<RnnForward, "inputs" | "inputKernel">): FloatArray {
  const [steps, batch, features] = inputs.shape;
  const width = inputKernel.shape[1];
  const x = floats(inputs);
  const z = scratchLike(x, steps * batch * width);
  multiplyAdd(
    matrix(z, width),
    matrix(x, features),
    matrix(floats(inputKernel), width),
    steps * batch,
    features,
    width,
  );
  return z;
}

/** What the gradients of inputs, kernels and bias need beside `dz`, the gradient of the pre-activations [T, B, G*H]. */
type OuterGradients = Omit<RnnBackward, "activation" | "lengths" | "dOutputs" | "dhLast" | "dh0">;

/** Gradients of inputs, kernels and bias. `dzRecurrent` is the gradient of h·R where it differs from that of x·W. */
export function outerGradients(arrays: OuterGradients, dz: FloatArray, dzRecurrent: FloatArray = dz): void {
  const { inputs, inputKernel, states } = arrays;
  const [steps, batch, features] = inputs.shape;
  const [, width] = inputKernel.shape;
  const outputs = states.shape[2];
  const rows = steps * batch;
  const gradient = matrix(dz, width);
  if (arrays.dInputs) {
    const dx = floats(arrays.dInputs);
    dx.fill(0);
    const back = transposed(matrix(floats(inputKernel), width), features, width);
    multiplyAdd(matrix(dx, features), gradient, back, rows, width, features);
  }
  const dInputKernel = floats(arrays.dInputKernel);
  dInputKernel.fill(0);
  multiplyAdd(matrix(dInputKernel, width), matrix(floats(inputs), features), gradient, features, rows, width, true);
  const dRecurrent = floats(arrays.dRecurrent);
  dRecurrent.fill(0);
  const previous = matrix(floats(states), outputs);
  multiplyAdd(matrix(dRecurrent, width), previous, matrix(dzRecurrent, width), outputs, rows, width, true);
  columnSums(dz, floats(arrays.dBias));
}

/** to [n] = the sums of the columns of x [.., n], in the order of the rows. */
export function columnSums(x: FloatArray, to: FloatArray): void {
  to.fill(0);
  for (let i = 0; i < x.length; i++) to[i % to.length] += x[i];
}
