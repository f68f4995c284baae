/** @file Layers of Keras that compute each step or element for itself, or move elements. */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import { activationName, applyActivation } from "./activations.ts";
import type { Value } from "./builder.ts";
import { floats, like, type LayerCall, type LayerImporter, type LayerImporters, plain } from "./layer.ts";

/** Applies f to the only input. */
const mapped =
  (f: (call: LayerCall, x: string, value: Value) => string): LayerImporter =>
  (call) => {
    const [value] = call.inputs;
    return [like(value, f(call, floats(call, value), value), { dtype: "float32" })];
  };

/** Layers that do nothing when a model is not trained. */
const identity = mapped((_, x) => x);

const Dense: LayerImporter = mapped((call, x) => {
  const { builder, at, config, weights } = call;
  const units = config.size("units");
  let y = builder.add(at, "MatMul", [x, weights.take("kernel", [null, units])]);
  if (config.flag("use_bias", true)) y = builder.add(at, "Add", [y, weights.take("bias", [units])]);
  return applyActivation(call, activationName(config, "activation"), y);
});

const Embedding: LayerImporter = (call) => {
  const { builder, at, config, weights } = call;
  const [ids] = call.inputs;
  const table = weights.take("embeddings", [null, config.size("output_dim")]);
  const zero = builder.scalar(0, ids.dtype);
  // ids of 0 are masked, whatever came before
  const mask = config.flag("mask_zero", false)
    ? builder.add(at, "Not", [builder.add(at, "Equal", [ids.name, zero])])
    : undefined;
  return [{ ...plain(builder.add(at, "Gather", [table, ids.name]), ids.rank + 1), mask }];
};

const Masking: LayerImporter = (call) => {
  const { builder, at, config } = call;
  const [value] = call.inputs;
  const x = floats(call, value);
  const other = builder.add(at, "Not", [builder.add(at, "Equal", [x, builder.scalar(config.number("mask_value", 0))])]);
  const mask = anyOfLast(call, other);
  const shown = builder.add(at, "Unsqueeze", [mask, builder.integers([-1])]);
  return [like(value, builder.add(at, "Where", [shown, x, builder.scalar(0)]), { dtype: "float32", mask })];
};

/** Whether any element of the last axis is true. */
export function anyOfLast({ builder, at }: Pick<LayerCall, "builder" | "at">, x: string, keepsAxis = false): string {
  const numbers = builder.add(at, "Cast", [x], { to: 1 });
  const largest = builder.add(at, "ReduceMax", [numbers, builder.integers([-1])], { keepdims: keepsAxis ? 1 : 0 });
  return builder.add(at, "Cast", [largest], { to: 9 });
}

const Dropout: LayerImporter = mapped((call, x) => {
  const { builder, at, config } = call;
  const rate = config.number("rate", config.number("p", 0));
  if (rate === 0) return x;
  const noise = config.get("noise_shape");
  if (!Array.isArray(noise)) return builder.add(at, "Dropout", [x, builder.scalar(rate)]);
  const axes = noise.flatMap((size, axis) => (size === 1 ? [axis] : []));
  return builder.add(at, "SharedDropout", [x], { ratio: rate, axes });
});

const SpatialDropout1D: LayerImporter = mapped(({ builder, at, config }, x) =>
  builder.add(at, "SharedDropout", [x], { ratio: config.number("rate", 0), axes: [1] }),
);

const LayerNormalization: LayerImporter = mapped((call, x, { rank }) => {
  const { builder, at, config, weights } = call;
  const axes = config.sizes("axis", undefined, -1).map((axis) => (axis < 0 ? axis + rank : axis));
  const first = Math.min(...axes);
  if (axes.length !== rank - first || config.flag("rms_scaling", false))
    throw new UnsupportedError(sentence(config.where, "the last axes normalized", `axes ${axes.join(", ")}`));
  const any = (): null[] => axes.map(() => null);
  const gamma = config.flag("scale", true) ? weights.take("gamma", any()) : undefined;
  const beta = config.flag("center", true) ? weights.take("beta", any()) : undefined;
  const epsilon = config.number("epsilon", 1e-3);
  if (gamma === undefined) {
    // without a scale of its own: the op has always one
    const mean = (value: string): string =>
      builder.add(at, "ReduceMean", [value, builder.integers(axes)], { keepdims: 1 });
    const centred = builder.add(at, "Sub", [x, mean(x)]);
    const variance = mean(builder.add(at, "Mul", [centred, centred]));
    const deviation = builder.add(at, "Sqrt", [builder.add(at, "Add", [variance, builder.scalar(epsilon)])]);
    const y = builder.add(at, "Div", [centred, deviation]);
    return beta === undefined ? y : builder.add(at, "Add", [y, beta]);
  }
  return builder.add(at, "LayerNormalization", [x, gamma, ...(beta === undefined ? [] : [beta])], {
    axis: first,
    epsilon,
  });
});

/** Statistics that were learned stay as they are, in training too. */
const BatchNormalization: LayerImporter = mapped((call, x, { rank }) => {
  const { builder, at, config, weights } = call;
  const [given] = config.sizes("axis", undefined, -1);
  const axis = given < 0 ? given + rank : given;
  const along = (name: string): string =>
    axis === rank - 1
      ? name
      : builder.add(at, "Unsqueeze", [
          name,
          builder.integers(Array.from({ length: rank - 1 - axis }, (_, i) => i + 1)),
        ]);
  const gamma = config.flag("scale", true) ? weights.take("gamma", [null]) : undefined;
  const beta = config.flag("center", true) ? weights.take("beta", [null]) : undefined;
  const mean = weights.take("moving_mean", [null], { isFrozen: true });
  const variance = weights.take("moving_variance", [null], { isFrozen: true });
  const epsilon = builder.scalar(config.number("epsilon", 1e-3));
  const deviation = builder.add(at, "Sqrt", [builder.add(at, "Add", [variance, epsilon])]);
  let y = builder.add(at, "Div", [builder.add(at, "Sub", [x, along(mean)]), along(deviation)]);
  if (gamma !== undefined) y = builder.add(at, "Mul", [y, along(gamma)]);
  return beta === undefined ? y : builder.add(at, "Add", [y, along(beta)]);
});

/** Applies a layer to each time step: most layers do so anyway; others get [B · T, …]. */
const TimeDistributed: LayerImporter = (call) => {
  const { builder, at, config } = call;
  const [x] = call.inputs;
  const mask = x.mask;
  const shape = builder.add(at, "Shape", [x.name]);
  const part = (begin: number, end: number): string =>
    builder.add(at, "Slice", [shape, builder.integers([begin]), builder.integers([end])]);
  const merged = builder.add(at, "Concat", [builder.integers([-1]), part(2, 2 ** 31 - 1)], { axis: 0 });
  const rows: Value = { ...plain(builder.add(at, "Reshape", [x.name, merged]), x.rank - 1, x.dtype) };
  const [y] = call.callPart({ layer: config.get("layer"), path: "layer", inputs: [rows], mask: undefined });
  const inner = builder.add(at, "Slice", [
    builder.add(at, "Shape", [y.name]),
    builder.integers([1]),
    builder.integers([2 ** 31 - 1]),
  ]);
  const whole = builder.add(at, "Concat", [part(0, 2), inner], { axis: 0 });
  return [{ name: builder.add(at, "Reshape", [y.name, whole]), rank: y.rank + 1, dtype: y.dtype, mask }];
};

const Flatten: LayerImporter = ({ builder, at, inputs: [x] }) => [
  plain(
    x.rank === 1
      ? builder.add(at, "Unsqueeze", [x.name, builder.integers([1])])
      : builder.add(at, "Flatten", [x.name], { axis: 1 }),
    2,
    x.dtype,
  ),
];

const Reshape: LayerImporter = ({ builder, at, config, inputs: [x] }) => {
  const shape = config.sizes("target_shape", undefined);
  if (shape.includes(0)) throw config.error("target_shape", "sizes other than 0", shape);
  return [plain(builder.add(at, "Reshape", [x.name, builder.integers([0, ...shape])]), shape.length + 1, x.dtype)];
};

const Permute: LayerImporter = ({ builder, at, config, inputs: [x] }) => {
  const dims = config.sizes("dims", x.rank - 1);
  return [plain(builder.add(at, "Transpose", [x.name], { perm: [0, ...dims] }), x.rank, x.dtype)];
};

const RepeatVector: LayerImporter = ({ builder, at, config, inputs: [x] }) => {
  const rows = builder.add(at, "Unsqueeze", [x.name, builder.integers([1])]);
  return [plain(builder.add(at, "Expand", [rows, builder.integers([1, config.size("n"), 1])]), 3, x.dtype)];
};

const Activation = mapped((call, x) => applyActivation(call, activationName(call.config, "activation"), x));

const ReLU = mapped(({ builder, at, config }, x) => {
  if (config.number("threshold", 0) !== 0)
    throw new UnsupportedError(sentence(`${config.where} threshold`, "0", String(config.number("threshold", 0))));
  const slope = config.number("negative_slope", 0);
  const most = config.get("max_value");
  const y = slope === 0 ? builder.add(at, "Relu", [x]) : builder.add(at, "LeakyRelu", [x], { alpha: slope });
  return most === undefined ? y : builder.add(at, "Min", [y, builder.scalar(config.number("max_value"))]);
});

const LeakyReLU = mapped(({ builder, at, config }, x) =>
  builder.add(at, "LeakyRelu", [x], { alpha: config.number("negative_slope", config.number("alpha", 0.3)) }),
);

const ELU = mapped(({ builder, at, config }, x) => builder.add(at, "Elu", [x], { alpha: config.number("alpha", 1) }));

const PReLU = mapped(({ builder, at, weights }, x, { rank }) =>
  builder.add(at, "PRelu", [
    x,
    weights.take(
      "alpha",
      Array.from({ length: rank - 1 }, () => null),
    ),
  ]),
);

const Softmax = mapped(({ builder, at, config }, x) => {
  const [axis] = config.sizes("axis", undefined, -1);
  return builder.add(at, "Softmax", [x], { axis });
});

const Rescaling = mapped(({ builder, at, config }, x) =>
  builder.add(at, "Add", [
    builder.add(at, "Mul", [x, builder.scalar(config.number("scale", 1))]),
    builder.scalar(config.number("offset", 0)),
  ]),
);

/** Layers that forget the mask of their input. */
const withoutMask =
  (importer: LayerImporter): LayerImporter =>
  (call) =>
    importer(call).map((value) => ({ ...value, mask: undefined }));

export const coreLayers: LayerImporters = {
  Activation,
  ActivityRegularization: identity,
  AlphaDropout: identity,
  BatchNormalization,
  Dense,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GaussianDropout: identity,
  GaussianNoise: identity,
  Identity: identity,
  LayerNormalization,
  LeakyReLU,
  Masking,
  PReLU,
  Permute,
  ReLU,
  RepeatVector,
  Rescaling: withoutMask(Rescaling),
  Reshape,
  Softmax,
  SpatialDropout1D,
  TimeDistributed,
};

/** Throws FormatError unless a layer has as many inputs. */
export function checkInputs({ config, inputs }: LayerCall, least: number, most: number = least): void {
  if (inputs.length < least || inputs.length > most)
    throw new FormatError(sentence(config.where, `${least} inputs`, String(inputs.length)));
}
