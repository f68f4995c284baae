/**
 * @file Our parameters in the layout of the ONNX recurrent operators. I input size, H hidden units, G gates.
 * ONNX keeps W [G*H, I], R [G*H, H], B = [Wb, Rb] [2*G*H], P [3*H]; gates i, o, f, c (LSTM), z, r, h (GRU).
 */
import type { ActivationName } from "../../src/engine/index.ts";
import type { Dialect, GruCellOptions, LstmCellOptions, Parameters } from "../../src/rnn/index.ts";

export type OnnxWeights = { readonly W: number[]; readonly R: number[]; readonly B: number[]; readonly P?: number[] };

/** One gate: rows of W [H][I] and R [H][H], and both biases. */
type Gate = { readonly W: number[][]; readonly R: number[][]; readonly Wb: number[]; readonly Rb: number[] };

const values = (p: Parameters, name: string): number[] => Array.from(p[name].values());

/** Columns [from, from + count) of a row-major matrix, as rows. */
const columns = (matrix: readonly number[], width: number, from: number, count: number): number[][] =>
  Array.from({ length: count }, (_, j) => matrix.filter((_x, at) => at % width === from + j));

/** The blocks of a layer that keeps all its gates in one matrix, in the dialect's order. */
function gatesOf(dialect: Dialect, p: Parameters, inputSize: number, units: number, gates: number): Gate[] {
  const width = gates * units;
  const torch = dialect === "torch";
  // torch keeps the transposed matrices
  const stored = (name: string, rows: number): number[] =>
    torch ? columns(values(p, name), rows, 0, rows).flat() : values(p, name);
  const [input, recurrent] = {
    tf1: () => [values(p, "kernel").slice(0, inputSize * width), values(p, "kernel").slice(inputSize * width)],
    keras: () => [values(p, "kernel"), values(p, "recurrent_kernel")],
    torch: () => [stored("weight_ih", inputSize), stored("weight_hh", units)],
  }[dialect]();
  const biases = torch ? [...values(p, "bias_ih"), ...values(p, "bias_hh")] : values(p, "bias");
  return Array.from({ length: gates }, (_, g) => ({
    W: columns(input, width, g * units, units),
    R: columns(recurrent, width, g * units, units),
    Wb: biases.slice(g * units, (g + 1) * units),
    // only torch and keras' reset-after GRU have a second bias
    Rb:
      biases.length === width ? Array<number>(units).fill(0) : biases.slice(width + g * units, width + (g + 1) * units),
  }));
}

const pack = (gates: readonly Gate[]): OnnxWeights => ({
  W: gates.flatMap(({ W }) => W.flat()),
  R: gates.flatMap(({ R }) => R.flat()),
  B: [...gates.flatMap(({ Wb }) => Wb), ...gates.flatMap(({ Rb }) => Rb)],
});

const scaled = ({ W, R, Wb, Rb }: Gate, by: number): Gate => ({
  W: W.map((row) => row.map((x) => x * by)),
  R: R.map((row) => row.map((x) => x * by)),
  Wb: Wb.map((x) => x * by),
  Rb: Rb.map((x) => x * by),
});

export const rnnWeights = (dialect: Dialect, p: Parameters, inputSize: number, units: number): OnnxWeights =>
  pack(gatesOf(dialect, p, inputSize, units, 1));

/**
 * The coupled cell computes i = 1 - f; ONNX' input_forget computes f = 1 - i. Since σ(-a) = 1 - σ(a), its input gate is our
 * forget gate with every sign turned.
 */
export function lstmWeights(
  {
    dialect = "tf1",
    coupled = false,
    peepholes = false,
    forgetBias = dialect === "tf1" ? 1 : 0,
    units,
  }: LstmCellOptions,
  p: Parameters,
  inputSize: number,
): OnnxWeights {
  const blocks = gatesOf(dialect, p, inputSize, units, coupled ? 3 : 4);
  const order = (coupled ? { tf1: "cfo", keras: "fco", torch: "fco" } : { tf1: "icfo", keras: "ifco", torch: "ifco" })[
    dialect
  ];
  const block = (name: string): Gate => blocks[order.indexOf(name)];
  const f = { ...block("f"), Wb: block("f").Wb.map((b) => b + forgetBias) };
  const gates = coupled
    ? [scaled(f, -1), block("o"), scaled(f, 0), block("c")]
    : [block("i"), block("o"), f, block("c")];
  if (!peepholes) return pack(gates);
  const wf = values(p, "w_f_diag");
  const wo = values(p, "w_o_diag");
  const P = coupled ? [...wf.map((x) => -x), ...wo, ...wf.map(() => 0)] : [...values(p, "w_i_diag"), ...wo, ...wf];
  return { ...pack(gates), P };
}

/** With `write` the update gate's meaning is turned round, so its signs are. */
export function gruWeights(
  { dialect = "tf1", updateGate = "keep", units }: GruCellOptions,
  p: Parameters,
  inputSize: number,
): OnnxWeights {
  let blocks: Gate[];
  if (dialect === "tf1") {
    const part = (name: string): Parameters => ({ kernel: p[`${name}/kernel`], bias: p[`${name}/bias`] });
    blocks = [
      ...gatesOf("tf1", part("gates"), inputSize, units, 2),
      ...gatesOf("tf1", part("candidate"), inputSize, units, 1),
    ];
  } else {
    blocks = gatesOf(dialect, p, inputSize, units, 3);
  }
  const order = { tf1: "rzh", keras: "zrh", torch: "rzh" }[dialect];
  const block = (name: string): Gate => blocks[order.indexOf(name)];
  return pack([scaled(block("z"), updateGate === "write" ? -1 : 1), block("r"), block("h")]);
}

/** Name, and alpha and beta where the operator takes them. */
const ACTIVATIONS: Readonly<Record<ActivationName, readonly [name: string, alpha?: number, beta?: number]>> = {
  sigmoid: ["Sigmoid"],
  tanh: ["Tanh"],
  relu: ["Relu"],
  linear: ["Affine", 1, 0],
  softsign: ["Softsign"],
  hardSigmoid: ["HardSigmoid", 1 / 6, 0.5],
  hardSigmoid02: ["HardSigmoid", 0.2, 0.5],
};

export type OnnxActivations = {
  readonly activations: string[];
  readonly activationAlpha?: number[];
  readonly activationBeta?: number[];
};

/** The attributes for a node's activations, one list for all its directions. */
export function onnxActivations(names: readonly ActivationName[]): OnnxActivations {
  const chosen = names.map((name) => ACTIVATIONS[name]);
  const withParameters = chosen.filter(([, alpha]) => alpha !== undefined);
  return {
    activations: chosen.map(([name]) => name),
    ...(withParameters.length > 0 && {
      activationAlpha: withParameters.map(([, alpha = 0]) => alpha),
      activationBeta: withParameters.map(([, , beta = 0]) => beta),
    }),
  };
}
