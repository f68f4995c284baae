/** @file Rounding, remainders, and tests of numbers, element by element. */
import { broadcastShapes, checkChoice, checkOptions, dtypeError, isFloat } from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { zeros } from "../create.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { div, mul, pair, sub, type Value } from "./arithmetic.ts";
import { broadcastTo } from "./broadcast.ts";
import { notEqual } from "./compare.ts";
import { floor, neg } from "./elementwise.ts";
import { mapped } from "./trigonometric.ts";

/** Smallest integer >= x. The gradient is zero. */
export const ceil = (x: Tensor): Tensor => neg(floor(neg(x)));

/** Nearest integer; of two, the even one. The gradient is zero. */
export const round = (x: Tensor): Tensor => mapped("round", x, roundHalfToEven, (dy) => zeros(dy.shape, dy.dtype));

function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** Options of `mod`. */
export type ModOptions = {
  /**
   * Operand whose sign the remainder has: that of `b`, as Python's `%`, or of `a`, as C's `fmod`
   * and JavaScript's `%`. Default "divisor".
   */
  readonly sign?: "divisor" | "dividend" | undefined;
};

/**
 * Remainder of a / b, element by element with broadcasting: a - b · quotient. The gradient
 * takes the quotient, a whole number, for constant. Throws TypeError for bool and differing dtypes.
 */
export function mod(a: Value, b: Value, { sign = "divisor" }: ModOptions = {}): Tensor {
  checkOptions("mod", arguments[2], "sign");
  checkChoice("mod sign", sign, ["divisor", "dividend"]);
  const [left, right] = pair("mod", a, b);
  if (left.dtype === "bool") throw dtypeError("mod", "numbers", left.dtype);
  const shape = broadcastShapes("mod", left.shape, right.shape);
  const [x, y] = [broadcastTo(left, shape), broadcastTo(right, shape)];
  const out = allocate(left.dtype, shape);
  onEachReplay([x, y, out], (dividends, divisors, to) => {
    for (let i = 0; i < to.length; i++) {
      const divisor = divisors[i];
      const rest = dividends[i] % divisor;
      to[i] = sign === "divisor" && rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest;
    }
  });
  if (!isFloat(left.dtype)) return out;
  return record([x, y], [out], (dy) => (dy ? [dy, neg(mul(dy, quotient(x, y, out)))] : []));
}

/** The whole number of times that y was taken from x. */
const quotient = (x: Tensor, y: Tensor, rest: Tensor): Tensor => round(div(sub(x, rest), y));

/** Whether each element is NaN; bool. */
export const isNaN = (x: Tensor): Tensor => notEqual(x, x);

/** Options of `isInf`. */
export type IsInfOptions = {
  /** Whether Infinity counts. Default true. */
  readonly positive?: boolean | undefined;
  /** Whether -Infinity counts. Default true. */
  readonly negative?: boolean | undefined;
};

/** Whether each element is infinite; bool. Throws TypeError unless x is floating point. */
export function isInf(x: Tensor, { positive = true, negative = true }: IsInfOptions = {}): Tensor {
  checkOptions("isInf", arguments[1], "positive negative");
  if (!isFloat(x.dtype)) throw dtypeError("isInf", "float32 or float64", x.dtype);
  const out = allocate("bool", x.shape);
  onEachReplay([x, out], (from, to) => {
    for (let i = 0; i < to.length; i++)
      to[i] = Number((positive && from[i] === Infinity) || (negative && from[i] === -Infinity));
  });
  return out;
}
