/** @file The GRU in float32. Names have the meaning that they have in the reference engine. */
import type { GruBackward, GruForward, Operand } from "../engine.ts";
import { type Address, at, BYTES } from "./address.ts";
import { GAP, jobs } from "./generated/jobs.ts";
import { pointerOf } from "./linear-memory.ts";
import {
  inputGradients,
  inputsAt,
  inputsOf,
  packedInputsBack,
  sizesOf,
  packedAbove,
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
function packGate(work: Workspace, matrix: Operand, block: number): Address {
  const [rows, width] = matrix.shape;
  const units = width / 3;
  return work.pack(at(pointerOf(matrix), block * units), { k: rows, n: units, row: width, column: 1 });
}

/**
 * The blocks of `count` gates of R [H, 3H], from `block` on, transposed and packed for the backward
 * pass.
 */
function packGatesBack(work: Workspace, matrix: Operand, block: number, count: number): Address {
  const [rows, width] = matrix.shape;
  const units = width / 3;
  return work.pack(at(pointerOf(matrix), block * units), { k: count * units, n: rows, row: 1, column: width });
}

export function gruForward(work: Workspace, a: GruForward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { batch, features, outputs: units, width } = sizes;
  const { gates } = spec;
  const outputs = begin(work, a);
  work.within(sizes.operations, () => {
    if (sharesUnits(work, sizes, a.lengths)) {
      gruSingle(work, a, sizes, outputs);
      return;
    }
    const single = isSingle(sizes);
    // the candidate's block is the first or the last, so the other two are adjacent
    const packRU = single ? 0 : packedAbove(work, a, Math.min(gates.reset, gates.update) * units, 2 * units);
    const [packW, packN] = [a.inputKernel, a.recurrent].map((matrix) =>
      single || matrix === undefined ? 0 : packGate(work, matrix, gates.candidate),
    );
    work.run(jobs.gruForward, sizes.operations, {
      sizes,
      inputs: inputsOf(a),
      layer: a,
      packRU,
      packW,
      packN,
      outputs,
      xh: work.scratch(batch * (features + units + GAP)),
      z: work.scratch(batch * width),
      term: work.scratch(batch * (units + GAP)),
    });
  });
}

/** One row through all steps; threads share the units of each step. */
function gruSingle(work: Workspace, a: GruForward, sizes: Sizes, outputs: Address): void {
  const { steps, outputs: units, width, operations } = sizes;
  const z = work.scratch(width);
  const inputs = inputsOf(a);
  const gates = pointerOf(a.gates);
  const resetTerm = pointerOf(a.resetTerm);
  const late = 2 * units * units;
  const parts =
    a.spec.reset === "after"
      ? [{ computesGates: true, computesState: true, count: operations / steps }]
      : [
          { computesGates: true, computesState: false, count: operations / steps - late },
          { computesGates: false, computesState: true, count: late },
        ];
  for (let t = 0; t < steps; t++) {
    for (const { computesGates, computesState, count } of parts) {
      work.run(jobs.gruUnits, count, {
        sizes,
        inputs: inputsAt(inputs, sizes, t),
        layer: a,
        outputs: at(outputs, t * units),
        gates: at(gates, t * width),
        resetTerm: at(resetTerm, t * units),
        z,
        computesGates,
        computesState,
      });
    }
  }
  work.copy(part(a.states, steps * units, a.hLast.shape), a.hLast);
}

export function gruBackward(work: Workspace, a: GruBackward): void {
  const { spec } = a;
  const sizes = sizesOf(a);
  const { batch, outputs: units, width, operations } = sizes;
  const { reset, update, candidate } = spec.gates;
  const after = spec.reset === "after";
  work.copyOrClear(a.dhLast, a.dh0);
  work.within(sizes.operations, () => {
    const inputBack = packedInputsBack(work, a);
    // one product for both if they are in the order in which their gradients are added
    const isPair = update === reset + 1;
    const backR = packGatesBack(work, a.recurrent, reset, isPair ? 2 : 1);
    const backU = isPair ? 0 : packGatesBack(work, a.recurrent, update, 1);
    const backN = packGatesBack(work, a.recurrent, candidate, 1);
    const panel = panelLength(work, sizes, units);
    const dz = work.scratch(3 * panel);
    // only the candidate's block of the gradient of h·R differs from dz
    const dRecurrent = after ? work.scratch(panel) : 0;
    work.run(jobs.gruBackward, operations, {
      sizes,
      layer: a,
      inputBack,
      backR,
      backU,
      backN,
      outputs: at(pointerOf(a.states), batch * units),
      dz,
      dRecurrent,
      zs: work.scratch(batch * (width + GAP)),
      rs: work.scratch(batch * (units + GAP)),
      carried: work.scratch(batch * units),
      dTerm: work.scratch(batch * units),
    });
    inputGradients(work, a, dz, sizes, units);
    for (const block of [reset, update]) {
      const only = { units, gates: 3, first: block, last: block + 1 };
      weightGradient(work, a.states, dz, a.dRecurrent, sizes, only);
    }
    // the candidate's block saw h with its own gradient, or r*h
    const only = { units, gates: 3, first: candidate, last: candidate + 1 };
    // this address may lie before the memory: the kernel adds to it in 32 bits
    const candidateSource = dRecurrent === 0 ? dz : (((dRecurrent - candidate * panel * BYTES) >>> 0) as Address);
    const bias2 = after ? a.dRecurrentBias : undefined;
    weightGradient(work, after ? a.states : a.resetTerm, candidateSource, a.dRecurrent, sizes, {
      ...only,
      ...(bias2 && { bias: bias2 }),
    });
    if (bias2 !== undefined) copyGates(work, a.dBias, bias2, [reset, update], units);
  });
}

/** Copies the blocks of some gates from one bias to another. */
function copyGates(work: Workspace, from: Operand, to: Operand, blocks: readonly number[], units: number): void {
  for (const block of blocks) work.copy(part(from, block * units, [units]), part(to, block * units, [units]));
}
