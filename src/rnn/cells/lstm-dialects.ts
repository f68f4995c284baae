/**
 * @file Where each framework keeps the parameters of an LSTM, and how they map to the kernel's
 * layout.
 */
import type { LstmSpec } from "../../engine/index.ts";
import { type Tensor, tensor, transpose, zeros } from "../../tensor/index.ts";
import type { Parameters } from "../cell.ts";
import { constant, glorotUniform, type Initializer } from "../initializers.ts";
import type { ParameterDeclarations } from "../parameter-set.ts";
import { arrangeKernels, declareKernels, type Dialect, type Kernels, torchInitializer } from "./dialect.ts";

/** Options that decide which parameters a cell has. */
type LstmLayout = {
  readonly dialect: Dialect;
  readonly units: number;
  readonly peepholes: boolean;
  readonly projection: number | undefined;
  readonly coupled: boolean;
};

/**
 * Order of the gate blocks: i input, f forget, c the candidate (j in TensorFlow 1, g in PyTorch), o
 * output.
 */
const GATE_ORDER: Readonly<Record<Dialect, string>> = { tf1: "icfo", keras: "ifco", torch: "ifco" };
/** Order of the gate blocks when the input gate is 1 - f and has no block. */
const COUPLED_ORDER: Readonly<Record<Dialect, string>> = { tf1: "cfo", keras: "fco", torch: "fco" };

export function lstmGates(dialect: Dialect, coupled: boolean): LstmSpec["gates"] {
  const order = (coupled ? COUPLED_ORDER : GATE_ORDER)[dialect];
  return {
    input: order.indexOf("i"),
    forget: order.indexOf("f"),
    candidate: order.indexOf("c"),
    output: order.indexOf("o"),
  };
}

export function declareLstm(settings: LstmLayout, inputSize: number): ParameterDeclarations {
  const { dialect, units, peepholes, projection, coupled } = settings;
  const width = (coupled ? 3 : 4) * units;
  const bias = dialect === "keras" ? unitForget(lstmGates(dialect, coupled).forget, units) : constant(0);
  const initializer = dialect === "torch" ? torchInitializer(units) : glorotUniform;
  const diagonal = { shape: [units], initializer };
  return {
    ...declareKernels(dialect, { inputSize, features: projection ?? units, width, units }, bias),
    ...(peepholes && { w_f_diag: diagonal, ...(!coupled && { w_i_diag: diagonal }), w_o_diag: diagonal }),
    ...(projection !== undefined && {
      [projectionName(dialect)]: {
        shape: dialect === "torch" ? [projection, units] : [units, projection],
        initializer,
      },
    }),
  };
}

const projectionName = (dialect: Dialect): string => (dialect === "torch" ? "weight_hr" : "projection/kernel");

/**
 * Zeros with ones in the forget gate's block (Jozefowicz et al. 2015; Keras `unit_forget_bias`).
 */
const unitForget =
  (block: number, units: number): Initializer =>
  (shape, _random, dtype) =>
    tensor(new Float64Array(shape[0]).fill(1, block * units, (block + 1) * units), { shape, dtype });

export type ArrangedLstm = Kernels & {
  readonly peephole: { readonly input: Tensor; readonly forget: Tensor; readonly output: Tensor } | undefined;
  readonly projectionKernel: Tensor | undefined;
};

/** The parameters in the kernel's layout, by differentiable ops. */
export function arrangeLstm(
  { dialect, peepholes, projection, coupled, units }: LstmLayout,
  p: Parameters,
): ArrangedLstm {
  const stored = projection === undefined ? undefined : p[projectionName(dialect)];
  return Object.assign(arrangeKernels(dialect, p), {
    peephole: peepholes
      ? {
          // the coupled cell has no input gate to peek for
          input: coupled ? zeros([units], p["w_f_diag"].dtype) : p["w_i_diag"],
          forget: p["w_f_diag"],
          output: p["w_o_diag"],
        }
      : undefined,
    projectionKernel: stored && dialect === "torch" ? transpose(stored) : stored,
  });
}
