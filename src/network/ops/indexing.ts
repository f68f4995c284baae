/** @file Ops that choose elements by their places, or put them there. */
import { normalizeAxis, UnsupportedError, sentence } from "../../base/index.ts";
import {
  add,
  cast,
  einsum,
  gatherElements,
  gatherNd,
  hardmax,
  less,
  mul,
  oneHot,
  scatterElements,
  scatterNd,
  slice,
  sub,
  type Tensor,
  tensor,
  topK,
  transpose,
  trilu,
  where,
} from "../../tensor/index.ts";
import type { Op, OpContext, Ops } from "../op.ts";
import { fromBeginning, numberOf, operand } from "./operands.ts";

const axisOf = ({ attributes }: OpContext, rank: number, missing: number): number =>
  normalizeAxis(attributes.where, attributes.number("axis", missing), rank);

const GatherElements: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axis = axisOf(context, x.rank, 0);
  return gatherElements(x, fromBeginning(operand(inputs, 1, context), x.shape[axis]), axis);
};

/** Treatment of two updates of one place; "none" keeps the last. */
const reductionOf = ({ attributes }: OpContext): "none" | "add" =>
  attributes.choice("reduction", ["none", "add"], "none");

const ScatterElements: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axis = axisOf(context, x.rank, 0);
  const indices = fromBeginning(operand(inputs, 1, context), x.shape[axis]);
  return scatterElements(x, indices, operand(inputs, 2, context), axis, { reduction: reductionOf(context) });
};

/** Indices of the last axis choose along one axis each. */
function placesOf(indices: Tensor, x: Tensor): Tensor {
  const whole = cast(indices, "int32");
  const sizes = tensor(Int32Array.from(x.shape.slice(0, indices.shape[indices.rank - 1])));
  return where(less(whole, 0), add(whole, sizes), whole);
}

const GatherND: Op = (inputs, context) => {
  if (context.attributes.number("batch_dims", 0) !== 0)
    throw new UnsupportedError(sentence(`${context.attributes.where} batch_dims`, "0", "another number"));
  const x = operand(inputs, 0, context);
  return gatherNd(x, placesOf(operand(inputs, 1, context), x));
};

const ScatterND: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const places = placesOf(operand(inputs, 1, context), x);
  return scatterNd(x, places, operand(inputs, 2, context), { reduction: reductionOf(context) });
};

const TopK: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const k = inputs[1] === undefined ? context.attributes.number("k") : numberOf(inputs[1], context);
  const { values, indices } = topK(x, k, axisOf(context, x.rank, -1), {
    largest: context.attributes.flag("largest", true),
  });
  return [values, indices];
};

const Trilu: Op = (inputs, context) =>
  trilu(operand(inputs, 0, context), {
    upper: context.attributes.flag("upper", true),
    diagonal: inputs[1] === undefined ? 0 : numberOf(inputs[1], context),
  });

const Hardmax: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  return hardmax(x, axisOf(context, x.rank, -1));
};

const Einsum: Op = (inputs, context) =>
  einsum(context.attributes.text("equation"), ...inputs.map((_, i) => operand(inputs, i, context)));

/** Rows of `off` with `on` at an index, along a new axis. */
const OneHot: Op = (inputs, context) => {
  const indices = operand(inputs, 0, context);
  const depth = numberOf(operand(inputs, 1, context), context);
  const values = operand(inputs, 2, context);
  const [off, on] = [0, 1].map((i) => slice(values, [i], [1]));
  const axis = axisOf(context, indices.rank + 1, -1);
  const rows = oneHot(fromBeginning(indices, depth), depth, { dtype: "float32" });
  const chosen = add(mul(cast(rows, values.dtype), sub(on, off)), off);
  if (axis === indices.rank) return chosen;
  return transpose(
    chosen,
    chosen.shape.map((_, i) => (i < axis ? i : i === axis ? indices.rank : i - 1)),
  );
};

export const indexingOps: Ops = {
  Einsum,
  GatherElements,
  GatherND,
  Hardmax,
  OneHot,
  ScatterElements,
  ScatterND,
  TopK,
  Trilu,
};
