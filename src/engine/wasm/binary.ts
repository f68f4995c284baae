import { type Shape, sizeOf } from "../../base/index.ts";
import type { BinaryOp, Operand } from "../engine.ts";
import { BYTES } from "./address.ts";
import { binaryNumbers } from "./generated/jobs.ts";
import type { Kernels } from "./kernels.ts";
import { pointerOf } from "./linear-memory.ts";

/** Whether the axes `of` are the last ones of `whole`. */
const isSuffix = (of: Shape, whole: Shape): boolean =>
  of.every((n, axis) => n === whole[whole.length - of.length + axis]);

const withoutLeadingOnes = (shape: Shape): Shape => shape.slice(shape.findIndex((n) => n !== 1));

/**
 * Computes out = a op b if the shapes suit a kernel, and returns whether it did. One operand has
 * out's shape. The other has it too, or its last axes (a bias), one number per row (a norm) or per
 * row of its last axes (the batch), or one number in all.
 */
export function binary(kernels: Kernels, op: BinaryOp, a: Operand, b: Operand, out: Operand): boolean {
  const number = binaryNumbers[op];
  if (number === undefined) return false;
  const [sizeA, sizeB, size] = [sizeOf(a.shape), sizeOf(b.shape), sizeOf(out.shape)];
  if (size === 0) return true;
  const [from, other, to] = [pointerOf(a), pointerOf(b), pointerOf(out)];
  if (sizeA === size && sizeB === size) {
    kernels.binary(number, from, 0, other, 0, to, 1, size);
    return true;
  }
  const swapped = sizeB === size;
  if (!swapped && sizeA !== size) return false;
  const [whole, small, part, count] = swapped ? [other, from, a, sizeA] : [from, other, b, sizeB];
  const last = out.shape[out.shape.length - 1];
  if (count === 1) {
    kernels.binaryScalar(number, whole, small, 0, to, 1, size, Number(swapped));
    return true;
  }
  const shape = withoutLeadingOnes(part.shape);
  if (isSuffix(shape, out.shape)) {
    const [stepA, stepB] = swapped ? [0, count * BYTES] : [count * BYTES, 0];
    kernels.binary(number, from, stepA, other, stepB, to, size / count, count);
  } else if (shape[shape.length - 1] === 1 && isSuffix(shape.slice(0, -1), out.shape.slice(0, -1))) {
    const step = count * last * BYTES;
    for (let at = 0; at < size * BYTES; at += step)
      kernels.binaryScalar(number, whole + at, small, BYTES, to + at, count, last, Number(swapped));
  } else return false;
  return true;
}
