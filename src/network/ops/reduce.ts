/** @file Ops that make one number of many. */
import { normalizeAxis, sizeOf } from "../../base/index.ts";
import {
  abs,
  argmax,
  argmin,
  cumulativeSum,
  expandDims,
  flip,
  log,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  prod,
  reshape,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from "../../tensor/index.ts";
import type { Op, OpContext, OpInputs, Ops } from "../op.ts";
import { axesOf, listAt, numberOf, operand } from "./operands.ts";

type Reduction = (x: Tensor, axes: number[], options: { keepDims: boolean }) => Tensor;

const reduction =
  (f: Reduction): Op =>
  (inputs, context) => {
    const x = operand(inputs, 0, context);
    const { attributes } = context;
    const given = listAt(inputs, 1, "axes", context);
    if ((given === undefined || given.length === 0) && attributes.flag("noop_with_empty_axes")) return x;
    const axes = given === undefined || given.length === 0 ? x.shape.map((_, i) => i) : axesOf(given, x.rank, context);
    return f(x, axes, { keepDims: attributes.flag("keepdims", true) });
  };

const argument =
  (f: (x: Tensor, axis: number) => Tensor): Op =>
  (inputs, context) => {
    const x = operand(inputs, 0, context);
    const { attributes } = context;
    const axis = normalizeAxis(attributes.where, attributes.number("axis", 0), x.rank);
    const isLast = attributes.flag("select_last_index");
    const found = isLast ? sub(x.shape[axis] - 1, f(flip(x, axis), axis)) : f(x, axis);
    return attributes.flag("keepdims", true) ? expandDims(found, axis) : found;
  };

/** Softmax along an axis; before operator set 13 over all axes from `axis` on. */
const normalized =
  (f: (x: Tensor) => Tensor): Op =>
  (inputs: OpInputs, context: OpContext) => {
    const x = operand(inputs, 0, context);
    const { attributes, opset } = context;
    const axis = normalizeAxis(attributes.where, attributes.number("axis", opset < 13 ? 1 : -1), x.rank);
    if (opset < 13)
      return reshape(f(reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))])), x.shape);
    if (axis === x.rank - 1) return f(x);
    const order = x.shape.map((_, i) => (i === axis ? x.rank - 1 : i === x.rank - 1 ? axis : i));
    return transpose(f(transpose(x, order)), order);
  };

const CumSum: Op = (inputs, context) =>
  cumulativeSum(operand(inputs, 0, context), numberOf(operand(inputs, 1, context), context), {
    exclusive: context.attributes.flag("exclusive"),
    reverse: context.attributes.flag("reverse"),
  });

export const reduceOps: Ops = {
  ArgMax: argument(argmax),
  ArgMin: argument(argmin),
  CumSum,
  LogSoftmax: normalized(logSoftmax),
  ReduceL1: reduction((x, axes, options) => sum(abs(x), axes, options)),
  ReduceL2: reduction((x, axes, options) => sqrt(sum(square(x), axes, options))),
  ReduceLogSum: reduction((x, axes, options) => log(sum(x, axes, options))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(max),
  ReduceMean: reduction(mean),
  ReduceMin: reduction(min),
  ReduceProd: reduction(prod),
  ReduceSum: reduction(sum),
  ReduceSumSquare: reduction((x, axes, options) => sum(square(x), axes, options)),
  Softmax: normalized(softmax),
};
