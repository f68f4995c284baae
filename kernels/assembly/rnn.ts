// Elman's RNN over a sequence; see src/engine/reference/rnn.ts.
import { activate, slope } from "./activations";
import { gemm8 } from "./gemm";
import { isActive, loadLanes, storeLanes } from "./lanes";

/** As lstmForward: z [T, B, H] is overwritten, h starts as h0. */
export function rnnForward(
  T: i32, B: i32, H: i32, z: usize, packed: usize, bias: usize, lengths: usize, h: usize, outputs: usize, act: i32,
): void {
  const row: usize = <usize>H << 2;
  for (let t = 0; t < T; t++) {
    gemm8(z, row, h, row, 4, packed, B, H, H);
    for (let b = 0; b < B; b++) {
      const hb = h + <usize>b * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(outputs, 0, row);
      } else {
        for (let j = 0; j < H; j += 4) {
          const left = H - j;
          const at = <usize>j << 2;
          const y = activate(act, f32x4.add(loadLanes(z + at, left), loadLanes(bias + at, left)));
          storeLanes(hb + at, y, left);
          storeLanes(outputs + at, y, left);
        }
      }
      z += row;
      outputs += row;
    }
  }
}

export function rnnBackward(
  T: i32, B: i32, H: i32, packedBack: usize, lengths: usize, outputs: usize, dy: usize, dh: usize, dz: usize, carried: usize, act: i32,
): void {
  const row: usize = <usize>H << 2;
  for (let t = T - 1; t >= 0; t--) {
    const step = <usize>t * B * row;
    for (let b = 0; b < B; b++) {
      const at0 = step + <usize>b * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(dz + at0, 0, row);
        continue;
      }
      const hb = dh + <usize>b * row;
      for (let j = 0; j < H; j += 4) {
        const left = H - j;
        const at = <usize>j << 2;
        const d = f32x4.add(loadLanes(dy + at0 + at, left), loadLanes(hb + at, left));
        storeLanes(dz + at0 + at, f32x4.mul(d, slope(act, loadLanes(outputs + at0 + at, left))), left);
      }
    }
    memory.fill(carried, 0, <usize>B * row);
    gemm8(carried, row, dz + step, row, 4, packedBack, B, H, H);
    for (let b = 0; b < B; b++) {
      if (!isActive(lengths, b, t)) continue;
      memory.copy(dh + <usize>b * row, carried + <usize>b * row, row);
    }
  }
}
