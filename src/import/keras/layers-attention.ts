/** @file The attention layers of Keras. */
import { sentence, UnsupportedError } from "../../base/index.ts";
import { checkInputs } from "./layers-core.ts";
import { floats, type LayerCall, type LayerImporter, type LayerImporters, plain } from "./layer.ts";

/** Scores [B, Tq, Tv] of a query [B, Tq, D] and keys [B, Tv, D]. */
type Scores = (call: LayerCall, query: string, key: string) => string;

const dotScores: Scores = (call, query, key) => {
  const { builder, at, config, weights } = call;
  const mode = config.text("score_mode", "dot");
  const scale = config.flag("use_scale", false) ? weights.take("scale", []) : undefined;
  if (mode === "dot") {
    const scores = builder.add(at, "MatMul", [query, builder.add(at, "Transpose", [key], { perm: [0, 2, 1] })]);
    return scale === undefined ? scores : builder.add(at, "Mul", [scores, scale]);
  }
  if (mode !== "concat") throw new UnsupportedError(sentence(`${config.where} score_mode`, "dot or concat", mode));
  const sum = builder.add(at, "Tanh", [
    scale === undefined ? pairs(call, query, key) : builder.add(at, "Mul", [pairs(call, query, key), scale]),
  ]);
  const total = builder.add(at, "ReduceSum", [sum, builder.integers([-1])], { keepdims: 0 });
  return builder.add(at, "Mul", [total, weights.take("concat_score_weight", [])]);
};

const additiveScores: Scores = (call, query, key) => {
  const { builder, at, config, weights } = call;
  const sum = builder.add(at, "Tanh", [pairs(call, query, key)]);
  const scaled = config.flag("use_scale", true) ? builder.add(at, "Mul", [sum, weights.take("scale", [null])]) : sum;
  return builder.add(at, "ReduceSum", [scaled, builder.integers([-1])], { keepdims: 0 });
};

/** Each query plus each key, [B, Tq, Tv, D]. */
function pairs({ builder, at }: LayerCall, query: string, key: string): string {
  return builder.add(at, "Add", [
    builder.add(at, "Unsqueeze", [query, builder.integers([2])]),
    builder.add(at, "Unsqueeze", [key, builder.integers([1])]),
  ]);
}

/** Scores at masked steps are lowered by this, as Keras has it. */
const FAR = 1e9;

const attention =
  (scoresOf: Scores): LayerImporter =>
  (call) => {
    checkInputs(call, 2, 3);
    const { builder, at, config, inputs, settings } = call;
    const [query, value, key = value] = inputs;
    if (inputs.some(({ rank }) => rank !== 3))
      throw new UnsupportedError(
        sentence(config.where, "inputs [B, T, N]", inputs.map(({ rank }) => `${rank} axes`).join(", ")),
      );
    let scores = scoresOf(call, floats(call, query), floats(call, key));
    const lower = (there: string): void => {
      const low = builder.add(at, "Sub", [scores, builder.scalar(FAR)]);
      scores = builder.add(at, "Where", [there, scores, low]);
    };
    let there = value.mask && builder.add(at, "Unsqueeze", [value.mask, builder.integers([1])]);
    if (settings.flag("use_causal_mask", config.flag("causal", false))) {
      const causal = causalMask(call, scores);
      there = there === undefined ? causal : builder.add(at, "And", [there, causal]);
    }
    if (there !== undefined) lower(there);
    const shares = builder.add(at, "Softmax", [scores], { axis: -1 });
    const rate = config.number("dropout", 0);
    const kept = rate === 0 ? shares : builder.add(at, "Dropout", [shares, builder.scalar(rate)]);
    let result = builder.add(at, "MatMul", [kept, floats(call, value)]);
    if (query.mask !== undefined) {
      const shown = builder.add(at, "Unsqueeze", [query.mask, builder.integers([2])]);
      result = builder.add(at, "Where", [shown, result, builder.scalar(0)]);
    }
    const output = { ...plain(result, 3), mask: query.mask };
    return settings.flag("return_attention_scores", false) ? [output, plain(shares, 3)] : [output];
  };

/** [1, Tq, Tv]: whether a value is at the place of the query or before it. */
function causalMask({ builder, at }: LayerCall, scores: string): string {
  const shape = builder.add(at, "Shape", [scores]);
  const size = (axis: number): string =>
    builder.add(at, "Squeeze", [
      builder.add(at, "Slice", [shape, builder.integers([axis]), builder.integers([axis + 1])]),
    ]);
  const places = (axis: number): string =>
    builder.add(at, "Range", [builder.scalar(0, "int32"), size(axis), builder.scalar(1, "int32")]);
  return builder.add(at, "GreaterOrEqual", [
    builder.add(at, "Unsqueeze", [places(1), builder.integers([0, 2])]),
    builder.add(at, "Unsqueeze", [places(2), builder.integers([0, 1])]),
  ]);
}

export const attentionLayers: LayerImporters = {
  AdditiveAttention: attention(additiveScores),
  Attention: attention(dotScores),
};
