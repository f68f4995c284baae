/** @file Convolutions, pooling, and other ops on images [N, C, ...spatial]. */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import {
  averagePool,
  batchNormalization,
  convolution,
  detach,
  dft,
  globalAveragePool,
  globalMaxPool,
  groupNormalization,
  instanceNormalization,
  maxPool,
  padWith,
  reshape,
  resize,
  stft,
  transposedConvolution,
  type Tensor,
} from "../../tensor/index.ts";
import type { Op, OpContext, Ops } from "../op.ts";
import { axesOf, listAt, listOf, numberOf, operand } from "./operands.ts";

type Pairs = [before: number, after: number][];

/** Windows of a convolution or pooling, as its attributes give them. */
type WindowSettings = { readonly strides: number[]; readonly dilations: number[]; readonly padding: Pairs };

/** `pads` lists all beginnings, then all ends. */
const pairsOf = (pads: readonly number[], axes: number): Pairs =>
  Array.from({ length: axes }, (_, i) => [pads[i] ?? 0, pads[i + axes] ?? 0]);

/**
 * The windows over images of `spatial` sizes; `auto_pad` SAME gives as many as strides fit into the
 * size, rounded up.
 */
function windowsOf({ attributes }: OpContext, spatial: readonly number[], kernel: readonly number[]): WindowSettings {
  const each = (name: string): number[] => [
    ...attributes.numbers(
      name,
      spatial.map(() => 1),
    ),
  ];
  const [strides, dilations] = [each("strides"), each("dilations")];
  const auto = attributes.choice("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"], "NOTSET");
  if (auto === "NOTSET" || auto === "VALID") {
    const pads = auto === "VALID" ? [] : attributes.numbers("pads", []);
    return { strides, dilations, padding: pairsOf(pads, spatial.length) };
  }
  const padding = spatial.map((size, i): [number, number] => {
    const extent = (kernel[i] - 1) * dilations[i] + 1;
    const missing = Math.max(0, (Math.ceil(size / strides[i]) - 1) * strides[i] + extent - size);
    const less = Math.floor(missing / 2);
    return auto === "SAME_UPPER" ? [less, missing - less] : [missing - less, less];
  });
  return { strides, dilations, padding };
}

const Conv: Op = (inputs, context) => {
  const [x, kernel, bias] = [operand(inputs, 0, context), operand(inputs, 1, context), inputs[2]];
  const windows = windowsOf(context, x.shape.slice(2), kernel.shape.slice(2));
  return convolution(x, kernel, { ...windows, bias, groups: context.attributes.number("group", 1) });
};

const ConvTranspose: Op = (inputs, context) => {
  const { attributes } = context;
  const [x, kernel, bias] = [operand(inputs, 0, context), operand(inputs, 1, context), inputs[2]];
  if (attributes.has("output_shape") || attributes.text("auto_pad", "NOTSET") !== "NOTSET")
    throw new UnsupportedError(sentence(attributes.where, "pads", "output_shape or auto_pad"));
  const windows = windowsOf(context, x.shape.slice(2), kernel.shape.slice(2));
  return transposedConvolution(x, kernel, {
    ...windows,
    bias,
    groups: attributes.number("group", 1),
    outputPadding: attributes.numbers(
      "output_padding",
      x.shape.slice(2).map(() => 0),
    ),
  });
};

const MaxPool: Op = (inputs, context) => {
  const { attributes } = context;
  const x = operand(inputs, 0, context);
  const size = attributes.numbers("kernel_shape");
  return maxPool(x, size, { ...windowsOf(context, x.shape.slice(2), size), ceil: attributes.flag("ceil_mode") });
};

const AveragePool: Op = (inputs, context) => {
  const { attributes } = context;
  const x = operand(inputs, 0, context);
  const size = attributes.numbers("kernel_shape");
  return averagePool(x, size, {
    ...windowsOf(context, x.shape.slice(2), size),
    ceil: attributes.flag("ceil_mode"),
    countsPadding: attributes.flag("count_include_pad"),
  });
};

const Pad: Op = (inputs, context) => {
  const { attributes } = context;
  const x = operand(inputs, 0, context);
  const mode = attributes.choice("mode", ["constant", "edge", "reflect", "wrap"], "constant");
  const pads = listAt(inputs, 1, "pads", context) ?? [];
  const axes = axesOf(inputs[3] === undefined ? x.shape.map((_, i) => i) : listOf(inputs[3]), x.rank, context);
  const value = inputs[2] === undefined ? attributes.number("value", 0) : numberOf(inputs[2], context);
  const padding = x.shape.map((): [number, number] => [0, 0]);
  pairsOf(pads, axes.length).forEach((pair, i) => {
    padding[axes[i]] = pair;
  });
  return padWith(x, padding, { mode, value });
};

const Resize: Op = (inputs, context) => {
  const { attributes } = context;
  const x = operand(inputs, 0, context);
  if (attributes.flag("antialias")) throw new UnsupportedError(sentence(attributes.where, "no antialias", "antialias"));
  const mode = attributes.choice("mode", ["nearest", "linear"], "nearest");
  const coordinates = attributes.choice(
    "coordinate_transformation_mode",
    ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"],
    "half_pixel",
  );
  const nearest = attributes.choice(
    "nearest_mode",
    ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
    "round_prefer_floor",
  );
  const axes = attributes.has("axes") ? axesOf(attributes.numbers("axes"), x.rank, context) : x.shape.map((_, i) => i);
  const given = (value: Tensor | undefined): number[] | undefined =>
    value === undefined || value.size === 0 ? undefined : listOf(value);
  const spread = (values: readonly number[], missing: readonly number[]): number[] =>
    missing.map((n, i) => (axes.includes(i) ? values[axes.indexOf(i)] : n));
  const [scales, sizes] = [given(inputs[2]), given(inputs[3])];
  if (attributes.text("keep_aspect_ratio_policy", "stretch") !== "stretch")
    throw new UnsupportedError(sentence(attributes.where, "keep_aspect_ratio_policy stretch", "another one"));
  if (sizes !== undefined) return resize(x, { sizes: spread(sizes, x.shape), mode, coordinates, nearest });
  if (scales === undefined) throw new FormatError(sentence(attributes.where, "scales or sizes", "neither"));
  return resize(x, {
    scales: spread(
      scales,
      x.shape.map(() => 1),
    ),
    mode,
    coordinates,
    nearest,
  });
};

const BatchNormalization: Op = (inputs, context) => {
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => operand(inputs, i, context));
  if (context.attributes.flag("training_mode"))
    throw new UnsupportedError(sentence(context.attributes.where, "running statistics", "training_mode"));
  // running statistics are not trained
  const running = { mean: detach(mean), variance: detach(variance) };
  return batchNormalization(x, scale, bias, running, { epsilon: context.attributes.number("epsilon", 1e-5) }).y;
};

const InstanceNormalization: Op = (inputs, context) => {
  const [x, scale, bias] = [0, 1, 2].map((i) => operand(inputs, i, context));
  return instanceNormalization(x, scale, bias, context.attributes.number("epsilon", 1e-5));
};

const GroupNormalization: Op = (inputs, context) => {
  const [x, scale, bias] = [0, 1, 2].map((i) => operand(inputs, i, context));
  const { attributes, opset } = context;
  if (opset < 21) throw new UnsupportedError(sentence(attributes.where, "operator set 21 or newer", String(opset)));
  return groupNormalization(x, attributes.number("num_groups"), scale, bias, attributes.number("epsilon", 1e-5));
};

const STFT: Op = (inputs, context) => {
  const signal = operand(inputs, 0, context);
  const [batch, samples, parts = 1] = signal.shape;
  if (parts !== 1) throw new UnsupportedError(sentence(context.attributes.where, "real signals", "complex ones"));
  const length = inputs[3] && numberOf(inputs[3], context);
  return stft(signal.rank === 2 ? signal : reshape(signal, [batch, samples]), {
    frameStep: numberOf(operand(inputs, 1, context), context),
    window: inputs[2],
    frameLength: length ?? inputs[2]?.size,
    onesided: context.attributes.flag("onesided", true),
  });
};

const DFT: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const { attributes, opset } = context;
  const axis =
    opset >= 20 ? (inputs[2] === undefined ? -2 : numberOf(inputs[2], context)) : attributes.number("axis", 1);
  if (inputs[1] !== undefined || (axis !== -2 && axis !== x.rank - 2))
    throw new UnsupportedError(
      sentence(attributes.where, "the axis before the last, whole", "another one, or a length"),
    );
  return dft(x, { inverse: attributes.flag("inverse"), onesided: attributes.flag("onesided") });
};

export const imageOps: Ops = {
  AveragePool,
  BatchNormalization,
  Conv,
  ConvTranspose,
  DFT,
  GlobalAveragePool: (inputs, context) => globalAveragePool(operand(inputs, 0, context)),
  GlobalMaxPool: (inputs, context) => globalMaxPool(operand(inputs, 0, context)),
  GroupNormalization,
  InstanceNormalization,
  MaxPool,
  Pad,
  Resize,
  STFT,
};
