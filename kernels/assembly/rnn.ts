// Elman's RNN over a sequence; see src/engine/reference/rnn.ts, and lstm.ts for the letters and the share of each thread.
import { activate, slope } from "./activations";
import { multiply, multiplyRow } from "./gemm";
import { RnnBackward, RnnForward, RnnUnits } from "./generated/jobs";
import { Activation } from "./generated/numbers";
import { addRow, tanhBackwardRow, tanhBiasRow } from "./generated/rows";
import { readProjected, readProjectedPart } from "./inputs";
import { table } from "./instance";
import { isActive, loadLanes, storeLanes } from "./lanes";
import { scratchRow } from "./lstm";
import { toPanels } from "./panels";
import { share } from "./pool";

/** y = act(z + bias). */
function outputRow(act: i32, z: usize, bias: usize, y: usize, H: i32): void {
  if (act == Activation.tanh) {
    tanhBiasRow(z, bias, y, H);
    return;
  }
  const k = table;
  for (let j = 0; j < H; j += 4) {
    const at = <usize>j << 2;
    storeLanes(y + at, activate(act, f32x4.add(loadLanes(z + at, H - j), loadLanes(bias + at, H - j)), k), H - j);
  }
}

/** hLast [B, H] starts as the initial state and ends as the last one; outputs [T, B, H]. x and ids: see lstmForward. xh [B, I+H] (by scratchRow) and z [B, H] are scratch. */
export function rnnForward(job: RnnForward, thread: i32, threads: i32): void {
  const sizes = job.sizes, layer = job.layer;
  const T = sizes.steps, B = sizes.batch, I = sizes.features, H = sizes.outputs;
  let x = job.inputs.x, ids = job.inputs.ids, outputs = job.outputs;
  const input = job.inputs.inputKernel, recurrent = layer.recurrent, packed = job.packed, bias = layer.bias, lengths = layer.lengths;
  const hLast = layer.hLast, xh = job.xh, z = job.z, act = layer.activation;

  const first = share(B, thread, threads);
  const last = share(B, thread + 1, threads);
  const rows = last - first;
  if (rows == 0) return;
  const row: usize = <usize>H << 2;
  const inputs = <usize>I << 2;
  const xhRow = scratchRow(inputs + row);
  const h = xh + inputs;
  for (let b = first; b < last; b++) memory.copy(h + <usize>b * xhRow, hLast + <usize>b * row, row);
  for (let t = 0; t < T; t++) {
    if (ids) readProjected(z, row, x, ids, first, last);
    if (packed) {
      if (!ids) for (let b = first; b < last; b++) memory.copy(xh + <usize>b * xhRow, x + <usize>b * inputs, inputs);
      multiply(z + <usize>first * row, row, xh + <usize>first * xhRow, xhRow, 4, packed, rows, I + H, H, !ids);
    } else {
      if (!ids) multiplyRow(z, x, 4, input, row, I, H, true);
      multiplyRow(z, h, 4, recurrent, row, H, H, false);
    }
    for (let b = first; b < last; b++) {
      const yb = outputs + <usize>b * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(yb, 0, row);
        continue;
      }
      outputRow(act, z + <usize>b * row, bias, yb, H);
      memory.copy(h + <usize>b * xhRow, yb, row);
    }
    x += <usize>B * inputs;
    if (ids) ids += <usize>B << 2;
    outputs += <usize>B * row;
  }
  for (let b = first; b < last; b++) memory.copy(hLast + <usize>b * row, h + <usize>b * xhRow, row);
}

/** One step of one row, units shared by the threads; see lstmUnits. Without lengths. outputs [H] follows h before the step in memory. */
export function rnnUnits(job: RnnUnits, thread: i32, threads: i32): void {
  const layer = job.layer, I = job.sizes.features, H = job.sizes.outputs, x = job.inputs.x, ids = job.inputs.ids, outputs = job.outputs;

  const vectors = (H + 7) >> 3;
  const first = share(vectors, thread, threads) << 3;
  const n = min(H, share(vectors, thread + 1, threads) << 3) - first;
  if (n <= 0) return;
  const row: usize = <usize>H << 2;
  const own = <usize>first << 2;
  const y = outputs + own;
  if (ids) readProjectedPart(y, x + own, ids, row, n);
  else multiplyRow(y, x, 4, job.inputs.inputKernel + own, row, I, n, true);
  multiplyRow(y, outputs - row, 4, layer.recurrent + own, row, H, n, false);
  outputRow(layer.activation, y, layer.bias + own, y, n);
}

/** As lstmBackward: dh0 in and out, dInputs (0: not wanted) and dz (by toPanels) are results, zs and carried [B, H] scratch. */
export function rnnBackward(job: RnnBackward, thread: i32, threads: i32): void {
  const sizes = job.sizes, layer = job.layer;
  const T = sizes.steps, B = sizes.batch, I = sizes.features, H = sizes.outputs;
  const inputBack = job.inputBack, recurrentBack = job.recurrentBack, lengths = layer.lengths, outputs = job.outputs;
  const dy = layer.dOutputs, dh = layer.dh0, dx = layer.dInputs, act = layer.activation;
  const dz = job.dz, zs = job.zs, carried = job.carried;

  const start = share(B, thread, threads);
  const end = share(B, thread + 1, threads);
  const rows = end - start;
  if (rows == 0) return;
  const N = T * B;
  const row: usize = <usize>H << 2;
  const zRow = scratchRow(row);
  const inputs = <usize>I << 2;
  for (let t = T - 1; t >= 0; t--) {
    const step = <usize>t * B;
    for (let b = start; b < end; b++) {
      const zb = zs + <usize>b * zRow;
      const at0 = (step + b) * row;
      if (!isActive(lengths, b, t)) {
        memory.fill(zb, 0, row);
      } else if (act == Activation.tanh) {
        addRow(dy + at0, dh + <usize>b * row, zb, H);
        tanhBackwardRow(outputs + at0, zb, zb, H);
      } else {
        for (let j = 0; j < H; j += 4) {
          const left = H - j;
          const at = <usize>j << 2;
          const d = f32x4.add(loadLanes(dy + at0 + at, left), loadLanes(dh + <usize>b * row + at, left));
          storeLanes(zb + at, f32x4.mul(d, slope(act, loadLanes(outputs + at0 + at, left))), left);
        }
      }
      toPanels(zb, H, dz, <i32>step + b, N);
    }
    const from = zs + <usize>start * zRow;
    if (dx) multiply(dx + (step + start) * inputs, inputs, from, zRow, 4, inputBack, rows, H, I, true);
    multiply((lengths ? carried : dh) + <usize>start * row, row, from, zRow, 4, recurrentBack, rows, H, H, true);
    if (lengths) {
      for (let b = start; b < end; b++) {
        if (isActive(lengths, b, t)) memory.copy(dh + <usize>b * row, carried + <usize>b * row, row);
      }
    }
  }
}
