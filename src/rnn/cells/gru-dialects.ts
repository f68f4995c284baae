/**
 * @file Where each framework keeps the parameters of a GRU, and how they map to the kernel's
 * layout.
 */
import type { GruSpec } from "../../engine/index.ts";
import { concat, reshape, slice, type Tensor, transpose } from "../../tensor/index.ts";
import type { Parameters } from "../cell.ts";
import { constant, glorotUniform, orthogonal } from "../initializers.ts";
import type { ParameterDeclarations } from "../parameter-set.ts";
import { declareKernels, type Dialect, type Kernels } from "./dialect.ts";

/** Options that decide which parameters a cell has. */
type GruLayout = { readonly dialect: Dialect; readonly units: number; readonly resetAfter: boolean };

/**
 * Order of the gate blocks: r reset, u update (z in Keras and PyTorch), n the candidate (h in
 * Keras, c in TensorFlow 1).
 */
const GATE_ORDER: Readonly<Record<Dialect, string>> = { tf1: "run", keras: "urn", torch: "run" };

export function gruGates(dialect: Dialect): GruSpec["gates"] {
  const order = GATE_ORDER[dialect];
  return { reset: order.indexOf("r"), update: order.indexOf("u"), candidate: order.indexOf("n") };
}

export function declareGru({ units, dialect, resetAfter }: GruLayout, inputSize: number): ParameterDeclarations {
  const width = 3 * units;
  switch (dialect) {
    case "tf1":
      return {
        "gates/kernel": { shape: [inputSize + units, 2 * units], initializer: glorotUniform },
        "gates/bias": { shape: [2 * units], initializer: constant(1) },
        "candidate/kernel": { shape: [inputSize + units, units], initializer: glorotUniform },
        "candidate/bias": { shape: [units], initializer: constant(0) },
      };
    case "keras":
      return {
        kernel: { shape: [inputSize, width], initializer: glorotUniform },
        recurrent_kernel: { shape: [units, width], initializer: orthogonal },
        bias: { shape: resetAfter ? [2, width] : [width], initializer: constant(0) },
      };
    case "torch":
      return declareKernels("torch", { inputSize, features: units, width, units });
    default:
      return dialect satisfies never;
  }
}

export type ArrangedGru = Kernels & { readonly recurrentBias: Tensor | undefined };

/** The parameters in the kernel's layout, by differentiable ops. */
export function arrangeGru({ dialect, resetAfter, units }: GruLayout, p: Parameters): ArrangedGru {
  switch (dialect) {
    case "tf1":
      return {
        kernel: concat([p["gates/kernel"], p["candidate/kernel"]], 1),
        bias: concat([p["gates/bias"], p["candidate/bias"]]),
        recurrentBias: undefined,
      };
    case "keras": {
      const row = (i: number): Tensor => reshape(slice(p["bias"], [i], [1]), [3 * units]);
      return {
        inputKernel: p["kernel"],
        recurrentKernel: p["recurrent_kernel"],
        bias: resetAfter ? row(0) : p["bias"],
        recurrentBias: resetAfter ? row(1) : undefined,
      };
    }
    case "torch":
      return {
        inputKernel: transpose(p["weight_ih"]),
        recurrentKernel: transpose(p["weight_hh"]),
        bias: p["bias_ih"],
        recurrentBias: p["bias_hh"],
      };
    default:
      return dialect satisfies never;
  }
}
