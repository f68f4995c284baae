/** @file The recurrent kernels in float32. Everything that is not named here has the reference's meaning. */
import type {
  GruBackward,
  GruForward,
  LstmBackward,
  LstmForward,
  Operand,
  RnnBackward,
  RnnForward,
} from "../engine.ts";
import { activationNumbers as numbers } from "./kernels.ts";
import { BYTES, pointerOf, pointerOrZero } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";

export function rnnForward(work: Workspace, a: RnnForward): void {
  const [steps, batch, units] = a.outputs.shape;
  work.copy(a.h0, a.hLast);
  work.within(() => {
    const packed = work.pack(pointerOf(a.recurrent), { k: units, n: units, row: units, column: 1 });
    const lengths = pointerOrZero(a.lengths);
    const [z, bias, h, y] = [a.projected, a.bias, a.hLast, a.outputs].map(pointerOf);
    work.kernels.rnnForward(steps, batch, units, z, packed, bias, lengths, h, y, numbers[a.activation]);
  });
}

export function rnnBackward(work: Workspace, a: RnnBackward): void {
  const [steps, batch, units] = a.outputs.shape;
  work.copy(a.dhLast, a.dh0);
  work.within(() => {
    const back = work.pack(pointerOf(a.recurrent), { k: units, n: units, row: 1, column: units });
    const carried = work.scratch(batch * units);
    const lengths = pointerOrZero(a.lengths);
    const [y, dy, dh, dz] = [a.outputs, a.dOutputs, a.dh0, a.dProjected].map(pointerOf);
    work.kernels.rnnBackward(steps, batch, units, back, lengths, y, dy, dh, dz, carried, numbers[a.activation]);
  });
}

export function lstmForward(work: Workspace, a: LstmForward): void {
  const { spec } = a;
  const [steps, batch, units] = a.cells.shape;
  const features = a.outputs.shape[2];
  const width = (spec.coupled ? 3 : 4) * units;
  work.copy(a.h0, a.hLast);
  work.copy(a.c0, a.cLast);
  work.within(() => {
    const packed = work.pack(pointerOf(a.recurrent), { k: features, n: width, row: width, column: 1 });
    const projection =
      a.projection === undefined
        ? 0
        : work.pack(pointerOf(a.projection), { k: units, n: features, row: features, column: 1 });
    const raw = work.scratch(batch * units);
    const next = projection === 0 ? raw : work.scratch(batch * features);
    const { input, forget, candidate, output } = spec.gates;
    work.kernels.lstmForward(
      steps,
      batch,
      units,
      features,
      pointerOf(a.projected),
      packed,
      projection,
      pointerOf(a.bias),
      pointerOrZero(a.peepholes),
      pointerOrZero(a.lengths),
      pointerOf(a.hLast),
      pointerOf(a.cLast),
      raw,
      next,
      pointerOf(a.outputs),
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

export function lstmBackward(work: Workspace, a: LstmBackward): void {
  const { spec } = a;
  const [steps, batch, units] = a.cells.shape;
  const features = a.outputs.shape[2];
  const width = (spec.coupled ? 3 : 4) * units;
  work.copy(a.dhLast, a.dh0);
  work.copy(a.dcLast, a.dc0);
  work.within(() => {
    const back = work.pack(pointerOf(a.recurrent), { k: width, n: features, row: 1, column: width });
    const projectionBack =
      a.projection === undefined
        ? 0
        : work.pack(pointerOf(a.projection), { k: features, n: units, row: 1, column: features });
    const dNext = work.scratch(batch * features);
    const dRaw = projectionBack === 0 ? dNext : work.scratch(batch * units);
    const carried = work.scratch(batch * features);
    const { input, forget, candidate, output } = spec.gates;
    work.kernels.lstmBackward(
      steps,
      batch,
      units,
      features,
      back,
      projectionBack,
      pointerOrZero(a.peepholes),
      pointerOrZero(a.lengths),
      pointerOf(a.c0),
      pointerOf(a.outputs),
      pointerOf(a.gates),
      pointerOf(a.cells),
      pointerOrZero(a.cellsUnclipped),
      pointerOf(a.dOutputs),
      pointerOf(a.dh0),
      pointerOf(a.dc0),
      pointerOf(a.dProjected),
      pointerOrZero(a.dPeepholes),
      pointerOrZero(a.dProjectedOutputs),
      dNext,
      dRaw,
      carried,
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
  });
}

/** The recurrent kernel's block of one gate, packed; `transposed` for the way back. */
function packGate(work: Workspace, recurrent: Operand, block: number, transposed: boolean): number {
  const [units, width] = recurrent.shape;
  const from = pointerOf(recurrent) + block * units * BYTES;
  return work.pack(from, { k: units, n: units, row: transposed ? 1 : width, column: transposed ? width : 1 });
}

export function gruForward(work: Workspace, a: GruForward): void {
  const { spec } = a;
  const [steps, batch, units] = a.outputs.shape;
  const { reset, update, candidate } = spec.gates;
  work.copy(a.h0, a.hLast);
  work.within(() => {
    const [packR, packU, packN] = [reset, update, candidate].map((block) => packGate(work, a.recurrent, block, false));
    const term = work.scratch(batch * units);
    work.kernels.gruForward(
      steps,
      batch,
      units,
      pointerOf(a.projected),
      packR,
      packU,
      packN,
      pointerOf(a.bias),
      pointerOrZero(a.recurrentBias),
      pointerOrZero(a.lengths),
      pointerOf(a.hLast),
      pointerOf(a.outputs),
      pointerOf(a.gates),
      pointerOf(a.resetTerm),
      term,
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
  const [steps, batch, units] = a.outputs.shape;
  const { reset, update, candidate } = spec.gates;
  work.copy(a.dhLast, a.dh0);
  work.within(() => {
    const [backR, backU, backN] = [reset, update, candidate].map((block) => packGate(work, a.recurrent, block, true));
    const carried = work.scratch(batch * units);
    const dTerm = work.scratch(batch * units);
    work.kernels.gruBackward(
      steps,
      batch,
      units,
      backR,
      backU,
      backN,
      pointerOrZero(a.lengths),
      pointerOf(a.h0),
      pointerOf(a.outputs),
      pointerOf(a.gates),
      pointerOf(a.resetTerm),
      pointerOf(a.dOutputs),
      pointerOf(a.dh0),
      pointerOf(a.dProjected),
      pointerOrZero(a.dRecurrent),
      carried,
      dTerm,
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
