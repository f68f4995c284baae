/** @file Ops that move elements and do not compute: shapes, parts, joins. */
import {
  broadcastShapes,
  checkInteger,
  FormatError,
  normalizeAxis,
  sentence,
  sizeOf,
  UnsupportedError,
} from "../../base/index.ts";
import {
  broadcastTo,
  concat,
  flip,
  full,
  gather,
  reshape,
  slice,
  split,
  Tensor,
  tensor,
  transpose,
  tile,
} from "../../tensor/index.ts";
import type { Op, Ops } from "../op.ts";
import { axesOf, fromBeginning, listAt, listOf, numberOf, operand } from "./operands.ts";

/** Most elements of a tensor that a graph makes from sizes alone. */
const MOST_ELEMENTS = 2 ** 28;

const integers = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });

const Shape: Op = (inputs, context) => {
  const { shape, rank } = operand(inputs, 0, context);
  const at = (name: string, missing: number): number => {
    const value = context.attributes.number(name, missing);
    return Math.min(rank, Math.max(0, value < 0 ? value + rank : value));
  };
  return integers(shape.slice(at("start", 0), at("end", rank)));
};

const Reshape: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const wanted = listAt(inputs, 1, "shape", context) ?? [];
  const keepsZero = context.attributes.flag("allowzero");
  const sizes = wanted.map((n, i) => (n === 0 && !keepsZero ? x.shape[i] : n));
  const known = sizes.reduce((product, n) => (n === -1 ? product : product * n), 1);
  return reshape(
    x,
    sizes.map((n) => (n === -1 ? x.size / known : n)),
  );
};

const Flatten: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axis = context.attributes.number("axis", 1);
  const at = axis < 0 ? axis + x.rank : axis;
  return reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
};

const Transpose: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  return context.attributes.has("perm") ? transpose(x, context.attributes.numbers("perm")) : transpose(x);
};

const Squeeze: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axes = listAt(inputs, 1, "axes", context);
  const gone = axes === undefined ? undefined : axesOf(axes, x.rank, context);
  const bad = gone?.find((axis) => x.shape[axis] !== 1);
  if (bad !== undefined)
    throw new FormatError(sentence(context.attributes.where, `size 1 at axis ${bad}`, String(x.shape[bad])));
  return reshape(
    x,
    x.shape.filter((n, i) => (gone === undefined ? n !== 1 : !gone.includes(i))),
  );
};

const Unsqueeze: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axes = listAt(inputs, 1, "axes", context) ?? [];
  const rank = x.rank + axes.length;
  const added = new Set(axesOf(axes, rank, context));
  const rest = x.shape.values();
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.next().value as number))),
  );
};

const Concat: Op = (inputs, context) =>
  concat(
    inputs.map((_, i) => operand(inputs, i, context)),
    context.attributes.number("axis"),
  );

const Split: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axis = normalizeAxis(context.attributes.where, context.attributes.number("axis", 0), x.rank);
  const sizes = listAt(inputs, 1, "split", context);
  if (sizes !== undefined) return split(x, sizes, axis);
  const parts = context.attributes.number("num_outputs", context.outputs);
  const each = Math.ceil(x.shape[axis] / parts);
  return split(
    x,
    Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(each, x.shape[axis] - i * each))),
    axis,
  );
};

const Slice: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const starts = listAt(inputs, 1, "starts", context) ?? [];
  const ends = listAt(inputs, 2, "ends", context) ?? [];
  const axes = axesOf(listAt(inputs, 3, "axes", context) ?? starts.map((_, i) => i), x.rank, context);
  const steps = listAt(inputs, 4, "steps", context) ?? starts.map(() => 1);
  return axes.reduce((part, axis, i) => sliceAxis(part, axis, starts[i], ends[i], steps[i]), x);
};

/** Elements `start`, `start + step`, … before `end` along an axis, as Python has it. */
function sliceAxis(x: Tensor, axis: number, start: number, end: number, step: number): Tensor {
  checkInteger("Slice steps", step, -MOST_ELEMENTS);
  if (step === 0) throw new FormatError(sentence("Slice steps", "a step other than 0", "0"));
  const n = x.shape[axis];
  const wrap = (value: number, low: number, high: number): number =>
    Math.min(high, Math.max(low, value < 0 ? value + n : value));
  const first = step > 0 ? wrap(start, 0, n) : wrap(start, -1, n - 1);
  const last = step > 0 ? wrap(end, 0, n) : wrap(end, -1, n - 1);
  const count = Math.max(0, Math.ceil((last - first) / step));
  if (step === 1 || count === 0) {
    const begin = x.shape.map((_, i) => (i === axis ? Math.min(first, n) : 0));
    return slice(
      x,
      begin,
      x.shape.map((size, i) => (i === axis ? count : size)),
    );
  }
  if (step === -1 && count === n) return flip(x, axis);
  return gather(x, integers(Array.from({ length: count }, (_, i) => first + i * step)), axis);
}

const Gather: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const axis = normalizeAxis(context.attributes.where, context.attributes.number("axis", 0), x.rank);
  return gather(x, fromBeginning(operand(inputs, 1, context), x.shape[axis]), axis);
};

const Expand: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const shape = broadcastShapes(context.attributes.where, x.shape, listOf(operand(inputs, 1, context)));
  return broadcastTo(x, shape);
};

const Tile: Op = (inputs, context) => tile(operand(inputs, 0, context), listOf(operand(inputs, 1, context)));

const Range: Op = (inputs, context) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => numberOf(operand(inputs, i, context), context));
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(count <= MOST_ELEMENTS))
    throw new UnsupportedError(sentence(context.attributes.where, `at most ${MOST_ELEMENTS} elements`, String(count)));
  const { dtype } = operand(inputs, 0, context);
  return tensor(
    Array.from({ length: count }, (_, i) => start + i * delta),
    { dtype, shape: [count] },
  );
};

const ConstantOfShape: Op = (inputs, context) => {
  const shape = listOf(operand(inputs, 0, context));
  if (!(sizeOf(shape) <= MOST_ELEMENTS))
    throw new UnsupportedError(
      sentence(context.attributes.where, `at most ${MOST_ELEMENTS} elements`, shape.join(" x ")),
    );
  return full(
    shape,
    context.attributes.number("value", 0),
    context.attributes.choice("dtype", ["float32", "float64", "int32", "bool"], "float32"),
  );
};

export const shapeOps: Ops = {
  Concat,
  ConstantOfShape,
  Expand,
  Flatten,
  Gather,
  Range,
  Reshape,
  Shape,
  Size: (inputs, context) => integers([operand(inputs, 0, context).size], []),
  Slice,
  Split,
  Squeeze,
  Tile,
  Transpose,
  Unsqueeze,
};
