/** @file Ops that compute each element from those at its place. */
import { FormatError, isFloat, sentence, UnsupportedError } from "../../base/index.ts";
import {
  abs,
  acos,
  acosh,
  add,
  asin,
  asinh,
  atan,
  atanh,
  cast,
  ceil,
  celu,
  clip,
  cos,
  cosh,
  div,
  dropout,
  elu,
  equal,
  erf,
  exp,
  floor,
  gelu,
  greater,
  greaterEqual,
  hardSigmoid,
  hardSigmoid02,
  hardSwish,
  isInf,
  isNaN,
  leakyRelu,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mish,
  mod,
  mul,
  neg,
  notEqual,
  pow,
  prelu,
  reciprocal,
  relu,
  round,
  selu,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  softsign,
  sqrt,
  sub,
  tan,
  tanh,
  thresholdedRelu,
  type Tensor,
  where,
} from "../../tensor/index.ts";
import type { Op, OpContext, OpInputs, Ops } from "../op.ts";
import { numberOf, operand } from "./operands.ts";

const unary =
  (f: (x: Tensor) => Tensor): Op =>
  (inputs, context) =>
    f(operand(inputs, 0, context));

const binary =
  (f: (a: Tensor, b: Tensor, context: OpContext) => Tensor): Op =>
  (inputs, context) =>
    f(operand(inputs, 0, context), operand(inputs, 1, context), context);

const folded =
  (f: (a: Tensor, b: Tensor) => Tensor): Op =>
  (inputs, context) =>
    inputs.slice(1).reduce<Tensor>((sum, _, i) => f(sum, operand(inputs, i + 1, context)), operand(inputs, 0, context));

/** a / b; of integers, towards zero, as ONNX has it. */
function quotient(a: Tensor, b: Tensor): Tensor {
  if (isFloat(a.dtype)) return div(a, b);
  return cast(div(cast(a, "float64"), cast(b, "float64")), a.dtype);
}

/** a^b, where the exponent may be of another type. */
function power(a: Tensor, b: Tensor): Tensor {
  if (b.size === 1 && isFloat(a.dtype)) {
    const [exponent] = b.values();
    const isScalar = b.rank <= a.rank;
    if (exponent === 2 && isScalar) return mul(a, a);
    if (exponent === 0.5 && isScalar) return sqrt(a);
  }
  if (!isFloat(a.dtype)) return cast(pow(cast(a, "float64"), cast(b, "float64")), a.dtype);
  return pow(a, cast(b, a.dtype));
}

const Clip: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const bound = (index: number, name: string, missing: number): number =>
    inputs[index] === undefined ? context.attributes.number(name, missing) : numberOf(inputs[index], context);
  return clip(x, bound(1, "min", -Infinity), bound(2, "max", Infinity));
};

const HardSigmoid: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const alpha = context.attributes.number("alpha", 0.2);
  const beta = context.attributes.number("beta", 0.5);
  const is = (value: number, wanted: number): boolean => Math.fround(value) === Math.fround(wanted);
  if (is(beta, 0.5) && is(alpha, 0.2)) return hardSigmoid02(x);
  if (is(beta, 0.5) && is(alpha, 1 / 6)) return hardSigmoid(x);
  return clip(add(mul(x, alpha), beta), 0, 1);
};

/** An activation with one number, an attribute. */
const scaled =
  (f: (x: Tensor, alpha: number) => Tensor, missing: number): Op =>
  (inputs, context) =>
    f(operand(inputs, 0, context), context.attributes.number("alpha", missing));

const Selu: Op = (inputs, { attributes, ...context }) =>
  selu(
    operand(inputs, 0, { attributes, ...context }),
    attributes.number("alpha", 1.67326319217681884765625),
    attributes.number("gamma", 1.05070102214813232421875),
  );

const Gelu: Op = (inputs, context) =>
  gelu(operand(inputs, 0, context), { approximate: context.attributes.text("approximate", "none") === "tanh" });

const IsInf: Op = (inputs, { attributes, ...context }) =>
  isInf(operand(inputs, 0, { attributes, ...context }), {
    positive: attributes.flag("detect_positive", true),
    negative: attributes.flag("detect_negative", true),
  });

/** Without the mask, an output that no node of a trained network reads. */
const Dropout: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const rate = inputs[1] === undefined ? context.attributes.number("ratio", 0.5) : numberOf(inputs[1], context);
  return dropout(x, rate, context.random);
};

/** Element types of ONNX by their numbers. */
const CAST_TO: Readonly<Record<number, "float32" | "float64" | "int32" | "bool">> = {
  1: "float32",
  2: "int32",
  3: "int32",
  4: "int32",
  5: "int32",
  6: "int32",
  7: "int32",
  9: "bool",
  10: "float32",
  11: "float64",
  12: "int32",
  13: "int32",
  16: "float32",
};

const Cast: Op = (inputs, context) => {
  const to = context.attributes.number("to");
  if (!Object.hasOwn(CAST_TO, to))
    throw new UnsupportedError(sentence(`${context.attributes.where} to`, "a number or bool", `type ${to}`));
  return cast(operand(inputs, 0, context), CAST_TO[to]);
};

const Where: Op = (inputs, context) =>
  where(operand(inputs, 0, context), operand(inputs, 1, context), operand(inputs, 2, context));

const Mod: Op = binary((a, b, { attributes }) => mod(a, b, { sign: attributes.flag("fmod") ? "dividend" : "divisor" }));

/** Operands of an op whose numbers must be of one type. */
const sameType =
  (f: (a: Tensor, b: Tensor) => Tensor): ((a: Tensor, b: Tensor, context: OpContext) => Tensor) =>
  (a, b, { attributes }) => {
    if (a.dtype !== b.dtype)
      throw new FormatError(sentence(attributes.where, "operands of one type", `${a.dtype} and ${b.dtype}`));
    return f(a, b);
  };

const identity = (inputs: OpInputs, context: OpContext): Tensor => operand(inputs, 0, context);

export const elementwiseOps: Ops = {
  Abs: unary(abs),
  Add: binary(sameType(add)),
  And: binary(logicalAnd),
  Cast,
  CastLike: binary((x, like) => cast(x, like.dtype)),
  Clip,
  Div: binary(sameType(quotient)),
  Dropout,
  Elu: scaled(elu, 1),
  Equal: binary(sameType(equal)),
  Exp: unary(exp),
  Floor: unary(floor),
  Greater: binary(sameType(greater)),
  GreaterOrEqual: binary(sameType(greaterEqual)),
  HardSigmoid,
  Identity: identity,
  LeakyRelu: scaled(leakyRelu, 0.01),
  Less: binary(sameType(less)),
  LessOrEqual: binary(sameType(lessEqual)),
  Log: unary(log),
  Max: folded(maximum),
  Min: folded(minimum),
  Mod,
  Mul: binary(sameType(mul)),
  Neg: unary(neg),
  Not: unary(logicalNot),
  Or: binary(logicalOr),
  PRelu: binary(prelu),
  Pow: binary(power),
  Reciprocal: unary(reciprocal),
  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Sign: unary(sign),
  Softplus: unary(softplus),
  Softsign: unary(softsign),
  Sqrt: unary(sqrt),
  Sub: binary(sameType(sub)),
  Sum: folded(add),
  Tanh: unary(tanh),
  Where,
  Xor: binary(sameType(notEqual)),
  Acos: unary(acos),
  Acosh: unary(acosh),
  Asin: unary(asin),
  Asinh: unary(asinh),
  Atan: unary(atan),
  Atanh: unary(atanh),
  Ceil: unary(ceil),
  Cos: unary(cos),
  Cosh: unary(cosh),
  Erf: unary(erf),
  HardSwish: unary(hardSwish),
  IsNaN: unary(isNaN),
  Mish: unary(mish),
  Round: unary(round),
  Sin: unary(sin),
  Sinh: unary(sinh),
  Tan: unary(tan),
  Celu: scaled(celu, 1),
  Gelu,
  IsInf,
  Mean: (inputs, context) => div(folded(add)(inputs, context) as Tensor, inputs.length),
  Selu,
  ThresholdedRelu: scaled(thresholdedRelu, 1),
};
