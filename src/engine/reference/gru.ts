/**
 * @file GRU over a sequence. B batch, T time, H hidden units, 3 gates.
 *
 *   r = act(zr)   u = act(zu)
 *   reset before: n = act(x·Wn + (r h)·Rn + b)              Cho et al. 2014, TensorFlow 1
 *   reset after:  n = act(x·Wn + b + r (h·Rn + b'))         cuDNN, PyTorch, Keras
 *   keep: h' = u h + (1-u) n      write: h' = u n + (1-u) h
 */
import type { GruBackward, GruForward } from "../engine.ts";
import { activationDerivative, activationFunction } from "./activations.ts";
import { multiplyAdd, multiplyAddLong, transposed } from "./matmul.ts";
import { floats } from "./memory.ts";
import { roundingFor } from "./rounding.ts";
import {
  activeRows,
  columnSums,
  copyActive,
  matrix,
  outerGradients,
  projectInputs,
  scratchLike,
  setOrClear,
  splitStates,
} from "./sequence.ts";

export function gruForward(arrays: GruForward): void {
  const { spec, lengths } = arrays;
  const [steps] = arrays.gates.shape;
  const [batch, units] = arrays.h0.shape;
  const width = 3 * units;
  const { reset, update, candidate } = spec.gates;
  const after = spec.reset === "after";
  const z = projectInputs(arrays);
  const recurrent = floats(arrays.recurrent);
  const bias = floats(arrays.bias);
  const recurrentBias = arrays.recurrentBias && floats(arrays.recurrentBias);
  const [first, y] = splitStates(arrays.states);
  const gates = floats(arrays.gates);
  const resetTerm = floats(arrays.resetTerm);
  const h = floats(arrays.hLast);
  const round = roundingFor(y);
  const gateAct = activationFunction(spec.gateActivation, round);
  const candidateAct = activationFunction(spec.candidateActivation, round);
  const active = activeRows(lengths, batch);
  const sums = scratchLike(y, batch * width);
  const term = scratchLike(y, batch * units);
  const next = scratchLike(y, batch * units);
  h.set(floats(arrays.h0));
  first.set(h);

  /** target [B, H] += state · the gate's block of R. */
  const addRecurrent = (target: typeof sums, at: number, row: number, state: typeof h, block: number): void =>
    multiplyAdd(
      matrix(target, row, at),
      matrix(state, units),
      matrix(recurrent, width, block * units),
      batch,
      units,
      units,
    );

  for (let t = 0; t < steps; t++) {
    sums.set(z.subarray(t * batch * width, (t + 1) * batch * width));
    addRecurrent(sums, reset * units, width, h, reset);
    addRecurrent(sums, update * units, width, h, update);
    if (after) {
      term.fill(0);
      addRecurrent(term, 0, units, h, candidate);
    }
    const pre = (row: number, block: number, j: number): number => {
      const x = round(sums[row * width + block * units + j] + bias[block * units + j]);
      return recurrentBias ? round(x + recurrentBias[block * units + j]) : x;
    };
    for (let row = 0; row < batch; row++) {
      for (let j = 0, i = row * units; j < units; j++, i++) {
        const gate = (t * batch + row) * width + j;
        const r = gateAct(pre(row, reset, j));
        gates[gate] = r;
        gates[gate + units] = gateAct(pre(row, update, j));
        if (after) term[i] = recurrentBias ? round(term[i] + recurrentBias[candidate * units + j]) : term[i];
        else term[i] = round(r * h[i]);
      }
    }
    if (!after) addRecurrent(sums, candidate * units, width, term, candidate);
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let j = 0, i = row * units; j < units; j++, i++) {
        const gate = (t * batch + row) * width + j;
        if (!on) {
          next[i] = 0;
          for (let k = 0; k < 3; k++) gates[gate + k * units] = 0;
          resetTerm[t * batch * units + i] = 0;
          continue;
        }
        const u = gates[gate + units];
        const input = round(sums[row * width + candidate * units + j] + bias[candidate * units + j]);
        const n = candidateAct(after ? round(input + round(gates[gate] * term[i])) : input);
        gates[gate + 2 * units] = n;
        const kept = spec.updateGate === "keep" ? h[i] : n;
        const written = spec.updateGate === "keep" ? n : h[i];
        next[i] = round(round(u * kept) + round(round(1 - u) * written));
        resetTerm[t * batch * units + i] = term[i];
      }
    }
    copyActive(h, next, units, batch, t, active);
    y.set(next, t * batch * units);
  }
}

export function gruBackward(arrays: GruBackward): void {
  const { spec, lengths } = arrays;
  const [steps] = arrays.gates.shape;
  const [batch, units] = arrays.dh0.shape;
  const width = 3 * units;
  const { reset, update, candidate } = spec.gates;
  const after = spec.reset === "after";
  const [h0, y] = splitStates(arrays.states);
  const gates = floats(arrays.gates);
  const resetTerm = floats(arrays.resetTerm);
  const dy = floats(arrays.dOutputs);
  const dz = scratchLike(y, steps * batch * width);
  // gradient of h·R where it differs from that of x·W
  const dRecurrent = after ? scratchLike(y, dz.length) : undefined;
  const dh = floats(arrays.dh0);
  const round = roundingFor(y);
  const gateSlope = activationDerivative(spec.gateActivation, round);
  const candidateSlope = activationDerivative(spec.candidateActivation, round);
  const active = activeRows(lengths, batch);
  const back = transposed(matrix(floats(arrays.recurrent), width), units, width);
  const carried = scratchLike(y, batch * units);
  const dTerm = scratchLike(y, batch * units);
  setOrClear(dh, arrays.dhLast);

  /** target [B, H] += gradient of the gate's pre-activation · its block of R, transposed. */
  const addBack = (target: typeof carried, source: typeof dz, t: number, block: number): void =>
    multiplyAdd(
      matrix(target, units),
      matrix(source, width, t * batch * width + block * units),
      matrix(back.data, units, block * units * units),
      batch,
      units,
      units,
    );

  for (let t = steps - 1; t >= 0; t--) {
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let j = 0, i = row * units; j < units; j++, i++) {
        const at = t * batch * units + i;
        const to = (t * batch + row) * width + j;
        const gate = (t * batch + row) * width + j;
        if (!on) {
          for (let k = 0; k < 3; k++) dz[to + k * units] = 0;
          if (dRecurrent) for (let k = 0; k < 3; k++) dRecurrent[to + k * units] = 0;
          carried[i] = 0;
          continue;
        }
        const u = gates[gate + units];
        const n = gates[gate + 2 * units];
        const hPrevious = t === 0 ? h0[i] : y[at - batch * units];
        const dNext = round(dy[at] + dh[i]);
        const keep = spec.updateGate === "keep";
        const du = round(dNext * (keep ? round(hPrevious - n) : round(n - hPrevious)));
        const dn = round(dNext * (keep ? round(1 - u) : u));
        carried[i] = round(dNext * (keep ? u : round(1 - u)));
        dz[to + update * units] = round(du * gateSlope(u));
        dz[to + candidate * units] = round(dn * candidateSlope(n));
      }
    }
    dTerm.fill(0);
    if (!after) addBack(dTerm, dz, t, candidate);
    for (let row = 0; row < batch; row++) {
      if (!active(row, t)) continue;
      for (let j = 0, i = row * units; j < units; j++, i++) {
        const at = t * batch * units + i;
        const to = (t * batch + row) * width + j;
        const r = gates[(t * batch + row) * width + j];
        const hPrevious = t === 0 ? h0[i] : y[at - batch * units];
        const dn = dz[to + candidate * units];
        const dr = after ? round(dn * resetTerm[at]) : round(dTerm[i] * hPrevious);
        dz[to + reset * units] = round(dr * gateSlope(r));
        if (!after) carried[i] = round(carried[i] + round(dTerm[i] * r));
        if (dRecurrent) {
          dRecurrent[to + reset * units] = dz[to + reset * units];
          dRecurrent[to + update * units] = dz[to + update * units];
          dRecurrent[to + candidate * units] = round(dn * r);
        }
      }
    }
    addBack(carried, dz, t, reset);
    addBack(carried, dz, t, update);
    if (dRecurrent) addBack(carried, dRecurrent, t, candidate);
    copyActive(dh, carried, units, batch, t, active);
  }
  outerGradients(arrays, dz, dRecurrent);
  if (!after) {
    // the candidate's block of R saw r*h, not h
    const block = matrix(floats(arrays.dRecurrent), width, candidate * units);
    for (let k = 0; k < units; k++) block.data.fill(0, block.at + k * width, block.at + k * width + units);
    const gradient = matrix(dz, width, candidate * units);
    multiplyAddLong(block, matrix(resetTerm, units), gradient, units, steps * batch, units, true);
  }
  if (arrays.dRecurrentBias && dRecurrent) {
    const [dBias, dRecurrentBias] = [arrays.dBias, arrays.dRecurrentBias].map(floats);
    columnSums(dRecurrent, dRecurrentBias);
    for (const block of [reset, update])
      dRecurrentBias.set(dBias.subarray(block * units, (block + 1) * units), block * units);
  }
}
