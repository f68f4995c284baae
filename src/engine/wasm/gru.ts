/** @file The GRU in float32. What is not named here has the reference's meaning. */
import type { GruBackward, GruForward, Operand } from "../engine.ts";
import { activationNumbers as numbers, jobs } from "./kernels.ts";
import { BYTES, pointerOf, pointerOrZero } from "./linear-memory.ts";
import {
  inputGradients,
  inputsOf,
  packedInputsBack,
  sizesOf,
  packedAbove,
  GAP,
  part,
  begin,
  isSingle,
  panelLength,
  type Sizes,
  sharesUnits,
  weightGradient,
} from "./recurrent.ts";
import type { Workspace } from "./workspace.ts";

/** One gate's block of W or R [k, 3H], packed. */
function packGate(work: Workspace, matrix: Operand, block: number): number {
  const [rows, width] = matrix.shape;
  const units = width / 3;
  return work.pack(pointerOf(matrix) + block * units * BYTES, { k: rows, n: units, row: width, column: 1 });
}

/** The blocks of `count` gates of R [H, 3H], from `block` on, transposed and packed for the way back. */
function packGatesBack(work: Workspace, matrix: Operand, block: number, count: number): number {
  const [rows, width] = matrix.shape;
  const units = width / 3;
  return work.pack(pointerOf(matrix) + block * units * BYTES, { k: count * units, n: rows, row: 1, column: width });
}

export function gruForward(work: Workspace, a: GruForward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, width } = sizes;
  const { reset, update, candidate } = spec.gates;
  const outputs = begin(work, a);
  work.within(sizes.operations, () => {
    if (sharesUnits(work, sizes, a.lengths)) {
      gruSingle(work, a, sizes, outputs);
      return;
    }
    const single = isSingle(sizes);
    // the candidate's block is the first or the last, so those of the others are side by side
    const packRU = single ? 0 : packedAbove(work, a, Math.min(reset, update) * units, 2 * units);
    const [packW, packN] = [a.inputKernel, a.recurrent].map((matrix) =>
      single || matrix === undefined ? 0 : packGate(work, matrix, candidate),
    );
    const { x, ids, kernel } = inputsOf(a);
    work.run(
      jobs.gruForward,
      sizes.operations,
      steps,
      batch,
      features,
      units,
      x,
      ids,
      kernel,
      pointerOf(a.recurrent),
      packRU,
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

/** Parts of a step, as in kernels/assembly/gru.ts. */
const [GATES, STATE] = [1, 2];

/** One row through all steps, the units of each step shared by the threads. */
function gruSingle(
  work: Workspace,
  a: GruForward,
  { steps, batch, features, outputs: units, width, operations }: Sizes,
  outputs: number,
): void {
  const { gates: blocks, reset, updateGate, gateActivation, candidateActivation } = a.spec;
  const z = work.scratch(width);
  const { x, ids, kernel, perStep } = inputsOf(a);
  const [r, bias, gates, resetTerm] = [a.recurrent, a.bias, a.gates, a.resetTerm].map(pointerOf);
  const late = 2 * units * units;
  const parts =
    reset === "after"
      ? [[GATES + STATE, operations / steps]]
      : [
          [GATES, operations / steps - late],
          [STATE, late],
        ];
  for (let t = 0; t < steps; t++) {
    const at = (pointer: number, length: number): number => pointer + t * length * BYTES;
    for (const [which, count] of parts) {
      work.run(
        jobs.gruUnits,
        count,
        features,
        units,
        at(x, perStep),
        ids === 0 ? 0 : at(ids, batch),
        kernel,
        r,
        bias,
        pointerOrZero(a.recurrentBias),
        at(outputs, units),
        at(gates, width),
        at(resetTerm, units),
        z,
        blocks.reset,
        blocks.update,
        blocks.candidate,
        Number(reset === "after"),
        Number(updateGate === "keep"),
        numbers[gateActivation],
        numbers[candidateActivation],
        which,
      );
    }
  }
  work.copy(part(a.states, steps * units, a.hLast.shape), a.hLast);
}

export function gruBackward(work: Workspace, a: GruBackward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, width, operations } = sizes;
  const { reset, update, candidate } = spec.gates;
  const after = spec.reset === "after";
  work.copyOrClear(a.dhLast, a.dh0);
  work.within(sizes.operations, () => {
    const inputBack = packedInputsBack(work, a);
    // one product for both where they are in the order in which their gradients are added
    const isPair = update === reset + 1;
    const backR = packGatesBack(work, a.recurrent, reset, isPair ? 2 : 1);
    const backU = isPair ? 0 : packGatesBack(work, a.recurrent, update, 1);
    const backN = packGatesBack(work, a.recurrent, candidate, 1);
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
    inputGradients(work, a, dz, sizes, units);
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
    if (bias2 !== undefined) copyGates(work, a.dBias, bias2, [reset, update], units);
  });
}

/** The blocks of the given gates, from one bias to another. */
function copyGates(work: Workspace, from: Operand, to: Operand, blocks: readonly number[], units: number): void {
  for (const block of blocks) work.copy(part(from, block * units, [units]), part(to, block * units, [units]));
}
