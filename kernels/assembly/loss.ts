// Softmax and its cross entropy; see src/engine/reference/reduce.ts.
import { CrossEntropy, CrossEntropyBackward } from "./generated/jobs";
import { divScalar, expShiftRow, mulRow, mulScalar, subScalar } from "./generated/rows";
import { exp4, log1 } from "./math";
import { table } from "./instance";
import { loadLanes, storeLanes } from "./lanes";
import { share } from "./pool";
import { laneSum } from "./sums";

function largestOf(x: usize, n: i32): f32 {
  let largest: f32 = -Infinity;
  for (let j = 0; j < n; j++) largest = max(largest, f32.load(x + (<usize>j << 2)));
  // a row of -Infinity has no maximum to subtract
  return largest == -Infinity ? 0 : largest;
}

/** loss [N] and probabilities [N, V] of logits [N, V] and int32 targets [N]. */
export function crossEntropy(job: CrossEntropy, thread: i32, threads: i32): void {
  const logits = job.logits, targets = job.targets, loss = job.loss, probabilities = job.probabilities, N = job.rows, V = job.classes;
  const last = share(N, thread + 1, threads);
  for (let i = share(N, thread, threads); i < last; i++) {
    const x = logits + ((<usize>i * V) << 2);
    const p = probabilities + ((<usize>i * V) << 2);
    const target = i32.load(targets + (<usize>i << 2));
    const largest = largestOf(x, V);
    expShiftRow(x, p, V, largest);
    const total = laneSum(p, V);
    if (total == 0) {
      // all logits are -Infinity: no class is possible, and the exponentials are 0
      f32.store(loss + (<usize>i << 2), Infinity);
      continue;
    }
    f32.store(loss + (<usize>i << 2), log1(total) - (f32.load(x + (<usize>target << 2)) - largest));
    divScalar(p, p, V, total);
  }
}

/** dLogits = (p - one-hot) * dLoss. */
export function crossEntropyBackward(job: CrossEntropyBackward, thread: i32, threads: i32): void {
  const probabilities = job.probabilities, targets = job.targets, dLoss = job.dLoss, dLogits = job.dLogits, N = job.rows, V = job.classes;
  const last = share(N, thread + 1, threads);
  for (let i = share(N, thread, threads); i < last; i++) {
    const p = probabilities + ((<usize>i * V) << 2);
    const to = dLogits + ((<usize>i * V) << 2);
    const d = f32.load(dLoss + (<usize>i << 2));
    mulScalar(p, to, V, d);
    const at = <usize>i32.load(targets + (<usize>i << 2)) << 2;
    f32.store(to + at, (f32.load(p + at) - 1) * d);
  }
}

/** Over the rows of x [rows, n]; `log` gives log-softmax. */
export function softmax(x: usize, out: usize, rows: i32, n: i32, log: i32): void {
  for (let i = 0; i < rows; i++) {
    const largest = largestOf(x, n);
    expShiftRow(x, out, n, largest);
    const total = laneSum(out, n);
    if (log) {
      subScalar(x, out, n, largest);
      subScalar(out, out, n, log1(total));
    } else divScalar(out, out, n, total);
    x += <usize>n << 2;
    out += <usize>n << 2;
  }
}

/** softmax: y (dy - sum(dy y)). log-softmax: dy - exp(y) sum(dy). */
export function softmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, n: i32, log: i32): void {
  const t = table;
  for (let i = 0; i < rows; i++) {
    if (log) {
      const total = f32x4.splat(laneSum(dy, n));
      for (let j = 0; j < n; j += 4) {
        const at = <usize>j << 2;
        const left = n - j;
        storeLanes(dx + at, f32x4.sub(loadLanes(dy + at, left), f32x4.mul(exp4(loadLanes(y + at, left), t), total)), left);
      }
    } else {
      mulRow(dy, y, dx, n);
      const total = laneSum(dx, n);
      subScalar(dy, dx, n, total);
      mulRow(y, dx, dx, n);
    }
    y += <usize>n << 2;
    dy += <usize>n << 2;
    dx += <usize>n << 2;
  }
}
