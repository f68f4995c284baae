/** @file Elman's RNN: h' = act(x·W + h·R + b). B batch, T time, P = H hidden units. */
import type { RnnBackward, RnnForward } from "../engine.ts";
import { activationDerivative, activationFunction } from "./activations.ts";
import { multiplyAdd, transposed } from "./matmul.ts";
import { floats } from "./memory.ts";
import { roundingFor } from "./rounding.ts";
import {
  activeRows,
  copyActive,
  matrix,
  outerGradients,
  projectInputs,
  scratchLike,
  setOrClear,
  splitStates,
} from "./sequence.ts";

export function rnnForward(arrays: RnnForward): void {
  const { recurrent, bias, lengths, h0, states, hLast, activation } = arrays;
  const steps = states.shape[0] - 1;
  const [batch, units] = h0.shape;
  const z = projectInputs(arrays);
  const r = floats(recurrent);
  const b = floats(bias);
  const [first, y] = splitStates(states);
  const h = floats(hLast);
  const round = roundingFor(y);
  const act = activationFunction(activation, round);
  const active = activeRows(lengths, batch);
  const sums = scratchLike(y, batch * units);
  h.set(floats(h0));
  first.set(h);
  for (let t = 0; t < steps; t++) {
    const at = t * batch * units;
    sums.set(z.subarray(at, at + batch * units));
    multiplyAdd(matrix(sums, units), matrix(h, units), matrix(r, units), batch, units, units);
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let j = 0, i = row * units; j < units; j++, i++) {
        if (on) h[i] = act(round(sums[i] + b[j]));
        y[at + i] = on ? h[i] : 0;
      }
    }
  }
}

export function rnnBackward(arrays: RnnBackward): void {
  const { recurrent, lengths, states, activation, dOutputs, dhLast, dh0 } = arrays;
  const steps = states.shape[0] - 1;
  const [batch, units] = dh0.shape;
  const [, y] = splitStates(states);
  const dy = floats(dOutputs);
  const dz = scratchLike(y, steps * batch * units);
  const dh = floats(dh0);
  const round = roundingFor(y);
  const derivative = activationDerivative(activation, round);
  const active = activeRows(lengths, batch);
  const back = transposed(matrix(floats(recurrent), units), units, units);
  const carried = scratchLike(y, batch * units);
  setOrClear(dh, dhLast);
  for (let t = steps - 1; t >= 0; t--) {
    const at = t * batch * units;
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let j = 0, i = row * units; j < units; j++, i++) {
        dz[at + i] = on ? round(dy[at + i] + dh[i]) * derivative(y[at + i]) : 0;
      }
    }
    carried.fill(0);
    multiplyAdd(matrix(carried, units), matrix(dz, units, at), back, batch, units, units);
    copyActive(dh, carried, units, batch, t, active);
  }
  outerGradients(arrays, dz);
}
