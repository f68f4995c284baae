import { checkInteger, checkOptions } from "../base/index.ts";
import { constant, glorotUniform, type Initializer, parameterSet } from "../rnn/index.ts";
import { linear, type Tensor } from "../tensor/index.ts";
import type { Layer, LayerOptions } from "./layer.ts";
import { checkLayerInput } from "./layer-input.ts";

export type LinearLayerOptions = LayerOptions & {
  /** Features I of what it reads. */
  readonly inputSize: number;
  /** Features O of what it gives. */
  readonly outputSize: number;
  /** Initial kernel. Default `glorotUniform`. The bias starts at 0. */
  readonly initializer?: Initializer | undefined;
  /**
   * A kernel [O, I] of another layer, read transposed, such as the table of an embedding; then only
   * the bias is a parameter here.
   */
  readonly tiedKernel?: Tensor | undefined;
};

export type LinearLayer = Layer & {
  readonly inputSize: number;
  readonly outputSize: number;
  /** x·kernel + bias: x [..., I] gives [..., O]. Throws RangeError for other features. */
  forward(x: Tensor): Tensor;
};

/**
 * A linear layer: `linear/kernel` [I, O] and `linear/bias` [O]. Throws RangeError for sizes below
 * 1.
 */
export function linearLayer({
  inputSize,
  outputSize,
  initializer = glorotUniform,
  tiedKernel,
  name = "linear",
  ...build
}: LinearLayerOptions): LinearLayer {
  checkOptions("linearLayer", arguments[0], "random dtype initialize name inputSize outputSize initializer tiedKernel");
  checkInteger("linearLayer outputSize", outputSize, 1);
  const [kernelPath, biasPath] = [`${name}/kernel`, `${name}/bias`];
  const weights = parameterSet("linearLayer", () => ({
    ...(tiedKernel === undefined && { [kernelPath]: { shape: [inputSize, outputSize], initializer } }),
    [biasPath]: { shape: [outputSize], initializer: constant(0) },
  }));
  weights.build(inputSize, build);
  // the same tensors for ever: their values change in place
  const { [kernelPath]: kernel, [biasPath]: bias } = weights.parameters();
  return {
    inputSize,
    outputSize,
    parameters: weights.parameters,
    forward(x) {
      checkLayerInput("linearLayer", x, { dtype: bias.dtype, features: inputSize });
      return tiedKernel === undefined
        ? linear(x, kernel, bias)
        : linear(x, tiedKernel, bias, { transposeKernel: true });
    },
  };
}
