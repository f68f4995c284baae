/** @file What the three recurrent layers share: sizes, weights in panels, the states, the gradients of the weights. */
import { sizeOf } from "../../base/index.ts";
import type { Operand, RnnBackward, RnnForward } from "../engine.ts";
import { jobs } from "./kernels.ts";
import { BYTES, pointerOf, pointerOrZero } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";

/** T, B, I, P and G*H. */
export type Sizes = {
  readonly steps: number;
  readonly batch: number;
  readonly features: number;
  readonly outputs: number;
  readonly width: number;
  /** Multiplications and additions of the products in one direction. */
  readonly operations: number;
};

export function sizesOf({ inputs, inputKernel, states }: Pick<RnnForward, "inputs" | "inputKernel" | "states">): Sizes {
  const [steps, batch, features] = inputs.shape;
  const width = inputKernel.shape[1];
  const outputs = states.shape[2];
  const operations = 2 * steps * batch * (features + outputs) * width;
  return { steps, batch, features, outputs, width, operations };
}

/** A weight matrix [k, n] in panels. */
export function packed(work: Workspace, matrix: Operand): number {
  const [k, n] = matrix.shape;
  return work.pack(pointerOf(matrix), { k, n, row: n, column: 1 });
}

/** `columns` columns, from `column` on, of W above R: the right side of [x, h]·[W; R]. */
export function packedAbove(
  work: Workspace,
  { inputKernel, recurrent }: Pick<RnnForward, "inputKernel" | "recurrent">,
  column: number,
  columns: number,
): number {
  const [features, width] = inputKernel.shape;
  const [outputs] = recurrent.shape;
  const rows = features + outputs;
  const to = work.scratch(work.packedLength(rows, columns));
  const part = { n: columns, row: width, column: 1 };
  work.packInto(to, pointerOf(inputKernel) + column * BYTES, { ...part, k: features }, 0, rows);
  work.packInto(to, pointerOf(recurrent) + column * BYTES, { ...part, k: outputs }, features, rows);
  return to;
}

/** Floats that keep rows of scratch apart: see `scratchRow` in kernels/assembly/lstm.ts. */
export const GAP = 16;

/** Its transpose [n, k] in panels, for the way back. */
export function packedBack(work: Workspace, matrix: Operand): number {
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
export function begin(work: Workspace, { h0, states, hLast }: Pick<RnnForward, "h0" | "states" | "hLast">): number {
  work.copy(h0, part(states, 0, h0.shape));
  work.copy(h0, hLast);
  return pointerOf(states) + sizeOf(h0.shape) * BYTES;
}

/** One row alone reads the weights once per step: then packing them would take longer than the product. */
export const isSingle = ({ batch }: Sizes): boolean => batch === 1;

/** Whether the threads share the units of each step: one row alone, of every step, and enough work in one step. */
export const sharesUnits = (work: Workspace, sizes: Sizes, lengths: Operand | undefined): boolean =>
  isSingle(sizes) && lengths === undefined && work.isShared(sizes.operations / sizes.steps);

type Gradients = Pick<RnnBackward, "inputs" | "dInputKernel" | "dRecurrent" | "dBias" | "states">;

/** Floats of one gate's dz in panels. */
export const panelLength = (work: Workspace, { steps, batch }: Sizes, units: number): number =>
  work.kernels.gateBytes(steps * batch, units) / BYTES;

/** c [m, gates first … last-1 of G] = aᵀ·dz, a [T*B, m]; with the columns' sums in `bias`. */
export function weightGradient(
  work: Workspace,
  a: Operand,
  dz: number,
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
  const [from, target] = [pointerOf(a), pointerOf(to)];
  work.run(
    jobs.weightGradients,
    operations,
    from,
    m * BYTES,
    m,
    rows,
    units,
    gates,
    first,
    last,
    dz,
    target,
    pointerOrZero(bias),
  );
}

/** The gradients of both kernels and of the bias, from one dz. */
export function weightGradients(work: Workspace, a: Gradients, dz: number, sizes: Sizes, units: number): void {
  const gates = sizes.width / units;
  weightGradient(work, a.inputs, dz, a.dInputKernel, sizes, { units, gates, bias: a.dBias });
  weightGradient(work, a.states, dz, a.dRecurrent, sizes, { units, gates });
}
