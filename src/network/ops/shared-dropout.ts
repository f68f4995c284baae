import { normalizeAxis } from "../../base/index.ts";
import { dropout, mul, ones } from "../../tensor/index.ts";
import type { Op, Ops } from "../op.ts";
import { operand } from "./operands.ts";

/** Dropout whose mask is the same along `axes`, such as that of whole channels. */
const SharedDropout: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const { attributes, random } = context;
  if (random === undefined) return x;
  const shared = attributes.numbers("axes").map((axis) => normalizeAxis(attributes.where, axis, x.rank));
  const shape = x.shape.map((n, axis) => (shared.includes(axis) ? 1 : n));
  return mul(x, dropout(ones(shape, x.dtype), attributes.number("ratio"), random));
};

export const sharedDropoutOps: Ops = { SharedDropout };
