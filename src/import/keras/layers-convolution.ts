/** @file Convolutions and pooling of Keras, and the layers that pad, crop and repeat steps. */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import { activationName, applyActivation } from "./activations.ts";
import { floats, type LayerCall, type LayerImporter, type LayerImporters, plain } from "./layer.ts";

/** Largest end of a slice: up to the end of the axis. */
const END = 2 ** 31 - 1;

/** Calls `f` on images [B, C, ...spatial], which ops take; Keras mostly has the channels last. */
function onImages(call: LayerCall, axes: number, f: (x: string) => string): string {
  const { builder, at, config, inputs } = call;
  const [x] = inputs;
  if (x.rank !== axes + 2)
    throw new FormatError(sentence(config.where, `an input of ${axes + 2} axes`, String(x.rank)));
  if (isChannelsFirst(call)) return f(floats(call, x));
  const spatial = Array.from({ length: axes }, (_, i) => i);
  const images = builder.add(at, "Transpose", [floats(call, x)], { perm: [0, axes + 1, ...spatial.map((i) => i + 1)] });
  return builder.add(at, "Transpose", [f(images)], { perm: [0, ...spatial.map((i) => i + 2), 1] });
}

const isChannelsFirst = ({ config }: LayerCall): boolean =>
  config.text("data_format", "channels_last") === "channels_first";

/** Windows of a layer as attributes of an op. */
function windows(
  { config }: LayerCall,
  axes: number,
  kernel: readonly number[],
  isPool: boolean,
): Record<string, number[] | string> {
  const dilations = isPool ? kernel.map(() => 1) : config.sizes("dilation_rate", axes, 1);
  const strides = isPool && config.get("strides") === undefined ? [...kernel] : config.sizes("strides", axes, 1);
  const padding = config.text("padding", "valid");
  if (padding === "causal" && axes === 1 && !isPool)
    return { strides, dilations, pads: [(kernel[0] - 1) * dilations[0], 0] };
  if (padding !== "valid" && padding !== "same")
    throw new UnsupportedError(sentence(`${config.where} padding`, "valid, same or causal", padding));
  return { strides, dilations, auto_pad: padding === "same" ? "SAME_UPPER" : "VALID" };
}

/** The spatial axes of a kernel after its two others. */
const spatialLast = (axes: number, first: number, second: number): number[] => [
  first,
  second,
  ...Array.from({ length: axes }, (_, i) => i),
];

const convolution =
  (axes: number): LayerImporter =>
  (call) => {
    const { builder, at, config, weights } = call;
    const size = config.sizes("kernel_size", axes);
    const filters = config.size("filters");
    const kernel = weights.take("kernel", [...size, null, filters]);
    const bias = config.flag("use_bias", true) ? weights.take("bias", [filters]) : "";
    const turned = builder.add(at, "Transpose", [kernel], { perm: spatialLast(axes, axes + 1, axes) });
    const y = onImages(call, axes, (x) =>
      builder.add(at, "Conv", [x, turned, bias], {
        ...windows(call, axes, size, false),
        group: config.size("groups", 1),
      }),
    );
    return [plain(applyActivation(call, activationName(config, "activation"), y), axes + 2)];
  };

/** A convolution of each channel for itself, then, for separable ones, one of width 1. */
const depthwise =
  (axes: number, isSeparable: boolean): LayerImporter =>
  (call) => {
    const { builder, at, config, weights } = call;
    const size = config.sizes("kernel_size", axes);
    const multiplier = config.size("depth_multiplier", 1);
    const isNamedSo = isSeparable || weights.shapeInList("depthwise_kernel") !== undefined;
    const name = isNamedSo ? "depthwise_kernel" : "kernel";
    const kernel = weights.take(name, [...size, null, multiplier]);
    const channels = builder.arrays[kernel].shape[axes];
    const outputs = isSeparable ? config.size("filters") : channels * multiplier;
    const pointwise = isSeparable
      ? weights.take("pointwise_kernel", [...size.map(() => 1), channels * multiplier, outputs])
      : "";
    const bias = config.flag("use_bias", true) ? weights.take("bias", [outputs]) : "";
    const turned = builder.add(at, "Transpose", [kernel], { perm: spatialLast(axes, axes, axes + 1) });
    const each = builder.add(at, "Reshape", [turned, builder.integers([channels * multiplier, 1, ...size])]);
    const y = onImages(call, axes, (x) => {
      const deep = builder.add(at, "Conv", [x, each, isSeparable ? "" : bias], {
        ...windows(call, axes, size, false),
        group: channels,
      });
      if (!isSeparable) return deep;
      return builder.add(at, "Conv", [
        deep,
        builder.add(at, "Transpose", [pointwise], { perm: spatialLast(axes, axes + 1, axes) }),
        bias,
      ]);
    });
    return [plain(applyActivation(call, activationName(config, "activation"), y), axes + 2)];
  };

const pooling =
  (op: "MaxPool" | "AveragePool", axes: number): LayerImporter =>
  (call) => {
    const { builder, at, config } = call;
    const size = config.sizes("pool_size", axes, 2);
    const name = onImages(call, axes, (x) =>
      builder.add(at, op, [x], { kernel_shape: size, ...windows(call, axes, size, true) }),
    );
    return [plain(name, axes + 2)];
  };

/** A number for both sides, or one for each, of the only axis. */
function bothSides({ config }: LayerCall, name: string): [before: number, after: number] {
  const [before, after = before] = config.sizes(name, undefined, 1);
  if (before < 0 || after < 0) throw config.error(name, "numbers >= 0", [before, after]);
  return [before, after];
}

const ZeroPadding1D: LayerImporter = (call) => {
  const { builder, at, inputs } = call;
  const [before, after] = bothSides(call, "padding");
  const pads = isChannelsFirst(call) ? [0, 0, before, 0, 0, after] : [0, before, 0, 0, after, 0];
  return [plain(builder.add(at, "Pad", [floats(call, inputs[0]), builder.integers(pads)]), 3)];
};

const Cropping1D: LayerImporter = (call) => {
  const { builder, at, inputs } = call;
  const [before, after] = bothSides(call, "cropping");
  const one = (n: number): string => builder.integers([n]);
  const name = builder.add(at, "Slice", [inputs[0].name, one(before), one(after === 0 ? END : -after), one(1)]);
  return [plain(name, 3, inputs[0].dtype)];
};

const UpSampling1D: LayerImporter = (call) => {
  const { builder, at, config, inputs } = call;
  const turned = builder.add(at, "Transpose", [floats(call, inputs[0])], { perm: [0, 2, 1] });
  const apart = builder.add(at, "Unsqueeze", [turned, builder.integers([3])]);
  const repeated = builder.add(at, "Expand", [apart, builder.integers([1, 1, 1, config.size("size", 2)])]);
  const joined = builder.add(at, "Reshape", [repeated, builder.integers([0, 0, -1])]);
  return [plain(builder.add(at, "Transpose", [joined], { perm: [0, 2, 1] }), 3)];
};

const globalPooling2D =
  (op: "ReduceMax" | "ReduceMean"): LayerImporter =>
  (call) => {
    const { builder, at, config, inputs } = call;
    const keeps = config.flag("keepdims", false);
    const axes = builder.integers(isChannelsFirst(call) ? [2, 3] : [1, 2]);
    const name = builder.add(at, op, [floats(call, inputs[0]), axes], { keepdims: keeps ? 1 : 0 });
    return [plain(name, keeps ? 4 : 2)];
  };

export const convolutionLayers: LayerImporters = {
  AveragePooling1D: pooling("AveragePool", 1),
  AveragePooling2D: pooling("AveragePool", 2),
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Cropping1D,
  DepthwiseConv1D: depthwise(1, false),
  DepthwiseConv2D: depthwise(2, false),
  GlobalAveragePooling2D: globalPooling2D("ReduceMean"),
  GlobalMaxPooling2D: globalPooling2D("ReduceMax"),
  MaxPooling1D: pooling("MaxPool", 1),
  MaxPooling2D: pooling("MaxPool", 2),
  SeparableConv1D: depthwise(1, true),
  SeparableConv2D: depthwise(2, true),
  UpSampling1D,
  ZeroPadding1D,
};
