/** @file Elman's RNN in float32. Names have the meaning that they have in the reference engine. */
import type { RnnBackward, RnnForward } from "../engine.ts";
import { type Address, at } from "./address.ts";
import { GAP, jobs } from "./generated/jobs.ts";
import { pointerOf } from "./linear-memory.ts";
import {
  inputsAt,
  inputsOf,
  packedInputsBack,
  sizesOf,
  packedAbove,
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
  const { batch, features, outputs: units, width, operations } = sizes;
  const outputs = begin(work, a);
  work.within(sizes.operations, () => {
    if (sharesUnits(work, sizes, a.lengths)) {
      rnnSingle(work, a, sizes, outputs);
      return;
    }
    work.run(jobs.rnnForward, operations, {
      sizes,
      inputs: inputsOf(a),
      layer: a,
      packed: isSingle(sizes) ? 0 : packedAbove(work, a, 0, width),
      outputs,
      xh: work.scratch(batch * (features + units + GAP)),
      z: work.scratch(batch * width),
    });
  });
}

/** One row through all steps; threads share the units of each step. */
function rnnSingle(work: Workspace, a: RnnForward, sizes: Sizes, outputs: Address): void {
  const { steps, width, operations } = sizes;
  const inputs = inputsOf(a);
  for (let t = 0; t < steps; t++) {
    work.run(jobs.rnnUnits, operations / steps, {
      sizes,
      inputs: inputsAt(inputs, sizes, t),
      layer: a,
      outputs: at(outputs, t * width),
    });
  }
  work.copy(part(a.states, steps * width, a.hLast.shape), a.hLast);
}

export function rnnBackward(work: Workspace, a: RnnBackward): void {
  const sizes = sizesOf(a);
  const { batch, outputs: units, operations } = sizes;
  work.copyOrClear(a.dhLast, a.dh0);
  work.within(sizes.operations, () => {
    const inputBack = packedInputsBack(work, a);
    const recurrentBack = packedBack(work, a.recurrent);
    const dz = work.scratch(panelLength(work, sizes, units));
    work.run(jobs.rnnBackward, operations, {
      sizes,
      layer: a,
      inputBack,
      recurrentBack,
      outputs: at(pointerOf(a.states), batch * units),
      dz,
      zs: work.scratch(batch * (units + GAP)),
      carried: work.scratch(batch * units),
    });
    weightGradients(work, a, dz, sizes, units);
  });
}
