// GRU over a sequence; see src/engine/reference/gru.ts for the formulas, lstm.ts for the letters and the share of each thread.
import { activate, slope } from "./activations";
import { multiply, multiplyRow } from "./gemm";
import { GruBackward, GruForward, GruUnits } from "./generated/jobs";
import { Activation } from "./generated/numbers";
import {
  addRow, gruBackwardAfterRow, gruBackwardBeforeRow, gruBackwardKeepRow, gruCandidateRow, gruKeepRow, mulRow, sigmoidBiasesRow, sigmoidBiasRow,
  tanhBiasRow,
} from "./generated/rows";
import { readProjected, readProjectedPart } from "./inputs";
import { table } from "./instance";
import { isActive, loadLanes, storeLanes } from "./lanes";
import { scratchRow } from "./lstm";
import { gateBytes, toPanels } from "./panels";
import { share } from "./pool";

// @ts-ignore: decorator
@inline function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }

/** to = act(z + bias, + recurrent bias where there is one). */
function gateRow(kind: i32, z: usize, bias: usize, recurrentBias: usize, to: usize, H: i32): void {
  if (kind == Activation.sigmoid) {
    if (recurrentBias) sigmoidBiasesRow(z, bias, recurrentBias, to, H);
    else sigmoidBiasRow(z, bias, to, H);
    return;
  }
  const t = table;
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    let x = add(loadLanes(z + at, left), loadLanes(bias + at, left));
    if (recurrentBias) x = add(x, loadLanes(recurrentBias + at, left));
    storeLanes(to + at, activate(kind, x, t), left);
  }
}

/** to = act(z + bias, + r * term with reset "after"). */
function candidateRow(kind: i32, z: usize, bias: usize, r: usize, term: usize, after: bool, to: usize, H: i32): void {
  if (kind == Activation.tanh) {
    if (after) gruCandidateRow(z, bias, r, term, to, H);
    else tanhBiasRow(z, bias, to, H);
    return;
  }
  const t = table;
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    let x = add(loadLanes(z + at, left), loadLanes(bias + at, left));
    if (after) x = add(x, mul(loadLanes(r + at, left), loadLanes(term + at, left)));
    storeLanes(to + at, activate(kind, x, t), left);
  }
}

/** h and y = u * previous + (1-u) * candidate with `keep`, else the other way round. */
function stateRow(keep: bool, u: usize, candidate: usize, previous: usize, h: usize, y: usize, H: i32): void {
  if (keep) {
    gruKeepRow(u, candidate, previous, h, y, H);
    return;
  }
  const one = f32x4.splat(1);
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const w = loadLanes(u + at, left);
    const next = add(mul(w, loadLanes(candidate + at, left)), mul(sub(one, w), loadLanes(previous + at, left)));
    storeLanes(h + at, next, left);
    storeLanes(y + at, next, left);
  }
}

/**
 * hLast [B, H] starts as the initial state and ends as the last one; outputs [T, B, H], gates [T, B, 3, H] and resetTerm [T, B, H] are results. x and ids:
 * see lstmForward. packRU: the two gates' blocks of W above R by pack, or 0 with one row, when W and R are read as they are; packW, packN: the
 * candidate's block of W and of R. xh [B, I+H], term [B, H] (both by scratchRow) and z [B, 3H] are scratch.
 */
export function gruForward(job: GruForward, thread: i32, threads: i32): void {
  const sizes = job.sizes, layer = job.layer, spec = layer.spec;
  const T = sizes.steps, B = sizes.batch, I = sizes.features, H = sizes.outputs;
  let x = job.inputs.x, ids = job.inputs.ids;
  const input = job.inputs.inputKernel, recurrent = layer.recurrent, packRU = job.packRU, packW = job.packW, packN = job.packN;
  const bias = layer.bias, recurrentBias = layer.recurrentBias, lengths = layer.lengths, hLast = layer.hLast;
  let outputs = job.outputs, gates = layer.gates, resetTerm = layer.resetTerm;
  const xh = job.xh, z = job.z, term = job.term;
  const gr = spec.gates.reset, gu = spec.gates.update, gn = spec.gates.candidate, after = spec.resetIsAfter, keep = spec.updateGateIsKeep;
  const gateAct = spec.gateActivation, candidateAct = spec.candidateActivation;

  const first = share(B, thread, threads);
  const last = share(B, thread + 1, threads);
  const rows = last - first;
  if (rows == 0) return;
  const row: usize = <usize>H << 2;
  const wide: usize = 3 * row;
  const inputs = <usize>I << 2;
  const oR = <usize>gr * row;
  const oU = <usize>gu * row;
  const oN = <usize>gn * row;
  const xhRow = scratchRow(inputs + row);
  const termRow = scratchRow(row);
  const zRows = z + <usize>first * wide;
  const xhRows = xh + <usize>first * xhRow;
  const h = xh + inputs;
  const hRows = h + <usize>first * xhRow;
  const termRows = term + <usize>first * termRow;
  for (let b = first; b < last; b++) memory.copy(h + <usize>b * xhRow, hLast + <usize>b * row, row);
  for (let t = 0; t < T; t++) {
    if (ids) readProjected(z, wide, x, ids, first, last);
    if (packRU) {
      if (!ids) for (let b = first; b < last; b++) memory.copy(xh + <usize>b * xhRow, x + <usize>b * inputs, inputs);
      multiply(zRows + min(oR, oU), wide, xhRows, xhRow, 4, packRU, rows, I + H, 2 * H, !ids);
      if (!ids) multiply(zRows + oN, wide, xhRows, xhRow, 4, packW, rows, I, H, true);
      if (after) multiply(termRows, termRow, hRows, xhRow, 4, packN, rows, H, H, true);
    } else {
      if (!ids) multiplyRow(z, x, 4, input, wide, I, 3 * H, true);
      multiplyRow(z + oR, h, 4, recurrent + oR, wide, H, H, false);
      multiplyRow(z + oU, h, 4, recurrent + oU, wide, H, H, false);
      if (after) multiplyRow(term, h, 4, recurrent + oN, wide, H, H, true);
    }
    for (let b = first; b < last; b++) {
      const zb = z + <usize>b * wide;
      const gb = gates + <usize>b * wide;
      const tb = term + <usize>b * termRow;
      gateRow(gateAct, zb + oR, bias + oR, recurrentBias ? recurrentBias + oR : 0, gb, H);
      gateRow(gateAct, zb + oU, bias + oU, recurrentBias ? recurrentBias + oU : 0, gb + row, H);
      if (!after) mulRow(gb, h + <usize>b * xhRow, tb, H);
      else if (recurrentBias) addRow(tb, recurrentBias + oN, tb, H);
    }
    if (!after) {
      if (packRU) multiply(zRows + oN, wide, termRows, termRow, 4, packN, rows, H, H, false);
      else multiplyRow(z + oN, term, 4, recurrent + oN, wide, H, H, false);
    }
    for (let b = first; b < last; b++) {
      const hb = h + <usize>b * xhRow;
      const gb = gates + <usize>b * wide;
      const yb = outputs + <usize>b * row;
      const sb = resetTerm + <usize>b * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(yb, 0, row);
        memory.fill(gb, 0, wide);
        memory.fill(sb, 0, row);
        continue;
      }
      const tb = term + <usize>b * termRow;
      candidateRow(candidateAct, z + <usize>b * wide + oN, bias + oN, gb, tb, after, gb + 2 * row, H);
      memory.copy(sb, tb, row);
      stateRow(keep, gb + row, gb + 2 * row, hb, hb, yb, H);
    }
    x += <usize>B * inputs;
    if (ids) ids += <usize>B << 2;
    outputs += <usize>B * row;
    gates += <usize>B * wide;
    resetTerm += <usize>B * row;
  }
  for (let b = first; b < last; b++) memory.copy(hLast + <usize>b * row, h + <usize>b * xhRow, row);
}

/**
 * One step of one row, units shared by the threads; see lstmUnits. Without lengths. outputs [H] follows h before the step in memory, z [3H] is scratch.
 * With reset "before" every candidate needs r*h of all units, so a step is two jobs: one computes the gates, the next one the state.
 */
export function gruUnits(job: GruUnits, thread: i32, threads: i32): void {
  const layer = job.layer, spec = layer.spec;
  const I = job.sizes.features, H = job.sizes.outputs;
  const x = job.inputs.x, ids = job.inputs.ids, input = job.inputs.inputKernel, recurrent = layer.recurrent, bias = layer.bias, recurrentBias = layer.recurrentBias;
  const outputs = job.outputs, gates = job.gates, resetTerm = job.resetTerm, z = job.z;
  const gr = spec.gates.reset, gu = spec.gates.update, gn = spec.gates.candidate, after = spec.resetIsAfter, gateAct = spec.gateActivation;

  const vectors = (H + 7) >> 3;
  const first = share(vectors, thread, threads) << 3;
  const n = min(H, share(vectors, thread + 1, threads) << 3) - first;
  if (n <= 0) return;
  const row: usize = <usize>H << 2;
  const wide: usize = 3 * row;
  const own = <usize>first << 2;
  const oR = <usize>gr * row + own, oU = <usize>gu * row + own, oN = <usize>gn * row + own;
  const h = outputs - row;
  const r = gates + own, u = r + row, candidate = u + row, term = resetTerm + own;
  if (job.computesGates) {
    for (let at = own; at < wide; at += row) {
      if (ids) readProjectedPart(z + at, x + at, ids, wide, n);
      else multiplyRow(z + at, x, 4, input + at, wide, I, n, true);
    }
    multiplyRow(z + oR, h, 4, recurrent + oR, wide, H, n, false);
    multiplyRow(z + oU, h, 4, recurrent + oU, wide, H, n, false);
    if (after) multiplyRow(term, h, 4, recurrent + oN, wide, H, n, true);
    gateRow(gateAct, z + oR, bias + oR, recurrentBias ? recurrentBias + oR : 0, r, n);
    gateRow(gateAct, z + oU, bias + oU, recurrentBias ? recurrentBias + oU : 0, u, n);
    if (!after) mulRow(r, h + own, term, n);
    else if (recurrentBias) addRow(term, recurrentBias + oN, term, n);
  }
  if (job.computesState) {
    if (!after) multiplyRow(z + oN, resetTerm, 4, recurrent + oN, wide, H, n, false);
    candidateRow(spec.candidateActivation, z + oN, bias + oN, r, term, after, candidate, n);
    stateRow(spec.updateGateIsKeep, u, candidate, h + own, outputs + own, outputs + own, n);
  }
}

/**
 * dh0 starts as the gradient of the last state and ends as that of the initial one. dInputs [T, B, I] (0: not wanted), dz and dRecurrent (by toPanels, T*B
 * rows; dRecurrent only with reset "after", and of it the candidate's block only) are results. inputBack, backR, backU, backN: R's block of each
 * gate, transposed, by pack; backU 0: backR holds both, which stand in that order. zs [B, 3H] and rs [B, H] (both by scratchRow), carried and dTerm [B, H] are scratch.
 */
export function gruBackward(job: GruBackward, thread: i32, threads: i32): void {
  const sizes = job.sizes, layer = job.layer, spec = layer.spec;
  const T = sizes.steps, B = sizes.batch, I = sizes.features, H = sizes.outputs;
  const inputBack = job.inputBack, backR = job.backR, backU = job.backU, backN = job.backN, lengths = layer.lengths, h0 = layer.states;
  const outputs = job.outputs, gates = layer.gates, resetTerm = layer.resetTerm;
  const dy = layer.dOutputs, dh = layer.dh0, dx = layer.dInputs, dz = job.dz, dRecurrent = job.dRecurrent;
  const zs = job.zs, rs = job.rs, carried = job.carried, dTerm = job.dTerm;
  const gr = spec.gates.reset, gu = spec.gates.update, gn = spec.gates.candidate, after = spec.resetIsAfter, keep = spec.updateGateIsKeep;
  const gateAct = spec.gateActivation, candidateAct = spec.candidateActivation;

  const start = share(B, thread, threads);
  const end = share(B, thread + 1, threads);
  const rows = end - start;
  if (rows == 0) return;
  const N = T * B;
  const row: usize = <usize>H << 2;
  const wide: usize = 3 * row;
  const inputs = <usize>I << 2;
  const oR = <usize>gr * row;
  const oU = <usize>gu * row;
  const oN = <usize>gn * row;
  const gate = gateBytes(N, H);
  const zRow = scratchRow(wide);
  const rRow = scratchRow(row);
  const zRows = zs + <usize>start * zRow;
  const carriedRows = carried + <usize>start * row;
  const isPlain = keep && gateAct == Activation.sigmoid && candidateAct == Activation.tanh;
  for (let t = T - 1; t >= 0; t--) {
    const step = <usize>t * B;
    for (let b = start; b < end; b++) {
      const index = step + b;
      const zb = zs + <usize>b * zRow;
      const cb = carried + <usize>b * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(zb, 0, wide);
        memory.fill(rs + <usize>b * rRow, 0, row);
        memory.fill(cb, 0, row);
        continue;
      }
      const gb = gates + index * wide;
      const yb = outputs + index * row;
      const previous = t == 0 ? h0 + <usize>b * row : yb - <usize>B * row;
      if (isPlain) {
        gruBackwardKeepRow(gb + row, gb + 2 * row, previous, dy + index * row, dh + <usize>b * row, cb, zb + oU, zb + oN, H);
      } else {
        updateBack(H, gb, previous, dy + index * row, dh + <usize>b * row, cb, zb + oU, zb + oN, keep, gateAct, candidateAct);
      }
    }
    if (!after) multiply(dTerm + <usize>start * row, row, zRows + oN, zRow, 4, backN, rows, H, H, true);
    for (let b = start; b < end; b++) {
      const index = step + b;
      const zb = zs + <usize>b * zRow;
      if (isActive(lengths, b, t)) {
        const gb = gates + index * wide;
        const yb = outputs + index * row;
        const previous = t == 0 ? h0 + <usize>b * row : yb - <usize>B * row;
        const cb = carried + <usize>b * row;
        const rb = rs + <usize>b * rRow;
        if (gateAct == Activation.sigmoid) {
          if (after) gruBackwardAfterRow(gb, zb + oN, resetTerm + index * row, zb + oR, rb, H);
          else gruBackwardBeforeRow(gb, dTerm + <usize>b * row, previous, cb, zb + oR, cb, H);
        } else {
          resetBack(H, gb, zb + oN, resetTerm + index * row, dTerm + <usize>b * row, previous, cb, zb + oR, rb, after, gateAct);
        }
      }
      for (let g = 0; g < 3; g++) toPanels(zb + <usize>g * row, H, dz + <usize>g * gate, <i32>index, N);
      if (after) toPanels(rs + <usize>b * rRow, H, dRecurrent, <i32>index, N);
    }
    if (dx) multiply(dx + (step + start) * inputs, inputs, zRows, zRow, 4, inputBack, rows, 3 * H, I, true);
    multiply(carriedRows, row, zRows + oR, zRow, 4, backR, rows, backU ? H : 2 * H, H, false);
    if (backU) multiply(carriedRows, row, zRows + oU, zRow, 4, backU, rows, H, H, false);
    if (after) multiply(carriedRows, row, rs + <usize>start * rRow, rRow, 4, backN, rows, H, H, false);
    for (let b = start; b < end; b++) {
      if (!isActive(lengths, b, t)) continue;
      memory.copy(dh + <usize>b * row, carried + <usize>b * row, row);
    }
  }
}

/** Update gate and candidate backwards with any of the options. */
function updateBack(
  H: i32, gates: usize, previous: usize, dy: usize, dh: usize, carried: usize, dzu: usize, dzn: usize, keep: bool, gateAct: i32, candidateAct: i32,
): void {
  const row = <usize>H << 2;
  const one = f32x4.splat(1);
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const u = loadLanes(gates + row + at, left);
    const n = loadLanes(gates + 2 * row + at, left);
    const hp = loadLanes(previous + at, left);
    const d = add(loadLanes(dy + at, left), loadLanes(dh + at, left));
    const du = mul(d, keep ? sub(hp, n) : sub(n, hp));
    const dn = mul(d, keep ? sub(one, u) : u);
    storeLanes(carried + at, mul(d, keep ? u : sub(one, u)), left);
    storeLanes(dzu + at, mul(du, slope(gateAct, u)), left);
    storeLanes(dzn + at, mul(dn, slope(candidateAct, n)), left);
  }
}

/** Reset gate backwards with any of the options. */
function resetBack(
  H: i32, gates: usize, dzn: usize, term: usize, dTerm: usize, previous: usize, carried: usize, dzr: usize, dRecurrent: usize, after: bool,
  gateAct: i32,
): void {
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const r = loadLanes(gates + at, left);
    const dn = loadLanes(dzn + at, left);
    const dt = after ? dn : loadLanes(dTerm + at, left);
    const dr = after ? mul(dn, loadLanes(term + at, left)) : mul(dt, loadLanes(previous + at, left));
    storeLanes(dzr + at, mul(dr, slope(gateAct, r)), left);
    if (after) storeLanes(dRecurrent + at, mul(dn, r), left);
    else storeLanes(carried + at, add(loadLanes(carried + at, left), mul(dt, r)), left);
  }
}
