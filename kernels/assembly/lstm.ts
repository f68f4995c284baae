// LSTM over a sequence: src/engine/reference/lstm.ts in four lanes, operation for operation.
// T steps, B rows, I inputs, H units, P output features (H, or the projection), G = 4 gates (3 when coupled). Each thread takes some of the rows
// through all steps, so that none waits for another in between.
import { activate, slope } from "./activations";
import { multiply, multiplyRow } from "./gemm";
import { LstmBackward, LstmForward, LstmUnits } from "./generated/jobs";
import { Activation, GAP } from "./generated/numbers";
import { lstmBackwardRow, lstmStateRow, sigmoidBiasRow, sigmoidShiftRow, tanhBiasRow } from "./generated/rows";
import { readProjected, readProjectedPart } from "./inputs";
import { table } from "./instance";
import { isActive, loadLanes, storeLanes } from "./lanes";
import { gateBytes, toPanels } from "./panels";
import { share } from "./pool";
import { beginSums, endSums } from "./sums";

// @ts-ignore: decorator
@inline function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
// @ts-ignore: decorator
@inline function clip(x: v128, limit: f32): v128 {
  return f32x4.min(f32x4.splat(limit), f32x4.max(f32x4.splat(-limit), x));
}

/** Bytes from one row to the next of scratch that is read as the left side of a product. */
// @ts-ignore: decorator
@inline
export function scratchRow(bytes: usize): usize {
  return bytes + (<usize>GAP << 2);
}

// @ts-ignore: decorator
@inline
function isStandard(gateAct: i32, candidateAct: i32, outputAct: i32): bool {
  return gateAct == Activation.sigmoid && candidateAct == Activation.tanh && outputAct == Activation.tanh;
}

/**
 * hLast [B, P] and cLast [B, H] start as the initial state and end as the last one; outputs [T, B, P]. ids: 0, or int32 [T, B]; then x is x·W [V, G*H], I is 0 and
 * there is no inputKernel. packed: W above R by pack, packedProjection the projection; without packed (one row) W and R are read as they are. xh [B, I+P] (by
 * scratchRow), z [B, G*H], raw [B, H] and next [B, P] are scratch, the last two only with a projection. The gates are their blocks in W and R;
 * that of the input gate is -1 when coupled.
 */
export function lstmForward(job: LstmForward, thread: i32, threads: i32): void {
  const sizes = job.sizes, layer = job.layer, spec = layer.spec;
  const T = sizes.steps, B = sizes.batch, I = sizes.features, H = job.units, P = sizes.outputs;
  let x = job.inputs.x, ids = job.inputs.ids;
  const input = job.inputs.inputKernel, recurrent = layer.recurrent, packed = job.packed, packedProjection = job.packedProjection;
  const bias = layer.bias, peepholes = layer.peepholes, lengths = layer.lengths;
  const hLast = layer.hLast, c = layer.cLast, xh = job.xh, z = job.z, raw = job.raw, next = job.next;
  let outputs = job.outputs, gates = layer.gates, cells = layer.cells, unclipped = layer.cellsUnclipped, hidden = layer.hidden;
  const gi = spec.gates.input, gf = spec.gates.forget, gg = spec.gates.candidate, go = spec.gates.output;
  const forgetBias = spec.forgetBias, cellClip = spec.cellClip, projectionClip = spec.projectionClip;
  const gateAct = spec.gateActivation, candidateAct = spec.candidateActivation, outputAct = spec.outputActivation;

  const first = share(B, thread, threads);
  const last = share(B, thread + 1, threads);
  const rows = last - first;
  if (rows == 0) return;
  const coupled = gi < 0;
  const G = coupled ? 3 : 4;
  const units = <usize>H << 2;
  const features = <usize>P << 2;
  const inputs = <usize>I << 2;
  const wide = units * G;
  const xhRow = scratchRow(inputs + features);
  const isPlain = !coupled && !peepholes && !unclipped && isStandard(gateAct, candidateAct, outputAct);
  const oI = <usize>gi * units, oF = <usize>gf * units, oG = <usize>gg * units, oO = <usize>go * units;
  const h = xh + inputs;
  for (let b = first; b < last; b++) memory.copy(h + <usize>b * xhRow, hLast + <usize>b * features, features);
  for (let t = 0; t < T; t++) {
    if (ids) readProjected(z, wide, x, ids, first, last);
    if (packed) {
      if (!ids) for (let b = first; b < last; b++) memory.copy(xh + <usize>b * xhRow, x + <usize>b * inputs, inputs);
      multiply(z + <usize>first * wide, wide, xh + <usize>first * xhRow, xhRow, 4, packed, rows, I + P, G * H, !ids);
    } else {
      if (!ids) multiplyRow(z, x, 4, input, wide, I, G * H, true);
      multiplyRow(z, h, 4, recurrent, wide, P, G * H, false);
    }
    for (let b = first; b < last; b++) {
      const zb = z + <usize>b * wide;
      const gb = gates + <usize>b * 4 * units;
      const cb = c + <usize>b * units;
      const sb = cells + <usize>b * units;
      const yb = outputs + <usize>b * features;
      const hb = h + <usize>b * xhRow;
      const to = packedProjection ? raw + <usize>b * units : hb;
      if (!isActive(lengths, b, t)) {
        if (packedProjection) memory.fill(to, 0, units);
        else memory.fill(yb, 0, features);
        memory.fill(gb, 0, 4 * units);
        memory.copy(sb, cb, units);
        if (unclipped) memory.copy(unclipped + <usize>b * units, cb, units);
        continue;
      }
      if (isPlain) {
        sigmoidBiasRow(zb + oI, bias + oI, gb, H);
        sigmoidShiftRow(zb + oF, bias + oF, gb + units, H, forgetBias);
        tanhBiasRow(zb + oG, bias + oG, gb + 2 * units, H);
        sigmoidBiasRow(zb + oO, bias + oO, gb + 3 * units, H);
        lstmStateRow(gb, gb + units, gb + 2 * units, gb + 3 * units, cb, cb, sb, to, H);
      } else {
        gatesOf(
          H, zb, bias, peepholes, cb, gb, sb, unclipped ? unclipped + <usize>b * units : 0, to,
          gi, gf, gg, go, forgetBias, cellClip, gateAct, candidateAct, outputAct,
        );
      }
      if (!packedProjection) memory.copy(yb, hb, features);
    }
    if (packedProjection) {
      const from = raw + <usize>first * units;
      const to = next + <usize>first * features;
      memory.copy(hidden + <usize>first * units, from, <usize>rows * units);
      hidden += <usize>B * units;
      multiply(to, features, from, units, 4, packedProjection, rows, H, P, true);
      const n = rows * P;
      for (let k = 0; k < n; k += 4) {
        const at = to + (<usize>k << 2);
        storeLanes(at, clip(loadLanes(at, n - k), projectionClip), n - k);
      }
      for (let b = first; b < last; b++) {
        if (isActive(lengths, b, t)) memory.copy(h + <usize>b * xhRow, next + <usize>b * features, features);
      }
      memory.copy(outputs + <usize>first * features, to, <usize>rows * features);
    }
    outputs += <usize>B * features;
    x += <usize>B * inputs;
    if (ids) ids += <usize>B << 2;
    gates += <usize>B * 4 * units;
    cells += <usize>B * units;
    if (unclipped) unclipped += <usize>B * units;
  }
  for (let b = first; b < last; b++) memory.copy(hLast + <usize>b * features, h + <usize>b * xhRow, features);
}

/**
 * One step of one row, units shared by the threads: nobody waits, since each reads the whole h before the step and writes its own units of the one after.
 * Plain LSTM only: sigmoid and tanh, no peepholes, clipping, projection or lengths. outputs [P] follows h before the step in memory.
 */
export function lstmUnits(job: LstmUnits, thread: i32, threads: i32): void {
  const layer = job.layer, spec = layer.spec;
  const I = job.sizes.features, H = job.sizes.outputs;
  const x = job.inputs.x, ids = job.inputs.ids, input = job.inputs.inputKernel, recurrent = layer.recurrent, bias = layer.bias;
  const hLast = layer.hLast, c = layer.cLast, z = job.z, outputs = job.outputs, gates = job.gates, cells = job.cells;
  const gi = spec.gates.input, gf = spec.gates.forget, gg = spec.gates.candidate, go = spec.gates.output;
  const forgetBias = spec.forgetBias;

  const vectors = (H + 7) >> 3;
  const first = share(vectors, thread, threads) << 3;
  const n = min(H, share(vectors, thread + 1, threads) << 3) - first;
  if (n <= 0) return;
  const units = <usize>H << 2;
  const own = <usize>first << 2;
  for (let g = 0; g < 4; g++) {
    const at = <usize>g * units + own;
    if (ids) readProjectedPart(z + at, x + at, ids, 4 * units, n);
    else multiplyRow(z + at, x, 4, input + at, 4 * units, I, n, true);
    multiplyRow(z + at, outputs - units, 4, recurrent + at, 4 * units, H, n, false);
  }
  const oI = <usize>gi * units + own, oF = <usize>gf * units + own, oG = <usize>gg * units + own, oO = <usize>go * units + own;
  const i = gates + own, f = i + units, g = f + units, o = g + units;
  sigmoidBiasRow(z + oI, bias + oI, i, n);
  sigmoidShiftRow(z + oF, bias + oF, f, n, forgetBias);
  tanhBiasRow(z + oG, bias + oG, g, n);
  sigmoidBiasRow(z + oO, bias + oO, o, n);
  lstmStateRow(i, f, g, o, c + own, c + own, cells + own, outputs + own, n);
  memory.copy(hLast + own, outputs + own, <usize>n << 2);
}

/** One row of gates with any of the options. */
function gatesOf(
  H: i32, z: usize, bias: usize, peepholes: usize, c: usize, gates: usize, cells: usize, unclipped: usize, raw: usize,
  gi: i32, gf: i32, gg: i32, go: i32, forgetBias: f32, cellClip: f32, gateAct: i32, candidateAct: i32, outputAct: i32,
): void {
  const t = table;
  const units = <usize>H << 2;
  const one = f32x4.splat(1);
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const oF = at + <usize>gf * units;
    const oG = at + <usize>gg * units;
    const oO = at + <usize>go * units;
    const previous = loadLanes(c + at, left);
    let zf = add(add(loadLanes(z + oF, left), loadLanes(bias + oF, left)), f32x4.splat(forgetBias));
    if (peepholes) zf = add(zf, mul(loadLanes(peepholes + units + at, left), previous));
    const f = activate(gateAct, zf, t);
    let i: v128;
    if (gi < 0) {
      i = sub(one, f);
    } else {
      const oI = at + <usize>gi * units;
      let zi = add(loadLanes(z + oI, left), loadLanes(bias + oI, left));
      if (peepholes) zi = add(zi, mul(loadLanes(peepholes + at, left), previous));
      i = activate(gateAct, zi, t);
    }
    const g = activate(candidateAct, add(loadLanes(z + oG, left), loadLanes(bias + oG, left)), t);
    const free = add(mul(f, previous), mul(i, g));
    const state = clip(free, cellClip);
    let zo = add(loadLanes(z + oO, left), loadLanes(bias + oO, left));
    if (peepholes) zo = add(zo, mul(loadLanes(peepholes + 2 * units + at, left), state));
    const o = activate(gateAct, zo, t);
    storeLanes(raw + at, mul(o, activate(outputAct, state, t)), left);
    storeLanes(c + at, state, left);
    storeLanes(cells + at, state, left);
    if (unclipped) storeLanes(unclipped + at, free, left);
    storeLanes(gates + at, i, left);
    storeLanes(gates + at + units, f, left);
    storeLanes(gates + at + 2 * units, g, left);
    storeLanes(gates + at + 3 * units, o, left);
  }
}

/**
 * dh0 [B, P] and dc0 [B, H] start as the gradients of the last state and end as those of the initial one. dInputs [T, B, I] (0: not wanted), dz (by toPanels,
 * T*B rows) and dPeepholes [3, H] are results. inputBack, recurrentBack, projectionBack: W, R and the projection transposed, by pack. zs [B, G*H] (by
 * scratchRow), dNext, carried [B, P] and dRaw [B, H] are scratch; dRaw is dNext without a projection. With peepholes there can be one thread only; for
 * long sums (see sums.ts) longPeepholes is room for [3, H] float64, else 0.
 */
export function lstmBackward(job: LstmBackward, thread: i32, threads: i32): void {
  const sizes = job.sizes, layer = job.layer, spec = layer.spec;
  const T = sizes.steps, B = sizes.batch, I = sizes.features, H = job.units, P = sizes.outputs;
  const inputBack = job.inputBack, recurrentBack = job.recurrentBack, projectionBack = job.projectionBack;
  const peepholes = layer.peepholes, lengths = layer.lengths, c0 = layer.c0;
  const outputs = job.outputs, gates = layer.gates, cells = layer.cells, unclipped = layer.cellsUnclipped;
  const dy = layer.dOutputs, dh = layer.dh0, dc = layer.dc0, dx = layer.dInputs, dz = job.dz;
  const dPeepholes = layer.dPeepholes, dProjectedOutputs = job.dProjectedOutputs;
  const zs = job.zs, dNext = job.dNext, dRaw = job.dRaw, carried = job.carried, longPeepholes = job.longPeepholes;
  const gi = spec.gates.input, gf = spec.gates.forget, gg = spec.gates.candidate, go = spec.gates.output;
  const cellClip = spec.cellClip, projectionClip = spec.projectionClip;
  const gateAct = spec.gateActivation, candidateAct = spec.candidateActivation, outputAct = spec.outputActivation;

  const start = share(B, thread, threads);
  const end = share(B, thread + 1, threads);
  const rows = end - start;
  if (dPeepholes) memory.fill(dPeepholes, 0, <usize>(3 * H) << 2);
  if (longPeepholes) beginSums(longPeepholes, 0, 3 * H);
  if (rows == 0) return;
  const coupled = gi < 0;
  const G = coupled ? 3 : 4;
  const N = T * B;
  const units = <usize>H << 2;
  const features = <usize>P << 2;
  const inputs = <usize>I << 2;
  const wide = units * G;
  const gate = gateBytes(N, H);
  const zRow = scratchRow(wide);
  const isPlain = !coupled && !peepholes && !unclipped && isStandard(gateAct, candidateAct, outputAct);
  for (let t = T - 1; t >= 0; t--) {
    const first = <usize>t * B;
    for (let b = start; b < end; b++) {
      const to = dNext + <usize>b * features;
      if (!isActive(lengths, b, t)) {
        memory.fill(to, 0, features);
        continue;
      }
      const from = (first + b) * features;
      for (let j = 0; j < P; j += 4) {
        const left = P - j;
        const at = <usize>j << 2;
        let d = add(loadLanes(dy + from + at, left), loadLanes(dh + <usize>b * features + at, left));
        if (projectionClip != Infinity) {
          d = v128.andnot(d, f32x4.ge(f32x4.abs(loadLanes(outputs + from + at, left)), f32x4.splat(projectionClip)));
        }
        storeLanes(to + at, d, left);
      }
    }
    if (projectionBack) {
      const from = dNext + <usize>start * features;
      memory.copy(dProjectedOutputs + (first + start) * features, from, <usize>rows * features);
      multiply(dRaw + <usize>start * units, units, from, features, 4, projectionBack, rows, P, H, true);
    }
    for (let b = start; b < end; b++) {
      const index = first + b;
      const zb = zs + <usize>b * zRow;
      if (!isActive(lengths, b, t)) {
        memory.fill(zb, 0, wide);
      } else {
        const gb = gates + index * 4 * units;
        const cb = cells + index * units;
        const before = t == 0 ? c0 + <usize>b * units : cb - <usize>B * units;
        const dcb = dc + <usize>b * units;
        const drb = dRaw + <usize>b * units;
        if (isPlain) {
          lstmBackwardRow(
            gb, gb + units, gb + 2 * units, gb + 3 * units, drb, cb, before, dcb,
            zb + <usize>gi * units, zb + <usize>gf * units, zb + <usize>gg * units, zb + <usize>go * units, dcb, H,
          );
        } else {
          gatesBack(
            H, gb, cb, before, unclipped ? unclipped + index * units : 0, peepholes, drb, dcb, zb, dPeepholes, longPeepholes,
            gi, gf, gg, go, cellClip, gateAct, candidateAct, outputAct,
          );
        }
      }
      for (let g = 0; g < G; g++) toPanels(zb + <usize>g * units, H, dz + <usize>g * gate, <i32>index, N);
    }
    const from = zs + <usize>start * zRow;
    if (dx) multiply(dx + (first + start) * inputs, inputs, from, zRow, 4, inputBack, rows, G * H, I, true);
    multiply((lengths ? carried : dh) + <usize>start * features, features, from, zRow, 4, recurrentBack, rows, G * H, P, true);
    if (lengths) {
      for (let b = start; b < end; b++) {
        if (isActive(lengths, b, t)) memory.copy(dh + <usize>b * features, carried + <usize>b * features, features);
      }
    }
  }
  if (longPeepholes) endSums(longPeepholes, dPeepholes, 3 * H);
}

/** One row of gates backwards with any of the options. */
function gatesBack(
  H: i32, gates: usize, cells: usize, before: usize, unclipped: usize, peepholes: usize, dRaw: usize, dc: usize, dz: usize, dPeepholes: usize, longPeepholes: usize,
  gi: i32, gf: i32, gg: i32, go: i32, cellClip: f32, gateAct: i32, candidateAct: i32, outputAct: i32,
): void {
  const t = table;
  const units = <usize>H << 2;
  const coupled = gi < 0;
  for (let j = 0; j < H; j += 4) {
    const left = H - j;
    const at = <usize>j << 2;
    const i = loadLanes(gates + at, left);
    const f = loadLanes(gates + at + units, left);
    const g = loadLanes(gates + at + 2 * units, left);
    const o = loadLanes(gates + at + 3 * units, left);
    const d = loadLanes(dRaw + at, left);
    const state = loadLanes(cells + at, left);
    const previous = loadLanes(before + at, left);
    const activated = activate(outputAct, state, t);
    const dzo = mul(mul(d, activated), slope(gateAct, o));
    let dCell = add(loadLanes(dc + at, left), mul(mul(d, o), slope(outputAct, activated)));
    if (peepholes) dCell = add(dCell, mul(dzo, loadLanes(peepholes + 2 * units + at, left)));
    if (unclipped) dCell = v128.andnot(dCell, f32x4.gt(f32x4.abs(loadLanes(unclipped + at, left)), f32x4.splat(cellClip)));
    const di = mul(dCell, g);
    let df = mul(dCell, previous);
    if (coupled) df = sub(df, di);
    const dzf = mul(df, slope(gateAct, f));
    let dzi = f32x4.splat(0);
    if (!coupled) {
      dzi = mul(di, slope(gateAct, i));
      storeLanes(dz + at + <usize>gi * units, dzi, left);
    }
    let dPrevious = mul(dCell, f);
    if (peepholes) {
      const pi = mul(dzi, loadLanes(peepholes + at, left));
      const pf = mul(dzf, loadLanes(peepholes + units + at, left));
      dPrevious = add(dPrevious, add(pi, pf));
      accumulate(dPeepholes, longPeepholes, at, mul(dzi, previous), left);
      accumulate(dPeepholes, longPeepholes, units + at, mul(dzf, previous), left);
      accumulate(dPeepholes, longPeepholes, 2 * units + at, mul(dzo, state), left);
    }
    storeLanes(dc + at, dPrevious, left);
    storeLanes(dz + at + <usize>gf * units, dzf, left);
    storeLanes(dz + at + <usize>gg * units, mul(mul(dCell, i), slope(candidateAct, g)), left);
    storeLanes(dz + at + <usize>go * units, dzo, left);
  }
}

// @ts-ignore: decorator
@inline
function accumulate(sums: usize, longs: usize, at: usize, x: v128, left: i32): void {
  if (!longs) return storeLanes(sums + at, add(loadLanes(sums + at, left), x), left);
  for (let q = 0; q < min(4, left); q++) {
    const to = longs + (at << 1) + (<usize>q << 3);
    const value = q == 0 ? f32x4.extract_lane(x, 0) : q == 1 ? f32x4.extract_lane(x, 1) : q == 2 ? f32x4.extract_lane(x, 2) : f32x4.extract_lane(x, 3);
    f64.store(to, f64.load(to) + <f64>value);
  }
}
