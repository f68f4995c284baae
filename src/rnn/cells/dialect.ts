/**
 * @file What the three dialects share: where the kernels of a recurrent layer are kept and how they
 * start.
 */
import { add, type KernelOperands, type Tensor, transpose } from "../../tensor/index.ts";
import type { Parameters } from "../cell.ts";
import { constant, glorotUniform, type Initializer, orthogonal, uniform } from "../initializers.ts";
import type { ParameterDeclarations } from "../parameter-set.ts";

export const DIALECT_NAMES = ["tf1", "keras", "torch"] as const;

/**
 * Framework whose conventions a cell follows: parameter names, shapes, order of gates, biases and
 * initial values. The formulas of each are in the cell's own documentation.
 */
export type Dialect = (typeof DIALECT_NAMES)[number];

/** Most units of a cell: one matrix of more would not fit into 4 GiB. */
export const MOST_UNITS = 65_536;

/** I input features, P features of h, W = G*H columns of all gates. */
export type KernelSizes = {
  readonly inputSize: number;
  readonly features: number;
  readonly width: number;
  readonly units: number;
};

/** PyTorch draws every parameter of a recurrent layer from U(±1/sqrt(H)). */
export const torchInitializer = (units: number): Initializer => uniform(1 / Math.sqrt(units));

/**
 * tf1: `kernel` [I+P, W], `bias` [W]. keras: `kernel` [I, W], `recurrent_kernel` [P, W], `bias`.
 * torch: `weight_ih` [W, I], `weight_hh` [W, P], `bias_ih`, `bias_hh`. `bias` is the initial bias
 * of tf1 and keras.
 */
export function declareKernels(
  dialect: Dialect,
  { inputSize, features, width, units }: KernelSizes,
  bias: Initializer = constant(0),
): ParameterDeclarations {
  switch (dialect) {
    case "tf1":
      return {
        kernel: { shape: [inputSize + features, width], initializer: glorotUniform },
        bias: { shape: [width], initializer: bias },
      };
    case "keras":
      return {
        kernel: { shape: [inputSize, width], initializer: glorotUniform },
        recurrent_kernel: { shape: [features, width], initializer: orthogonal },
        bias: { shape: [width], initializer: bias },
      };
    case "torch": {
      const initializer = torchInitializer(units);
      return {
        weight_ih: { shape: [width, inputSize], initializer },
        weight_hh: { shape: [width, features], initializer },
        bias_ih: { shape: [width], initializer },
        bias_hh: { shape: [width], initializer },
      };
    }
    default:
      return dialect satisfies never;
  }
}

/** Kernels in the engine's layout. */
export type Kernels = KernelOperands & {
  /** [W]. */
  readonly bias: Tensor;
};

/** The parameters of `declareKernels` in the engine's layout, by differentiable ops. */
export function arrangeKernels(dialect: Dialect, p: Parameters): Kernels {
  switch (dialect) {
    case "tf1":
      return { kernel: p["kernel"], bias: p["bias"] };
    case "keras":
      return { inputKernel: p["kernel"], recurrentKernel: p["recurrent_kernel"], bias: p["bias"] };
    case "torch":
      return {
        inputKernel: transpose(p["weight_ih"]),
        recurrentKernel: transpose(p["weight_hh"]),
        bias: add(p["bias_ih"], p["bias_hh"]),
      };
    default:
      return dialect satisfies never;
  }
}
