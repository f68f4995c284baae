/**
 * @file Numbers kept as 8-bit integers with a scale: they are computed as what they stand for, so
 * that they can be trained.
 */
import { FormatError, normalizeAxis, sentence } from "../../base/index.ts";
import { cast, mul, reshape, sub, type Tensor } from "../../tensor/index.ts";
import type { Op, Ops } from "../op.ts";
import { operand } from "./operands.ts";

/** (x - zero point) · scale; the scale is one number, or one for each index of an axis. */
const DequantizeLinear: Op = (inputs, context) => {
  const { attributes } = context;
  const x = operand(inputs, 0, context);
  const scale = operand(inputs, 1, context);
  if (attributes.number("block_size", 0) !== 0)
    throw new FormatError(sentence(`${attributes.where} block_size`, "0", "blocks"));
  const along = (values: Tensor): Tensor => {
    if (values.size === 1) return reshape(values, []);
    const axis = normalizeAxis(attributes.where, attributes.number("axis", 1), x.rank);
    return reshape(
      values,
      x.shape.map((n, i) => (i === axis ? n : 1)),
    );
  };
  const zero = inputs[2];
  const whole = zero === undefined ? x : sub(x, along(zero));
  return mul(cast(whole, scale.dtype), along(scale));
};

export const quantizedOps: Ops = { DequantizeLinear };
