import { exp, exp32, log, log1p, log32, sizeOf, stridesOf } from "../../base/index.ts";
import type { ActivationName, BinaryOp, Operand, UnaryOp } from "../engine.ts";
import { activationDerivative, activationFunction, type Scalar } from "./activations.ts";
import { arrayOf, floats, type FloatArray } from "./memory.ts";
import { type Round, roundingFor } from "./rounding.ts";

type Pair = (a: number, b: number) => number;

const softplus = (x: number): number => Math.max(x, 0) + log1p(exp(-Math.abs(x)));

function unaryFunction(op: UnaryOp, round: Round): Scalar {
  const single = round === Math.fround;
  switch (op) {
    case "neg":
      return (x) => -x;
    case "abs":
      return Math.abs;
    case "sign":
      return Math.sign;
    case "exp":
      return single ? exp32 : exp;
    case "log":
      return single ? log32 : log;
    case "log1p":
      return log1p;
    case "sqrt":
      return Math.sqrt;
    case "square":
      return (x) => x * x;
    case "reciprocal":
      return (x) => 1 / x;
    case "floor":
      return Math.floor;
    case "not":
      return (x) => (x === 0 ? 1 : 0);
    case "isFinite":
      return (x) => (Number.isFinite(x) ? 1 : 0);
    case "softplus":
      return softplus;
    default:
      return activationFunction(op, round);
  }
}

/**
 * Functions of one correctly rounded operation each: computing in float64 and storing in 32 bits
 * rounds the same way.
 */
const binaryFunctions: Readonly<Record<BinaryOp, Pair>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: power,
  maximum: Math.max,
  minimum: Math.min,
  equal: (a, b) => (a === b ? 1 : 0),
  notEqual: (a, b) => (a !== b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  and: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  or: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
};

/**
 * a^b: whole powers by repeated squaring, others by exp(b log a), as Math.pow is not the same
 * everywhere.
 */
function power(a: number, b: number): number {
  if (!Number.isInteger(b)) return a < 0 || b !== b ? NaN : exp(b * log(a));
  // squaring more often would lose more digits than the logarithm does
  if (Math.abs(b) > 1024) return exp(b * log(Math.abs(a))) * (a < 0 && b % 2 !== 0 ? -1 : 1);
  let result = 1;
  let square = a;
  for (let n = Math.abs(b); n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result *= square;
    square *= square;
  }
  return b < 0 ? 1 / result : result;
}

export function unary(op: UnaryOp, x: Operand, out: Operand): void {
  const from = arrayOf(x);
  const to = arrayOf(out);
  const apply = unaryFunction(op, from instanceof Float32Array ? Math.fround : roundingFor(from as FloatArray));
  for (let i = 0; i < to.length; i++) to[i] = apply(from[i]);
}

export function activationBackward(op: ActivationName, y: Operand, dy: Operand, dx: Operand): void {
  const value = floats(y);
  const upstream = floats(dy);
  const to = floats(dx);
  const derivative = activationDerivative(op, roundingFor(value));
  for (let i = 0; i < to.length; i++) to[i] = upstream[i] * derivative(value[i]);
}

export function binary(op: BinaryOp, a: Operand, b: Operand, out: Operand): void {
  const left = arrayOf(a);
  const right = arrayOf(b);
  const to = arrayOf(out);
  const apply = binaryFunctions[op];
  if (left.length === to.length && right.length === to.length) {
    for (let i = 0; i < to.length; i++) to[i] = apply(left[i], right[i]);
    return;
  }
  const leftIndex = broadcastIndex(a, out);
  const rightIndex = broadcastIndex(b, out);
  for (let i = 0; i < to.length; i++) to[i] = apply(left[leftIndex(i)], right[rightIndex(i)]);
}

export function where(condition: Operand, a: Operand, b: Operand, out: Operand): void {
  const test = arrayOf(condition);
  const left = arrayOf(a);
  const right = arrayOf(b);
  const to = arrayOf(out);
  const run = runOf(condition, out);
  if (run !== undefined && isWholeOrOne(left, to) && isWholeOrOne(right, to)) {
    for (let k = 0, at = 0; k < test.length; k++, at += run) {
      const from = test[k] !== 0 ? left : right;
      if (from.length === 1) for (let i = at; i < at + run; i++) to[i] = from[0];
      else for (let i = at; i < at + run; i++) to[i] = from[i];
    }
    return;
  }
  const testIndex = broadcastIndex(condition, out);
  const leftIndex = broadcastIndex(a, out);
  const rightIndex = broadcastIndex(b, out);
  for (let i = 0; i < to.length; i++) to[i] = test[testIndex(i)] !== 0 ? left[leftIndex(i)] : right[rightIndex(i)];
}

/**
 * Number of consecutive elements of `out` that read the same element of `x`, if `x` is stretched
 * along its last axes only; otherwise undefined.
 */
function runOf(x: Operand, out: Operand): number | undefined {
  if (x.shape.length !== out.shape.length) return undefined;
  const kept = x.shape.findLastIndex((n) => n !== 1) + 1;
  if (x.shape.some((n, axis) => axis < kept && n !== out.shape[axis])) return undefined;
  return sizeOf(out.shape.slice(kept));
}

const isWholeOrOne = (x: ArrayLike<number>, out: ArrayLike<number>): boolean =>
  x.length === out.length || x.length === 1;

/** Maps a flat index of `out` to the flat index of `x`, whose axes of size 1 are stretched. */
function broadcastIndex(x: Operand, out: Operand): (i: number) => number {
  const size = sizeOf(x.shape);
  if (size === sizeOf(out.shape)) return (i) => i;
  if (size === 1) return () => 0;
  const missing = out.shape.length - x.shape.length;
  // a suffix of the output's axes repeats with its own length
  if (x.shape.every((n, axis) => n === out.shape[axis + missing])) return (i) => i % size;
  const outStrides = stridesOf(out.shape);
  const strides = stridesOf(x.shape).map((stride, axis) => (x.shape[axis] === 1 ? 0 : stride));
  return (i) => {
    let at = 0;
    let rest = i;
    for (let axis = 0; axis < outStrides.length; axis++) {
      const index = Math.floor(rest / outStrides[axis]);
      rest -= index * outStrides[axis];
      if (axis >= missing) at += index * strides[axis - missing];
    }
    return at;
  };
}

export function cast(x: Operand, out: Operand): void {
  const from = arrayOf(x);
  const to = arrayOf(out);
  if (to instanceof Uint8Array) for (let i = 0; i < to.length; i++) to[i] = from[i] !== 0 ? 1 : 0;
  else to.set(from);
}
