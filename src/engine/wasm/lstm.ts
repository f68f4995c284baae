/** @file The LSTM in float32. What is not named here has the reference's meaning. */
import type { LstmBackward, LstmForward } from "../engine.ts";
import { activationNumbers as numbers, jobs } from "./kernels.ts";
import { BYTES, pointerOf, pointerOrZero } from "./linear-memory.ts";
import { multiplyInto } from "./matmul.ts";
import {
  inputsOf,
  packedInputsBack,
  sizesOf,
  packed,
  packedAbove,
  GAP,
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
  const { spec } = a;
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: projected, width } = sizes;
  const units = a.c0.shape[1];
  const outputs = begin(work, a);
  work.copy(a.c0, a.cLast);
  work.within(sizes.operations, () => {
    if (isPlain(a) && sharesUnits(work, sizes, a.lengths)) {
      lstmSingle(work, a, sizes, outputs);
      return;
    }
    const projection = a.projection === undefined ? 0 : packed(work, a.projection);
    const { input, forget, candidate, output } = spec.gates;
    const { x, ids, kernel } = inputsOf(a);
    work.run(
      jobs.lstmForward,
      sizes.operations,
      steps,
      batch,
      features,
      units,
      projected,
      x,
      ids,
      kernel,
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

/** Whether it is the LSTM without options. */
const isPlain = ({ spec, peepholes, projection }: LstmForward): boolean =>
  !spec.coupled &&
  spec.cellClip === Infinity &&
  spec.gateActivation === "sigmoid" &&
  spec.candidateActivation === "tanh" &&
  spec.outputActivation === "tanh" &&
  peepholes === undefined &&
  projection === undefined;

/** One row through all steps, the units of each step shared by the threads. */
function lstmSingle(
  work: Workspace,
  a: LstmForward,
  { steps, batch, features, width, operations }: Sizes,
  outputs: number,
): void {
  const units = a.c0.shape[1];
  const { input, forget, candidate, output } = a.spec.gates;
  const z = work.scratch(width);
  const { x, ids, kernel, perStep } = inputsOf(a);
  const [r, bias, h, c, gates, cells] = [a.recurrent, a.bias, a.hLast, a.cLast, a.gates, a.cells].map(pointerOf);
  for (let t = 0; t < steps; t++) {
    const at = (pointer: number, length: number): number => pointer + t * length * BYTES;
    work.run(
      jobs.lstmUnits,
      operations / steps,
      features,
      units,
      at(x, perStep),
      ids === 0 ? 0 : at(ids, batch),
      kernel,
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
    const inputBack = packedInputsBack(work, a);
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
      a.peepholes !== undefined && isLongSum(steps * batch) ? work.doubles(3 * units) : 0,
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
