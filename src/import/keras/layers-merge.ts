/** @file Layers of Keras that join several inputs, and those that make one number of many. */
import { sentence, UnsupportedError } from "../../base/index.ts";
import type { Value } from "./builder.ts";
import { checkInputs } from "./layers-core.ts";
import { floats, type LayerCall, type LayerImporter, type LayerImporters, plain } from "./layer.ts";

/** The inputs, those of a lower rank with axes of 1 after the batch. */
function aligned(call: LayerCall): string[] {
  const { builder, at, inputs } = call;
  const rank = Math.max(...inputs.map((value) => value.rank));
  return inputs.map((value) => {
    const x = floats(call, value);
    const axes = Array.from({ length: rank - value.rank }, (_, i) => i + 1);
    return axes.length === 0 ? x : builder.add(at, "Unsqueeze", [x, builder.integers(axes)]);
  });
}

/** Steps that any input has are there; without a mask on one of them, all are. */
function jointMask({ builder, at, inputs }: LayerCall): string | undefined {
  const masks = inputs.map(({ mask }) => mask);
  if (!masks.every((mask) => mask !== undefined)) return undefined;
  return masks.reduce((joint, mask) => builder.add(at, "Or", [joint, mask]));
}

const merged =
  (op: string, finish: (call: LayerCall, sum: string) => string = (_, sum) => sum): LayerImporter =>
  (call) => {
    checkInputs(call, 1, Infinity);
    const sum = aligned(call).reduce((joint, x) => call.builder.add(call.at, op, [joint, x]));
    const rank = Math.max(...call.inputs.map((value) => value.rank));
    return [{ ...plain(finish(call, sum), rank), mask: jointMask(call) }];
  };

const Average = merged("Add", ({ builder, at, inputs }, sum) =>
  builder.add(at, "Mul", [sum, builder.scalar(1 / inputs.length)]),
);

const Concatenate: LayerImporter = (call) => {
  checkInputs(call, 1, Infinity);
  const { builder, at, config, inputs } = call;
  const [axis] = config.sizes("axis", undefined, -1);
  const [{ rank }] = inputs;
  const isFloat = inputs.some(({ dtype }) => dtype === "float32") || new Set(inputs.map(({ dtype }) => dtype)).size > 1;
  const names = inputs.map((value) => (isFloat ? floats(call, value) : value.name));
  const name = builder.add(at, "Concat", names, { axis });
  return [{ name, rank, dtype: isFloat ? "float32" : inputs[0].dtype, mask: concatenatedMask(call, axis) }];
};

/** A step is there if any input has it, or along time, if its input has it. */
function concatenatedMask({ builder, at, inputs }: LayerCall, axis: number): string | undefined {
  if (inputs.every(({ mask }) => mask === undefined)) return undefined;
  const [{ rank }] = inputs;
  const ones = (value: Value): string => {
    const numbers = builder.add(
      at,
      "ReduceSum",
      [builder.add(at, "Cast", [value.name], { to: 1 }), builder.integers([-1])],
      { keepdims: 0 },
    );
    return builder.add(at, "Equal", [builder.add(at, "Mul", [numbers, builder.scalar(0)]), builder.scalar(0)]);
  };
  if (rank !== 3) return undefined;
  if (axis === 1 || axis === -2)
    return builder.add(
      at,
      "Concat",
      inputs.map((value) => value.mask ?? ones(value)),
      { axis: 1 },
    );
  // an input without a mask is there everywhere
  if (inputs.some(({ mask }) => mask === undefined)) return ones(inputs[0]);
  return inputs.map(({ mask }) => mask as string).reduce((joint, mask) => builder.add(at, "Or", [joint, mask]));
}

/** The product of two inputs along an axis each, the batch kept. */
const Dot: LayerImporter = (call) => {
  checkInputs(call, 2);
  const { builder, at, config } = call;
  const [a, b] = call.inputs;
  if (a.rank > 3 || b.rank > 3)
    throw new UnsupportedError(sentence(config.where, "inputs of at most 3 axes", `${a.rank} and ${b.rank}`));
  const axes = config.sizes("axes", 2, undefined);
  const [i, j] = [a, b].map(({ rank }, at_) => (axes[at_] < 0 ? axes[at_] + rank : axes[at_]));
  const normalize = (x: string, axis: number): string => {
    if (!config.flag("normalize", false)) return x;
    const squares = builder.add(at, "ReduceSum", [builder.add(at, "Mul", [x, x]), builder.integers([axis])], {
      keepdims: 1,
    });
    return builder.add(at, "Div", [
      x,
      builder.add(at, "Sqrt", [builder.add(at, "Max", [squares, builder.scalar(1e-12)])]),
    ]);
  };
  const matrix = (value: Value, axis: number, isLast: boolean): string => {
    const x = normalize(floats(call, value), axis);
    if (value.rank === 2) return builder.add(at, "Unsqueeze", [x, builder.integers([isLast ? 1 : 2])]);
    return (axis === 2) === isLast ? x : builder.add(at, "Transpose", [x], { perm: [0, 2, 1] });
  };
  const product = builder.add(at, "MatMul", [matrix(a, i, true), matrix(b, j, false)]);
  const gone = [...(a.rank === 2 ? [1] : []), ...(b.rank === 2 ? [2] : [])];
  if (gone.length === 0) return [plain(product, 3)];
  // two vectors leave an axis of one number
  const axis = gone.length === 2 ? [1] : gone;
  return [plain(builder.add(at, "Squeeze", [product, builder.integers(axis)]), 2)];
};

const isChannelsFirst = ({ config }: LayerCall): boolean =>
  config.text("data_format", "channels_last") === "channels_first";

const GlobalMaxPooling1D: LayerImporter = (call) => {
  const { builder, at, config, inputs } = call;
  const keeps = config.flag("keepdims", false);
  const axis = isChannelsFirst(call) ? 2 : 1;
  const name = builder.add(at, "ReduceMax", [floats(call, inputs[0]), builder.integers([axis])], {
    keepdims: keeps ? 1 : 0,
  });
  return [plain(name, keeps ? 3 : 2)];
};

const GlobalAveragePooling1D: LayerImporter = (call) => {
  const { builder, at, config, inputs } = call;
  const [x] = inputs;
  const keeps = config.flag("keepdims", false) ? 1 : 0;
  const isFirst = isChannelsFirst(call);
  const axis = builder.integers([isFirst ? 2 : 1]);
  const rank = keeps ? 3 : 2;
  if (x.mask === undefined)
    return [plain(builder.add(at, "ReduceMean", [floats(call, x), axis], { keepdims: keeps }), rank)];
  const there = builder.add(at, "Unsqueeze", [x.mask, builder.integers([isFirst ? 1 : 2])]);
  const shown = builder.add(at, "Where", [there, floats(call, x), builder.scalar(0)]);
  const total = (value: string): string => builder.add(at, "ReduceSum", [value, axis], { keepdims: keeps });
  const count = total(builder.add(at, "Cast", [there], { to: 1 }));
  return [plain(builder.add(at, "Div", [total(shown), count]), rank)];
};

/** The weighted mean of textgenrnn: a softmax over time of x·w. */
const AttentionWeightedAverage: LayerImporter = (call) => {
  const { builder, at, config, weights, inputs } = call;
  const [x] = inputs;
  const w = weights.take("attention_W", [null, 1]);
  const logits = builder.add(at, "MatMul", [floats(call, x), w]);
  const largest = builder.add(at, "ReduceMax", [logits, builder.integers([1])], { keepdims: 1 });
  const powers = builder.add(at, "Exp", [builder.add(at, "Sub", [logits, largest])]);
  const shown =
    x.mask === undefined
      ? powers
      : builder.add(at, "Where", [
          builder.add(at, "Unsqueeze", [x.mask, builder.integers([2])]),
          powers,
          builder.scalar(0),
        ]);
  const sum = builder.add(at, "Add", [
    builder.add(at, "ReduceSum", [shown, builder.integers([1])], { keepdims: 1 }),
    builder.scalar(1e-7),
  ]);
  const shares = builder.add(at, "Div", [shown, sum]);
  const weighted = builder.add(at, "Mul", [floats(call, x), shares]);
  const result = plain(builder.add(at, "ReduceSum", [weighted, builder.integers([1])], { keepdims: 0 }), 2);
  return config.flag("return_attention", false)
    ? [result, plain(builder.add(at, "Squeeze", [shares, builder.integers([2])]), 2)]
    : [result];
};

const Subtract: LayerImporter = (call) => {
  checkInputs(call, 2);
  return merged("Sub")(call);
};

export const mergeLayers: LayerImporters = {
  Add: merged("Add"),
  AttentionWeightedAverage,
  Average,
  Concatenate,
  Dot,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  Maximum: merged("Max"),
  Minimum: merged("Min"),
  Multiply: merged("Mul"),
  Subtract,
};
