/**
 * @file Operations in a functional model of Keras 3 that are no layers: masks are computed by such,
 * and what `keras.ops` did to values.
 */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { Value } from "./builder.ts";
import { anyOfLast } from "./layers-core.ts";
import { floats, like, type LayerCall, type LayerImporter, type LayerImporters, plain } from "./layer.ts";

/** An operand: a value, or a number in the configuration, of the type of the other one. */
function operands(call: LayerCall): { names: string[]; rank: number; isFloat: boolean } {
  const { builder, inputs, settings } = call;
  const numbers = settings.list("constants", []);
  const all: (Value | number | boolean)[] = [];
  let next = 0;
  for (const item of numbers) {
    if (typeof item === "number" || typeof item === "boolean") all.push(item);
    else if (next < inputs.length) all.push(inputs[next++]);
  }
  if (all.length !== 2) throw new FormatError(sentence(call.config.where, "two operands", String(all.length)));
  const values = all.filter((item) => typeof item === "object");
  const isFloat =
    values.some(({ dtype }) => dtype === "float32") ||
    new Set(values.map(({ dtype }) => dtype)).size > 1 ||
    all.some((item) => typeof item === "number" && !Number.isInteger(item));
  const names = all.map((item) =>
    typeof item === "object"
      ? isFloat
        ? floats(call, item)
        : item.name
      : builder.scalar(Number(item), isFloat ? "float32" : values[0].dtype),
  );
  return { names, rank: Math.max(...values.map(({ rank }) => rank)), isFloat };
}

const arithmetic =
  (op: string): LayerImporter =>
  (call) => {
    const { names, rank, isFloat } = operands(call);
    return [plain(call.builder.add(call.at, op, names), rank, isFloat ? "float32" : call.inputs[0].dtype)];
  };

const comparison =
  (op: string, isNegated = false): LayerImporter =>
  (call) => {
    const { builder, at } = call;
    const { names, rank } = operands(call);
    const found = builder.add(at, op, names);
    return [plain(isNegated ? builder.add(at, "Not", [found]) : found, rank, "bool")];
  };

const unary =
  (op: string): LayerImporter =>
  (call) => {
    const [x] = call.inputs;
    return [like(x, call.builder.add(call.at, op, [floats(call, x)]), { dtype: "float32", mask: undefined })];
  };

/** Axes of a setting of the call or of the operation, counted from the beginning. */
function axesOf({ settings, config }: LayerCall, rank: number): number[] {
  const from = settings.get("axis") === undefined ? config : settings;
  if (from.get("axis") === undefined) return Array.from({ length: rank }, (_, i) => i);
  return from.sizes("axis", undefined).map((axis) => (axis < 0 ? axis + rank : axis));
}

const keeps = ({ settings, config }: LayerCall): boolean => settings.flag("keepdims", config.flag("keepdims", false));

const reduction =
  (op: string): LayerImporter =>
  (call) => {
    const { builder, at, inputs } = call;
    const [x] = inputs;
    const axes = axesOf(call, x.rank);
    const name = builder.add(at, op, [floats(call, x), builder.integers(axes)], { keepdims: keeps(call) ? 1 : 0 });
    return [plain(name, keeps(call) ? x.rank : x.rank - axes.length)];
  };

const Any: LayerImporter = (call) => {
  const [x] = call.inputs;
  const axes = axesOf(call, x.rank);
  if (axes.length !== 1 || axes[0] !== x.rank - 1)
    throw new UnsupportedError(sentence(call.config.where, "any of the last axis", `axes ${axes.join(", ")}`));
  return [plain(anyOfLast(call, x.name, keeps(call)), keeps(call) ? x.rank : x.rank - 1, "bool")];
};

const ExpandDims: LayerImporter = (call) => {
  const { builder, at, inputs } = call;
  const [x] = inputs;
  const axes = axesOf(call, x.rank + 1);
  return [plain(builder.add(at, "Unsqueeze", [x.name, builder.integers(axes)]), x.rank + axes.length, x.dtype)];
};

const Squeeze: LayerImporter = (call) => {
  const { builder, at, inputs } = call;
  const [x] = inputs;
  const axes = axesOf(call, x.rank);
  return [plain(builder.add(at, "Squeeze", [x.name, builder.integers(axes)]), x.rank - axes.length, x.dtype)];
};

/** A tensor of this number, of the shape of the input. */
const filled =
  (number: number): LayerImporter =>
  (call) => {
    const { builder, at, inputs, settings, config } = call;
    const [x] = inputs;
    const dtype = settings.get("dtype") ?? config.get("dtype");
    const isBool = dtype === "bool";
    const ones = builder.add(at, "ConstantOfShape", [builder.add(at, "Shape", [x.name])], {
      value: number,
      dtype: isBool ? "bool" : "float32",
    });
    return [plain(ones, x.rank, isBool ? "bool" : "float32")];
  };

const NUMBERS: Readonly<Record<string, { to: number; dtype: Value["dtype"] }>> = {
  bool: { to: 9, dtype: "bool" },
  float16: { to: 1, dtype: "float32" },
  float32: { to: 1, dtype: "float32" },
  int32: { to: 6, dtype: "int32" },
  int64: { to: 6, dtype: "int32" },
};

const Cast: LayerImporter = (call) => {
  const wanted: JsonValue | undefined = call.settings.get("dtype") ?? call.config.get("dtype");
  if (typeof wanted !== "string" || !Object.hasOwn(NUMBERS, wanted))
    throw new UnsupportedError(
      sentence(`${call.config.where} dtype`, Object.keys(NUMBERS).join(", "), JSON.stringify(wanted) ?? "none"),
    );
  const { to, dtype } = NUMBERS[wanted];
  const [x] = call.inputs;
  return [like(x, call.builder.add(call.at, "Cast", [x.name], { to }), { dtype })];
};

const Concatenate: LayerImporter = (call) => {
  const { builder, at, inputs } = call;
  const [x] = inputs;
  const from = call.settings.get("axis") === undefined ? call.config : call.settings;
  const [axis] = from.sizes("axis", undefined, 0);
  const isSame = new Set(inputs.map(({ dtype }) => dtype)).size === 1;
  const names = inputs.map((value) => (isSame ? value.name : floats(call, value)));
  return [plain(builder.add(at, "Concat", names, { axis }), x.rank, isSame ? x.dtype : "float32")];
};

/** Operations by their classes in `keras.ops`. */
export const operations: LayerImporters = {
  Absolute: unary("Abs"),
  Add: arithmetic("Add"),
  Any,
  Cast,
  Concatenate,
  ConvertToTensor: ({ inputs }) => inputs.slice(0, 1),
  Divide: arithmetic("Div"),
  Equal: comparison("Equal"),
  Exp: unary("Exp"),
  ExpandDims,
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: comparison("And"),
  LogicalOr: comparison("Or"),
  Log: unary("Log"),
  Max: reduction("ReduceMax"),
  Maximum: arithmetic("Max"),
  Mean: reduction("ReduceMean"),
  Min: reduction("ReduceMin"),
  Minimum: arithmetic("Min"),
  Multiply: arithmetic("Mul"),
  Negative: unary("Neg"),
  NotEqual: comparison("Equal", true),
  OnesLike: filled(1),
  Relu: unary("Relu"),
  Sigmoid: unary("Sigmoid"),
  Sqrt: unary("Sqrt"),
  Squeeze,
  Subtract: arithmetic("Sub"),
  Sum: reduction("ReduceSum"),
  Tanh: unary("Tanh"),
  TrueDivide: arithmetic("Div"),
  ZerosLike: filled(0),
};
