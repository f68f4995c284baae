/**
 * @file Kernels that move elements without computing (scatterAdd adds rows with the same index).
 */
import { type Shape, sizeOf } from "../../base/index.ts";
import type { Operand, Strides } from "../engine.ts";
import { sumsFor } from "./long-sums.ts";
import { arrayOf, type FloatArray, floats, integers } from "./memory.ts";

export function copyStrided(x: Operand, from: Strides, out: Operand, to: Strides, shape: Shape): void {
  const source = arrayOf(x);
  const target = arrayOf(out);
  const rank = shape.length;
  if (rank === 0) {
    target[to.offset] = source[from.offset];
    return;
  }
  const last = rank - 1;
  const n = shape[last];
  const sourceStep = from.strides[last];
  const targetStep = to.strides[last];
  const index = new Array<number>(rank).fill(0);
  let sourceAt = from.offset;
  let targetAt = to.offset;
  for (let rows = n === 0 ? 0 : sizeOf(shape) / n; rows > 0; rows--) {
    for (let j = 0; j < n; j++) target[targetAt + j * targetStep] = source[sourceAt + j * sourceStep];
    // the next row, carrying over like an odometer
    for (let axis = last - 1; axis >= 0; axis--) {
      sourceAt += from.strides[axis];
      targetAt += to.strides[axis];
      if (++index[axis] < shape[axis]) break;
      sourceAt -= shape[axis] * from.strides[axis];
      targetAt -= shape[axis] * to.strides[axis];
      index[axis] = 0;
    }
  }
}

export function gather(x: Operand, indices: Operand, out: Operand, outer: number, inner: number): void {
  const source = arrayOf(x);
  const ids = integers(indices);
  const target = arrayOf(out);
  const rows = outer === 0 || inner === 0 ? 0 : source.length / (outer * inner);
  for (let o = 0, at = 0; o < outer; o++) {
    for (const id of ids) {
      const row = (o * rows + id) * inner;
      for (let j = 0; j < inner; j++) target[at++] = source[row + j];
    }
  }
}

export function scatterAdd(x: Operand, indices: Operand, out: Operand, outer: number, inner: number): void {
  const source = floats(x);
  const ids = integers(indices);
  const target = floats(out);
  const [read, written] = [ids.length * inner, outer === 0 ? 0 : target.length / outer];
  for (let o = 0; o < outer; o++) {
    addRows(source.subarray(o * read, (o + 1) * read), ids, target.subarray(o * written, (o + 1) * written), inner);
  }
}

/** target [V, inner] += x [N, inner], each row of x at its index, in the order of N. */
export function addRows(x: FloatArray, indices: Int32Array, target: FloatArray, inner: number): void {
  const { sums, end } = sumsFor(target, indices.length);
  let at = 0;
  for (const index of indices) {
    for (let j = 0; j < inner; j++) sums[index * inner + j] += x[at++];
  }
  end();
}

export function reverseSequence(x: Operand, lengths: Operand, out: Operand): void {
  const [steps, batch] = x.shape;
  const inner = sizeOf(x.shape.slice(2));
  const source = arrayOf(x);
  const target = arrayOf(out);
  const limit = integers(lengths);
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      const from = t < limit[b] ? limit[b] - 1 - t : t;
      for (let j = 0; j < inner; j++) target[(t * batch + b) * inner + j] = source[(from * batch + b) * inner + j];
    }
  }
}

export function maskSequence(x: Operand, lengths: Operand, out: Operand): void {
  const [steps, batch] = x.shape;
  const inner = sizeOf(x.shape.slice(2));
  const source = arrayOf(x);
  const target = arrayOf(out);
  const limit = integers(lengths);
  target.set(source);
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      if (t < limit[b]) continue;
      const row = (t * batch + b) * inner;
      target.fill(0, row, row + inner);
    }
  }
}
