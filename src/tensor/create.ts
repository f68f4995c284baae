/** @file Tensors from JavaScript values, constants and random streams. */
import {
  checkInteger,
  checkOptions,
  type DType,
  dtypeOf,
  type FloatDType,
  kindError,
  type RandomStream,
  shapeError,
  type Shape,
  sizeOf,
  type TypedArray,
  valueError,
} from "../base/index.ts";
import { currentEngine, onEachReplay, isRecorded } from "../engine/index.ts";
import { allocate, type NestedArray, Tensor } from "./tensor.ts";

/** Options of `tensor`: element type and shape. */
export type TensorOptions = { readonly dtype?: DType | undefined; readonly shape?: Shape };

/**
 * Creates a tensor from nested arrays (`[[1, 2], [3, 4]]`), a number (a scalar) or a typed array.
 *
 * @param options.dtype default float32 for numbers, the matching type for a typed array
 * @param options.shape default the nesting, or `[length]` for a typed array
 * Throws TypeError for anything that is not a number, RangeError for ragged nesting or a shape of
 * another size, or int32 values that are not integers.
 */
export function tensor(values: NestedArray | TypedArray, { dtype, shape }: TensorOptions = {}): Tensor {
  checkOptions("tensor", arguments[1], "dtype shape");
  if (ArrayBuffer.isView(values)) return fromTypedArray(values, dtype ?? dtypeOf(values), shape ?? [values.length]);
  const nesting: number[] = [];
  for (let node: NestedArray = values; Array.isArray(node); node = node[0]) {
    nesting.push(node.length);
    if (node.length === 0) break;
  }
  const flat: number[] = [];
  flatten(values, nesting, 0, flat);
  return fromNumbers(flat, dtype ?? "float32", shape ?? nesting);
}

function flatten(node: NestedArray, shape: Shape, axis: number, into: number[]): void {
  if (axis === shape.length) {
    if (typeof node !== "number") throw kindError("tensor", "a number at each position", node);
    into.push(node);
    return;
  }
  if (!Array.isArray(node)) throw kindError("tensor", `an array of ${shape[axis]} at depth ${axis}`, node);
  if (node.length !== shape[axis]) {
    throw shapeError("tensor", `${shape[axis]} elements at depth ${axis} as in the first row`, [node.length]);
  }
  for (const child of node) flatten(child, shape, axis + 1, into);
}

function fromTypedArray(values: TypedArray, dtype: DType, shape: Shape): Tensor {
  return dtype === dtypeOf(values) && dtype !== "bool"
    ? filledFrom(values, dtype, shape)
    : fromNumbers(values, dtype, shape);
}

function fromNumbers(values: ArrayLike<number>, dtype: DType, shape: Shape): Tensor {
  if (dtype === "int32") {
    for (let i = 0; i < values.length; i++) {
      if ((values[i] | 0) !== values[i]) throw valueError("tensor", "int32 values", values[i]);
    }
  }
  return filledFrom(dtype === "bool" ? Uint8Array.from(values, (x) => (x === 0 ? 0 : 1)) : values, dtype, shape);
}

function filledFrom(values: ArrayLike<number>, dtype: DType, shape: Shape): Tensor {
  for (const n of shape) checkInteger("tensor shape", n);
  if (sizeOf(shape) !== values.length) {
    throw shapeError("tensor", `a shape for ${values.length} values`, shape);
  }
  const out = allocate(dtype, shape);
  write(out, values);
  return out;
}

/** Writes the elements of x. In a recording, each replay writes these values again. */
export function write(x: Tensor, values: ArrayLike<number>): void {
  const kept = isRecorded() ? Float64Array.from(values) : values;
  onEachReplay([x], (elements) => elements.set(kept));
}

/**
 * A tensor filled with one value. `dtype` defaults to float32. Throws RangeError for dtype int32
 * and a value that is not an int32.
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  for (const n of shape) checkInteger("full shape", n);
  if (dtype === "int32" && (value | 0) !== value) throw valueError("full", "an int32 value", value);
  const out = allocate(dtype, shape);
  currentEngine().fill(out, dtype === "bool" ? Number(value !== 0) : value);
  return out;
}

/** A tensor filled with 0. `dtype` defaults to float32. */
export const zeros = (shape: Shape, dtype: DType = "float32"): Tensor => full(shape, 0, dtype);

/** A tensor filled with 1. `dtype` defaults to float32. */
export const ones = (shape: Shape, dtype: DType = "float32"): Tensor => full(shape, 1, dtype);

/** The int32 tensor [n] of 0 … n-1. */
export const range = (n: number): Tensor => tensor(Int32Array.from({ length: checkInteger("range", n) }, (_, i) => i));

/**
 * One-hot rows, as `tf.one_hot`: indices of any shape (int32) become [..., depth], `onValue` at the
 * index. Throws RangeError if an index is outside [0, depth).
 */
export function oneHot(
  indices: Tensor | readonly number[] | readonly (readonly number[])[],
  depth: number,
  { onValue = 1, offValue = 0, dtype = "float32" }: { onValue?: number; offValue?: number; dtype?: FloatDType } = {},
): Tensor {
  checkOptions("oneHot", arguments[2], "onValue offValue dtype");
  const ids = indices instanceof Tensor ? indices : tensor(indices as NestedArray, { dtype: "int32" });
  checkInteger("oneHot depth", depth, 1);
  const out = full([...ids.shape, depth], offValue, dtype);
  onEachReplay([ids, out], (list, rows) => {
    for (let row = 0; row < list.length; row++)
      rows[row * depth + checkInteger("oneHot index", list[row], 0, depth - 1)] = onValue;
  });
  return out;
}

/** A distribution of random elements. */
export type Distribution =
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  | { readonly kind: "truncatedNormal"; readonly mean: number; readonly deviation: number };

/**
 * A tensor of elements drawn in order from `random`. In float32 they are the float64 numbers,
 * rounded.
 */
export function randomTensor(
  shape: Shape,
  random: RandomStream,
  distribution: Distribution,
  dtype: FloatDType = "float32",
): Tensor {
  const out = allocate(dtype, shape);
  const data = currentEngine().view(out);
  for (let i = 0; i < data.length; i++) {
    switch (distribution.kind) {
      case "uniform":
        data[i] = distribution.low + (distribution.high - distribution.low) * random.uniform();
        break;
      case "normal":
        data[i] = distribution.mean + distribution.deviation * random.normal();
        break;
      case "truncatedNormal":
        data[i] = distribution.mean + distribution.deviation * random.truncatedNormal();
        break;
      default:
        distribution satisfies never;
    }
  }
  return out;
}
