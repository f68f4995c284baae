// Softmax cross entropy; see src/engine/reference/reduce.ts.
import { exp4, log1 } from "./math";
import { loadLanes, storeLanes } from "./lanes";

/** Sum of n floats in eight interleaved lanes, folded 8 -> 4 -> 2 -> 1. */
function laneSum(x: usize, n: i32): f32 {
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    low = f32x4.add(low, v128.load(x));
    high = f32x4.add(high, v128.load(x, 16));
    x += 32;
  }
  if (j < n) {
    low = f32x4.add(low, loadLanes(x, n - j));
    if (n - j > 4) high = f32x4.add(high, loadLanes(x + 16, n - j - 4));
  }
  const four = f32x4.add(low, high);
  const a = f32x4.extract_lane(four, 0) + f32x4.extract_lane(four, 2);
  const b = f32x4.extract_lane(four, 1) + f32x4.extract_lane(four, 3);
  return a + b;
}

/** loss [N] and probabilities [N, V] of logits [N, V] and int32 targets [N]. */
export function crossEntropy(logits: usize, targets: usize, loss: usize, p: usize, N: i32, V: i32): void {
  const row = <usize>V << 2;
  for (let i = 0; i < N; i++) {
    let largest: f32 = -Infinity;
    for (let j = 0; j < V; j++) largest = max(largest, f32.load(logits + (<usize>j << 2)));
    if (largest == -Infinity) largest = 0;
    const shift = f32x4.splat(largest);
    for (let j = 0; j < V; j += 4) {
      const at = <usize>j << 2;
      storeLanes(p + at, exp4(f32x4.sub(loadLanes(logits + at, V - j), shift)), V - j);
    }
    const total = laneSum(p, V);
    f32.store(loss, log1(total) - (f32.load(logits + (<usize>i32.load(targets) << 2)) - largest));
    const divisor = f32x4.splat(total);
    for (let j = 0; j < V; j += 4) {
      const at = <usize>j << 2;
      storeLanes(p + at, f32x4.div(loadLanes(p + at, V - j), divisor), V - j);
    }
    logits += row;
    p += row;
    loss += 4;
    targets += 4;
  }
}

/** dLogits = (p - one-hot) * dLoss. */
export function crossEntropyBackward(p: usize, targets: usize, dLoss: usize, dLogits: usize, N: i32, V: i32): void {
  const row = <usize>V << 2;
  for (let i = 0; i < N; i++) {
    const scale = f32x4.splat(f32.load(dLoss));
    for (let j = 0; j < V; j += 4) {
      const at = <usize>j << 2;
      storeLanes(dLogits + at, f32x4.mul(loadLanes(p + at, V - j), scale), V - j);
    }
    const at = <usize>i32.load(targets) << 2;
    f32.store(dLogits + at, (f32.load(p + at) - 1) * f32.load(dLoss));
    p += row;
    dLogits += row;
    dLoss += 4;
    targets += 4;
  }
}
