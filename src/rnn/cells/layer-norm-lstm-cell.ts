import { checkInteger, checkOptions, type Shape } from "../../base/index.ts";
import { add, concat, layerNorm, matmul, mul, reshape, sigmoid, slice, tanh, type Tensor } from "../../tensor/index.ts";
import type { Cell, Parameters } from "../cell.ts";
import { constant, glorotUniform, type Initializer, orthogonal } from "../initializers.ts";
import { type ParameterDeclarations, parameterSet } from "../parameter-set.ts";
import { MOST_UNITS } from "./dialect.ts";
import type { LstmState } from "./lstm-cell.ts";

/**
 * Three published LSTMs with layer normalisation (Ba et al. 2016), which do not exchange weights:
 *
 * - `contrib` (TensorFlow 1's `LayerNormBasicLSTMCell`): each gate's pre-activation normalised by
 *   itself; c normalised and carried normalised. Gates i, j, f, o.
 * - `tfa` (TensorFlow Addons' `LayerNormLSTMCell`): x·W and h·U normalised over all four gates
 *   together, then the bias; c normalised and carried. Gates i, f, c, o.
 * - `haste` (lmnt haste): as tfa with gains only; c is normalised on its way out, the carried one
 *   is not. Gates i, f, g, o.
 */
export type LayerNormVariant = "contrib" | "tfa" | "haste";

export type LayerNormLstmCellOptions = {
  readonly units: number;
  /** Default "contrib". */
  readonly variant?: LayerNormVariant | undefined;
  /** Added to the forget gate (contrib only, default 1). */
  readonly forgetBias?: number | undefined;
  /** Added to the variance. Default 1e-12 (contrib), 1e-3 (tfa), 1e-5 (haste). */
  readonly epsilon?: number | undefined;
  readonly seed?: number | undefined;
};

const EPSILON: Readonly<Record<LayerNormVariant, number>> = { contrib: 1e-12, tfa: 1e-3, haste: 1e-5 };

/** LSTM with layer normalisation, composed of tensor ops. Errors as in `lstmCell`. */
export function layerNormLstmCell({
  units,
  variant = "contrib",
  forgetBias = 1,
  epsilon = EPSILON[variant],
  seed,
}: LayerNormLstmCellOptions): Cell<LstmState, LstmState> {
  checkOptions("layerNormLstmCell", arguments[0], "units variant forgetBias epsilon seed");
  checkInteger("layerNormLstmCell units", units, 1, MOST_UNITS);
  const weights = parameterSet("layerNormLstmCell", (inputSize) => declare(variant, inputSize, units), seed);
  const step = { contrib: contribStep, tfa: tfaStep, haste: hasteStep }[variant];
  return {
    ...weights,
    outputSize: units,
    stateSize: { c: units, h: units },
    memory: ["c"],
    step(input, state) {
      const next = step(weights.parameters(), input, state, { units, forgetBias, epsilon });
      return { output: next.h, state: next };
    },
  };
}

type Step = (
  p: Parameters,
  x: Tensor,
  state: LstmState,
  settings: { readonly units: number; readonly forgetBias: number; readonly epsilon: number },
) => LstmState;

const columns = (z: Tensor, units: number): Tensor[] => [0, 1, 2, 3].map((k) => slice(z, [0, k * units], [-1, units]));

const contribStep: Step = (p, x, { c, h }, { units, forgetBias, epsilon }) => {
  const norm = (z: Tensor, name: string): Tensor => layerNorm(z, epsilon, p[`${name}/gamma`], p[`${name}/beta`]);
  const [i, j, f, o] = columns(matmul(concat([x, h], 1), p["kernel"]), units);
  const kept = mul(c, sigmoid(add(norm(f, "forget"), forgetBias)));
  const written = mul(sigmoid(norm(i, "input")), tanh(norm(j, "transform")));
  const next = norm(add(kept, written), "state");
  return { c: next, h: mul(tanh(next), sigmoid(norm(o, "output"))) };
};

const tfaStep: Step = (p, x, { c, h }, { units, epsilon }) => {
  const norm = (z: Tensor, name: string): Tensor => layerNorm(z, epsilon, p[`${name}/gamma`], p[`${name}/beta`]);
  const fromInput = norm(matmul(x, p["kernel"]), "kernel_norm");
  const fromState = norm(matmul(h, p["recurrent_kernel"]), "recurrent_norm");
  const [i, f, g, o] = columns(add(add(fromInput, fromState), p["bias"]), units);
  const next = norm(add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g))), "state_norm");
  return { c: next, h: mul(sigmoid(o), tanh(next)) };
};

const hasteStep: Step = (p, x, { c, h }, { units, epsilon }) => {
  const gain = (row: number): Tensor => reshape(slice(p["gamma"], [row], [1]), [4 * units]);
  const fromInput = layerNorm(matmul(x, p["kernel"]), epsilon, gain(0));
  const fromState = layerNorm(matmul(h, p["recurrent_kernel"]), epsilon, gain(1));
  const [i, f, g, o] = columns(add(add(fromInput, fromState), p["bias"]), units);
  const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
  return { c: next, h: mul(sigmoid(o), tanh(layerNorm(next, epsilon, p["gamma_h"], p["beta_h"]))) };
};

function declare(variant: LayerNormVariant, inputSize: number, units: number): ParameterDeclarations {
  const width = 4 * units;
  const of = (shape: Shape, initializer: Initializer): ParameterDeclarations[string] => ({ shape, initializer });
  const affine = (name: string, size: number): ParameterDeclarations => ({
    [`${name}/gamma`]: of([size], constant(1)),
    [`${name}/beta`]: of([size], constant(0)),
  });
  const separate = {
    kernel: of([inputSize, width], glorotUniform),
    recurrent_kernel: of([units, width], orthogonal),
    bias: of([width], constant(0)),
  };
  switch (variant) {
    case "contrib": {
      const gates = ["input", "transform", "forget", "output", "state"].map((name) => affine(name, units));
      return Object.assign({ kernel: of([inputSize + units, width], glorotUniform) }, ...gates);
    }
    case "tfa":
      return {
        ...separate,
        ...affine("kernel_norm", width),
        ...affine("recurrent_norm", width),
        ...affine("state_norm", units),
      };
    case "haste":
      return {
        ...separate,
        gamma: of([2, width], constant(1)),
        gamma_h: of([units], constant(1)),
        beta_h: of([units], constant(0)),
      };
    default:
      return variant satisfies never;
  }
}
