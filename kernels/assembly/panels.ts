// The gradient of the pre-activations in the layout that the weight gradients want: for each gate [N, H] in panels of columns, each [N][width].
import { LEFT, ROW_BLOCK, spare, SUM_BLOCK } from "./instance";
import { ProjectedGradients, WeightGradients } from "./generated/jobs";
import { LONG_SUM } from "./generated/numbers";
import { blockHeight, column, longColumn, packBlock, paddedColumns, panelWidth } from "./gemm";
import { loadLanes, storeLanes } from "./lanes";
import { share } from "./pool";
import { addRowsToSums, addToSums, beginSums, endSums } from "./sums";

/**
 * Rows of a panel for N, in each block of the sum: an odd number, so that the same row of neighbouring panels is not at the same place of the caches.
 */
// @ts-ignore: decorator
@inline
function panelRows(N: i32): i32 {
  return min(SUM_BLOCK, N) | 1;
}

/** Bytes of one block of the sum of one gate [N, n]. */
// @ts-ignore: decorator
@inline
function blockBytes(N: i32, n: i32): usize {
  return (<usize>panelRows(N) * paddedColumns(n)) << 2;
}

/** Bytes of the panels of one gate [N, n]: the next gate's are behind them. */
export function gateBytes(N: i32, n: i32): usize {
  return <usize>((N + SUM_BLOCK - 1) / SUM_BLOCK) * blockBytes(N, n);
}

/** Row r of N of one gate: n floats from x into the gate's panels. */
export function toPanels(x: usize, n: i32, panels: usize, r: i32, N: i32): void {
  const block = panels + <usize>(r / SUM_BLOCK) * blockBytes(N, n);
  const row = r % SUM_BLOCK;
  const rows = panelRows(N);
  for (let j = 0; j < n; ) {
    const width = panelWidth(j, n);
    const to = block + ((<usize>j * rows + <usize>row * width) << 2);
    const used = min(width, n - j);
    if (used == width) {
      v128.store(to, v128.load(x));
      v128.store(to, v128.load(x, 16), 16);
      if (width == 16) {
        v128.store(to, v128.load(x, 32), 32);
        v128.store(to, v128.load(x, 48), 48);
      }
    } else {
      memory.copy(to, x, <usize>used << 2);
      memory.fill(to + (<usize>used << 2), 0, <usize>(width - used) << 2);
    }
    x += <usize>width << 2;
    j += width;
  }
}

/**
 * Weight gradients: for gates first … last-1 of G, c [m, G*n] = aᵀ·dz, a [N, m] with rows `aRow` bytes apart, dz by toPanels, N rows, n units; bias [G*n], if it is
 * not 0, gets the sums of dz's columns, as the product with a row of ones. Both are sums over N in order, or long ones, for which `longs` is room for
 * (m + 1) * G*n float64. The rows of c are shared by the threads.
 */
export function weightGradients(job: WeightGradients, thread: i32, threads: i32): void {
  const a = job.a, aRow = job.aRow, m = job.m, N = job.rows, n = job.units;
  const G = job.gates, firstGate = job.first, lastGate = job.last;
  const dz = job.dz, c = job.to, bias = job.bias, longs = job.longs;
  const from = share(m, thread, threads);
  const to = share(m, thread + 1, threads);
  const cRow = <usize>(G * n) << 2;
  const gate = gateBytes(N, n);
  const left = spare + LEFT;
  const rows = panelRows(N);
  const longRow = <usize>(G * n) << 3;
  const longBias = longs + <usize>m * longRow;
  const first = firstGate * n, columnsOfGates = (lastGate - firstGate) * n;
  const own = longs + (<usize>first << 3);
  if (longs) {
    for (let i = from; i < to; i++) beginSums(own + <usize>i * longRow, 0, columnsOfGates);
    if (from == 0) beginSums(longBias + (<usize>first << 3), 0, columnsOfGates);
  }
  for (let p = 0; p < N; p += SUM_BLOCK) {
    const steps = min(SUM_BLOCK, N - p);
    const isFirst = p == 0;
    const block = dz + <usize>(p / SUM_BLOCK) * blockBytes(N, n);
    for (let i = from; i < to; ) {
      const height = blockHeight(to - i);
      packBlock(a + (<usize>i << 2) + <usize>p * aRow, 4, aRow, height, steps, left);
      for (let g = firstGate; g < lastGate; g++) {
        for (let j = 0; j < n; ) {
          const width = panelWidth(j, n);
          const panel = block + <usize>g * gate + ((<usize>j * rows) << 2);
          const used = min(width, n - j);
          const at = <usize>(g * n + j) << 2;
          if (longs) {
            longColumn(longs + <usize>i * longRow + (at << 1), longRow, left, 4, true, panel, height, steps, used, width);
            if (i == 0 && bias) addRowsToSums(longBias + (at << 1), panel, <usize>width << 2, steps, used);
          } else {
            column(c + <usize>i * cRow + at, cRow, left, 4, true, panel, height, steps, used, width, isFirst);
            if (i == 0 && bias) sums(bias + at, panel, steps, used, width, isFirst);
          }
          j += width;
        }
      }
      i += height;
    }
  }
  if (!longs) return;
  for (let i = from; i < to; i++) endSums(own + <usize>i * longRow, c + <usize>i * cRow + (<usize>first << 2), columnsOfGates);
  if (from == 0 && bias) endSums(longBias + (<usize>first << 3), bias + (<usize>first << 2), columnsOfGates);
}

/** to [used] = the sums of the columns of a panel [steps, width], or those added to it one after the other. */
function sums(to: usize, panel: usize, steps: i32, used: i32, width: i32, isFirst: bool): void {
  const row = <usize>width << 2;
  for (let q = 0; q < used; q += 8) {
    let s = isFirst ? f32x4.splat(0) : loadLanes(to, used - q);
    let t = isFirst || used - q <= 4 ? f32x4.splat(0) : loadLanes(to + 16, used - q - 4);
    let x = panel + (<usize>q << 2);
    for (let p = 0; p < steps; p++) {
      s = f32x4.add(s, v128.load(x));
      t = f32x4.add(t, v128.load(x, 16));
      x += row;
    }
    storeLanes(to, s, used - q);
    if (used - q > 4) storeLanes(to + 16, t, used - q - 4);
    to += 32;
  }
}

/** Rows of a panel that the scratch memory for a block of `a` holds. */
const SUMMED_ROWS: i32 = (ROW_BLOCK * SUM_BLOCK) / 16;

/** The same of float64. */
const LONG_ROWS: i32 = SUMMED_ROWS / 2;

/**
 * The gradient of x·W [V, G*n], n units: for each of the V inputs the sum of the rows of dz that read it, in order; dz by toPanels, N rows. The columns are shared
 * by the threads. The sums of a panel lie close together until they are ready: where they belong, rows that are a power of two long would fall on the same
 * place of the caches.
 */
export function projectedGradients(job: ProjectedGradients, thread: i32, threads: i32): void {
  const ids = job.ids, V = job.inputs, N = job.rows, n = job.units, G = job.gates, dz = job.dz, to = job.to;
  const row = <usize>(G * n) << 2;
  const gate = gateBytes(N, n);
  const rows = panelRows(N);
  const sums = spare + LEFT;
  let index = 0;
  for (let g = 0; g < G; g++) {
    for (let j = 0; j < n; index++) {
      const width = panelWidth(j, n);
      const wide = <usize>width << 2;
      if (index % threads == thread) {
        const used = <usize>min(width, n - j) << 2;
        const target = to + (<usize>(g * n + j) << 2);
        if (N > LONG_SUM) {
          for (let first = 0; first < V; first += LONG_ROWS) {
            const count = min(LONG_ROWS, V - first);
            beginSums(sums, 0, count * width);
            for (let p = 0; p < N; p += SUM_BLOCK) {
              const panel = dz + <usize>g * gate + <usize>(p / SUM_BLOCK) * blockBytes(N, n) + ((<usize>j * rows) << 2);
              addLongByInput(sums, first, count, ids + (<usize>p << 2), panel, min(SUM_BLOCK, N - p), width);
            }
            for (let v = 0; v < count; v++) endSums(sums + ((<usize>v * width) << 3), target + <usize>(first + v) * row, min(width, n - j));
          }
        } else for (let first = 0; first < V; first += SUMMED_ROWS) {
          const count = min(SUMMED_ROWS, V - first);
          memory.fill(sums, 0, <usize>count * wide);
          for (let p = 0; p < N; p += SUM_BLOCK) {
            const panel = dz + <usize>g * gate + <usize>(p / SUM_BLOCK) * blockBytes(N, n) + ((<usize>j * rows) << 2);
            addByInput(sums, first, count, ids + (<usize>p << 2), panel, min(SUM_BLOCK, N - p), wide);
          }
          for (let v = 0; v < count; v++) memory.copy(target + <usize>(first + v) * row, sums + <usize>v * wide, used);
        }
      }
      j += width;
    }
  }
}

/** Adds each of `steps` rows of a panel, `wide` bytes, to the one of the `count` sums from `first` on that its id names. */
function addByInput(sums: usize, first: i32, count: i32, ids: usize, panel: usize, steps: i32, wide: usize): void {
  const end = panel + <usize>steps * wide;
  for (; panel < end; panel += wide) {
    const input = i32.load(ids) - first;
    ids += 4;
    if (<u32>input >= <u32>count) continue;
    const sum = sums + <usize>input * wide;
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(panel)));
    v128.store(sum, f32x4.add(v128.load(sum, 16), v128.load(panel, 16)), 16);
    if (wide == 64) {
      v128.store(sum, f32x4.add(v128.load(sum, 32), v128.load(panel, 32)), 32);
      v128.store(sum, f32x4.add(v128.load(sum, 48), v128.load(panel, 48)), 48);
    }
  }
}

/** The same as long sums of `width` columns. */
function addLongByInput(sums: usize, first: i32, count: i32, ids: usize, panel: usize, steps: i32, width: i32): void {
  for (let p = 0; p < steps; p++) {
    const input = i32.load(ids + (<usize>p << 2)) - first;
    if (<u32>input < <u32>count) addToSums(sums + ((<usize>input * width) << 3), panel, width);
    panel += <usize>width << 2;
  }
}
