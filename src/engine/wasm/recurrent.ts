/**
 * @file What the three recurrent layers share: sizes, weights in panels, the states, the gradients
 * of the weights.
 */
import { sizeOf } from "../../base/index.ts";
import type { LayerInputGradients, LayerInputs, Operand, RnnBackward, RnnForward } from "../engine.ts";
import { type Address, at, BYTES } from "./address.ts";
import { jobs, type ReadOperands } from "./generated/jobs.ts";
import { pointerOf } from "./linear-memory.ts";
import { isLongSum, type Workspace } from "./workspace.ts";

/** T, B, I, P and G*H. */
export type Sizes = {
  readonly steps: number;
  readonly batch: number;
  /** 0 where the inputs have been multiplied beforehand. */
  readonly features: number;
  readonly outputs: number;
  readonly width: number;
  /** Multiplications and additions of the products in one direction. */
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

/** Operands of a forward kernel, 0 for those that are absent, and the floats of a step's inputs. */
export function inputsOf(layer: LayerInputs): ReadOperands & { readonly perStep: number } {
  if (layer.ids !== undefined)
    return { x: pointerOf(layer.projected), ids: pointerOf(layer.ids), inputKernel: 0, perStep: 0 };
  const [, batch, features] = layer.inputs.shape;
  return { x: pointerOf(layer.inputs), ids: 0, inputKernel: pointerOf(layer.inputKernel), perStep: batch * features };
}

/** Operands from step t on. */
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
 * `columns` columns, from `column` on, of W, where there is one, above R: the right side of [x,
 * h]·[W; R].
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
  const part = { n: columns, row: width, column: 1 };
  if (inputKernel) work.packInto(to, at(pointerOf(inputKernel), column), { ...part, k: features }, 0, rows);
  work.packInto(to, at(pointerOf(recurrent), column), { ...part, k: outputs }, features, rows);
  return to;
}

/** Its transpose [n, k] in panels, for the way back. */
export function packedBack(work: Workspace, matrix: Operand): Address {
  const [n, k] = matrix.shape;
  return work.pack(pointerOf(matrix), { k, n, row: 1, column: k });
}

/** Elements of x from `start`, in another shape. */
export const part = ({ block, offset, dtype }: Operand, start: number, shape: Operand["shape"]): Operand => ({
  block,
  offset: offset + start,
  dtype,
  shape,
});

/** h0 into the first row of the states and into hLast, which the kernels carry on. */
export function begin(work: Workspace, { h0, states, hLast }: Pick<RnnForward, "h0" | "states" | "hLast">): Address {
  work.copy(h0, part(states, 0, h0.shape));
  work.copy(h0, hLast);
  return at(pointerOf(states), sizeOf(h0.shape));
}

/**
 * One row alone reads the weights once per step: then packing them would take longer than the
 * product.
 */
export const isSingle = ({ batch }: Sizes): boolean => batch === 1;

/**
 * Whether the threads share the units of each step: one row alone, of every step, and enough work
 * in one step.
 */
export const sharesUnits = (work: Workspace, sizes: Sizes, lengths: Operand | undefined): boolean =>
  isSingle(sizes) && lengths === undefined && work.isShared(sizes.operations / sizes.steps);

/** dz·Wᵀ's right side, where somebody wants it. */
export const packedInputsBack = (work: Workspace, { dInputs, inputKernel }: LayerInputGradients): Address | 0 =>
  dInputs === undefined ? 0 : packedBack(work, inputKernel);

/** Floats of one gate's dz in panels. */
export const panelLength = (work: Workspace, { steps, batch }: Sizes, units: number): number =>
  work.kernels.gateBytes(steps * batch, units) / BYTES;

/** c [m, gates first … last-1 of G] = aᵀ·dz, a [T*B, m]; with the columns' sums in `bias`. */
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

/** The gradients of W, or of x·W, and of the bias. */
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

/** The gradients of both kernels and of the bias, from one dz. */
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
