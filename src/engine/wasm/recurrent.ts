/**
 * @file Code shared by the three recurrent layers: sizes, packed weights, states, gradients of
 * weights.
 */
import { sizeOf } from "../../base/index.ts";
import type { LayerInputGradients, LayerInputs, Operand, RnnBackward, RnnForward } from "../engine.ts";
import { type Address, at, BYTES } from "./address.ts";
import { jobs, type ReadOperands } from "./generated/jobs.ts";
import { pointerOf } from "./linear-memory.ts";
import { isLongSum, type Packing, type Workspace } from "./workspace.ts";

/** Sizes T, B, I, P and G*H. */
export type Sizes = {
  readonly steps: number;
  readonly batch: number;
  /** Number of input features; 0 if the inputs are already multiplied by W. */
  readonly features: number;
  readonly outputs: number;
  readonly width: number;
  /** Multiplications and additions of the products of one pass, forward or backward. */
  readonly operations: number;
};

export function sizesOf({ inputs, recurrent, states }: Pick<RnnForward, "inputs" | "recurrent" | "states">): Sizes {
  const [after, batch, outputs] = states.shape;
  const steps = after - 1;
  const features = inputs?.shape[2] ?? 0;
  const width = recurrent.shape[1];
  const operations = 2 * steps * batch * (features + outputs) * width;
  return { steps, batch, features, outputs, width, operations };
}

/** Operands of a forward kernel, 0 for absent ones, and the number of floats in a step's inputs. */
export function inputsOf(layer: LayerInputs): ReadOperands & { readonly perStep: number } {
  if (layer.ids !== undefined)
    return { x: pointerOf(layer.projected), ids: pointerOf(layer.ids), inputKernel: 0, perStep: 0 };
  const [, batch, features] = layer.inputs.shape;
  return { x: pointerOf(layer.inputs), ids: 0, inputKernel: pointerOf(layer.inputKernel), perStep: batch * features };
}

/** The operands from step t on. */
export const inputsAt = (
  { x, ids, inputKernel, perStep }: ReturnType<typeof inputsOf>,
  { batch }: Sizes,
  t: number,
): ReadOperands => ({ x: at(x, t * perStep), ids: ids === 0 ? 0 : at(ids, t * batch), inputKernel });

/** A weight matrix [k, n] in panels. */
export function packed(work: Workspace, matrix: Operand): Address {
  const [k, n] = matrix.shape;
  return work.pack(pointerOf(matrix), { k, n, row: n, column: 1 });
}

/**
 * Columns of W (if any) above those of R, packed: the right side of [x, h]·[W; R]. `columns` of
 * them, from `column` on.
 */
export function packedAbove(
  work: Workspace,
  { inputKernel, recurrent }: Pick<RnnForward, "inputKernel" | "recurrent">,
  column: number,
  columns: number,
): Address {
  const features = inputKernel?.shape[0] ?? 0;
  const [outputs, width] = recurrent.shape;
  const rows = features + outputs;
  const to = work.scratch(work.packedLength(rows, columns));
  const part = (k: number): Packing => ({ k, n: columns, row: width, column: 1 });
  if (inputKernel) work.packInto(to, at(pointerOf(inputKernel), column), part(features), 0, rows);
  work.packInto(to, at(pointerOf(recurrent), column), part(outputs), features, rows);
  return to;
}

/** The transpose [n, k] of a weight matrix in panels, for the backward pass. */
export function packedBack(work: Workspace, matrix: Operand): Address {
  const [n, k] = matrix.shape;
  return work.pack(pointerOf(matrix), { k, n, row: 1, column: k });
}

/** An operand of another shape: the elements of x from `start` on. */
export const part = ({ block, offset, dtype }: Operand, start: number, shape: Operand["shape"]): Operand => ({
  block,
  offset: offset + start,
  dtype,
  shape,
});

/** Copies h0 to the first row of the states and to hLast, which the kernels update. */
export function begin(work: Workspace, { h0, states, hLast }: Pick<RnnForward, "h0" | "states" | "hLast">): Address {
  work.copy(h0, part(states, 0, h0.shape));
  work.copy(h0, hLast);
  return at(pointerOf(states), sizeOf(h0.shape));
}

/**
 * Whether there is one row, which reads the weights once per step: packing them would take longer
 * than the product.
 */
export const isSingle = ({ batch }: Sizes): boolean => batch === 1;

/**
 * Whether threads share the units of each step: there is one row, without padding, and a step has
 * enough work.
 */
export const sharesUnits = (work: Workspace, sizes: Sizes, lengths: Operand | undefined): boolean =>
  isSingle(sizes) && lengths === undefined && work.isShared(sizes.operations / sizes.steps);

/** The right side of dz·Wᵀ, packed, if the gradient of the inputs is wanted. */
export const packedInputsBack = (work: Workspace, { dInputs, inputKernel }: LayerInputGradients): Address | 0 =>
  dInputs === undefined ? 0 : packedBack(work, inputKernel);

/** Number of floats of one gate's dz in panels. */
export const panelLength = (work: Workspace, { steps, batch }: Sizes, units: number): number =>
  work.kernels.gateBytes(steps * batch, units) / BYTES;

/**
 * Computes c [m, gates first … last-1 of G] = aᵀ·dz for a [T*B, m], and the sums of the columns in
 * `bias`.
 */
export function weightGradient(
  work: Workspace,
  a: Operand,
  dz: Address,
  to: Operand,
  { steps, batch }: Sizes,
  {
    units,
    gates,
    first = 0,
    last = gates,
    bias,
  }: { units: number; gates: number; first?: number; last?: number; bias?: Operand },
): void {
  const rows = steps * batch;
  if (rows === 0) {
    // sums of nothing
    for (const x of bias === undefined ? [to] : [to, bias]) work.kernels.fill(pointerOf(x), sizeOf(x.shape), 0);
    return;
  }
  const m = a.shape[a.shape.length - 1];
  const operations = 2 * rows * m * units * (last - first);
  work.run(jobs.weightGradients, operations, {
    a,
    aRow: m * BYTES,
    m,
    rows,
    units,
    gates,
    first,
    last,
    dz,
    to,
    bias,
    longs: isLongSum(rows) ? work.doubles((m + 1) * gates * units) : 0,
  });
}

/** Writes the gradients of W, or of x·W, and of the bias. */
export function inputGradients(
  work: Workspace,
  a: LayerInputGradients & Pick<RnnBackward, "dBias">,
  dz: Address,
  sizes: Sizes,
  units: number,
): void {
  const gates = sizes.width / units;
  if (a.ids === undefined) {
    weightGradient(work, a.inputs, dz, a.dInputKernel, sizes, { units, gates, bias: a.dBias });
    return;
  }
  const [inputs, width] = a.dProjected.shape;
  const rows = sizes.steps * sizes.batch;
  const [to, bias] = [a.dProjected, a.dBias].map(pointerOf);
  if (rows === 0) {
    // sums of nothing
    work.kernels.fill(to, inputs * width, 0);
    work.kernels.fill(bias, width, 0);
    return;
  }
  work.run(jobs.projectedGradients, 2 * rows * width, {
    ids: a.ids,
    inputs,
    rows,
    units,
    gates,
    dz,
    to: a.dProjected,
  });
  work.kernels.columnSums(to, bias, inputs, width);
}

/** Writes the gradients of both kernels and of the bias, from one dz. */
export function weightGradients(
  work: Workspace,
  a: LayerInputGradients & Pick<RnnBackward, "dRecurrent" | "dBias" | "states">,
  dz: Address,
  sizes: Sizes,
  units: number,
): void {
  inputGradients(work, a, dz, sizes, units);
  weightGradient(work, a.states, dz, a.dRecurrent, sizes, { units, gates: sizes.width / units });
}
