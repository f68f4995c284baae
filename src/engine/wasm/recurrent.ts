/** @file The recurrent kernels in float32. Everything that is not named here has the reference's meaning. */
import { sizeOf } from "../../base/index.ts";
import type {
  GruBackward,
  GruForward,
  LstmBackward,
  LstmForward,
  Operand,
  RnnBackward,
  RnnForward,
} from "../engine.ts";
import { arrayOf } from "../reference/memory.ts";
import { activationNumbers as numbers, jobs } from "./kernels.ts";
import { BYTES, pointerOf, pointerOrZero } from "./linear-memory.ts";
import { multiplyInto } from "./matmul.ts";
import type { Workspace } from "./workspace.ts";

/** T, B, I, P and G*H. */
type Sizes = {
  readonly steps: number;
  readonly batch: number;
  readonly features: number;
  readonly outputs: number;
  readonly width: number;
  /** Multiplications and additions of the products in one direction. */
  readonly operations: number;
};

function sizesOf({ inputs, inputKernel, states }: Pick<RnnForward, "inputs" | "inputKernel" | "states">): Sizes {
  const [steps, batch, features] = inputs.shape;
  const width = inputKernel.shape[1];
  const outputs = states.shape[2];
  const operations = 2 * steps * batch * (features + outputs) * width;
  return { steps, batch, features, outputs, width, operations };
}

/** A weight matrix [k, n] in panels. */
function packed(work: Workspace, matrix: Operand): number {
  const [k, n] = matrix.shape;
  return work.pack(pointerOf(matrix), { k, n, row: n, column: 1 });
}

/** `columns` columns, from `column` on, of W above R: the right side of [x, h]·[W; R]. */
function packedAbove(
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
const GAP = 16;

/** Its transpose [n, k] in panels, for the way back. */
function packedBack(work: Workspace, matrix: Operand): number {
  const [n, k] = matrix.shape;
  return work.pack(pointerOf(matrix), { k, n, row: 1, column: k });
}

/** Elements of x from `start`, in another shape. */
const part = ({ block, offset, dtype }: Operand, start: number, shape: Operand["shape"]): Operand => ({
  block,
  offset: offset + start,
  dtype,
  shape,
});

/** h0 into the first row of the states and into hLast, which the kernels carry on. */
function begin(work: Workspace, { h0, states, hLast }: Pick<RnnForward, "h0" | "states" | "hLast">): number {
  work.copy(h0, part(states, 0, h0.shape));
  work.copy(h0, hLast);
  return pointerOf(states) + sizeOf(h0.shape) * BYTES;
}

/** One row alone reads the weights once per step: then packing them would take longer than the product. */
const isSingle = ({ batch }: Sizes): boolean => batch === 1;

type Gradients = Pick<RnnBackward, "inputs" | "dInputKernel" | "dRecurrent" | "dBias" | "states">;

/** Floats of one gate's dz in panels. */
const panelLength = (work: Workspace, { steps, batch }: Sizes, units: number): number =>
  work.kernels.gateBytes(steps * batch, units) / BYTES;

/** c [m, gates first … last-1 of G] = aᵀ·dz, a [T*B, m]; with the columns' sums in `bias`. */
function weightGradient(
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
    arrayOf(to).fill(0);
    if (bias !== undefined) arrayOf(bias).fill(0);
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
function weightGradients(work: Workspace, a: Gradients, dz: number, sizes: Sizes, units: number): void {
  const gates = sizes.width / units;
  weightGradient(work, a.inputs, dz, a.dInputKernel, sizes, { units, gates, bias: a.dBias });
  weightGradient(work, a.states, dz, a.dRecurrent, sizes, { units, gates });
}

export function rnnForward(work: Workspace, a: RnnForward): void {
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, width, operations } = sizes;
  const outputs = begin(work, a);
  work.within(sizes.operations, () => {
    work.run(
      jobs.rnnForward,
      operations,
      steps,
      batch,
      features,
      units,
      pointerOf(a.inputs),
      pointerOf(a.inputKernel),
      pointerOf(a.recurrent),
      isSingle(sizes) ? 0 : packedAbove(work, a, 0, width),
      pointerOf(a.bias),
      pointerOrZero(a.lengths),
      pointerOf(a.hLast),
      outputs,
      work.scratch(batch * (features + units + GAP)),
      work.scratch(batch * width),
      numbers[a.activation],
    );
  });
}

export function rnnBackward(work: Workspace, a: RnnBackward): void {
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, operations } = sizes;
  work.copyOrClear(a.dhLast, a.dh0);
  work.within(sizes.operations, () => {
    const inputBack = a.dInputs === undefined ? 0 : packedBack(work, a.inputKernel);
    const recurrentBack = packedBack(work, a.recurrent);
    const dz = work.scratch(panelLength(work, sizes, units));
    work.run(
      jobs.rnnBackward,
      operations,
      steps,
      batch,
      features,
      units,
      inputBack,
      recurrentBack,
      pointerOrZero(a.lengths),
      pointerOf(a.states) + batch * units * BYTES,
      pointerOf(a.dOutputs),
      pointerOf(a.dh0),
      pointerOrZero(a.dInputs),
      dz,
      work.scratch(batch * (units + GAP)),
      work.scratch(batch * units),
      numbers[a.activation],
    );
    weightGradients(work, a, dz, sizes, units);
  });
}

export function lstmForward(work: Workspace, a: LstmForward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: projected, width } = sizes;
  const units = a.c0.shape[1];
  const outputs = begin(work, a);
  work.copy(a.c0, a.cLast);
  work.within(sizes.operations, () => {
    if (isSingle(sizes) && isPlain(a) && work.isShared(sizes.operations / steps)) {
      lstmSingle(work, a, sizes, outputs);
      return;
    }
    const projection = a.projection === undefined ? 0 : packed(work, a.projection);
    const { input, forget, candidate, output } = spec.gates;
    work.run(
      jobs.lstmForward,
      sizes.operations,
      steps,
      batch,
      features,
      units,
      projected,
      pointerOf(a.inputs),
      pointerOf(a.inputKernel),
      pointerOf(a.recurrent),
      isSingle(sizes) ? 0 : packedAbove(work, a, 0, width),
      projection,
      pointerOf(a.bias),
      pointerOrZero(a.peepholes),
      pointerOrZero(a.lengths),
      pointerOf(a.hLast),
      pointerOf(a.cLast),
      work.scratch(batch * (features + projected + GAP)),
      work.scratch(batch * width),
      projection === 0 ? 0 : work.scratch(batch * units),
      projection === 0 ? 0 : work.scratch(batch * projected),
      outputs,
      pointerOf(a.gates),
      pointerOf(a.cells),
      pointerOrZero(a.cellsUnclipped),
      pointerOrZero(a.hidden),
      spec.coupled ? -1 : input,
      forget,
      candidate,
      output,
      spec.forgetBias,
      spec.cellClip,
      spec.projectionClip,
      numbers[spec.gateActivation],
      numbers[spec.candidateActivation],
      numbers[spec.outputActivation],
    );
  });
}

/** Whether it is the LSTM without options, of every step. */
const isPlain = ({ spec, peepholes, projection, lengths }: LstmForward): boolean =>
  !spec.coupled &&
  spec.cellClip === Infinity &&
  spec.gateActivation === "sigmoid" &&
  spec.candidateActivation === "tanh" &&
  spec.outputActivation === "tanh" &&
  peepholes === undefined &&
  projection === undefined &&
  lengths === undefined;

/** One row through all steps, the units of each step shared by the threads. */
function lstmSingle(
  work: Workspace,
  a: LstmForward,
  { steps, features, width, operations }: Sizes,
  outputs: number,
): void {
  const units = a.c0.shape[1];
  const { input, forget, candidate, output } = a.spec.gates;
  const z = work.scratch(width);
  const [x, w, r, bias, h, c, gates, cells] = [
    a.inputs,
    a.inputKernel,
    a.recurrent,
    a.bias,
    a.hLast,
    a.cLast,
    a.gates,
    a.cells,
  ].map(pointerOf);
  for (let t = 0; t < steps; t++) {
    const at = (pointer: number, length: number): number => pointer + t * length * BYTES;
    work.run(
      jobs.lstmUnits,
      operations / steps,
      features,
      units,
      at(x, features),
      w,
      r,
      bias,
      h,
      c,
      z,
      at(outputs, units),
      at(gates, width),
      at(cells, units),
      input,
      forget,
      candidate,
      output,
      a.spec.forgetBias,
    );
  }
}

export function lstmBackward(work: Workspace, a: LstmBackward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: projected, width } = sizes;
  const units = a.c0.shape[1];
  const gates = width / units;
  work.copyOrClear(a.dhLast, a.dh0);
  work.copyOrClear(a.dcLast, a.dc0);
  work.within(sizes.operations, () => {
    const inputBack = a.dInputs === undefined ? 0 : packedBack(work, a.inputKernel);
    const recurrentBack = packedBack(work, a.recurrent);
    const projectionBack = a.projection === undefined ? 0 : packedBack(work, a.projection);
    const dNext = work.scratch(batch * projected);
    const dProjectedOutputs = projectionBack === 0 ? 0 : work.scratch(steps * batch * projected);
    const dz = work.scratch(gates * panelLength(work, sizes, units));
    const { input, forget, candidate, output } = spec.gates;
    work.run(
      jobs.lstmBackward,
      // the gradients of the peepholes are sums over the rows, in order
      a.peepholes === undefined ? sizes.operations : 0,
      steps,
      batch,
      features,
      units,
      projected,
      inputBack,
      recurrentBack,
      projectionBack,
      pointerOrZero(a.peepholes),
      pointerOrZero(a.lengths),
      pointerOf(a.c0),
      pointerOf(a.states) + batch * projected * BYTES,
      pointerOf(a.gates),
      pointerOf(a.cells),
      pointerOrZero(a.cellsUnclipped),
      pointerOf(a.dOutputs),
      pointerOf(a.dh0),
      pointerOf(a.dc0),
      pointerOrZero(a.dInputs),
      dz,
      pointerOrZero(a.dPeepholes),
      dProjectedOutputs,
      work.scratch(batch * (width + GAP)),
      dNext,
      projectionBack === 0 ? dNext : work.scratch(batch * units),
      work.scratch(batch * projected),
      spec.coupled ? -1 : input,
      forget,
      candidate,
      output,
      spec.cellClip,
      spec.projectionClip,
      numbers[spec.gateActivation],
      numbers[spec.candidateActivation],
      numbers[spec.outputActivation],
    );
    weightGradients(work, a, dz, sizes, units);
    if (a.dProjection !== undefined && a.hidden !== undefined) {
      const rows = steps * batch;
      const hidden = { start: pointerOf(a.hidden), row: BYTES, sum: units * BYTES };
      const gradient = { start: dProjectedOutputs, row: projected, column: 1 };
      multiplyInto(work, pointerOf(a.dProjection), hidden, gradient, { m: units, k: rows, n: projected, fresh: true });
    }
  });
}

/** One gate's block of W or R [k, 3H], packed; `transposed` for the way back. */
function packGate(work: Workspace, matrix: Operand, block: number, transposed: boolean): number {
  const [rows, width] = matrix.shape;
  const units = width / 3;
  const from = pointerOf(matrix) + block * units * BYTES;
  if (transposed) return work.pack(from, { k: units, n: rows, row: 1, column: width });
  return work.pack(from, { k: rows, n: units, row: width, column: 1 });
}

export function gruForward(work: Workspace, a: GruForward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, width } = sizes;
  const { reset, update, candidate } = spec.gates;
  const outputs = begin(work, a);
  work.within(sizes.operations, () => {
    const single = isSingle(sizes);
    const [packR, packU] = [reset, update].map((block) => (single ? 0 : packedAbove(work, a, block * units, units)));
    const [packW, packN] = [a.inputKernel, a.recurrent].map((matrix) =>
      single ? 0 : packGate(work, matrix, candidate, false),
    );
    work.run(
      jobs.gruForward,
      sizes.operations,
      steps,
      batch,
      features,
      units,
      pointerOf(a.inputs),
      pointerOf(a.inputKernel),
      pointerOf(a.recurrent),
      packR,
      packU,
      packW,
      packN,
      pointerOf(a.bias),
      pointerOrZero(a.recurrentBias),
      pointerOrZero(a.lengths),
      pointerOf(a.hLast),
      outputs,
      pointerOf(a.gates),
      pointerOf(a.resetTerm),
      work.scratch(batch * (features + units + GAP)),
      work.scratch(batch * width),
      work.scratch(batch * (units + GAP)),
      reset,
      update,
      candidate,
      Number(spec.reset === "after"),
      Number(spec.updateGate === "keep"),
      numbers[spec.gateActivation],
      numbers[spec.candidateActivation],
    );
  });
}

export function gruBackward(work: Workspace, a: GruBackward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, width, operations } = sizes;
  const { reset, update, candidate } = spec.gates;
  const after = spec.reset === "after";
  work.copyOrClear(a.dhLast, a.dh0);
  work.within(sizes.operations, () => {
    const inputBack = a.dInputs === undefined ? 0 : packedBack(work, a.inputKernel);
    const [backR, backU, backN] = [reset, update, candidate].map((block) => packGate(work, a.recurrent, block, true));
    const panel = panelLength(work, sizes, units);
    const dz = work.scratch(3 * panel);
    // of h·R's gradient only the candidate's block differs from dz
    const dTerm = after ? work.scratch(panel) : 0;
    work.run(
      jobs.gruBackward,
      operations,
      steps,
      batch,
      features,
      units,
      inputBack,
      backR,
      backU,
      backN,
      pointerOrZero(a.lengths),
      pointerOf(a.states),
      pointerOf(a.states) + batch * units * BYTES,
      pointerOf(a.gates),
      pointerOf(a.resetTerm),
      pointerOf(a.dOutputs),
      pointerOf(a.dh0),
      pointerOrZero(a.dInputs),
      dz,
      dTerm,
      work.scratch(batch * (width + GAP)),
      work.scratch(batch * (units + GAP)),
      work.scratch(batch * units),
      work.scratch(batch * units),
      reset,
      update,
      candidate,
      Number(after),
      Number(spec.updateGate === "keep"),
      numbers[spec.gateActivation],
      numbers[spec.candidateActivation],
    );
    const bias = a.dBias;
    weightGradient(work, a.inputs, dz, a.dInputKernel, sizes, { units, gates: 3, bias });
    for (const block of [reset, update]) {
      const only = { units, gates: 3, first: block, last: block + 1 };
      weightGradient(work, a.states, dz, a.dRecurrent, sizes, only);
    }
    // the candidate's block saw h with its own gradient, or r*h
    const only = { units, gates: 3, first: candidate, last: candidate + 1 };
    // an address that may lie before the memory: the kernel counts on from it, in 32 bits
    const own = after ? (dTerm - candidate * panel * BYTES) >>> 0 : dz;
    const bias2 = after ? a.dRecurrentBias : undefined;
    weightGradient(work, after ? a.states : a.resetTerm, own, a.dRecurrent, sizes, {
      ...only,
      ...(bias2 && { bias: bias2 }),
    });
    if (bias2 !== undefined) copyGates(work, bias, bias2, [reset, update], units);
  });
}

/** The blocks of the given gates, from one bias to another. */
function copyGates(work: Workspace, from: Operand, to: Operand, blocks: readonly number[], units: number): void {
  for (const block of blocks) work.copy(part(from, block * units, [units]), part(to, block * units, [units]));
}
