/** @file Elman's RNN in float32. What is not named here has the reference's meaning. */
import type { RnnBackward, RnnForward } from "../engine.ts";
import { activationNumbers as numbers, jobs } from "./kernels.ts";
import { BYTES, pointerOf, pointerOrZero } from "./linear-memory.ts";
import {
  inputsOf,
  packedInputsBack,
  sizesOf,
  packedAbove,
  GAP,
  packedBack,
  part,
  begin,
  isSingle,
  panelLength,
  sharesUnits,
  type Sizes,
  weightGradients,
} from "./recurrent.ts";
import type { Workspace } from "./workspace.ts";

export function rnnForward(work: Workspace, a: RnnForward): void {
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, width, operations } = sizes;
  const outputs = begin(work, a);
  work.within(sizes.operations, () => {
    if (sharesUnits(work, sizes, a.lengths)) {
      rnnSingle(work, a, sizes, outputs);
      return;
    }
    const { x, ids, kernel } = inputsOf(a);
    work.run(
      jobs.rnnForward,
      operations,
      steps,
      batch,
      features,
      units,
      x,
      ids,
      kernel,
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

/** One row through all steps, the units of each step shared by the threads. */
function rnnSingle(
  work: Workspace,
  a: RnnForward,
  { steps, batch, features, width, operations }: Sizes,
  outputs: number,
): void {
  const { x, ids, kernel, perStep } = inputsOf(a);
  const [r, bias] = [a.recurrent, a.bias].map(pointerOf);
  for (let t = 0; t < steps; t++) {
    const at = (pointer: number, length: number): number => pointer + t * length * BYTES;
    const y = at(outputs, width);
    const read = [at(x, perStep), ids === 0 ? 0 : at(ids, batch), kernel];
    work.run(jobs.rnnUnits, operations / steps, features, width, ...read, r, bias, y, numbers[a.activation]);
  }
  work.copy(part(a.states, steps * width, a.hLast.shape), a.hLast);
}

export function rnnBackward(work: Workspace, a: RnnBackward): void {
  const sizes = sizesOf(a);
  const { steps, batch, features, outputs: units, operations } = sizes;
  work.copyOrClear(a.dhLast, a.dh0);
  work.within(sizes.operations, () => {
    const inputBack = packedInputsBack(work, a);
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
