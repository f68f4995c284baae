// Layer normalisation; see src/engine/reference/layer-norm.ts.
import { LayerNorm, LayerNormBackward } from "./generated/jobs";
import { ADDED_PART, LONG_SUM } from "./generated/numbers";
import { addProductRow, addRow, divScalar, layerNormBackwardRow, mulRow, subScalar } from "./generated/rows";
import { share } from "./pool";
import { addToSums, beginSums, endSums, laneDot, laneSum, longColumnSums, ownPart, ownSums, SUMMED_COLUMNS } from "./sums";

/** gain and shift: 0 where there is none. */
export function layerNorm(job: LayerNorm, thread: i32, threads: i32): void {
  const rows = job.rows, n = job.n;
  const layer = job.layer, x = layer.x, gain = layer.gain, shift = layer.shift, y = layer.y, normal = layer.normal, root = layer.root;
  const epsilon = layer.epsilon;
  const row = <usize>n << 2;
  const last = share(rows, thread + 1, threads);
  for (let i = share(rows, thread, threads); i < last; i++) {
    const from = x + <usize>i * row, to = y + <usize>i * row, own = normal + <usize>i * row;
    subScalar(from, own, n, laneSum(from, n) / <f32>n);
    const rootOf = sqrt(laneDot(own, own, n) / <f32>n + epsilon);
    f32.store(root + (<usize>i << 2), rootOf);
    divScalar(own, own, n, rootOf);
    if (gain) mulRow(own, gain, to, n);
    else if (to != own) memory.copy(to, own, row);
    if (shift) addRow(to, shift, to, n);
  }
}

/** dx, dGain, dShift: 0 where it is not wanted. The rows of dx and the columns of the sums are shared by the threads. */
export function layerNormBackward(job: LayerNormBackward, thread: i32, threads: i32): void {
  const rows = job.rows, n = job.n;
  const layer = job.layer, gain = layer.gain, normal = layer.normal, root = layer.root, dy = layer.dy;
  const dx = layer.dx, dGain = layer.dGain, dShift = layer.dShift;
  const row = <usize>n << 2;
  if (dx) {
    const last = share(rows, thread + 1, threads);
    for (let i = share(rows, thread, threads); i < last; i++) {
      const own = normal + <usize>i * row, to = dx + <usize>i * row;
      let g = dy + <usize>i * row;
      if (gain) {
        mulRow(g, gain, to, n);
        g = to;
      }
      const mean = laneSum(g, n) / <f32>n;
      layerNormBackwardRow(g, own, to, n, mean, laneDot(g, own, n) / <f32>n, f32.load(root + (<usize>i << 2)));
    }
  }
  // vectors of eight, so that no two threads write to one
  const vectors = (n + 7) >> 3;
  const from = share(vectors, thread, threads) << 3;
  const width = min(n, share(vectors, thread + 1, threads) << 3) - from;
  if (width <= 0) return;
  const at = <usize>from << 2;
  if (rows > LONG_SUM) {
    if (dGain) longProductSums(dy + at, normal + at, row, dGain + at, rows, width);
    if (dShift) longColumnSums(dy + at, row, dShift + at, rows, width);
    return;
  }
  if (dGain) {
    memory.fill(dGain + at, 0, <usize>width << 2);
    for (let i = 0; i < rows; i++) {
      const start = <usize>i * row + at;
      addProductRow(dGain + at, dy + start, normal + start, dGain + at, width);
    }
  }
  if (dShift) {
    memory.fill(dShift + at, 0, <usize>width << 2);
    for (let i = 0; i < rows; i++) addRow(dShift + at, dy + <usize>i * row + at, dShift + at, width);
  }
}

/** out [n] = the sums of the columns of a · b, element by element, whose rows are `row` bytes apart, as long sums. */
function longProductSums(a: usize, b: usize, row: usize, out: usize, rows: i32, n: i32): void {
  const sums = ownSums(), part = ownPart();
  for (let first = 0; first < n; first += SUMMED_COLUMNS) {
    const count = min(SUMMED_COLUMNS, n - first);
    const at = <usize>first << 2;
    beginSums(sums, 0, count);
    for (let i = 0; i < rows; i += ADDED_PART) {
      memory.fill(part, 0, <usize>count << 2);
      for (let r = i; r < min(rows, i + ADDED_PART); r++) {
        addProductRow(part, a + <usize>r * row + at, b + <usize>r * row + at, part, count);
      }
      addToSums(sums, part, count);
    }
    endSums(sums, out + at, count);
  }
}
