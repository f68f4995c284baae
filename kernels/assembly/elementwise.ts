// Functions of one and two arrays, element by element.
import { activate, slope } from "./activations";
import { Activation, Binary, LONG_SUM, Unary } from "./generated/numbers";
import {
  absRow, addRow, addScalar, divInto, divRow, divScalar, expRow, floorRow, maximumRow, maximumScalar, minimumRow, minimumScalar, mulRow,
  mulScalar, negRow, reciprocalRow, reluRow, sigmoidBackwardRow, sigmoidRow, sqrtRow, squareRow, subFrom, subRow, subScalar, tanhBackwardRow, tanhRow,
} from "./generated/rows";
import { transposeLanes } from "./gemm";
import { table } from "./instance";
import { isActive, loadLanes, storeLanes } from "./lanes";
import { addToSums, beginSums, endSums, longColumnSums, ownSums, SUMMED_COLUMNS } from "./sums";

export function move(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes);
}

export function fill(to: usize, n: i32, value: f32): void {
  if (reinterpret<i32>(value) == 0) {
    memory.fill(to, 0, <usize>n << 2);
    return;
  }
  const v = f32x4.splat(value);
  for (let j = 0; j < n; j += 4) storeLanes(to + (<usize>j << 2), v, n - j);
}

/** y [n] = f(x). */
export function unary(op: i32, x: usize, y: usize, n: i32): void {
  switch (op) {
    case Unary.sigmoid: return sigmoidRow(x, y, n);
    case Unary.tanh: return tanhRow(x, y, n);
    case Unary.relu: return reluRow(x, y, n);
    case Unary.neg: return negRow(x, y, n);
    case Unary.abs: return absRow(x, y, n);
    case Unary.exp: return expRow(x, y, n);
    case Unary.sqrt: return sqrtRow(x, y, n);
    case Unary.square: return squareRow(x, y, n);
    case Unary.reciprocal: return reciprocalRow(x, y, n);
    case Unary.floor: return floorRow(x, y, n);
  }
  const t = table;
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    storeLanes(y + at, activate(op, loadLanes(x + at, n - j), t), n - j);
  }
}

/** dx [n] = dy * derivative, from the activation's value y. */
export function activationBackward(kind: i32, y: usize, dy: usize, dx: usize, n: i32): void {
  if (kind == Activation.sigmoid) return sigmoidBackwardRow(y, dy, dx, n);
  if (kind == Activation.tanh) return tanhBackwardRow(y, dy, dx, n);
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    storeLanes(dx + at, f32x4.mul(loadLanes(dy + at, n - j), slope(kind, loadLanes(y + at, n - j))), n - j);
  }
}

/** out [rows, n] = f(a, b); aRow and bRow are the bytes from one row to the next: 0 where one row serves all. */
export function binary(op: i32, a: usize, aRow: usize, b: usize, bRow: usize, out: usize, rows: i32, n: i32): void {
  for (let i = 0; i < rows; i++) {
    switch (op) {
      case Binary.add: addRow(a, b, out, n); break;
      case Binary.sub: subRow(a, b, out, n); break;
      case Binary.mul: mulRow(a, b, out, n); break;
      case Binary.div: divRow(a, b, out, n); break;
      case Binary.maximum: maximumRow(a, b, out, n); break;
      case Binary.minimum: minimumRow(a, b, out, n); break;
    }
    a += aRow;
    b += bRow;
    out += <usize>n << 2;
  }
}

/** out [rows, n] = f(a, one number for each row of b); `swapped`: f(b, a). */
export function binaryScalar(op: i32, a: usize, b: usize, bRow: usize, out: usize, rows: i32, n: i32, swapped: i32): void {
  for (let i = 0; i < rows; i++) {
    const s = f32.load(b);
    switch (op) {
      case Binary.add: addScalar(a, out, n, s); break;
      case Binary.sub: if (swapped) subFrom(a, out, n, s); else subScalar(a, out, n, s); break;
      case Binary.mul: mulScalar(a, out, n, s); break;
      case Binary.div: if (swapped) divInto(a, out, n, s); else divScalar(a, out, n, s); break;
      case Binary.maximum: maximumScalar(a, out, n, s); break;
      case Binary.minimum: minimumScalar(a, out, n, s); break;
    }
    a += <usize>n << 2;
    b += bRow;
    out += <usize>n << 2;
  }
}

/** out [n] = column sums of x [rows, n], in the order of the rows. */
export function columnSums(x: usize, out: usize, rows: i32, n: i32): void {
  if (rows > LONG_SUM) return longColumnSums(x, <usize>n << 2, out, rows, n);
  memory.fill(out, 0, <usize>n << 2);
  for (let i = 0; i < rows; i++) {
    addRow(out, x, out, n);
    x += <usize>n << 2;
  }
}

/** out [N, n] = rows of x at int32 indices. */
export function gather(x: usize, indices: usize, out: usize, N: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let i = 0; i < N; i++) {
    memory.copy(out, x + <usize>i32.load(indices) * row, row);
    indices += 4;
    out += row;
  }
}

/** Rows of x [N, n] added to rows of out at int32 indices, in order. */
export function scatterAdd(x: usize, indices: usize, out: usize, N: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let i = 0; i < N; i++) {
    const to = out + <usize>i32.load(indices) * row;
    addRow(to, x, to, n);
    indices += 4;
    x += row;
  }
}

/**
 * The same for many rows, as long sums: `order` has room for N numbers, `starts` for V + 1, where V are the rows of out. The rows of each index are summed
 * one after the other.
 */
export function longScatterAdd(x: usize, indices: usize, out: usize, N: i32, n: i32, V: i32, order: usize, starts: usize): void {
  const row = <usize>n << 2;
  // starts[v + 1] counts the rows of v, then says where they begin, then where they end
  memory.fill(starts, 0, <usize>(V + 1) << 2);
  for (let i = 0; i < N; i++) {
    const at = starts + (<usize>(i32.load(indices + (<usize>i << 2)) + 1) << 2);
    i32.store(at, i32.load(at) + 1);
  }
  for (let v = 0; v < V; v++) {
    const at = starts + (<usize>v << 2);
    i32.store(at + 4, i32.load(at + 4) + i32.load(at));
  }
  for (let i = 0; i < N; i++) {
    const at = starts + (<usize>i32.load(indices + (<usize>i << 2)) << 2);
    const place = i32.load(at);
    i32.store(order + (<usize>place << 2), i);
    i32.store(at, place + 1);
  }
  const sums = ownSums();
  for (let v = 0, p = 0; v < V; v++) {
    const end = i32.load(starts + (<usize>v << 2));
    if (p == end) continue;
    const begin = p;
    p = end;
    for (let first = 0; first < n; first += SUMMED_COLUMNS) {
      const count = min(SUMMED_COLUMNS, n - first);
      const to = out + <usize>v * row + (<usize>first << 2);
      beginSums(sums, to, count);
      for (let q = begin; q < end; q++) addToSums(sums, x + <usize>i32.load(order + (<usize>q << 2)) * row + (<usize>first << 2), count);
      endSums(sums, to, count);
    }
  }
}

/** out [T, B, n] = x with the first lengths[b] steps of each row b in reverse order, the others as they are. */
export function reverseSequence(x: usize, lengths: usize, out: usize, T: i32, B: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      const length = i32.load(lengths + (<usize>b << 2));
      const from = t < length ? length - 1 - t : t;
      memory.copy(out, x + <usize>(from * B + b) * row, row);
      out += row;
    }
  }
}

/** out [T, B, n] = x with zeros from step lengths[b] of each row b on. */
export function maskSequence(x: usize, lengths: usize, out: usize, T: i32, B: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      if (isActive(lengths, b, t)) memory.copy(out, x, row);
      else memory.fill(out, 0, row);
      x += row;
      out += row;
    }
  }
}

/** out [n, m] = xᵀ, x [m, n]; rows xRow and outRow bytes apart. */
export function transpose(x: usize, xRow: usize, out: usize, outRow: usize, m: i32, n: i32): void {
  let i = 0;
  for (; i + 4 <= m; i += 4) transposeLanes(x + <usize>i * xRow, xRow, n, 4, out + (<usize>i << 2), outRow);
  for (; i < m; i++) {
    for (let j = 0; j < n; j++) {
      f32.store(out + <usize>j * outRow + (<usize>i << 2), f32.load(x + <usize>i * xRow + (<usize>j << 2)));
    }
  }
}
