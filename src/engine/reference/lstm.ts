/**
 * @file LSTM over a sequence. B batch, T time, H hidden units, P output features, G = 4 gates (3
 * when coupled).
 *
 *   i = act(zi + p_i c)      f = act(zf + forgetBias + p_f c)      g = act(zg)
 *   coupled: i = 1 - f
 *   c' = clip(f c + i g)     o = act(zo + p_o c')
 *   h' = o act(c')           projected: y = clip(h' · projection)
 *
 * Hochreiter and Schmidhuber 1997; forget gate, Gers et al. 2000; peepholes, Gers and Schmidhuber
 * 2000; projection, Sak et al. 2014; order of clipping and peepholes as in TensorFlow 1's LSTMCell.
 */
import type { LstmBackward, LstmForward } from "../engine.ts";
import { activationDerivative, activationFunction } from "./activations.ts";
import { sumsFor } from "./long-sums.ts";
import { multiplyAdd, multiplyAddLong, transposed } from "./matmul.ts";
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

export function lstmForward(arrays: LstmForward): void {
  const { spec, lengths } = arrays;
  const [steps, batch, units] = arrays.cells.shape;
  const features = arrays.states.shape[2];
  const width = (spec.coupled ? 3 : 4) * units;
  const { input, forget, candidate, output } = spec.gates;
  const z = projectInputs(arrays);
  const recurrent = floats(arrays.recurrent);
  const bias = floats(arrays.bias);
  const peepholes = arrays.peepholes && floats(arrays.peepholes);
  const projection = arrays.projection && floats(arrays.projection);
  const [first, y] = splitStates(arrays.states);
  const gates = floats(arrays.gates);
  const cells = floats(arrays.cells);
  const unclipped = arrays.cellsUnclipped && floats(arrays.cellsUnclipped);
  const hidden = arrays.hidden && floats(arrays.hidden);
  const h = floats(arrays.hLast);
  const c = floats(arrays.cLast);
  const round = roundingFor(y);
  const gateAct = activationFunction(spec.gateActivation, round);
  const candidateAct = activationFunction(spec.candidateActivation, round);
  const outputAct = activationFunction(spec.outputActivation, round);
  const forgetBias = round(spec.forgetBias);
  const cellClip = round(spec.cellClip);
  const projectionClip = round(spec.projectionClip);
  const active = activeRows(lengths, batch);
  const sums = scratchLike(y, batch * width);
  const raw = scratchLike(y, batch * units);
  const next = projection ? scratchLike(y, batch * features) : raw;
  h.set(floats(arrays.h0));
  first.set(h);
  c.set(floats(arrays.c0));

  for (let t = 0; t < steps; t++) {
    sums.set(z.subarray(t * batch * width, (t + 1) * batch * width));
    multiplyAdd(matrix(sums, width), matrix(h, features), matrix(recurrent, width), batch, features, width);
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let j = 0; j < units; j++) {
        const cell = row * units + j;
        const saved = t * batch * units + cell;
        const gate = (t * batch + row) * 4 * units + j;
        if (!on) {
          cells[saved] = c[cell];
          if (unclipped) unclipped[saved] = c[cell];
          raw[cell] = 0;
          for (let k = 0; k < 4; k++) gates[gate + k * units] = 0;
          continue;
        }
        const pre = (block: number): number => round(sums[row * width + block * units + j] + bias[block * units + j]);
        const peek = (x: number, which: number, state: number): number =>
          peepholes ? round(x + round(peepholes[which * units + j] * state)) : x;
        const cPrevious = c[cell];
        const f = gateAct(peek(round(pre(forget) + forgetBias), 1, cPrevious));
        const i = spec.coupled ? round(1 - f) : gateAct(peek(pre(input), 0, cPrevious));
        const g = candidateAct(pre(candidate));
        const free = round(round(f * cPrevious) + round(i * g));
        const cNext = Math.min(cellClip, Math.max(-cellClip, free));
        const o = gateAct(peek(pre(output), 2, cNext));
        raw[cell] = round(o * outputAct(cNext));
        c[cell] = cNext;
        cells[saved] = cNext;
        if (unclipped) unclipped[saved] = free;
        gates[gate] = i;
        gates[gate + units] = f;
        gates[gate + 2 * units] = g;
        gates[gate + 3 * units] = o;
      }
    }
    hidden?.set(raw, t * batch * units);
    if (projection) {
      next.fill(0);
      multiplyAdd(matrix(next, features), matrix(raw, units), matrix(projection, features), batch, units, features);
      for (let k = 0; k < next.length; k++) next[k] = Math.min(projectionClip, Math.max(-projectionClip, next[k]));
    }
    copyActive(h, next, features, batch, t, active);
    y.set(next, t * batch * features);
  }
}

export function lstmBackward(arrays: LstmBackward): void {
  const { spec, lengths } = arrays;
  const [steps, batch, units] = arrays.cells.shape;
  const features = arrays.states.shape[2];
  const width = (spec.coupled ? 3 : 4) * units;
  const { input, forget, candidate, output } = spec.gates;
  const [, y] = splitStates(arrays.states);
  const gates = floats(arrays.gates);
  const cells = floats(arrays.cells);
  const unclipped = arrays.cellsUnclipped && floats(arrays.cellsUnclipped);
  const c0 = floats(arrays.c0);
  const peepholes = arrays.peepholes && floats(arrays.peepholes);
  const dPeepholes = arrays.dPeepholes && floats(arrays.dPeepholes);
  const dy = floats(arrays.dOutputs);
  const dz = scratchLike(y, steps * batch * width);
  const dh = floats(arrays.dh0);
  const dc = floats(arrays.dc0);
  const dProjectedOutputs = arrays.projection && scratchLike(y, y.length);
  const round = roundingFor(y);
  const outputAct = activationFunction(spec.outputActivation, round);
  const gateSlope = activationDerivative(spec.gateActivation, round);
  const candidateSlope = activationDerivative(spec.candidateActivation, round);
  const outputSlope = activationDerivative(spec.outputActivation, round);
  const cellClip = round(spec.cellClip);
  const projectionClip = round(spec.projectionClip);
  const active = activeRows(lengths, batch);
  const recurrentBack = transposed(matrix(floats(arrays.recurrent), width), features, width);
  const projectionBack = arrays.projection && transposed(matrix(floats(arrays.projection), features), units, features);
  const dNext = scratchLike(y, batch * features);
  const dRaw = projectionBack ? scratchLike(y, batch * units) : dNext;
  const carried = scratchLike(y, batch * features);
  setOrClear(dh, arrays.dhLast);
  setOrClear(dc, arrays.dcLast);
  dPeepholes?.fill(0);
  const peepholeSums = dPeepholes && sumsFor(dPeepholes, steps * batch);

  for (let t = steps - 1; t >= 0; t--) {
    // gradient at this step's output: from above and from the next step
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let k = row * features; k < (row + 1) * features; k++) {
        const at = t * batch * features + k;
        // clipping passes the gradient inside the bounds only, as tf.clip_by_value does
        const clipped = projectionClip !== Infinity && Math.abs(y[at]) >= projectionClip;
        dNext[k] = on && !clipped ? round(dy[at] + dh[k]) : 0;
      }
    }
    if (projectionBack) {
      dProjectedOutputs?.set(dNext, t * batch * features);
      dRaw.fill(0);
      multiplyAdd(matrix(dRaw, units), matrix(dNext, features), projectionBack, batch, features, units);
    }
    for (let row = 0; row < batch; row++) {
      const on = active(row, t);
      for (let j = 0; j < units; j++) {
        const cell = row * units + j;
        const saved = t * batch * units + cell;
        const to = (t * batch + row) * width + j;
        if (!on) {
          for (let block = 0; block < width; block += units) dz[to + block] = 0;
          continue;
        }
        const gate = (t * batch + row) * 4 * units + j;
        const i = gates[gate];
        const f = gates[gate + units];
        const g = gates[gate + 2 * units];
        const o = gates[gate + 3 * units];
        const cPrevious = t === 0 ? c0[cell] : cells[saved - batch * units];
        const activated = outputAct(cells[saved]);
        const dzo = round(round(dRaw[cell] * activated) * gateSlope(o));
        let dCell = round(dc[cell] + round(round(dRaw[cell] * o) * outputSlope(activated)));
        if (peepholes) dCell = round(dCell + round(dzo * peepholes[2 * units + j]));
        if (unclipped && Math.abs(unclipped[saved]) > cellClip) dCell = 0;
        const di = round(dCell * g);
        const df = spec.coupled ? round(round(dCell * cPrevious) - di) : round(dCell * cPrevious);
        const dzf = round(df * gateSlope(f));
        const dzi = spec.coupled ? 0 : round(di * gateSlope(i));
        let dPrevious = round(dCell * f);
        if (peepholes) {
          dPrevious = round(dPrevious + round(round(dzi * peepholes[j]) + round(dzf * peepholes[units + j])));
        }
        dc[cell] = dPrevious;
        if (!spec.coupled) dz[to + input * units] = dzi;
        dz[to + forget * units] = dzf;
        dz[to + candidate * units] = round(round(dCell * i) * candidateSlope(g));
        dz[to + output * units] = dzo;
        if (peepholeSums) {
          const { sums } = peepholeSums;
          sums[j] += round(dzi * cPrevious);
          sums[units + j] += round(dzf * cPrevious);
          sums[2 * units + j] += round(dzo * cells[saved]);
        }
      }
    }
    carried.fill(0);
    multiplyAdd(matrix(carried, features), matrix(dz, width, t * batch * width), recurrentBack, batch, width, features);
    copyActive(dh, carried, features, batch, t, active);
  }
  peepholeSums?.end();
  outerGradients(arrays, dz);
  if (arrays.dProjection && arrays.hidden && dProjectedOutputs) {
    const dProjection = floats(arrays.dProjection);
    dProjection.fill(0);
    const hidden = matrix(floats(arrays.hidden), units);
    const rows = steps * batch;
    multiplyAddLong(
      matrix(dProjection, features),
      hidden,
      matrix(dProjectedOutputs, features),
      units,
      rows,
      features,
      true,
    );
  }
}
