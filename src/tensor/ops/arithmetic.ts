/**
 * @file Functions of two tensors, element by element, with NumPy broadcasting. A number takes the
 * dtype of the other operand.
 */
import { broadcastShapes, dtypeError, isFloat, kindError } from "../../base/index.ts";
import { type ArithmeticOp, type BinaryOp, currentEngine } from "../../engine/index.ts";
import { full } from "../create.ts";
import { record } from "../tape.ts";
import { allocate, commonDtype, Tensor } from "../tensor.ts";
import { sumTo } from "./broadcast.ts";

/** An operand of a function of two tensors: a tensor, or a number that takes the other's dtype. */
export type Value = Tensor | number;

type Slopes = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [() => Tensor, () => Tensor];

/**
 * Both operands as tensors of one dtype. Throws TypeError for other values and differing dtypes.
 */
export function pair(where: string, a: Value, b: Value): [Tensor, Tensor] {
  for (const x of [a, b]) {
    if (!(x instanceof Tensor) && typeof x !== "number") throw kindError(where, "a tensor or a number", x);
  }
  const known = a instanceof Tensor ? a : b instanceof Tensor ? b : undefined;
  const dtype = known?.dtype ?? "float32";
  const left = a instanceof Tensor ? a : full([], a, dtype);
  const right = b instanceof Tensor ? b : full([], b, dtype);
  commonDtype(where, left, right);
  return [left, right];
}

export function broadcastBinary(op: BinaryOp, a: Tensor, b: Tensor, dtype: Tensor["dtype"]): Tensor {
  const out = allocate(dtype, broadcastShapes(op, a.shape, b.shape));
  currentEngine().binary(op, a, b, out);
  return out;
}

/**
 * An op of two tensors, made from its kernel and its two gradients, which are computed only if
 * needed.
 */
export function arithmetic(op: ArithmeticOp, slopes: Slopes): (a: Value, b: Value) => Tensor {
  return (x, y) => {
    const [a, b] = pair(op, x, y);
    if (a.dtype === "bool" || (a.dtype === "int32" && (op === "div" || op === "pow"))) {
      throw dtypeError(op, "float32 or float64", a.dtype);
    }
    const out = broadcastBinary(op, a, b, a.dtype);
    if (!isFloat(a.dtype)) return out;
    return record([a, b], [out], (dy) => {
      if (dy === undefined) return [];
      const [da, db] = slopes(dy, a, b, out);
      // a constant made from a number needs no gradient
      return [typeof x === "number" ? undefined : sumTo(da(), a), typeof y === "number" ? undefined : sumTo(db(), b)];
    });
  };
}

/** a + b, element by element with broadcasting. */
export const add: (a: Value, b: Value) => Tensor = arithmetic("add", (dy) => [() => dy, () => dy]);
/** a - b, element by element with broadcasting. */
export const sub: (a: Value, b: Value) => Tensor = arithmetic("sub", (dy) => [() => dy, () => mul(dy, -1)]);
/** a · b, element by element with broadcasting. */
export const mul: (a: Value, b: Value) => Tensor = arithmetic("mul", (dy, a, b) => [
  () => mul(dy, b),
  () => mul(dy, a),
]);
/** a / b, element by element with broadcasting. Throws TypeError unless both are floating point. */
export const div: (a: Value, b: Value) => Tensor = arithmetic("div", (dy, _, b, y) => [
  () => div(dy, b),
  () => mul(div(mul(dy, y), b), -1),
]);
