/** @file Arrays as plain numbers and the slow, obvious way to compute with them: what the tensor ops are compared with. */
import { type Shape, sizeOf } from "../../src/base/index.ts";

export type Plain = { readonly shape: Shape; readonly data: readonly number[] };

/** An array whose elements come from their indices. */
export function build(shape: Shape, element: (index: number[]) => number): Plain {
  return { shape, data: indices(shape).map(element) };
}

/** Every index of `shape` in row-major order. */
export function indices(shape: Shape): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return index;
  });
}

/** The element at `index`; leading indices beyond the rank are dropped and axes of size 1 stretch, as in broadcasting. */
export function at(x: Plain, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  let flat = 0;
  x.shape.forEach((n, axis) => (flat = flat * n + (n === 1 ? 0 : own[axis])));
  return x.data[flat];
}

/** NumPy's shape for all of them together. */
export function broadcast(...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((n) => n !== 1);
    return sizes[0] ?? 1;
  });
}

/** A function of one number from each array, with broadcasting. */
export function elementwise(f: (...x: number[]) => number): (inputs: Plain[]) => Plain {
  return (inputs) => build(broadcast(...inputs.map((x) => x.shape)), (index) => f(...inputs.map((x) => at(x, index))));
}

/** Folds the numbers along `axes` into one. */
export function fold(x: Plain, axes: readonly number[], keepDims: boolean, f: (values: number[]) => number): Plain {
  const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  const whole = build(kept, (index) =>
    f(
      indices(x.shape)
        .filter((other) => other.every((i, axis) => axes.includes(axis) || i === index[axis]))
        .map((i) => at(x, i)),
    ),
  );
  return { shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data: whole.data };
}
