/** @file The LSTM in float32. Names have the meaning that they have in the reference engine. */
import type { LstmBackward, LstmForward } from "../engine.ts";
import { type Address, at, BYTES } from "./address.ts";
import { GAP, jobs } from "./generated/jobs.ts";
import { pointerOf } from "./linear-memory.ts";
import { multiplyInto } from "./matmul.ts";
import {
  inputsAt,
  inputsOf,
  packedInputsBack,
  sizesOf,
  packed,
  packedAbove,
  packedBack,
  begin,
  isSingle,
  panelLength,
  sharesUnits,
  weightGradients,
  type Sizes,
} from "./recurrent.ts";
import { isLongSum, type Workspace } from "./workspace.ts";

export function lstmForward(work: Workspace, a: LstmForward): void {
  const sizes = sizesOf(a);
  const { batch, features, outputs: projected, width } = sizes;
  const units = a.c0.shape[1];
  const outputs = begin(work, a);
  work.copy(a.c0, a.cLast);
  work.within(sizes.operations, () => {
    if (isPlain(a) && sharesUnits(work, sizes, a.lengths)) {
      lstmSingle(work, a, sizes, outputs);
      return;
    }
    const packedProjection = a.projection === undefined ? 0 : packed(work, a.projection);
    work.run(jobs.lstmForward, sizes.operations, {
      sizes,
      units,
      inputs: inputsOf(a),
      layer: a,
      packed: isSingle(sizes) ? 0 : packedAbove(work, a, 0, width),
      packedProjection,
      outputs,
      xh: work.scratch(batch * (features + projected + GAP)),
      z: work.scratch(batch * width),
      raw: packedProjection === 0 ? 0 : work.scratch(batch * units),
      next: packedProjection === 0 ? 0 : work.scratch(batch * projected),
    });
  });
}

/** Whether the LSTM has no options: no peepholes, projection, clipping or coupling. */
const isPlain = ({ spec, peepholes, projection }: LstmForward): boolean =>
  !spec.coupled &&
  spec.cellClip === Infinity &&
  spec.gateActivation === "sigmoid" &&
  spec.candidateActivation === "tanh" &&
  spec.outputActivation === "tanh" &&
  peepholes === undefined &&
  projection === undefined;

/** One row through all steps; threads share the units of each step. */
function lstmSingle(work: Workspace, a: LstmForward, sizes: Sizes, outputs: Address): void {
  const { steps, outputs: units, width, operations } = sizes;
  const z = work.scratch(width);
  const inputs = inputsOf(a);
  const gates = pointerOf(a.gates);
  const cells = pointerOf(a.cells);
  for (let t = 0; t < steps; t++) {
    work.run(jobs.lstmUnits, operations / steps, {
      sizes,
      inputs: inputsAt(inputs, sizes, t),
      layer: a,
      z,
      outputs: at(outputs, t * units),
      gates: at(gates, t * width),
      cells: at(cells, t * units),
    });
  }
}

export function lstmBackward(work: Workspace, a: LstmBackward): void {
  const sizes = sizesOf(a);
  const { steps, batch, outputs: projected, width } = sizes;
  const units = a.c0.shape[1];
  const gates = width / units;
  work.copyOrClear(a.dhLast, a.dh0);
  work.copyOrClear(a.dcLast, a.dc0);
  work.within(sizes.operations, () => {
    const inputBack = packedInputsBack(work, a);
    const recurrentBack = packedBack(work, a.recurrent);
    const projectionBack = a.projection === undefined ? 0 : packedBack(work, a.projection);
    const dNext = work.scratch(batch * projected);
    const dProjectedOutputs = projectionBack === 0 ? 0 : work.scratch(steps * batch * projected);
    const dz = work.scratch(gates * panelLength(work, sizes, units));
    // the gradients of the peepholes are sums over the rows, in order
    work.run(jobs.lstmBackward, a.peepholes === undefined ? sizes.operations : 0, {
      sizes,
      units,
      layer: a,
      inputBack,
      recurrentBack,
      projectionBack,
      outputs: at(pointerOf(a.states), batch * projected),
      dz,
      dProjectedOutputs,
      zs: work.scratch(batch * (width + GAP)),
      dNext,
      dRaw: projectionBack === 0 ? dNext : work.scratch(batch * units),
      carried: work.scratch(batch * projected),
      longPeepholes: a.peepholes !== undefined && isLongSum(steps * batch) ? work.doubles(3 * units) : 0,
    });
    weightGradients(work, a, dz, sizes, units);
    if (a.dProjection !== undefined && a.hidden !== undefined && dProjectedOutputs !== 0) {
      const rows = steps * batch;
      const hidden = { start: pointerOf(a.hidden), row: BYTES, sum: units * BYTES };
      const gradient = { start: dProjectedOutputs, row: projected, column: 1 };
      multiplyInto(work, pointerOf(a.dProjection), hidden, gradient, { m: units, k: rows, n: projected, fresh: true });
    }
  });
}
