import { checkOptions } from "../base/index.ts";
import { constant, parameterSet } from "../rnn/index.ts";
import { layerNorm, type Tensor } from "../tensor/index.ts";
import type { Layer, LayerOptions } from "./layer.ts";

export type LayerNormLayerOptions = LayerOptions & {
  /** Features n. */
  readonly inputSize: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number | undefined;
};

export type LayerNormLayer = Layer & {
  /**
   * Normalises over the last axis: x [..., n] gives [..., n]. Throws RangeError for other features.
   */
  forward(x: Tensor): Tensor;
};

/**
 * Layer normalisation (Ba et al. 2016) with a gain and a shift: `norm/gamma` [n] starts at 1,
 * `norm/beta` [n] at 0.
 */
export function layerNormLayer({
  inputSize,
  epsilon = 1e-5,
  name = "norm",
  ...build
}: LayerNormLayerOptions): LayerNormLayer {
  checkOptions("layerNormLayer", arguments[0], "random dtype initialize name inputSize epsilon");
  const [gammaPath, betaPath] = [`${name}/gamma`, `${name}/beta`];
  const weights = parameterSet("layerNormLayer", () => ({
    [gammaPath]: { shape: [inputSize], initializer: constant(1) },
    [betaPath]: { shape: [inputSize], initializer: constant(0) },
  }));
  weights.build(inputSize, build);
  const { [gammaPath]: gamma, [betaPath]: beta } = weights.parameters();
  return { parameters: weights.parameters, forward: (x) => layerNorm(x, epsilon, gamma, beta) };
}
