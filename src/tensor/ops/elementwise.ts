/** @file Functions of one tensor, element by element. Shapes don't change. */
import { dtypeError, isFloat } from "../../base/index.ts";
import { currentEngine, type UnaryOp } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { add, div, mul } from "./arithmetic.ts";

/** A function from dy, the input and the result to dx. */
type Slope = (dy: Tensor, x: Tensor, y: Tensor) => Tensor;

export function unaryOp(op: UnaryOp, slope: Slope | undefined): (x: Tensor) => Tensor {
  return (x) => {
    if (!isFloat(x.dtype) && op !== "neg" && op !== "abs") throw dtypeError(op, "float32 or float64", x.dtype);
    const y = allocate(x.dtype, x.shape);
    currentEngine().unary(op, x, y);
    return record([x], [y], (dy) => [slope && dy && slope(dy, x, y)]);
  };
}

/** Negation -x. */
export const neg: (x: Tensor) => Tensor = unaryOp("neg", (dy) => neg(dy));
/** Absolute value. The derivative at 0 is 0. */
export const abs: (x: Tensor) => Tensor = unaryOp("abs", (dy, x) => mul(dy, sign(x)));
/** Sign: -1, 0 or 1. The gradient is zero. */
export const sign: (x: Tensor) => Tensor = unaryOp("sign", undefined);
/** Exponential e^x. */
export const exp: (x: Tensor) => Tensor = unaryOp("exp", (dy, _, y) => mul(dy, y));
/** Natural logarithm. */
export const log: (x: Tensor) => Tensor = unaryOp("log", (dy, x) => div(dy, x));
/** log(1 + x), accurate near 0. */
export const log1p: (x: Tensor) => Tensor = unaryOp("log1p", (dy, x) => div(dy, add(x, 1)));
/** Square root. */
export const sqrt: (x: Tensor) => Tensor = unaryOp("sqrt", (dy, _, y) => div(mul(dy, 0.5), y));
/** Square x². */
export const square: (x: Tensor) => Tensor = unaryOp("square", (dy, x) => mul(dy, mul(x, 2)));
/** Reciprocal 1 / x. */
export const reciprocal: (x: Tensor) => Tensor = unaryOp("reciprocal", (dy, _, y) => neg(mul(dy, square(y))));
/** Largest integer <= x. The gradient is zero. */
export const floor: (x: Tensor) => Tensor = unaryOp("floor", undefined);
