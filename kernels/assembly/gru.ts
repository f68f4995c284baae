// GRU over a sequence; see src/engine/reference/gru.ts for the formulas.
import { activate, slope } from "./activations";
import { gemm8 } from "./gemm";
import { isActive, loadLanes, storeLanes } from "./lanes";

// @ts-ignore: decorator
@inline function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }

/**
 * z [T, B, 3H] is overwritten. packR, packU, packN: R's block of each gate by pack8. recurrentBias: 0 or [3H]. term: scratch [B, H].
 * after: 1 resets h·R, 0 resets h. keep: 1 h' = u h + (1-u) n, 0 the other way round.
 */
export function gruForward(
  T: i32, B: i32, H: i32,
  z: usize, packR: usize, packU: usize, packN: usize, bias: usize, recurrentBias: usize, lengths: usize,
  h: usize, outputs: usize, gates: usize, resetTerm: usize, term: usize,
  gr: i32, gu: i32, gn: i32, after: i32, keep: i32, gateAct: i32, candidateAct: i32,
): void {
  const row: usize = <usize>H << 2;
  const wide: usize = 3 * row;
  const oR = <usize>gr * row;
  const oU = <usize>gu * row;
  const oN = <usize>gn * row;
  const one = f32x4.splat(1);
  for (let t = 0; t < T; t++) {
    gemm8(z + oR, wide, h, row, 4, packR, B, H, H);
    gemm8(z + oU, wide, h, row, 4, packU, B, H, H);
    if (after) {
      memory.fill(term, 0, <usize>B * row);
      gemm8(term, row, h, row, 4, packN, B, H, H);
    }
    for (let b = 0; b < B; b++) {
      const zb = z + <usize>b * wide;
      const gb = gates + <usize>b * wide;
      for (let j = 0; j < H; j += 4) {
        const left = H - j;
        const at = <usize>j << 2;
        const tb = term + <usize>b * row + at;
        let zr = add(loadLanes(zb + oR + at, left), loadLanes(bias + oR + at, left));
        let zu = add(loadLanes(zb + oU + at, left), loadLanes(bias + oU + at, left));
        if (recurrentBias) {
          zr = add(zr, loadLanes(recurrentBias + oR + at, left));
          zu = add(zu, loadLanes(recurrentBias + oU + at, left));
        }
        const r = activate(gateAct, zr);
        storeLanes(gb + at, r, left);
        storeLanes(gb + row + at, activate(gateAct, zu), left);
        if (!after) storeLanes(tb, mul(r, loadLanes(h + <usize>b * row + at, left)), left);
        else if (recurrentBias) storeLanes(tb, add(loadLanes(tb, left), loadLanes(recurrentBias + oN + at, left)), left);
      }
    }
    if (!after) gemm8(z + oN, wide, term, row, 4, packN, B, H, H);
    for (let b = 0; b < B; b++) {
      const hb = h + <usize>b * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(outputs, 0, row);
        memory.fill(gates, 0, wide);
        memory.fill(resetTerm, 0, row);
      } else {
        for (let j = 0; j < H; j += 4) {
          const left = H - j;
          const at = <usize>j << 2;
          const u = loadLanes(gates + row + at, left);
          const saved = loadLanes(term + <usize>b * row + at, left);
          let zn = add(loadLanes(z + oN + at, left), loadLanes(bias + oN + at, left));
          if (after) zn = add(zn, mul(loadLanes(gates + at, left), saved));
          const n = activate(candidateAct, zn);
          const previous = loadLanes(hb + at, left);
          const kept = keep ? previous : n;
          const written = keep ? n : previous;
          const next = add(mul(u, kept), mul(sub(one, u), written));
          storeLanes(gates + 2 * row + at, n, left);
          storeLanes(resetTerm + at, saved, left);
          storeLanes(hb + at, next, left);
          storeLanes(outputs + at, next, left);
        }
      }
      z += wide;
      outputs += row;
      gates += wide;
      resetTerm += row;
    }
  }
}

/** backR, backU, backN: R's block of each gate, transposed, by pack8. dRecurrent: 0 unless after. carried, dTerm: scratch [B, H]. */
export function gruBackward(
  T: i32, B: i32, H: i32,
  backR: usize, backU: usize, backN: usize, lengths: usize, h0: usize,
  outputs: usize, gates: usize, resetTerm: usize,
  dy: usize, dh: usize, dz: usize, dRecurrent: usize, carried: usize, dTerm: usize,
  gr: i32, gu: i32, gn: i32, after: i32, keep: i32, gateAct: i32, candidateAct: i32,
): void {
  const row: usize = <usize>H << 2;
  const wide: usize = 3 * row;
  const oR = <usize>gr * row;
  const oU = <usize>gu * row;
  const oN = <usize>gn * row;
  const one = f32x4.splat(1);
  for (let t = T - 1; t >= 0; t--) {
    const step = <usize>t * B;
    const zStep = dz + step * wide;
    const rStep = dRecurrent + step * wide;
    for (let b = 0; b < B; b++) {
      const index = step + b;
      const zb = dz + index * wide;
      if (!isActive(lengths, b, t)) {
        memory.fill(zb, 0, wide);
        if (after) memory.fill(dRecurrent + index * wide, 0, wide);
        memory.fill(carried + <usize>b * row, 0, row);
        continue;
      }
      const gb = gates + index * wide;
      const yb = outputs + index * row;
      const previous = t == 0 ? h0 + <usize>b * row : yb - <usize>B * row;
      for (let j = 0; j < H; j += 4) {
        const left = H - j;
        const at = <usize>j << 2;
        const u = loadLanes(gb + row + at, left);
        const n = loadLanes(gb + 2 * row + at, left);
        const hp = loadLanes(previous + at, left);
        const d = add(loadLanes(dy + index * row + at, left), loadLanes(dh + <usize>b * row + at, left));
        const du = mul(d, keep ? sub(hp, n) : sub(n, hp));
        const dn = mul(d, keep ? sub(one, u) : u);
        storeLanes(carried + <usize>b * row + at, mul(d, keep ? u : sub(one, u)), left);
        storeLanes(zb + oU + at, mul(du, slope(gateAct, u)), left);
        storeLanes(zb + oN + at, mul(dn, slope(candidateAct, n)), left);
      }
    }
    if (!after) {
      memory.fill(dTerm, 0, <usize>B * row);
      gemm8(dTerm, row, zStep + oN, wide, 4, backN, B, H, H);
    }
    for (let b = 0; b < B; b++) {
      if (!isActive(lengths, b, t)) continue;
      const index = step + b;
      const zb = dz + index * wide;
      const rb = dRecurrent + index * wide;
      const yb = outputs + index * row;
      const previous = t == 0 ? h0 + <usize>b * row : yb - <usize>B * row;
      for (let j = 0; j < H; j += 4) {
        const left = H - j;
        const at = <usize>j << 2;
        const r = loadLanes(gates + index * wide + at, left);
        const dn = loadLanes(zb + oN + at, left);
        const dt = after ? dn : loadLanes(dTerm + <usize>b * row + at, left);
        const dr = after ? mul(dn, loadLanes(resetTerm + index * row + at, left)) : mul(dt, loadLanes(previous + at, left));
        const dzr = mul(dr, slope(gateAct, r));
        storeLanes(zb + oR + at, dzr, left);
        if (after) {
          storeLanes(rb + oR + at, dzr, left);
          storeLanes(rb + oU + at, loadLanes(zb + oU + at, left), left);
          storeLanes(rb + oN + at, mul(dn, r), left);
        } else {
          const cb = carried + <usize>b * row + at;
          storeLanes(cb, add(loadLanes(cb, left), mul(dt, r)), left);
        }
      }
    }
    gemm8(carried, row, zStep + oR, wide, 4, backR, B, H, H);
    gemm8(carried, row, zStep + oU, wide, 4, backU, B, H, H);
    if (after) gemm8(carried, row, rStep + oN, wide, 4, backN, B, H, H);
    for (let b = 0; b < B; b++) {
      if (!isActive(lengths, b, t)) continue;
      memory.copy(dh + <usize>b * row, carried + <usize>b * row, row);
    }
  }
}
