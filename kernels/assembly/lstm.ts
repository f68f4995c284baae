// LSTM over a sequence: src/engine/reference/lstm.ts in four lanes, operation for operation.
// T steps, B rows, H units, P output features (H, or the projection), G = 4 gates (3 when coupled).
import { activate, slope } from "./activations";
import { gemm8 } from "./gemm";
import { isActive, loadLanes, storeLanes } from "./lanes";

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

/**
 * z [T, B, G*H] holds x·W and is overwritten. h [B, P] and c [B, H] start as the initial state and end as the last one.
 * packed: R; packedProjection: 0 or the projection, both by pack8. raw [B, H] and next [B, P] are scratch, the same block without a
 * projection. peepholes, lengths, unclipped, hidden: 0 where there are none. gi … go: block of each gate in z; gi < 0 when coupled.
 */
export function lstmForward(
  T: i32, B: i32, H: i32, P: i32,
  z: usize, packed: usize, packedProjection: usize, bias: usize, peepholes: usize, lengths: usize,
  h: usize, c: usize, raw: usize, next: usize,
  outputs: usize, gates: usize, cells: usize, unclipped: usize, hidden: usize,
  gi: i32, gf: i32, gg: i32, go: i32,
  forgetBias: f32, cellClip: f32, projectionClip: f32, gateAct: i32, candidateAct: i32, outputAct: i32,
): void {
  const coupled = gi < 0;
  const units = <usize>H << 2;
  const features = <usize>P << 2;
  const wide = units * (coupled ? 3 : 4);
  const one = f32x4.splat(1);
  for (let t = 0; t < T; t++) {
    gemm8(z, wide, h, features, 4, packed, B, P, coupled ? 3 * H : 4 * H);
    for (let b = 0; b < B; b++) {
      const cb = c + <usize>b * units;
      const rb = raw + <usize>b * units;
      if (!isActive(lengths, b, t)) {
        memory.fill(rb, 0, units);
        memory.fill(gates, 0, 4 * units);
        memory.copy(cells, cb, units);
        if (unclipped) memory.copy(unclipped, cb, units);
      } else {
        for (let j = 0; j < H; j += 4) {
          const left = H - j;
          const at = <usize>j << 2;
          const oF = at + <usize>gf * units;
          const oG = at + <usize>gg * units;
          const oO = at + <usize>go * units;
          const previous = loadLanes(cb + at, left);
          let zf = add(add(loadLanes(z + oF, left), loadLanes(bias + oF, left)), f32x4.splat(forgetBias));
          if (peepholes) zf = add(zf, mul(loadLanes(peepholes + units + at, left), previous));
          const f = activate(gateAct, zf);
          let i: v128;
          if (coupled) {
            i = sub(one, f);
          } else {
            const oI = at + <usize>gi * units;
            let zi = add(loadLanes(z + oI, left), loadLanes(bias + oI, left));
            if (peepholes) zi = add(zi, mul(loadLanes(peepholes + at, left), previous));
            i = activate(gateAct, zi);
          }
          const g = activate(candidateAct, add(loadLanes(z + oG, left), loadLanes(bias + oG, left)));
          const free = add(mul(f, previous), mul(i, g));
          const state = clip(free, cellClip);
          let zo = add(loadLanes(z + oO, left), loadLanes(bias + oO, left));
          if (peepholes) zo = add(zo, mul(loadLanes(peepholes + 2 * units + at, left), state));
          const o = activate(gateAct, zo);
          storeLanes(rb + at, mul(o, activate(outputAct, state)), left);
          storeLanes(cb + at, state, left);
          storeLanes(cells + at, state, left);
          if (unclipped) storeLanes(unclipped + at, free, left);
          storeLanes(gates + at, i, left);
          storeLanes(gates + at + units, f, left);
          storeLanes(gates + at + 2 * units, g, left);
          storeLanes(gates + at + 3 * units, o, left);
        }
      }
      z += wide;
      gates += 4 * units;
      cells += units;
      if (unclipped) unclipped += units;
    }
    if (hidden) {
      memory.copy(hidden, raw, <usize>B * units);
      hidden += <usize>B * units;
    }
    if (packedProjection) {
      memory.fill(next, 0, <usize>B * features);
      gemm8(next, features, raw, units, 4, packedProjection, B, H, P);
      const n = B * P;
      for (let k = 0; k < n; k += 4) {
        const at = next + (<usize>k << 2);
        storeLanes(at, clip(loadLanes(at, n - k), projectionClip), n - k);
      }
    }
    for (let b = 0; b < B; b++) {
      if (isActive(lengths, b, t)) memory.copy(h + <usize>b * features, next + <usize>b * features, features);
    }
    memory.copy(outputs, next, <usize>B * features);
    outputs += <usize>B * features;
  }
}

/**
 * dh [B, P] and dc [B, H] start as the gradients of the last state and end as those of the initial one. dz [T, B, G*H] and dPeepholes [3, H] are
 * results. packedBack, projectionBack: R and the projection transposed, by pack8. dNext, carried [B, P] and dRaw [B, H] are scratch; dRaw is
 * dNext without a projection.
 */
export function lstmBackward(
  T: i32, B: i32, H: i32, P: i32,
  packedBack: usize, projectionBack: usize, peepholes: usize, lengths: usize, c0: usize,
  outputs: usize, gates: usize, cells: usize, unclipped: usize,
  dy: usize, dh: usize, dc: usize, dz: usize, dPeepholes: usize, dProjectedOutputs: usize,
  dNext: usize, dRaw: usize, carried: usize,
  gi: i32, gf: i32, gg: i32, go: i32,
  cellClip: f32, projectionClip: f32, gateAct: i32, candidateAct: i32, outputAct: i32,
): void {
  const coupled = gi < 0;
  const units = <usize>H << 2;
  const features = <usize>P << 2;
  const wide = units * (coupled ? 3 : 4);
  if (dPeepholes) memory.fill(dPeepholes, 0, 3 * units);
  for (let t = T - 1; t >= 0; t--) {
    const first = <usize>t * B;
    for (let b = 0; b < B; b++) {
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
      memory.copy(dProjectedOutputs + first * features, dNext, <usize>B * features);
      memory.fill(dRaw, 0, <usize>B * units);
      gemm8(dRaw, units, dNext, features, 4, projectionBack, B, P, H);
    }
    for (let b = 0; b < B; b++) {
      const index = first + b;
      const zb = dz + index * wide;
      if (!isActive(lengths, b, t)) {
        memory.fill(zb, 0, wide);
        continue;
      }
      const gb = gates + index * 4 * units;
      const cb = cells + index * units;
      const before = t == 0 ? c0 + <usize>b * units : cb - <usize>B * units;
      const dcb = dc + <usize>b * units;
      const drb = dRaw + <usize>b * units;
      for (let j = 0; j < H; j += 4) {
        const left = H - j;
        const at = <usize>j << 2;
        const i = loadLanes(gb + at, left);
        const f = loadLanes(gb + at + units, left);
        const g = loadLanes(gb + at + 2 * units, left);
        const o = loadLanes(gb + at + 3 * units, left);
        const d = loadLanes(drb + at, left);
        const state = loadLanes(cb + at, left);
        const previous = loadLanes(before + at, left);
        const activated = activate(outputAct, state);
        const dzo = mul(mul(d, activated), slope(gateAct, o));
        let dCell = add(loadLanes(dcb + at, left), mul(mul(d, o), slope(outputAct, activated)));
        if (peepholes) dCell = add(dCell, mul(dzo, loadLanes(peepholes + 2 * units + at, left)));
        if (unclipped) {
          const free = loadLanes(unclipped + index * units + at, left);
          dCell = v128.andnot(dCell, f32x4.gt(f32x4.abs(free), f32x4.splat(cellClip)));
        }
        const di = mul(dCell, g);
        let df = mul(dCell, previous);
        if (coupled) df = sub(df, di);
        const dzf = mul(df, slope(gateAct, f));
        let dzi = f32x4.splat(0);
        if (!coupled) {
          dzi = mul(di, slope(gateAct, i));
          storeLanes(zb + at + <usize>gi * units, dzi, left);
        }
        let dPrevious = mul(dCell, f);
        if (peepholes) {
          const pi = mul(dzi, loadLanes(peepholes + at, left));
          const pf = mul(dzf, loadLanes(peepholes + units + at, left));
          dPrevious = add(dPrevious, add(pi, pf));
          accumulate(dPeepholes + at, mul(dzi, previous), left);
          accumulate(dPeepholes + units + at, mul(dzf, previous), left);
          accumulate(dPeepholes + 2 * units + at, mul(dzo, state), left);
        }
        storeLanes(dcb + at, dPrevious, left);
        storeLanes(zb + at + <usize>gf * units, dzf, left);
        storeLanes(zb + at + <usize>gg * units, mul(mul(dCell, i), slope(candidateAct, g)), left);
        storeLanes(zb + at + <usize>go * units, dzo, left);
      }
    }
    memory.fill(carried, 0, <usize>B * features);
    gemm8(carried, features, dz + first * wide, wide, 4, packedBack, B, coupled ? 3 * H : 4 * H, P);
    for (let b = 0; b < B; b++) {
      if (isActive(lengths, b, t)) memory.copy(dh + <usize>b * features, carried + <usize>b * features, features);
    }
  }
}

// @ts-ignore: decorator
@inline
function accumulate(p: usize, x: v128, left: i32): void {
  storeLanes(p, add(loadLanes(p, left), x), left);
}
