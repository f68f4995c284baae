import { sizeOf } from "../../base/index.ts";
import type { BinaryOp, Operand } from "../engine.ts";
import { binaryNumbers, type Kernels } from "./kernels.ts";
import { BYTES, pointerOf } from "./linear-memory.ts";

/** Whether x's axes are the last ones of out. */
const isSuffix = (x: Operand, out: Operand): boolean =>
  x.shape.every((n, axis) => n === out.shape[out.shape.length - x.shape.length + axis]);

/**
 * out = a op b where one of them has out's shape and the other has it too, or its last axes (a bias), or one number for each row (a norm), or one
 * number. False for other shapes and functions.
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
  } else if (isSuffix(part, out)) {
    const [stepA, stepB] = swapped ? [0, count * BYTES] : [count * BYTES, 0];
    kernels.binary(number, from, stepA, other, stepB, to, size / count, count);
  } else if (part.shape[part.shape.length - 1] === 1 && count * last === size) {
    kernels.binaryScalar(number, whole, small, BYTES, to, count, last, Number(swapped));
  } else return false;
  return true;
}
